r"""Newline-delimited JSON out of bytes, as Ollama streams it: each line as soon as its LF is there.

b'{"a":1}\r\n\n{"b":2}\n'   ->   b'{"a":1}', b'{"b":2}'
"""

from actors.wire.splitting import MESSAGE_BYTES_MAX, Oversized

__all__ = ["LineSplitter"]


class LineSplitter:
    """A `Splitter` of lines; blank ones are somebody's way of saying "still here" and are left out.

    Only LF ends a line. A CR before it is white space to JSON, and is stripped with the rest of it.
    """

    __slots__ = ("_bytes_max", "_line")

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._line = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        ended, newline, begun = piece.rpartition(b"\n")
        if self._line and newline:
            ended = bytes(self._line) + ended
            self._line.clear()
        self._line += begun
        if len(self._line) > self._bytes_max:
            raise Oversized("a line", self._bytes_max)
        return self._bounded(ended.split(b"\n")) if newline else []

    def finish(self) -> list[bytes]:
        line = bytes(self._line)
        self._line.clear()
        return self._bounded([line])

    def _bounded(self, lines: list[bytes]) -> list[bytes]:
        if any(len(line) > self._bytes_max for line in lines):
            raise Oversized("a line", self._bytes_max)
        return [bare for line in lines if (bare := line.strip(b" \t\r"))]
