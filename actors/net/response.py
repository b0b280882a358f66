"""Responses read from the bytes of one connection, one after the other; every part of them bounded.

    expect -> feed... : interim heads are skipped, the head, pieces of the body, complete
                        |
                        +-- ExchangeFailed: not HTTP, or without an end

A shell around httptools: strict about framing (two lengths, a length and chunks, overflowing chunk sizes
are refused by llhttp), and it adds the bounds that a parser which keeps nothing does not need.
"""

import httptools

from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import Header

__all__ = ["HEADERS_MAX", "HEAD_BYTES_MAX", "INTERIM_MAX", "ResponseReader"]

HEAD_BYTES_MAX = 64 << 10
"""So long may a head be, and so many bytes of framing may come in a row without one byte of body."""
HEADERS_MAX = 256
INTERIM_MAX = 16
"""Heads of the kind "100 Continue" before the real one."""

KEEP_ALIVE_MARGIN_MS = 1_000
"""A server that grants five seconds of silence is believed for four."""


class ResponseReader:
    """What has come of the response that is expected now."""

    def __init__(self) -> None:
        self.status = 0
        """0 until the head is complete."""
        self.headers: list[Header] = []
        """Names in lower case."""
        self.pieces: list[bytes] = []
        """Of the body; whoever takes them clears the list."""
        self.has_begun = False
        self.is_complete = False
        self.keeps_alive = False
        """Known when it is complete: whether the connection may carry another exchange."""
        self.ends_with_connection = False
        """Neither a length nor chunks: the body ends where the connection does."""
        self.granted_ms: int | None = None
        """How long the server keeps a silent connection, if it says so."""
        self._bodiless_bytes = 0
        self._interims = 0
        self._stopped_by: ExchangeFailed | None = None
        # Asked for once, by the parser: the list's own method takes the pieces, no call of ours between.
        self.on_body = self.pieces.append
        self._parser = httptools.HttpResponseParser(self)

    def expect(self) -> None:
        """The next request leaves."""
        self.status = 0
        self.headers = []
        self.pieces.clear()
        self.has_begun = self.is_complete = self.keeps_alive = False
        self.ends_with_connection = True
        self._bodiless_bytes = self._interims = 0

    def feed(self, received: memoryview | bytes) -> None:
        """Read what was received. What came before an error stands, and is to be told before it."""
        self.has_begun = True
        try:
            self._parser.feed_data(received)
        except httptools.HttpParserError as error:
            if self.is_complete:  # more than was asked for; the answer stands, the connection does not
                self.keeps_alive = False
                return
            if self._stopped_by is not None:
                raise self._stopped_by from None
            raise _failed(Fault.MALFORMED, str(error)) from None
        if self.pieces:
            self._bodiless_bytes = 0
            return
        self._bodiless_bytes += len(received)
        if self._bodiless_bytes > HEAD_BYTES_MAX and not self.is_complete:
            raise _failed(Fault.HEAD_TOO_LARGE)

    # What the parser says.

    def on_message_begin(self) -> None:
        if self.is_complete:
            self._stop(Fault.MALFORMED, "a second response that nobody asked for")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self.status:  # or it is a trailer
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        status = self._parser.get_status_code()
        if len(self.headers) > HEADERS_MAX:
            self._stop(Fault.HEAD_TOO_LARGE)
        if status < 200:
            self._skip(status)
            return
        fields = dict(self.headers)
        coding = fields.get(b"transfer-encoding")
        if coding is not None and coding.strip().lower() != b"chunked":
            self._stop(Fault.MALFORMED, "a transfer encoding that nobody offered")
        self.ends_with_connection = coding is None and b"content-length" not in fields
        if b"keep-alive" in fields:
            self.granted_ms = _granted_ms(fields[b"keep-alive"])
        self.status = status

    def _skip(self, status: int) -> None:
        self._interims += 1
        self.headers.clear()
        if status == 101 or self._interims > INTERIM_MAX:
            self._stop(Fault.MALFORMED, "interim responses instead of an answer")

    def on_message_complete(self) -> None:
        if self.status:
            self.is_complete = True
            self.keeps_alive = self._parser.should_keep_alive()

    def _stop(self, fault: Fault, detail: str = "") -> None:
        """Raise through the parser, which makes an error of its own of it."""
        self._stopped_by = _failed(fault, detail)
        raise self._stopped_by


def _failed(fault: Fault, detail: str = "") -> ExchangeFailed:
    return ExchangeFailed(fault, detail, heard=True)


def _granted_ms(keep_alive: bytes) -> int | None:
    """`timeout=5, max=100` in milliseconds, less the margin."""
    for parameter in keep_alive.lower().split(b","):
        name, _, value = parameter.strip().partition(b"=")
        if name == b"timeout" and value.isdigit() and len(value) < 8:
            return max(0, int(value) * 1000 - KEEP_ALIVE_MARGIN_MS)
    return None
