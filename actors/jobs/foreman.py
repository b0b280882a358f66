"""The foreman: gives each job that is to run a runner, and judges first what the last one left.

    begin --> due --> what was on its way: pending again, or unknown --> runner --> nothing left: done
                 ^                                                         |
                 +------- items were put back meanwhile -------------------+

There is one way to begin, whoever ended how: a crash of everything, of our actor, a cancelled or resumed job.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from anyio import CancelScope, create_task_group
from anyio import Event as Wakeup

from actors.jobs import shelf, turning
from actors.jobs.book import Book
from actors.jobs.news import News
from actors.jobs.runner import Runner
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalUnusable
from actors.router.router import Router
from actors.seams import Clock
from state.config import Config
from state.jobs.crash import after_crash
from state.jobs.job import Job, JobState
from state.jobs.parallel import parallel
from state.routing.names import Unknown
from state.routing.pools import AUTO

__all__ = ["Foreman"]

AGAIN_MS = 1_000


class Foreman:
    """Of all jobs."""

    def __init__(
        self,
        router: Router,
        journal: Journal,
        book: Book,
        news: News,
        *,
        config: Callable[[], Config],
        clock: Clock,
    ) -> None:
        self._router = router
        self._journal = journal
        self._book = book
        self._news = news
        self._config = config
        self._clock = clock
        self._due: dict[int, Job] = {}
        """They are to run, and nobody has begun with them."""
        self._stints: dict[int, _Stint] = {}
        self._wanted = Wakeup()
        self._recovering: CancelScope | None = None
        self._is_stopping = False
        book.give_up = self._give_up

    def __repr__(self) -> str:
        return f"<foreman: {len(self._stints)} jobs under way, {len(self._due)} due>"

    @property
    def jobs(self) -> list[Job]:
        """Those that somebody works on."""
        return [stint.job for stint in self._stints.values() if stint.runner is not None]

    def runner_of(self, job: Job) -> Runner | None:
        """Who works on it."""
        stint = self._stints.get(job.seq)
        return None if stint is None else stint.runner

    def begin(self, job: Job) -> None:
        """Let it run, if it is to run by what the disk says."""
        stint = self._stints.get(job.seq)
        if stint is None or stint.is_ending:
            self._due[job.seq] = job
            self._wanted.set()

    @asynccontextmanager
    async def absent(self, job: Job, *, cut: bool) -> AsyncIterator[None]:
        """Meanwhile nobody works on it, and all that came of it is on the disk. What is under way is cut off,
        or comes to its end. Afterwards it goes on, whatever happened, if it is still to run.
        """
        if self._book.trouble:
            raise JournalUnusable(self._book.trouble)
        self._due.pop(job.seq, None)
        try:
            stint = self._stints.get(job.seq)
            if stint is not None:
                stint.end(cut=cut)
                await stint.ended.wait()
                await self._book.flush()
            yield
        finally:
            self.begin(job)

    async def judge(self, job: Job) -> None:
        """What was on its way, and is not any more."""
        lost = await self._journal.transact(turning.sent(job.seq))
        if lost:
            providers = self._config().provider
            moves = [(n, after_crash(lane, job.options, providers)) for n, lane in lost]
            await self._journal.transact(turning.reconsider(job.seq, moves))

    # For the actor.

    async def work(self) -> None:
        """Begin with what the last life left, then with whatever is due."""
        self._is_stopping = False
        with CancelScope() as self._recovering:
            await self._recover()
        async with create_task_group() as crew:
            while not self._is_stopping:
                self._wanted = Wakeup()
                for seq in [seq for seq in self._due if seq not in self._stints]:
                    self._stints[seq] = stint = _Stint(self._due.pop(seq))
                    crew.start_soon(self._see_through, stint)
                await self._wanted.wait()

    def stop(self) -> None:
        """Begin nothing new; let `work` come to its end when what is under way has ended."""
        self._is_stopping = True
        if self._recovering is not None:
            self._recovering.cancel()  # without a disk it would wait for one; the next life begins with it
        for stint in self._stints.values():
            stint.end(cut=False)
        self._book.wake()
        self._wanted.set()

    async def _recover(self) -> None:
        """Whatever is `running` on the disk has no runner any more."""
        while True:
            try:
                await self._book.flush()
                for job in await self._journal.transact(shelf.of_state(JobState.RUNNING)):
                    self.begin(job)
            except JournalUnusable:
                await self._clock.sleep_until(self._clock.now_ms() + AGAIN_MS)
            else:
                return

    async def _see_through(self, stint: "_Stint") -> None:
        seq = stint.job.seq
        try:
            with stint.scope:
                while await self._run_once(stint):
                    pass
        finally:
            del self._stints[seq]
            self._book.tallies.pop(seq, None)
            stint.ended.set()
            self._wanted.set()

    async def _run_once(self, stint: "_Stint") -> bool:
        """Whether there is more to do."""
        try:
            await self.judge(stint.job)
            found = await self._journal.transact(shelf.find(stint.job.id))
            if found is None or found.state is not JobState.RUNNING:
                return False
            self._book.tallies[found.seq] = found.tally
            stint.job, stint.runner = found, self._runner(found)
            is_done = await stint.runner.run()
            stint.runner = None
            if not is_done:
                return False
            finish = turning.finish(found.seq, JobState.DONE, self._clock.wall_ms())
            return not await self._journal.transact(finish)
        except JournalUnusable:
            await self._clock.sleep_until(self._clock.now_ms() + AGAIN_MS)
            return True

    def _runner(self, job: Job) -> Runner:
        return Runner(
            job,
            parallel=job.options.parallel or self._parallel(job),
            router=self._router,
            journal=self._journal,
            book=self._book,
            news=self._news,
            clock=self._clock,
        )

    def _parallel(self, job: Job) -> int:
        pool = self._router.resolve(job.options.pool or job.model or AUTO)
        if isinstance(pool, Unknown):
            return 1
        strategy = job.options.strategy or pool.rules.strategy
        return parallel(pool.lanes, strategy, self._config().provider)

    def _give_up(self, job: int) -> None:
        """Its file is lost."""
        if job in self._stints:
            self._stints[job].end(cut=True)


class _Stint:
    """One job under way, from its judgement to its end."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.runner: Runner | None = None
        self.scope = CancelScope()
        self.is_ending = False
        self.ended = Wakeup()

    def __repr__(self) -> str:
        return f"<stint at {self.job}>"

    def end(self, *, cut: bool) -> None:
        """Now; or as soon as its items under way have come to their end."""
        self.is_ending = True
        if self.runner is None or cut:
            self.scope.cancel()
        else:
            self.runner.stop()
