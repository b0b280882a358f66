"""JSON that is left as it came: a view into the bytes, passed on without being looked into."""

from msgspec import Raw

__all__ = ["NOTHING", "says"]

NOTHING = Raw(b"")
"""Stands for a field that is not there. (`Raw | None` would decode `null` and nothing else.)"""

_SILENT = (b"", b"null", b'""', b"[]", b"{}", b"false")


def says(raw: Raw) -> bool:
    """Whether a field is there and holds something."""
    return raw is not NOTHING and bytes(raw) not in _SILENT
