"""A channel: what somebody publishes about itself; the latest value is the only one that counts.

    publish(1) publish(2) publish(3)        latest: 3
        reader: 1 ............ 3            may miss what was overtaken, never the last

Nothing piles up behind a slow reader, so nothing has to be bounded, and nobody waits to publish.
"""

from typing import Generic, TypeVar

from anyio import Event

__all__ = ["Channel", "Reader"]

T = TypeVar("T")


class Channel(Generic[T]):
    """One writer by custom, any number of readers. It outlives the lives of both."""

    def __init__(self, first: T) -> None:
        self._latest = first
        self._version = 0
        self._changed = Event()

    def __repr__(self) -> str:
        return f"<channel: {self._latest!r}>"

    @property
    def latest(self) -> T:
        return self._latest

    def publish(self, value: T) -> None:
        self._latest = value
        self._version += 1
        self._changed.set()
        self._changed = Event()

    def reader(self) -> "Reader[T]":
        """Somebody who wants to know of changes."""
        return Reader(self)

    async def wait_newer(self, seen: int) -> int:
        """For readers: wait until the version is another than this one, and say which it is."""
        while seen == self._version:
            await self._changed.wait()
        return self._version


class Reader(Generic[T]):
    """Remembers what it has seen. The first that it sees is the latest at that moment."""

    def __init__(self, channel: Channel[T]) -> None:
        self._channel = channel
        self._seen = -1

    def __aiter__(self) -> "Reader[T]":
        return self

    async def __anext__(self) -> T:
        """The latest value, as soon as there is one that this reader has not seen."""
        self._seen = await self._channel.wait_newer(self._seen)
        return self._channel.latest
