"""Where an object or a list ends: looked for byte by byte, each once, however it comes in pieces."""

import re
from enum import StrEnum

__all__ = ["DEPTH_MAX", "Look", "Value"]

DEPTH_MAX = 1_000
"""Deeper than the decoder goes: who sends a million brackets is told so at the first thousand."""

_BREAKS_AFTER = b"{[,:"
_NEWLINE, _QUOTE = b"\n"[0], b'"'[0]
_step = re.compile(rb'[^"{}\[\]\n]*+')
_inside = re.compile(rb'(?:[^"\\\n]++|\\[^\n])*+')


class Look(StrEnum):
    """What has been seen of it."""

    OPEN = "open"
    CLOSED = "closed"
    BROKEN = "broken"
    TOO_DEEP = "too deep"


class Value:
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

    def look_through(self, buffer: bytearray) -> Look:
        """As far as there is something to see; then `at` is behind the value, or at what broke it."""
        size = len(buffer)
        while self.at < size:
            self.at = (_inside if self._in_text else _step).match(buffer, self.at).end()  # type: ignore[union-attr]
            if self.at == size:
                return Look.OPEN
            sign = buffer[self.at]
            if sign == _NEWLINE:
                if self._in_text or not self._may_break(buffer):
                    return Look.BROKEN
                self._is_spread = True
            elif sign == _QUOTE:
                self._in_text = not self._in_text
            elif self._in_text:
                return Look.OPEN  # a backslash whose other half is still to come
            elif sign in b"{[":
                self._depth += 1
                if self._depth > DEPTH_MAX:
                    return Look.TOO_DEEP
            else:
                self._depth -= 1
            self.at += 1
            if not self._depth:
                return Look.CLOSED
        return Look.OPEN

    def _may_break(self, buffer: bytearray) -> bool:
        if self._is_spread:
            return True
        return buffer[: self.at].rstrip()[-1] in _BREAKS_AFTER
