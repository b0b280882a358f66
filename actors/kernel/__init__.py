"""Mailboxes, lives and the supervisor: how anybody in here lives and dies."""
