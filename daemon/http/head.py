"""What a request's head says, as far as it matters to us: taken in once, and each line looked at once."""

from collections.abc import Iterable

from msgspec import Struct

__all__ = ["Head", "read_head"]

WISH = b"x-failover-"
SAID_CHARS_MAX = 1024


class Head(Struct, frozen=True, gc=False, kw_only=True):
    """The lines that decide something. None: the line is missing."""

    host: bytes | None = None
    origin: bytes | None = None
    fetch_site: bytes | None = None
    """A browser's own word on who sends this."""
    content_type: bytes = b""
    content_encoding: bytes = b""
    content_length: int | None = None
    authorization: bytes = b""
    idempotency_key: bytes = b""
    wishes: tuple[tuple[bytes, bytes], ...] = ()
    """`x-failover-...` without the beginning."""
    user_agent: bytes = b""
    is_ambiguous: bool = False
    """A line that decides something was said twice."""


def read_head(lines: Iterable[tuple[bytes, bytes]]) -> Head:
    """Names are in lower case already."""
    said: dict[str, bytes] = {}
    wishes: list[tuple[bytes, bytes]] = []
    is_ambiguous = False
    for name, value in lines:
        field = _FIELDS.get(name)
        if field is not None:
            is_ambiguous |= field in said and said[field] != value
            said[field] = value
        elif name.startswith(WISH):
            wishes.append((name[len(WISH) :], value))
    length = said.pop("content_length", None)
    return Head(
        **said,
        content_length=int(length) if length is not None and length.isdigit() else None,
        wishes=tuple(wishes),
        is_ambiguous=is_ambiguous,
    )


_FIELDS = {
    b"host": "host",
    b"origin": "origin",
    b"sec-fetch-site": "fetch_site",
    b"content-type": "content_type",
    b"content-encoding": "content_encoding",
    b"content-length": "content_length",
    b"authorization": "authorization",
    b"idempotency-key": "idempotency_key",
    b"user-agent": "user_agent",
}
