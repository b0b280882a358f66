"""Letters that were cut in two: a server that counts in UTF-16 cuts its text inside of an emoji.

"text": "grey \ud83c"   "text": "\udf27 all day"      as it comes: neither is a text by itself
"text": "grey "         "text": "\ud83c\udf27 all day"     as it goes on
"""

import re

__all__ = ["Halves"]

_AT_END = re.compile(rb'(?<!\\)((?:\\\\)*)(\\u[dD][89abAB][0-9a-fA-F]{2})(?=")')
_AT_BEGINNING = re.compile(rb'(?<!\\)"(?=\\u[dD][c-fC-F][0-9a-fA-F]{2})')


class Halves:
    """Keeps a first half until the second one comes. Asked only about what cannot be read as it is."""

    def __init__(self) -> None:
        self._first = b""

    def joined(self, message: bytes) -> bytes | None:
        """The message with whole letters only; None: something else is wrong with it."""
        whole = message
        if self._first:
            first, self._first = self._first, b""
            whole = _AT_BEGINNING.sub(lambda quote: quote[0] + first, whole, count=1)
        if cut := _AT_END.search(whole):
            self._first = cut[2]
            whole = whole[: cut.start(2)] + whole[cut.end(2) :]
        return None if whole == message else whole
