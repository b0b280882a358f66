"""How a stream of bytes becomes whole messages: what the splitters of all framings have in common."""

from typing import Protocol, TypeVar

__all__ = ["MESSAGE_BYTES_MAX", "Lines", "Oversized", "Splitter"]

M = TypeVar("M")

MESSAGE_BYTES_MAX = 16 << 20
"""The largest message that is put together from pieces: a picture of a few megapixels in base64 fits."""


class Oversized(ValueError):
    """A line or message grew beyond its bound: whoever sends this will not stop by himself."""

    def __init__(self, what: str, bytes_max: int) -> None:
        super().__init__(f"{what} of more than {bytes_max} bytes")


class Lines:
    """Whole lines out of pieces, each as soon as its LF is there: what all framings are made of."""

    __slots__ = ("_begun", "_bytes_max", "_what")

    def __init__(self, what: str, bytes_max: int) -> None:
        self._what = what
        self._bytes_max = bytes_max
        self._begun = bytearray()

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that this piece ends, without their LF."""
        ended, newline, begun = piece.rpartition(b"\n")
        if self._begun and newline:
            ended = bytes(self._begun) + ended
            self._begun.clear()
        self._begun += begun
        if len(self._begun) > self._bytes_max:
            raise Oversized(self._what, self._bytes_max)
        lines = ended.split(b"\n") if newline else []
        if len(ended) > self._bytes_max and any(len(line) > self._bytes_max for line in lines):
            raise Oversized(self._what, self._bytes_max)
        return lines

    def finish(self) -> bytes:
        """The line that was begun and not ended."""
        line = bytes(self._begun)
        self._begun.clear()
        return line


class Splitter(Protocol[M]):
    """Takes the pieces as the network cut them, gives each message as soon as its last byte is there.

    Where the pieces were cut makes no difference to the messages. What is kept between two calls is
    bounded; a message beyond the bound raises `Oversized`.
    """

    def feed(self, piece: bytes) -> list[M]:
        """The messages that this piece completes."""
        ...

    def finish(self) -> list[M]:
        """What stood there without its end when the stream ended; whether it is whole, its reader sees."""
        ...
