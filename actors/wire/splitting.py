"""How a stream of bytes becomes whole messages: what the splitters of all framings have in common."""

from typing import Protocol, TypeVar

__all__ = ["MESSAGE_BYTES_MAX", "Oversized", "Splitter"]

M = TypeVar("M")

MESSAGE_BYTES_MAX = 16 << 20
"""The largest message that is put together from pieces: a picture of a few megapixels in base64 fits."""


class Oversized(ValueError):
    """A line or message grew beyond its bound: whoever sends this will not stop by himself."""

    def __init__(self, what: str, bytes_max: int) -> None:
        super().__init__(f"{what} of more than {bytes_max} bytes")


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
