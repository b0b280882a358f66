"""A caller's stream through all the lanes that it may take: one beginning, one text, one end.

    lane 1 --chunks--> relay --> the caller's sink
       x                 |
    lane 2 --chunks--> joint: what is new of it --^      or apart: lane 2 is stopped, nothing of it passes

It is the sink of every attempt of a request, and the flow that the caller's sink may tell to rest.
"""

from collections.abc import Callable

from actors.case import Flow, Sink
from actors.wire.chunks import Chunk, Kind
from actors.wire.splice import Splicer
from state.telling.joining import Joint, Stage, ended, joined, joint
from state.words import LaneId

__all__ = ["Relay"]


class Relay:
    """One request's stream, whoever speaks."""

    def __init__(self, sink: Sink, *, keeps: bool = False) -> None:
        """`keeps`: every chunk is kept, for others who want the same answer."""
        self.kept: list[Chunk] | None = [] if keeps else None
        self.in_tool = False
        self.has_said = 0
        """How many chunks the caller has been given: it shows whether anything moves."""
        self._sink = sink
        self._flow: Flow | None = None
        self._is_paused = False
        self._texts: list[str] = []
        self._first: Chunk | None = None
        self._splicer: Splicer | None = None
        self._joint: Joint | None = None
        self._stop: Callable[[], None] | None = None

    def __repr__(self) -> str:
        stage = "first voice" if self._joint is None else f"second voice, {self._joint.stage}"
        return f"<relay: {self.has_said} chunks, {stage}>"

    @property
    def has_begun(self) -> bool:
        """Whether the caller has something of the answer: from here on it must be continued."""
        return self._first is not None

    @property
    def delivered(self) -> str:
        return "".join(self._texts)

    @property
    def is_apart(self) -> bool:
        """What the lane says does not meet what was delivered."""
        return self._joint is not None and self._joint.stage is Stage.APART

    @property
    def is_joined(self) -> bool:
        return self._joint is not None and self._joint.stage is Stage.JOINED

    def expect(self, *, continues: bool, stop: Callable[[], None]) -> None:
        """Another lane is going to speak, to continue the delivered text or to say it again."""
        assert self._first is not None, "there is nothing to be joined before the first chunk"
        self._splicer = self._splicer or Splicer(self._first)
        self._joint = joint(self.delivered, continues=continues)
        self._stop = stop

    # For the attempts.

    def begin(self, lane: LaneId, flow: Flow) -> None:
        self._flow = flow
        if self._first is None:
            self._sink.begin(lane, self)
        elif self._is_paused:
            flow.pause()

    def chunk(self, chunk: Chunk) -> None:
        if self._joint is not None:
            self._join(chunk)
            return
        if self._first is None:
            self._first = chunk
        self._give(chunk)

    def keep_alive(self) -> None:
        self._sink.keep_alive()

    # For the caller's sink.

    def pause(self) -> None:
        self._is_paused = True
        if self._flow is not None:
            self._flow.pause()

    def resume(self) -> None:
        self._is_paused = False
        if self._flow is not None:
            self._flow.resume()

    def _give(self, chunk: Chunk) -> None:
        self.has_said += 1
        if chunk.text:
            self._texts.append(chunk.text)
        if chunk.kind is Kind.TOOL:
            self.in_tool = True
        if self.kept is not None:
            self.kept.append(chunk)
        self._sink.chunk(chunk)

    def _join(self, chunk: Chunk) -> None:
        """The caller has its role and its thoughts already; of the text it gets what is new."""
        assert self._joint is not None
        assert self._splicer is not None
        if self._joint.stage is Stage.APART or chunk.kind in (Kind.OPENING, Kind.THOUGHT):
            return
        if chunk.kind is Kind.TEXT:
            self._joint, new = joined(self._joint, chunk.text)
            if self._joint.stage is Stage.LISTENING and self._splicer.ends(chunk):
                self._joint, new = ended(self._joint)
            rest = self._splicer.said(chunk, new)
        else:
            self._joint, new = ended(self._joint)
            if new:
                self._give(self._splicer.new(new))
            rest = self._splicer.as_it_is(chunk)
        if self.is_apart:
            assert self._stop is not None
            self._stop()
        elif rest is not None:
            self._give(rest)
