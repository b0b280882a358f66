"""An answer as it comes in: bytes to messages to chunks, held back until the first visible token.

pieces --splitter--> messages --reader--> chunks --held--> first visible one: commit --> sink
                                    |                                                    or gathered
                                    +--evidence--> NoAnswer
"""

from collections.abc import Callable, Sequence

from actors.case import Sink
from actors.exchange import Exchange
from actors.wire.call import Answer, Call
from actors.wire.chunks import Chunk, Kind
from actors.wire.dialect import Dialect, Framing
from actors.wire.gather import gathered
from actors.wire.ndjson import LineSplitter
from actors.wire.proof import broken
from actors.wire.splitting import Oversized
from actors.wire.sse import SseSplitter
from actors.wire.stream import StreamReader
from state.events import Usage
from state.failures import Evidence
from state.words import LaneId

__all__ = ["NoAnswer", "Streaming"]


class NoAnswer(Exception):
    """What came is no answer, and this is the evidence."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__(evidence.exception or "the stream carried an error")
        self.evidence = evidence


class Streaming:
    """One stream under way. No task is woken for a chunk: all of this runs where the bytes arrive."""

    def __init__(
        self,
        dialect: Dialect,
        call: Call,
        lane: LaneId,
        exchange: Exchange,
        sink: Sink | None,
        now_ms: Callable[[], int],
    ) -> None:
        self.first_token_ms: int | None = None
        self.has_begun = False
        """Whether the caller has seen something of it: from here on it must be continued, not repeated."""
        self._call = call
        self._lane = lane
        self._exchange = exchange
        self._sink = sink
        self._now_ms = now_ms
        self._reader: StreamReader = dialect.reader(call)
        self._split: _Events | _Lines = _Events() if dialect.framing is Framing.SSE else _Lines()
        self._held: list[Chunk] = []
        self._texts: list[str] = []

    @property
    def spoken(self) -> str:
        """The visible text so far that the caller has."""
        return "".join(self._texts) if self.has_begun else ""

    @property
    def has_spoken(self) -> bool:
        return bool(self._texts)

    @property
    def in_tool(self) -> bool:
        return self._reader.in_tool

    @property
    def is_finished(self) -> bool:
        """Whether the answer has said that it is whole."""
        return bool(self._reader.finish)

    @property
    def usage(self) -> Usage:
        return self._reader.usage

    async def read(self) -> Answer | None:
        """To its end; the answer, if nobody was there to take it chunk by chunk."""
        try:
            await self._exchange.forward_to(self._take)
            for data, name in self._split.finish():
                self._read(data, name)
        except Oversized as error:
            raise NoAnswer(broken(self._call, str(error))) from None
        evidence = self._reader.end()
        if evidence is not None:
            raise NoAnswer(evidence)
        return self.answer()

    def answer(self) -> Answer | None:
        """The whole answer for a caller who does not stream."""
        if self._sink is not None:
            return None
        body = gathered(chunk.payload for chunk in self._held)
        return Answer(body=body, usage=self._reader.usage, finish=self._reader.finish)

    def _take(self, piece: bytes) -> None:
        for data, name in self._split.feed(piece):
            self._read(data, name)

    def _read(self, data: bytes, name: bytes) -> None:
        found = self._reader.feed(data, name)
        if isinstance(found, Evidence):
            raise NoAnswer(found)
        if found:
            self._exchange.heard()
            self._pass_on(found)

    def _pass_on(self, chunks: Sequence[Chunk]) -> None:
        for chunk in chunks:
            if self.first_token_ms is None and chunk.kind is not Kind.OPENING:
                self.first_token_ms = self._now_ms()
            if chunk.text:
                self._texts.append(chunk.text)
            if self._sink is None:
                self._held.append(chunk)
            elif self.has_begun:
                self._sink.chunk(chunk)
            else:
                self._held.append(chunk)
                if chunk.is_visible or chunk.kind is Kind.CLOSING:
                    self._begin(self._sink)

    def _begin(self, sink: Sink) -> None:
        self.has_begun = True
        sink.begin(self._lane, self._exchange)
        for chunk in self._held:
            sink.chunk(chunk)
        self._held.clear()


class _Events:
    """Server-sent events as pairs of data and name."""

    def __init__(self) -> None:
        self._splitter = SseSplitter()

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        return [(event.data, event.name) for event in self._splitter.feed(piece)]

    def finish(self) -> list[tuple[bytes, bytes]]:
        return [(event.data, event.name) for event in self._splitter.finish()]


class _Lines:
    """Lines in the same shape; they have no names."""

    def __init__(self) -> None:
        self._splitter = LineSplitter()

    def feed(self, piece: bytes) -> list[tuple[bytes, bytes]]:
        return [(line, b"") for line in self._splitter.feed(piece)]

    def finish(self) -> list[tuple[bytes, bytes]]:
        return [(line, b"") for line in self._splitter.finish()]
