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

__all__ = ["DEPTH_MAX", "Broken", "Flaw", "Frame", "Frames", "Framing"]

DEPTH_MAX = 1_000
"""Deeper than the decoder goes: who sends a million brackets is told so at the first thousand."""
HEADERS_BYTES_MAX = 4_096
DIGITS_MAX = 15

_BLANKS = b" \t\r\n"
_BREAKS_AFTER = b"{[,:"
_line_head = re.compile(rb"[\t\r\n ]*+")
_headers_head = re.compile(rb"content-(?:length|type)[ \t]*:", re.IGNORECASE)
_length = re.compile(rb"^content-length[ \t]*:[ \t]*(\d+)[ \t]*\r?$", re.IGNORECASE | re.MULTILINE)
_headers_end = re.compile(rb"\r?\n\r?\n")
_step = re.compile(rb'[^"{}\[\]\n]*+')
_inside = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')
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
        self._value = _Value()
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
            case _Look.CLOSED:
                return self._take(value.at, value.at)
            case _Look.BROKEN:
                return self._take(value.at, value.at + 1)
            case _Look.TOO_DEEP:
                self._drop_line()
                return Broken(Flaw.TOO_DEEP)
            case _Look.OPEN:
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
        self._value = _Value()
        return Frame(body) if len(body) <= self._bytes_max else Broken(Flaw.TOO_LARGE)

    def _too_large(self) -> Broken:
        self._drop_line()
        return Broken(Flaw.TOO_LARGE)

    def _drop_line(self) -> None:
        del self._buffer[: self._value.at]
        self._value = _Value()
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


class _Look(StrEnum):
    OPEN = "open"
    CLOSED = "closed"
    BROKEN = "broken"
    TOO_DEEP = "too deep"


class _Value:
    """A look through an object or a list for its end: every byte once, however it comes in pieces."""

    __slots__ = ("_depth", "_in_text", "_is_spread", "at")

    def __init__(self) -> None:
        self.at = 0
        """All before it has been looked at."""
        self._depth = 0
        self._in_text = False
        self._is_spread = False
        """It is written over several lines, as its first line has shown."""

    @property
    def is_new(self) -> bool:
        return self.at == 0

    def look_through(self, buffer: bytearray) -> _Look:
        """As far as there is something to see; then `at` is behind the value, or at what broke it."""
        size = len(buffer)
        while self.at < size:
            self.at = (_inside if self._in_text else _step).match(buffer, self.at).end()  # type: ignore[union-attr]
            if self.at == size:
                return _Look.OPEN
            sign = buffer[self.at]
            if sign == _NEWLINE:
                if self._in_text or not self._may_break(buffer):
                    return _Look.BROKEN
                self._is_spread = True
            elif sign == _QUOTE:
                self._in_text = not self._in_text
            elif self._in_text:
                return _Look.OPEN  # a backslash whose other half is still to come
            elif sign in b"{[":
                self._depth += 1
                if self._depth > DEPTH_MAX:
                    return _Look.TOO_DEEP
            else:
                self._depth -= 1
            self.at += 1
            if not self._depth:
                return _Look.CLOSED
        return _Look.OPEN

    def _may_break(self, buffer: bytearray) -> bool:
        if self._is_spread:
            return True
        return buffer[: self.at].rstrip()[-1] in _BREAKS_AFTER


_NEWLINE, _QUOTE = b"\n"[0], b'"'[0]


def _is_whole(buffer: bytearray, end: int) -> bool:
    """Whether that much of the buffer is one JSON value."""
    try:
        _whole.decode(memoryview(buffer)[:end])
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError):
        return False
    return True
