"""The elements of one long JSON array out of bytes, as Gemini streams without `alt=sse`.

    b'[{"a":1},'  b'{"b":[2]}'  b']'   ->   b'{"a":1}', b'{"b":[2]}'

Only brackets, quotes and commas are looked at, found by a regular expression instead of byte by byte; what
stands between them is for the JSON decoder to judge. An object or array is given when it closes, not when
the comma after it arrives, because that comma comes with the next element.
"""

import re

from actors.wire.splitting import MESSAGE_BYTES_MAX, Oversized

__all__ = ["ArraySplitter"]

_OUTSIDE_STRING = re.compile(rb'["\[\]{},]')
_INSIDE_STRING = re.compile(rb'["\\]')
_BLANK = b" \t\r\n"


class ArraySplitter:
    """A `Splitter` of array elements. Objects that stand bare, without an array around them, are given
    too: an error before the stream has begun looks like that.
    """

    __slots__ = ("_bytes_max", "_depth", "_element", "_escaped", "_in_string")

    def __init__(self, bytes_max: int = MESSAGE_BYTES_MAX) -> None:
        self._bytes_max = bytes_max
        self._depth = 0
        """0 outside of the array, 1 between its elements, more within an element."""
        self._element = bytearray()
        self._in_string = False
        self._escaped = False

    def feed(self, piece: bytes) -> list[bytes]:
        elements: list[bytes] = []
        at = taken = 0
        while mark := self._next_mark(piece, at):
            at = mark.end()
            ends_at: int | None = None
            match mark.group():
                case b'"':
                    self._in_string = not self._in_string
                case b"\\":
                    at = self._skip_escaped(piece, at)
                case b"[" if self._depth == 0:
                    self._depth = 1
                    ends_at = at - 1
                case b"[" | b"{":
                    self._depth = max(self._depth, 1) + 1
                case b"]" | b"}":
                    self._depth = max(self._depth - 1, 0)
                    if self._depth <= 1:
                        ends_at = at if self._depth else at - 1
                case _:  # a comma
                    if self._depth <= 1:
                        ends_at = at - 1
            if ends_at is not None:
                self._take(piece, taken, ends_at)
                elements += self.finish()
                taken = at
        self._take(piece, taken, len(piece))
        return elements

    def finish(self) -> list[bytes]:
        element = bytes(self._element).strip(_BLANK)
        self._element.clear()
        return [element] if element else []

    def _next_mark(self, piece: bytes, at: int) -> re.Match[bytes] | None:
        if self._escaped and at < len(piece):
            self._escaped = False
            at += 1
        return (_INSIDE_STRING if self._in_string else _OUTSIDE_STRING).search(piece, at)

    def _skip_escaped(self, piece: bytes, at: int) -> int:
        """Past the character that a backslash protects; it may be the first of the next piece."""
        self._escaped = at == len(piece)
        return at if self._escaped else at + 1

    def _take(self, piece: bytes, start: int, end: int) -> None:
        self._element += piece[start:end]
        if len(self._element) > self._bytes_max:
            raise Oversized("an element of a streamed array", self._bytes_max)
