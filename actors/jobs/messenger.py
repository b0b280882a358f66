"""A messenger: takes one item to the router, and lets it be asked once the intent is on the disk.

case --> look (who would take it now?) --> ask --consent: intent on the disk--> a byte leaves --> Closed
                                            `--- the disk takes nothing: nothing has left ---> None
"""

from collections.abc import Callable

from anyio import CancelScope
from anyio.lowlevel import checkpoint
from msgspec import Struct
from msgspec.structs import replace

from actors.case import Case, Client, Closed
from actors.jobs.book import Book
from actors.jobs.entries import Intent
from actors.jobs.intake import read_body
from actors.journal.journal import Journal
from actors.router.opening import decode_options
from actors.router.router import Router
from actors.seams import Clock
from actors.wire.complaint import BadRequest
from state.jobs.errand import Errand, Round, Tried
from state.jobs.job import Job, asked_of
from state.jobs.outcome import Outcome
from state.jobs.prospect import Prospect, prospect
from state.jobs.settle import LOOK_AGAIN_MS, Later, unsendable
from state.routing.names import Unknown
from state.routing.routing import choose
from state.words import LaneId

__all__ = ["Asked", "Messenger", "round_of"]


class Asked(Struct, frozen=True):
    """What came of it."""

    closed: Closed | None
    """None: the disk takes nothing, so nothing was sent."""
    is_noted: bool
    """Whether an intent is on the disk."""


class Messenger:
    """Of one job."""

    def __init__(self, job: Job, router: Router, journal: Journal, book: Book, clock: Clock) -> None:
        self._job = job
        self._journal = journal
        self._router = router
        self._book = book
        self._clock = clock

    def __repr__(self) -> str:
        return f"<messenger of {self._job}>"

    def case(self, errand: Errand) -> Case | Later | Outcome:
        """The request that it is now: names, pools and lanes may be others than when it was handed in."""
        item, now_ms = errand.item, self._clock.now_ms()
        request = read_body(item.kind, item.body)
        if isinstance(request, BadRequest):
            return unsendable(errand, str(request), self._clock.wall_ms())
        options = decode_options(request.failover)
        if isinstance(options, BadRequest):
            return unsendable(errand, str(options), self._clock.wall_ms())
        owner = self._job.owner
        client = Client(app=owner.app, uid=owner.uid)
        case = self._router.open(request, asked_of(self._job.options, options), client)
        if isinstance(case, Unknown):
            return Later(at_ms=now_ms + LOOK_AGAIN_MS, why=str(case), is_stuck=True)
        if self._job.deadline_ms is not None:
            case = replace(case, deadline_ms=max(now_ms + 1, min(case.deadline_ms, self._job.deadline_ms)))
        return case

    def look(self, case: Case, errand: Errand) -> Prospect:
        question = self._router.look(_leaving_out(case, errand.spent))
        return prospect(question, choose(question))

    async def ask(self, case: Case, errand: Errand, goes_to: Callable[[LaneId], None]) -> Asked:
        """To its end; `goes_to` hears of each lane that it is about to go to."""
        is_noted = False
        closed: Closed | None = None
        with CancelScope() as scope:

            async def consent(lane: LaneId) -> None:
                nonlocal is_noted
                goes_to(lane)
                # That the attempt was opened counts against a daily limit, also after a crash.
                await self._journal.flush()
                if await self._book.intend(Intent(self._job.seq, errand.item.n, str(lane), case.id)):
                    is_noted = True
                else:
                    scope.cancel()
                    await checkpoint()

            closed = await self._router.serve(replace(_leaving_out(case, errand.spent), consent=consent))
        return Asked(closed, is_noted)


def _leaving_out(case: Case, spent: tuple[LaneId, ...]) -> Case:
    if not spent:
        return case
    return replace(case, ask=replace(case.ask, exclude=(*case.ask.exclude, *map(str, spent))))


def round_of(case: Case, closed: Closed, now_ms: int) -> Round:
    """A verdict in the words of jobs."""
    usage = closed.usage
    return Round(
        request_id=case.id,
        verdict=closed.verdict,
        lane=closed.lane,
        trail=tuple(Tried(line.lane, line.outcome) for line in closed.trail),
        message="" if closed.trouble is None else closed.trouble.message,
        duration_ms=max(0, now_ms - case.opened_ms),
        tokens=0 if usage is None else usage.tokens_in + usage.tokens_out,
        cost_usd=closed.cost_usd,
    )
