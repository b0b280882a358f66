r"""Where one message ends and the next begins: pure, incremental, bounded; three ways to say it.

{"jsonrpc": "2.0", ...}\n                        a line           most clients, nc, socat
Content-Length: 52\r\n\r\n{"jsonrpc": ...}       a header         language servers' clients
{"jsonrpc": "2.0", ...}                          a bare value     it ends where its last bracket closes

    feed(bytes), next() --> Frame | Broken       what is not whole yet waits, up to `bytes_max`

A newline ends a message also when its brackets are not closed, unless it breaks where people break lines
(behind an opening bracket, a comma or a colon): a typo is answered, not waited for, and a file that was
written for reading can be sent as it is.
"""

import re
from enum import StrEnum

import msgspec
from msgspec import Struct

from daemon.rpc.value import Look, Value

__all__ = ["Broken", "Flaw", "Frame", "Frames", "Framing"]

HEADERS_BYTES_MAX = 4_096
DIGITS_MAX = 15

_BLANKS = b" \t\r\n"
_line_head = re.compile(rb"[\t\r\n ]*+")
_headers_head = re.compile(rb"content-(?:length|type)[ \t]*:", re.IGNORECASE)
_length = re.compile(rb"^content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_headers_end = re.compile(rb"\r?\n\r?\n")
_whole = msgspec.json.Decoder(msgspec.Raw)
_http = re.compile(rb"(?:GET|POST|PUT|HEAD|OPTIONS|DELETE|PATCH) ")


class Framing(StrEnum):
    """How a message was set off; its answer is, too."""

    LINE = "line"
    HEADER = "header"


class Flaw(StrEnum):
    """Why something is no message."""

    TOO_LARGE = "the message is larger than is taken here"
    TOO_DEEP = "the message is nested too deeply"
    CUT = "the message ends in the middle"
    BAD_HEADER = "a header block without a usable Content-Length"
    HTTP = "this socket speaks JSON-RPC; HTTP is spoken at the other one, http.sock beside it"

    @property
    def is_final(self) -> bool:
        """Whether nobody can tell where the next message begins."""
        return self in (Flaw.BAD_HEADER, Flaw.HTTP)


class Frame(Struct, frozen=True, gc=False):
    """One message, whole, and not yet looked into."""

    body: bytes
    framing: Framing = Framing.LINE


class Broken(Struct, frozen=True, gc=False):
    """Something that can't become a message."""

    flaw: Flaw
    framing: Framing = Framing.LINE


class Frames:
    """What has come over one connection and is no whole message yet."""

    def __init__(self, bytes_max: int) -> None:
        self._bytes_max = bytes_max
        self._buffer = bytearray()
        self._value = Value()
        """How far a value that has begun has been looked through."""
        self._skip_bytes = 0
        """Of a message that is too large and states its length."""
        self._skip_line = False
        """Up to the next newline nothing is a message."""
        self._is_over = False

    def __repr__(self) -> str:
        return f"<frames: {len(self._buffer)} bytes wait>"

    def feed(self, piece: bytes | bytearray | memoryview) -> None:
        """More has come."""
        if not self._is_over:
            self._buffer += piece

    def next(self) -> Frame | Broken | None:
        """The next message; None: not yet."""
        found = None if self._is_over else self._next()
        if isinstance(found, Broken) and found.flaw.is_final:
            self._is_over = True
            self._buffer.clear()
        return found

    def end(self) -> Frame | Broken | None:
        """Nothing more will come: what waited is a message after all, or never will be."""
        rest = bytes(self._buffer).strip(_BLANKS)
        self._buffer.clear()
        if not rest or self._is_over or self._skip_line or self._skip_bytes:
            return None
        return Broken(Flaw.CUT) if rest[:1] in b"{[" or _headers_head.match(rest) else Frame(rest)

    def _next(self) -> Frame | Broken | None:
        if (self._skip_bytes or self._skip_line) and not self._skipped():
            return None
        buffer = self._buffer
        if self._value.is_new:
            blanks = _line_head.match(buffer)
            if blanks is not None and blanks.end():
                del buffer[: blanks.end()]
        if not buffer:
            return None
        if buffer[0] in b"{[":
            return self._value_frame()
        if _headers_head.match(buffer):
            return self._header_frame()
        return self._line_frame()

    # A line of anything: a bare word, or what is no JSON at all.

    def _line_frame(self) -> Frame | Broken | None:
        end = self._buffer.find(b"\n")
        if end < 0:
            return self._too_large() if len(self._buffer) > self._bytes_max else None
        if _http.match(self._buffer):
            return Broken(Flaw.HTTP)
        return self._take(end, end + 1)

    # An object or a list: most often it is a whole line, and that is found at the speed of C.

    def _value_frame(self) -> Frame | Broken | None:
        buffer, value = self._buffer, self._value
        if value.is_new:
            end = buffer.find(b"\n")
            if 0 <= end <= self._bytes_max and _is_whole(buffer, end):
                return self._take(end, end + 1)
        state = value.look_through(buffer)
        if value.at > self._bytes_max:
            return self._too_large()
        match state:
            case Look.CLOSED:
                return self._take(value.at, value.at)
            case Look.BROKEN:
                return self._take(value.at, value.at + 1)
            case Look.TOO_DEEP:
                self._drop_line()
                return Broken(Flaw.TOO_DEEP)
            case Look.OPEN:
                return None

    # A message with a header.

    def _header_frame(self) -> Frame | Broken | None:
        buffer = self._buffer
        end = _headers_end.search(buffer, 0, HEADERS_BYTES_MAX)
        if end is None:
            return Broken(Flaw.BAD_HEADER, Framing.HEADER) if len(buffer) >= HEADERS_BYTES_MAX else None
        stated = _length.findall(buffer, 0, end.start() + 1)
        if len(stated) != 1 or len(stated[0]) > DIGITS_MAX:
            return Broken(Flaw.BAD_HEADER, Framing.HEADER)
        length = int(stated[0])
        if length > self._bytes_max:
            del buffer[: end.end()]
            self._skip_bytes = length
            return Broken(Flaw.TOO_LARGE, Framing.HEADER)
        whole = end.end() + length
        if len(buffer) < whole:
            return None
        with memoryview(buffer) as view:
            body = view[end.end() : whole].tobytes()
        del buffer[:whole]
        return Frame(body, Framing.HEADER)

    # Taking and leaving out.

    def _take(self, end: int, rest: int) -> Frame | Broken:
        with memoryview(self._buffer) as view:
            body = view[:end].tobytes().rstrip()
        del self._buffer[:rest]
        self._value = Value()
        return Frame(body) if len(body) <= self._bytes_max else Broken(Flaw.TOO_LARGE)

    def _too_large(self) -> Broken:
        self._drop_line()
        return Broken(Flaw.TOO_LARGE)

    def _drop_line(self) -> None:
        del self._buffer[: self._value.at]
        self._value = Value()
        self._skip_line = True

    def _skipped(self) -> bool:
        """Whether what has to be left out is out."""
        buffer = self._buffer
        if self._skip_bytes:
            gone = min(self._skip_bytes, len(buffer))
            del buffer[:gone]
            self._skip_bytes -= gone
            return not self._skip_bytes
        end = buffer.find(b"\n")
        if end < 0:
            buffer.clear()
            return False
        del buffer[: end + 1]
        self._skip_line = False
        return True


def _is_whole(buffer: bytearray, end: int) -> bool:
    """Whether that much of the buffer is one JSON value."""
    try:
        _whole.decode(memoryview(buffer)[:end])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return True
