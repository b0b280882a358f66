"""Requests to a provider's origin, over connections of our own."""
