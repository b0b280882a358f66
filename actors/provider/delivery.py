"""Where the chunks of an answer go: to the caller, or into one whole answer.

chunks --> held back --first visible token: the commit point--> the caller's sink
chunks --> gathered ------------------------------------------> one answer
"""

from io import StringIO
from typing import Protocol

from actors.case import Flow, Sink
from actors.wire.chunks import Chunk, Kind
from actors.wire.gather import Gatherer
from state.words import LaneId

__all__ = ["Collection", "Delivery", "Outlet", "Still"]

HELD_BYTES_MAX = 2 << 20
"""Before its first word a model may think aloud, and all of that waits here. Who thinks for longer than a
book has committed itself."""


class Outlet(Protocol):
    """What becomes of chunks."""

    @property
    def has_begun(self) -> bool:
        """Whether the caller has seen something of it: from here on it is continued, not repeated."""
        ...

    @property
    def spoken(self) -> str:
        """The visible text that the caller has."""
        ...

    def take(self, chunk: Chunk) -> None: ...

    def whole(self) -> bytes | None:
        """The answer in one piece; None if the caller has it already."""
        ...


class Delivery:
    """To a caller who streams."""

    def __init__(self, sink: Sink, lane: LaneId, flow: Flow) -> None:
        self.has_begun = False
        self._sink = sink
        self._lane = lane
        self._flow = flow
        self._held: list[Chunk] = []
        self._held_bytes = 0
        self._text = StringIO()

    @property
    def spoken(self) -> str:
        return self._text.getvalue() if self.has_begun else ""

    def take(self, chunk: Chunk) -> None:
        if chunk.text:
            self._text.write(chunk.text)
        if self.has_begun:
            self._sink.chunk(chunk)
            return
        self._held.append(chunk)
        self._held_bytes += len(chunk.payload)
        if chunk.is_visible or chunk.kind is Kind.CLOSING or self._held_bytes > HELD_BYTES_MAX:
            self._begin()

    def whole(self) -> None:
        return None

    def _begin(self) -> None:
        self.has_begun = True
        self._sink.begin(self._lane, self._flow)
        for chunk in self._held:
            self._sink.chunk(chunk)
        self._held.clear()


class Collection:
    """For a caller who does not."""

    has_begun = False
    spoken = ""

    def __init__(self) -> None:
        self._gatherer = Gatherer()

    def take(self, chunk: Chunk) -> None:
        self._gatherer.add(chunk.payload)

    def whole(self) -> bytes:
        return self._gatherer.whole()


class Still:
    """A flow that has already ended: the answer came in one piece."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""
