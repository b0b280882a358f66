"""A runner: works through one job, some items at the same time, until there is nothing left to do.

    take --> look at the board --> consent: intent on the disk --> asked --> outcome on the disk --> next
                 |  nobody can now                                    |
                 +--------------> later <-----------------------------+  and the job too, if all have to wait

It owns the items that it has taken. If it dies, or is cut off, what was on its way is for the next life to
judge, as after a crash of everything: there is only one way to begin.
"""

from collections import Counter
from functools import partial

from anyio import Event as Wakeup
from anyio import Lock, create_task_group
from msgspec.structs import replace

from actors.jobs import shelf
from actors.jobs.book import Book
from actors.jobs.entries import Released, Settled
from actors.jobs.lineup import FETCH_BYTES_MAX, FETCH_MAX, Lineup
from actors.jobs.messenger import Asked, Messenger, round_of
from actors.jobs.news import News, Pace
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalUnusable
from actors.kernel.deadlines import move_on_at
from actors.router.router import Router
from actors.seams import Clock
from state.jobs.errand import Errand, after
from state.jobs.job import Job, JobState
from state.jobs.outcome import Outcome
from state.jobs.settle import Ask, Later, before, settle
from state.words import LaneId

__all__ = ["Runner"]

UNREADABLE_MS = 1_000


class Runner:
    """Of one job; run once."""

    def __init__(
        self,
        job: Job,
        *,
        parallel: int,
        router: Router,
        journal: Journal,
        book: Book,
        news: News,
        clock: Clock,
    ) -> None:
        self.job = job
        self.pace = Pace()
        self.is_stopping = False
        self._parallel = parallel
        self._messenger = Messenger(job, router, journal, book, clock)
        self._journal = journal
        self._book = book
        self._news = news
        self._clock = clock
        self._lineup = Lineup()
        self._lanes: dict[int, str] = {}
        """Of the items under way: the lane that each is on, or nothing yet."""
        self._changed = Wakeup()
        self._turn = Lock()
        self._unreadable = ""

    def __repr__(self) -> str:
        return f"<runner of {self.job}: {len(self._lanes)} under way, {self._lineup!r}>"

    async def run(self) -> bool:
        """Whether the job has nothing left to do; if not, it was stopped."""
        async with create_task_group() as crew:
            for _ in range(self._parallel):
                crew.start_soon(self._work)
        await self._book.flush()
        return not self.is_stopping

    def stop(self) -> None:
        """Take no more items; those under way may finish."""
        self.is_stopping = True
        self._stir()

    def rewind(self) -> None:
        """There are items to be asked again, or it is worth looking at once."""
        self._lineup.rewind()
        self._stir()

    # How it stands.

    @property
    def in_flight(self) -> dict[str, int]:
        """By lane."""
        return dict(Counter(self._lanes.values()))

    @property
    def standing(self) -> tuple[JobState, str, int | None]:
        """Its state, why, and until when on the timeline."""
        trouble = self._book.trouble or self._unreadable
        if trouble:
            return JobState.PAUSED, f"nothing can be written: {trouble}", None
        first = self._lineup.first
        if first is None or any(self._lanes.values()) or self._lineup.has_ready:
            return JobState.RUNNING, "", None
        if first.is_stuck:
            return JobState.PAUSED, first.why, None
        return JobState.SLEEPING, first.why, first.at_ms

    # Working.

    async def _work(self) -> None:
        while (errand := await self._next()) is not None:
            self._lanes[errand.item.n] = ""
            await self._see_to(errand)

    async def _next(self) -> Errand | None:
        """Whoever is next; None: nobody is left, or it is to stop. One worker at a time waits here."""
        async with self._turn:
            while not self.is_stopping:
                if self._book.trouble:
                    await self._book.wait_well()
                    continue
                errand = self._lineup.take(self._clock.now_ms())
                if errand is not None:
                    return errand
                if self._lineup.wants_more:
                    await self._fetch()
                elif self._lineup.is_waiting or self._lanes:
                    await self._wait()
                else:
                    return None
            return None

    async def _fetch(self) -> None:
        claim = shelf.claim(self.job.seq, self._lineup.cursor, items_max=FETCH_MAX, bytes_max=FETCH_BYTES_MAX)
        try:
            items = await self._journal.transact(claim)
        except JournalUnusable as error:
            self._unreadable = str(error)
            await self._clock.sleep_until(self._clock.now_ms() + UNREADABLE_MS)
            return
        self._unreadable = ""
        self._lineup.fetched(items, is_all=not items)

    async def _wait(self) -> None:
        """Until something changes, or somebody has waited long enough."""
        changed, wake_ms = self._changed, self._lineup.wake_ms
        if wake_ms is None:
            await changed.wait()
        else:
            with move_on_at(self._clock, wake_ms):
                await changed.wait()

    def _stir(self) -> None:
        self._changed.set()
        self._changed = Wakeup()

    # One item.

    async def _see_to(self, errand: Errand) -> None:
        case = self._messenger.case(errand)
        if isinstance(case, Later | Outcome):
            self._conclude(errand, case)
            return
        seen = self._messenger.look(case, errand)
        found = before(
            errand,
            seen,
            now_ms=self._clock.now_ms(),
            deadline_ms=self.job.deadline_ms,
            wall_ms=self._clock.wall_ms(),
        )
        if not isinstance(found, Ask):
            self._conclude(errand, found)
            return
        if seen.why and not errand.reason:
            errand = replace(errand, reason=seen.why)
        asked = await self._messenger.ask(case, errand, partial(self._goes_to, errand.item.n))
        if asked.closed is None:
            self._lineup.put_back(errand)
            self._put_down(errand)
            return
        now = round_of(case, asked.closed, self._clock.now_ms())
        errand = after(errand, now)
        settled = settle(
            errand,
            now,
            self._messenger.look(case, errand),
            now_ms=self._clock.now_ms(),
            wall_ms=self._clock.wall_ms(),
            may_fail_over=case.ask.failover and case.pool.rules.failover,
        )
        self._conclude(errand, settled, asked)

    def _goes_to(self, n: int, lane: LaneId) -> None:
        self._lanes[n] = str(lane)

    def _conclude(self, errand: Errand, settled: Later | Outcome, asked: Asked | None = None) -> None:
        """On the disk first, then it counts. Nobody waits: the next intent goes with the same commit."""
        if isinstance(settled, Later):
            defer = partial(self._defer, errand, settled)
            if asked is not None and asked.is_noted:
                self._book.settle(Released(self.job.seq, errand.item.n), defer)
            else:
                defer()
            return
        answer = None if asked is None or asked.closed is None else asked.closed.answer
        body = None if answer is None else answer.body
        self._book.settle(Settled(self.job.seq, settled, body), partial(self._kept, errand, settled))

    def _defer(self, errand: Errand, later: Later) -> None:
        self._lineup.defer(errand, later, self._clock.now_ms())
        self._put_down(errand)

    def _kept(self, errand: Errand, outcome: Outcome) -> None:
        self._lineup.settled(errand.item.n)
        self.pace.step(self._clock.now_ms())
        self._put_down(errand)
        self._news.tell(self.job.seq, outcome)

    def _put_down(self, errand: Errand) -> None:
        """It is not under way any more."""
        self._lanes.pop(errand.item.n, None)
        self._stir()
