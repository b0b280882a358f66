"""An answer as it comes in: bytes to messages to chunks, and whether it comes to its end.

pieces --splitter--> messages --reader--> chunks --> outlet
                                    |
                                    +--evidence--> NoAnswer
"""

from collections.abc import Callable

from actors.net.exchange import Exchange
from actors.provider.delivery import Outlet
from actors.wire.call import Answer, Call
from actors.wire.chunks import Kind
from actors.wire.dialect import Dialect, Framing
from actors.wire.ndjson import LineSplitter
from actors.wire.proof import broken
from actors.wire.splitting import Oversized
from actors.wire.sse import SseSplitter
from actors.wire.stream import StreamReader
from state.events import Usage
from state.failures import Evidence

__all__ = ["NoAnswer", "Streaming"]


class NoAnswer(Exception):
    """What came is no answer, and this is the evidence."""

    def __init__(self, evidence: Evidence) -> None:
        super().__init__("the stream brought no answer")
        self.evidence = evidence


class Streaming:
    """One stream under way. No task is woken for a chunk: all of this runs where the bytes arrive."""

    def __init__(
        self, dialect: Dialect, call: Call, exchange: Exchange, outlet: Outlet, now_ms: Callable[[], int]
    ) -> None:
        self.first_token_ms: int | None = None
        """When the model first gave a sign of life: a thought is one, an opening is not."""
        self._call = call
        self._exchange = exchange
        self._outlet = outlet
        self._now_ms = now_ms
        self._reader: StreamReader = dialect.reader(call)
        self._split: _Events | _Lines = _Events() if dialect.framing is Framing.SSE else _Lines()

    @property
    def in_tool(self) -> bool:
        return self._reader.in_tool

    @property
    def is_finished(self) -> bool:
        """Whether the answer has said that it is whole."""
        return bool(self._reader.finish)

    @property
    def usage(self) -> Usage | None:
        """What it used; None before anything has come: a refusal in a stream's clothes costs nothing."""
        return None if self.first_token_ms is None else self._reader.usage

    async def read(self) -> None:
        """To its end."""
        try:
            await self._exchange.forward_to(self._take)
            for data, name in self._split.finish():
                self._read(data, name)
        except Oversized as error:
            raise NoAnswer(broken(self._call, str(error))) from None
        evidence = self._reader.end()
        if evidence is not None:
            raise NoAnswer(evidence)

    def answer(self) -> Answer | None:
        """The whole answer; None if the caller has it already."""
        body = self._outlet.whole()
        return (
            None if body is None else Answer(body=body, usage=self._reader.usage, finish=self._reader.finish)
        )

    def _take(self, piece: bytes) -> None:
        for data, name in self._split.feed(piece):
            self._read(data, name)

    def _read(self, data: bytes, name: bytes) -> None:
        found = self._reader.feed(data, name)
        if isinstance(found, Evidence):
            raise NoAnswer(found)
        for chunk in found:
            if chunk.kind is not Kind.OPENING:
                self._exchange.heard()
                if self.first_token_ms is None:
                    self.first_token_ms = self._now_ms()
            self._outlet.take(chunk)


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
