r"""Server-sent events out of bytes, each as soon as its blank line is there.

    b'event: ping\ndata: {"a":\ndata: 1}\n\n'   ->   SseEvent(data=b'{"a":\n1}', name=b'ping')

Lines end with LF, CR or CRLF and with nothing else: U+2028 and U+0085 are ordinary characters of JSON, and
a splitter that asks `str.splitlines` breaks answers in two.
"""

from msgspec import Struct

from actors.wire.splitting import MESSAGE_BYTES_MAX, Lines, Oversized

__all__ = ["SseEvent", "SseSplitter"]

_BOM = b"\xef\xbb\xbf"


class SseEvent(Struct, frozen=True, gc=False):
    """One event: its data lines joined by LF, and its name where it has one."""

    data: bytes
    name: bytes = b""


class SseSplitter:
    """A `Splitter` of events. `id` and `retry` are about reconnecting, which nobody does here: skipped."""

    __slots__ = ("_after_cr", "_at_start", "_bytes_max", "_data", "_lines", "_name", "_size")

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._lines = Lines("a line of an event stream", bytes_max)
        self._data: list[bytes] = []
        self._size = 0
        self._name = b""
        self._after_cr = False
        self._at_start = True

    def feed(self, piece: bytes) -> list[SseEvent]:
        if self._after_cr or b"\r" in piece:
            piece = self._with_lf_only(piece)
        return self._read(self._lines.feed(piece))

    def finish(self) -> list[SseEvent]:
        """The last event, if no blank line followed it: many servers forget that line."""
        return self._read([self._lines.finish(), b""])

    def _with_lf_only(self, piece: bytes) -> bytes:
        """A CR ends its line at once; the LF that may follow it, perhaps in the next piece, is part of it."""
        if not piece:
            return piece
        if self._after_cr and piece[0] == 10:
            piece = piece[1:]
        self._after_cr = piece.endswith(b"\r")
        return piece.replace(b"\r\n", b"\n").replace(b"\r", b"\n")

    def _read(self, lines: list[bytes]) -> list[SseEvent]:
        if self._at_start and lines:
            self._at_start = False
            lines[0] = lines[0].removeprefix(_BOM)
        events: list[SseEvent] = []
        for line in lines:
            if not line:
                if self._data:
                    events.append(SseEvent(b"\n".join(self._data), self._name))
                    self._data.clear()
                    self._size = 0
                self._name = b""
                continue
            field, _, value = line.partition(b":")
            if field == b"data":
                self._add(value.removeprefix(b" "))
            elif field == b"event":
                self._name = value.removeprefix(b" ")
        return events

    def _add(self, data: bytes) -> None:
        self._data.append(data)
        self._size += len(data) + 1
        if self._size > self._bytes_max:
            raise Oversized("an event", self._bytes_max)
