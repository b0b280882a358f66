"""A finished answer, to be given once more: as a whole or as a stream, whichever way it came."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from actors.case import Case, Closed, Sink, Trouble
from actors.wire.call import Answer
from actors.wire.canonical import ChatRequest
from actors.wire.chunks import Chunk
from actors.wire.gather import gathered, scattered
from state.events import Usage, Verdict

__all__ = ["Outcome", "given", "late"]


class Outcome(Struct, frozen=True):
    """How a request ended, with what its caller got."""

    closed: Closed
    chunks: tuple[Chunk, ...] = ()
    """Of a stream, in the order in which they were delivered."""

    @property
    def is_whole(self) -> bool:
        """Whether there is an answer to be given."""
        return self.closed.verdict is Verdict.OK and (self.closed.answer is not None or bool(self.chunks))

    @property
    def size(self) -> int:
        """Bytes that it takes to keep it."""
        answer = self.closed.answer
        return sum(len(chunk.payload) for chunk in self.chunks) + (0 if answer is None else len(answer.body))

    @property
    def bare(self) -> "Outcome":
        """The verdict alone. Who comes for the answer is told that it is gone, not given nothing."""
        closed = self.closed
        if not self.is_whole:
            return Outcome(closed)
        gone = Trouble(message="it was answered before; its answer is not kept")
        return Outcome(replace(closed, answer=None, trouble=gone))


def given(outcome: Outcome, case: Case, sink: Sink | None) -> Closed:
    """Give it to this caller, in the way in which this one asked for it."""
    closed = outcome.closed
    if not outcome.is_whole:
        return closed
    if sink is None or not isinstance(case.request, ChatRequest):
        return replace(closed, answer=closed.answer or _gathered(outcome.chunks, closed.usage))
    if closed.lane is not None:
        sink.begin(closed.lane, _Still())
    for chunk in outcome.chunks or _scattered(closed, case.request):
        sink.chunk(chunk)
    return replace(closed, answer=None)


def late(case: Case) -> Closed:
    """Its deadline came while it waited for another's answer."""
    seconds = (case.deadline_ms - case.opened_ms) / 1000
    message = f"no answer within {seconds:g} s: the same request is still under way"
    return Closed(verdict=Verdict.DEADLINE, trouble=Trouble(message=message))


def _gathered(chunks: Sequence[Chunk], usage: Usage | None) -> Answer:
    return Answer(body=gathered(chunk.payload for chunk in chunks), usage=usage or Usage())


def _scattered(closed: Closed, request: ChatRequest) -> list[Chunk]:
    assert closed.answer is not None
    return scattered(closed.answer.body, wants_usage=request.wants_usage)


class _Still:
    """A flow that has already ended."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""
