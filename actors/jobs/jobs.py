"""Jobs: everything that is kept, and a runner for each that is not over. It outlives the lives of its actor.

store, find, results, ...   on the disk, for whoever asks
work                        what the last life left is judged, then a runner for each job under way
keep_house                  what is old is deleted
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anyio import CancelScope, create_task_group
from anyio import Event as Wakeup
from msgspec import Struct, structs

from actors.jobs import shelf, turning
from actors.jobs.book import Book
from actors.jobs.housekeeper import Housekeeper
from actors.jobs.news import News
from actors.jobs.runner import Runner
from actors.jobs.shelf import Gap, NewJob, Piece
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalUnusable
from actors.kernel.actor import Life
from actors.router.router import Router
from actors.seams import Clock, Listener, Rng
from state.config import Config
from state.jobs.crash import after_crash
from state.jobs.job import ItemState, Job, JobState
from state.jobs.parallel import parallel
from state.jobs.rows import Result
from state.jobs.tally import Tally
from state.routing.names import Unknown
from state.routing.pools import AUTO

__all__ = ["Jobs", "JobsActor", "Live"]

AGAIN_MS = 1_000
DAY_MS = 86_400_000


class Live(Struct, frozen=True, kw_only=True):
    """A job at this moment."""

    state: JobState
    why: str = ""
    until_ms: int | None = None
    tally: Tally
    in_flight: Mapping[str, int] = MappingProxyType({})
    """By lane; an empty name: on its way to one."""
    rate_per_min: float | None = None


class Jobs:
    """One for the daemon."""

    def __init__(
        self,
        router: Router,
        journal: Journal,
        *,
        config: Callable[[], Config],
        clock: Clock,
        rng: Rng,
        listener: Listener,
    ) -> None:
        self.book = Book(journal, clock=clock, listener=listener)
        self.book.give_up = self._give_up
        self.news = News()
        self.housekeeper = Housekeeper(journal, self._keep_ms, clock)
        self._router = router
        self._journal = journal
        self._config = config
        self._clock = clock
        self._rng = rng
        self._runners: dict[int, Runner] = {}
        self._due: dict[int, Job] = {}
        """They run, and have no runner yet."""
        self._wanted = Wakeup()
        self._recovering = CancelScope()
        self._is_stopping = False

    def __repr__(self) -> str:
        return f"<jobs: {len(self._runners)} under way, {self.book!r}>"

    def new_id(self) -> str:
        """Names a job."""
        return self._rng.new_id()

    # For whoever asks. All of it raises JournalUnusable.

    async def store(self, job: NewJob | Job, piece: Piece) -> Job | Gap:
        """Take in a job, or a further piece of one. With the last piece it begins."""
        stored = await self._journal.transact(shelf.store(job, piece))
        if isinstance(stored, Job) and stored.state is JobState.RUNNING:
            self._begin(stored)
        return stored

    async def find(self, job_id: str) -> Job | None:
        """Also while the disk is full, if it is under way."""
        for job in (*self._due.values(), *(runner.job for runner in self._runners.values())):
            if job.id == job_id:
                return job
        return await self._journal.transact(shelf.find(job_id))

    async def owned_by(self, uid: int | None, *, sees_all: bool, jobs_max: int) -> list[Job]:
        """The newest first."""
        return await self._journal.transact(shelf.owned_by(uid, sees_all=sees_all, jobs_max=jobs_max))

    async def results(self, job: Job, after: int, *, items_max: int, bytes_max: int) -> list[Result]:
        """Of items that are over, in order."""
        return await self._journal.transact(
            shelf.results(job.seq, after, items_max=items_max, bytes_max=bytes_max)
        )

    async def cancel(self, job: Job) -> Job:
        """Ask for no more of it, and cut off what is under way."""
        if job.state.is_over:
            return job
        await self._leave(job, cut=True)
        # What is cut off may have been answered and paid for, as in a crash: nobody sends it again unasked.
        await self._recovered(job)
        await self._move_all(job, ItemState.PENDING, ItemState.CANCELLED)
        await self._journal.transact(turning.finish(job.seq, JobState.CANCELLED, self._clock.wall_ms()))
        return await self._journal.transact(shelf.find(job.id)) or job

    async def resume(self, job: Job, *, unknown: bool, failed: bool) -> Job:
        """Go on; with those of which nothing is known, and those that failed, if that is wished."""
        if unknown or failed or job.state.is_over:
            await self._leave(job, cut=False)
            again = [ItemState.CANCELLED] if job.state is JobState.CANCELLED else []
            again += [ItemState.UNKNOWN] * unknown + [ItemState.FAILED] * failed
            for state in again:
                await self._move_all(job, state, ItemState.PENDING)
            await self._journal.transact(turning.reopen(job.seq))
            found = await self._recovered(job)
            self._begin(found)
            return found
        if job.seq in self._runners:
            self._runners[job.seq].rewind()
        return job

    def live(self, job: Job) -> Live:
        """How it stands at this moment."""
        runner = self._runners.get(job.seq)
        if runner is None:
            return Live(state=job.state, tally=job.tally)
        state, why, until_ms = runner.standing
        return Live(
            state=state,
            why=why,
            until_ms=until_ms,
            tally=self.book.tallies.get(job.seq, job.tally),
            in_flight=runner.in_flight,
            rate_per_min=runner.pace.per_min(self._clock.now_ms()),
        )

    # For the actor.

    async def work(self) -> None:
        """Begin with what the last life left, whether it ended well or not; then run what is to be run."""
        self._is_stopping = False
        with CancelScope() as self._recovering:
            await self._recover()
        async with create_task_group() as crew:
            while not self._is_stopping:
                due, self._due = self._due, {}
                for job in due.values():
                    self._runners[job.seq] = self._runner(job)
                    crew.start_soon(self._run, self._runners[job.seq])
                self._wanted = Wakeup()
                if not self._due:
                    await self._wanted.wait()

    def stop(self) -> None:
        """Begin nothing new; let `work` come to its end when what is under way has ended."""
        self._is_stopping = True
        self._recovering.cancel()  # without a disk it would wait for one; another life begins with it anew
        for runner in self._runners.values():
            runner.stop()
        self.book.wake()
        self._wanted.set()

    async def _recover(self) -> None:
        """Whatever is `running` on the disk has no runner any more, and what was `sent` nobody waits for."""
        while not self._is_stopping:
            try:
                await self.book.flush()
                for job in await self._journal.transact(shelf.of_state(JobState.RUNNING)):
                    self._begin(await self._recovered(job))
            except JournalUnusable:
                await self._clock.sleep_until(self._clock.now_ms() + AGAIN_MS)
            else:
                return

    async def _recovered(self, job: Job) -> Job:
        """The job as it may go on."""
        providers = self._config().provider
        lost = await self._journal.transact(turning.sent(job.seq))
        if lost:
            moves = [(n, after_crash(lane, job.options, providers)) for n, lane in lost]
            await self._journal.transact(turning.reconsider(job.seq, moves))
        return await self._journal.transact(shelf.find(job.id)) or job

    def _begin(self, job: Job) -> None:
        if job.seq in self._runners:
            return
        self.book.tallies[job.seq] = job.tally
        self._due[job.seq] = job
        self._wanted.set()

    def _runner(self, job: Job) -> Runner:
        return Runner(
            job,
            parallel=job.options.parallel or self._parallel(job),
            router=self._router,
            journal=self._journal,
            book=self.book,
            news=self.news,
            clock=self._clock,
        )

    def _parallel(self, job: Job) -> int:
        pool = self._router.resolve(job.options.pool or job.model or AUTO)
        if isinstance(pool, Unknown):
            return 1
        strategy = job.options.strategy or pool.rules.strategy
        return parallel(pool.lanes, strategy, self._config().provider)

    async def _run(self, runner: Runner) -> None:
        job = runner.job
        try:
            is_done = await runner.run()
        finally:
            del self._runners[job.seq]
        if is_done:
            await self._finish(job)

    def _keep_ms(self) -> int:
        return round(self._config().journal.keep_days * DAY_MS)

    def _give_up(self, job: int) -> None:
        if job in self._runners:
            self._runners[job].cut()

    async def _finish(self, job: Job) -> None:
        while not self._is_stopping:
            finish = turning.finish(job.seq, JobState.DONE, self._clock.wall_ms())
            try:
                is_over = await self._journal.transact(finish)
            except JournalUnusable:
                await self._clock.sleep_until(self._clock.now_ms() + AGAIN_MS)
                continue
            if not is_over:
                self._begin(structs.replace(job, tally=self.book.tallies[job.seq]))
            elif job.seq not in self._due:
                self.book.tallies.pop(job.seq, None)
            return

    async def _leave(self, job: Job, *, cut: bool) -> None:
        """Nobody works on it any more, and all that came of it is on the disk. What is under way is cut off,
        or comes to its end.
        """
        if self.book.trouble:
            raise JournalUnusable(self.book.trouble)
        self._due.pop(job.seq, None)
        runner = self._runners.get(job.seq)
        if runner is not None:
            if cut:
                runner.cut()
            else:
                runner.stop()
            await runner.ended.wait()
            await self.book.flush()

    async def _move_all(self, job: Job, old: ItemState, new: ItemState) -> None:
        while await self._journal.transact(turning.move_some(job.seq, old, new)):
            pass


class JobsActor:
    """One life: the book is written, and jobs are worked through."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs = jobs

    async def live(self, life: Life[None]) -> None:
        jobs = self._jobs
        async with create_task_group() as tasks:
            tasks.start_soon(jobs.book.write)
            life.ready()
            async with create_task_group() as work:
                work.start_soon(jobs.work)
                async with create_task_group() as house:
                    house.start_soon(jobs.housekeeper.keep_house)
                    async for _ in life:
                        pass  # nobody writes to it but the supervisor, who asks whether it is there
                    house.cancel_scope.cancel()
                jobs.stop()
            jobs.book.stop()
