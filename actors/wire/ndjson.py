r"""Newline-delimited JSON out of bytes, as Ollama streams it: each line as soon as its LF is there.

b'{"a":1}\r\n\n{"b":2}\n'   ->   b'{"a":1}', b'{"b":2}'
"""

from actors.wire.splitting import MESSAGE_BYTES_MAX, Lines

__all__ = ["LineSplitter"]


class LineSplitter:
    """A `Splitter` of lines; blank ones are somebody's way of saying "still here" and are left out.

    Only LF ends a line. A CR before it is white space to JSON, and is stripped with the rest of it.
    """

    __slots__ = ("_lines",)

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._lines = Lines("a line", bytes_max)

    def feed(self, piece: bytes) -> list[bytes]:
        return [bare for line in self._lines.feed(piece) if (bare := line.strip(b" \t\r"))]

    def finish(self) -> list[bytes]:
        bare = self._lines.finish().strip(b" \t\r")
        return [bare] if bare else []
