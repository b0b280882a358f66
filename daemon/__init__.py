"""The edges: process life, sockets, logs, secrets, and the command line."""
