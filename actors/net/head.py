r"""The head of a request: its lines, and the guarantee that there are exactly as many as were meant.

    POST /v1/chat/completions HTTP/1.1        the target stands below the origin's prefix
    host: api.example.com                     ours: where it goes, how long it is, who we are
    content-length: 17
    content-type: application/json            the caller's, none of which may be one of ours
    authorization: Bearer ***                 the key, joined last and only here

A line break inside of a value would be a second request in the server's eyes. So the lines are counted
when they are put together: one scan in C instead of a look at each value.
"""

import re
from enum import StrEnum
from functools import lru_cache

from actors.net.faults import ExchangeFailed, Fault
from actors.net.origin import Origin, Proxy
from state.settings.secret import Secret

__all__ = ["NO_KEY", "HeadWriter", "Header", "JoinKey", "KeyLine", "UnusableKey", "join_key"]

Header = tuple[bytes, bytes]
"""A name in lower case and a value."""

HEADERS_KNOWN_MAX = 256
"""Sets of headers that are remembered; more are in use only if somebody puts words of a request into them."""

_METHODS = frozenset({b"GET", b"POST", b"PUT", b"PATCH", b"DELETE"})
_TARGET = re.compile(rb"/[!$-;=?-Z\[\]_a-z~]*")
"""Below the prefix: printable ASCII without quotes, `#`, `<`, `>`, backslash, `^`, backtick and braces."""
_DOTS = re.compile(rb"/(?:\.|%2e){1,2}(?=[/?]|$)", re.IGNORECASE)
_NAME = re.compile(rb"[a-z0-9!#$%&'*+.^_`|~-]+")
_OURS = frozenset(
    {
        b"authorization",
        b"x-api-key",
        b"x-goog-api-key",
        b"api-key",
        b"connection",
        b"content-length",
        b"expect",
        b"host",
        b"keep-alive",
        b"proxy-authorization",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
        b"user-agent",
    }
)


class UnusableKey(ValueError):
    """A key that no header can carry. Says why, never what."""


class JoinKey(StrEnum):
    """How a provider wants to be shown the key."""

    BEARER = "bearer"
    X_API_KEY = "x-api-key"
    X_GOOG_API_KEY = "x-goog-api-key"
    API_KEY = "api-key"

    @property
    def prefix(self) -> bytes:
        return b"authorization: Bearer " if self is JoinKey.BEARER else self.encode() + b": "


class KeyLine:
    """A key as its header line, made once per key; it can be joined to a head and nothing else."""

    __slots__ = ("_end_of_head",)

    def __init__(self, line: bytes = b"") -> None:
        """Without a line, it stands for a provider that wants no key."""
        self._end_of_head = line + b"\r\n\r\n" if line else b"\r\n"

    def __repr__(self) -> str:
        return "***"

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key is not pickled")

    def end_of_head(self) -> bytes:
        """The last line and the empty one."""
        return self._end_of_head


NO_KEY = KeyLine()


def join_key(how: JoinKey, secret: Secret) -> KeyLine:
    """Make a header line of a key, or refuse it without showing it."""
    key = secret.reveal()
    why = _why_unusable(key)
    if why:
        del key  # what is raised from here carries this frame
        raise UnusableKey(why)
    return KeyLine(how.prefix + key.encode("ascii"))


def _why_unusable(key: str) -> str:
    if not key:
        return "the key is empty"
    if key != key.strip():
        return "the key begins or ends with white space or a line break; strip it where it is stored"
    if not key.isascii():
        return "the key holds characters that are not ASCII"
    if any(char <= " " or char == "\x7f" for char in key):
        return "the key holds white space, a line break or a control character"
    return ""


class HeadWriter:
    """Writes the heads of all requests to one origin; what they have in common is written once."""

    __slots__ = ("_common", "_prefix")

    def __init__(self, origin: Origin, *, agent: str, through: Proxy | None = None) -> None:
        lines = [f"host: {origin.authority}", f"user-agent: {agent}"]
        self._prefix = origin.prefix.encode()
        if through is not None and not origin.is_tls:  # a tunnel carries what it carries untouched
            self._prefix = str(origin).encode()
            if through.authorization:
                lines.append(f"proxy-authorization: {through.authorization.decode()}")
        self._common = "".join(f"\r\n{line}" for line in lines).encode()

    def write(self, method: bytes, target: bytes, headers: tuple[Header, ...], body_bytes: int) -> bytes:
        """All lines but the key's; the head is complete when `end_of_head` is joined to it."""
        if method not in _METHODS:
            raise ExchangeFailed(Fault.ILLEGAL_REQUEST, "a method that is not spoken here")
        if not _TARGET.fullmatch(target) or _DOTS.search(target):
            raise ExchangeFailed(
                Fault.ILLEGAL_REQUEST, "a target that does not stay below the provider's URL"
            )
        length = b"\r\ncontent-length: %d" % body_bytes if body_bytes or method != b"GET" else b""
        return b"%b %b%b HTTP/1.1%b%b%b\r\n" % (
            method,
            self._prefix,
            target,
            self._common,
            _lines(headers),
            length,
        )


@lru_cache(HEADERS_KNOWN_MAX)
def _lines(headers: tuple[Header, ...]) -> bytes:
    """The caller's headers. A dialect says the same ones with each request, so they are put together and
    looked at once.
    """
    for name, _ in headers:
        if name in _OURS or not _NAME.fullmatch(name):
            raise ExchangeFailed(Fault.ILLEGAL_REQUEST, "a header that is not the caller's to set")
    lines = b"".join(b"\r\n%b: %b" % header for header in headers)
    if not lines.count(b"\n") == lines.count(b"\r") == len(headers) or b"\0" in lines:
        raise ExchangeFailed(Fault.ILLEGAL_REQUEST, "a line break or NUL inside of a header")
    if not any(name == b"accept-encoding" for name, _ in headers):
        lines += b"\r\naccept-encoding: gzip, deflate"
    return lines
