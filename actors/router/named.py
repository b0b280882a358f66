"""Requests that their callers named: the same again gets the same verdict, and nothing is sent twice.

    unknown            committed as opened, then run
    under way          waits for the same verdict, and gets the same answer
    closed             the stored verdict; the answer too while it is kept
    opened, no more    we died in between: `interrupted`, never silently sent again
    other content      a conflict, whatever became of the first

What is not remembered is looked up in the journal. When that cannot be read, requests are served all the
same: it is a witness, not a gatekeeper.
"""

from collections import OrderedDict

from anyio import Event as Wakeup
from msgspec import Struct

from actors.case import Case, Closed, Sink, Trouble
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalUnusable
from actors.kernel.deadlines import move_on_at
from actors.router.replay import Outcome, given, late
from actors.router.twins import Run
from actors.seams import Clock
from state.events import RequestClosed, RequestOpened, Verdict
from state.memory.journal import Query, Stored

__all__ = ["Apart", "Named"]

NAMES_MAX = 4096
ANSWERS_BYTES_MAX = 64 * 1024 * 1024

_AGAIN = frozenset({Verdict.CANCELLED, Verdict.OVERLOADED})
"""Who left, or was never let in, may come back with the same name and be served."""


class Apart(Struct, frozen=True):
    """How this call ended, and not the request that it named."""

    closed: Closed


class Named:
    """Every name that was used lately, and what became of it."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<{len(self._known)} named requests, {self._bytes} bytes of answers>"

    async def serve(self, case: Case, content: str, sink: Sink | None, run: Run) -> Closed | Apart:
        """The request's verdict, whichever call it was that ran it."""
        while (known := self._known.get(case.id)) is not None:
            if (known.content, known.uid) != (content, case.client.uid):
                return _conflict()
            if known.outcome is None:
                with move_on_at(self._clock, case.deadline_ms):
                    await known.done.wait()
                if not known.done.is_set():
                    return Apart(late(case))
            if known.outcome is not None:
                return given(known.outcome, case, sink)
        mine = self._known[case.id] = _Known(content, case.client.uid)
        try:
            found = await self._recall(case, content)
            if isinstance(found, Apart):
                return found
            mine.outcome = found if found is not None else await run(case, sink)
            return mine.outcome.closed
        finally:
            del self._known[case.id]
            if mine.outcome is not None and mine.outcome.closed.verdict not in _AGAIN:
                self._keep(case, mine, mine.outcome)
            mine.done.set()

    async def _recall(self, case: Case, content: str) -> Outcome | Apart | None:
        """What an earlier life of the daemon, or a longer memory, knows of the name."""
        query = Query(request_id=case.id, kinds=("request_opened", "request_closed"), rows_max=1)
        stored: list[Stored] = []
        try:
            with move_on_at(self._clock, case.deadline_ms) as scope:
                stored = await self._journal.query(query)
        except JournalUnusable:
            return None
        if scope.cancelled_caught:
            return Apart(late(case))
        match [each.event for each in stored]:
            case [RequestOpened() as opened]:
                return _conflict() if opened.content != content else Outcome(_interrupted())
            case [RequestClosed() as last] if last.verdict not in _AGAIN:
                return _conflict() if last.content != content else Outcome(_as_stored(last))
            case _:
                return None

    def _keep(self, case: Case, known: "_Known", outcome: Outcome) -> None:
        """The verdict; the answer where the pool keeps answers. Who waits for it has it in hand already."""
        kept = outcome if case.pool.rules.keep_answers else outcome.bare
        self._known[case.id] = _Known(known.content, known.uid, kept)
        self._bytes += kept.size
        while len(self._known) > NAMES_MAX or self._bytes > ANSWERS_BYTES_MAX:
            if not self._forget_oldest():
                return

    def _forget_oldest(self) -> bool:
        """Who is under way is not forgotten; how many of these there are is bounded at the entrance."""
        for name, known in self._known.items():
            if known.outcome is not None:
                self._bytes -= known.outcome.size
                del self._known[name]
                return True
        return False


class _Known:
    __slots__ = ("content", "done", "outcome", "uid")

    def __init__(self, content: str, uid: int | None, outcome: Outcome | None = None) -> None:
        self.content = content
        self.uid = uid
        self.outcome = outcome
        self.done = Wakeup()


def _conflict() -> Apart:
    message = "this request id was used before, for another request"
    return Apart(Closed(verdict=Verdict.CALLER_ERROR, trouble=Trouble(message=message)))


def _interrupted() -> Closed:
    message = "failoverd died while it served this request; whether it was sent, nobody knows"
    return Closed(verdict=Verdict.INTERRUPTED, trouble=Trouble(message=message))


def _as_stored(last: RequestClosed) -> Closed:
    if last.verdict is Verdict.INTERRUPTED:
        return _interrupted()
    message = f"it was closed before, with the verdict {last.verdict}; its answer is not kept"
    return Closed(verdict=last.verdict, lane=last.lane, trouble=Trouble(message=message))
