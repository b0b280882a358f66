"""Jobs: everything that is kept, and a runner for each that is not over. It outlives the lives of its actor.

store, find, results, ...   on the disk, for whoever asks
foreman                     what the last life left is judged, then a runner for each job under way
housekeeper                 what is old, or purged, is deleted
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from anyio import create_task_group
from msgspec import Struct

from actors.jobs import shelf, turning
from actors.jobs.book import Book
from actors.jobs.foreman import Foreman
from actors.jobs.housekeeper import Housekeeper
from actors.jobs.news import News
from actors.jobs.shelf import Gap, NewJob, Piece
from actors.journal.journal import Journal
from actors.kernel.actor import Life
from actors.router.router import Router
from actors.seams import Clock, Listener, Rng
from state.config import Config
from state.jobs.job import ItemState, Job, JobState
from state.jobs.rows import Result
from state.jobs.tally import Tally

__all__ = ["Jobs", "JobsActor", "Live"]

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
        self.news = News()
        self.foreman = Foreman(router, journal, self.book, self.news, config=config, clock=clock)
        self.housekeeper = Housekeeper(journal, lambda: round(config().journal.keep_days * DAY_MS), clock)
        self._journal = journal
        self._clock = clock
        self._rng = rng

    def __repr__(self) -> str:
        return f"<jobs: {self.foreman!r}, {self.book!r}>"

    def new_id(self) -> str:
        """Names a job."""
        return self._rng.new_id()

    # For whoever asks. All of it raises JournalUnusable.

    async def store(self, job: NewJob | Job, piece: Piece) -> Job | Gap:
        """Take in a job, or a further piece of one. With the last piece it begins."""
        stored = await self._journal.transact(shelf.store(job, piece))
        if isinstance(stored, Job) and stored.state is JobState.RUNNING:
            self.foreman.begin(stored)
        return stored

    async def find(self, job_id: str) -> Job | None:
        """Also while the disk is full, if it is under way."""
        for job in self.foreman.jobs:
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
        async with self.foreman.absent(job, cut=True):
            # What is cut off may have been answered and paid for: it is judged as after a crash.
            await self.foreman.judge(job)
            await self._move_all(job, ItemState.PENDING, ItemState.CANCELLED)
            finish = turning.finish(job.seq, JobState.CANCELLED, self._clock.wall_ms())
            await self._journal.transact(finish)
        return await self._journal.transact(shelf.find(job.id)) or job

    async def resume(self, job: Job, *, unknown: bool, failed: bool) -> Job:
        """Go on; with those of which nothing is known, and those that failed, if that is wished."""
        runner = self.foreman.runner_of(job)
        if runner is not None and not (unknown or failed):
            runner.rewind()
            return job
        async with self.foreman.absent(job, cut=False):
            again = [ItemState.CANCELLED] if job.state is JobState.CANCELLED else []
            again += [ItemState.UNKNOWN] * unknown + [ItemState.FAILED] * failed
            for state in again:
                await self._move_all(job, state, ItemState.PENDING)
            await self._journal.transact(turning.reopen(job.seq))
        return await self._journal.transact(shelf.find(job.id)) or job

    def live(self, job: Job) -> Live:
        """How it stands at this moment."""
        runner = self.foreman.runner_of(job)
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
                work.start_soon(jobs.foreman.work)
                async with create_task_group() as house:
                    house.start_soon(jobs.housekeeper.keep_house)
                    async for _ in life:
                        pass  # nobody writes to it but the supervisor, who asks whether it is there
                    house.cancel_scope.cancel()
                jobs.foreman.stop()
            jobs.book.stop()
