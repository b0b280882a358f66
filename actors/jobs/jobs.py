"""Jobs: everything that is kept, and a runner for each that is not over. It outlives the lives of its actor.

store, find, results, ...   on the disk, for whoever asks
runners                     one for each job under way, see `runner`
JobsActor                   recovers what the last life left, starts runners, keeps house
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from msgspec import Struct, structs

from actors.jobs import shelf
from actors.jobs.book import Book
from actors.jobs.shelf import Gap, NewJob, Piece
from actors.journal.journal import Journal
from actors.router.router import Router
from actors.seams import Clock, Listener, Rng
from state.config import Config
from state.jobs.job import ItemState, Job, JobState
from state.jobs.rows import Result
from state.jobs.tally import Tally

__all__ = ["Jobs", "Live"]


class Live(Struct, frozen=True, kw_only=True):
    """A job at this moment."""

    state: JobState
    why: str = ""
    until_wall_ms: int | None = None
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
        self._router = router
        self._journal = journal
        self._config = config
        self._clock = clock
        self._rng = rng

    def new_id(self) -> str:
        """Names a job."""
        return self._rng.new_id()

    # What is on the disk. All of it raises JournalUnusable.

    async def store(self, job: NewJob | Job, piece: Piece) -> Job | Gap:
        """Take in a job, or a further piece of one."""
        return await self._journal.transact(shelf.store(job, piece))

    async def find(self, job_id: str) -> Job | None:
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
        """Ask for no more of it."""
        if job.state.is_over:
            return job
        for state in (ItemState.PENDING, ItemState.SENT):
            while await self._journal.transact(shelf.move_all(job.seq, state, ItemState.CANCELLED)):
                pass
        wall_ms = self._clock.wall_ms()
        tally = await self._journal.transact(shelf.finish(job.seq, JobState.CANCELLED, wall_ms))
        return structs.replace(job, state=JobState.CANCELLED, tally=tally, finished_wall_ms=wall_ms)

    async def resume(self, job: Job, *, unknown: bool, failed: bool) -> Job:
        """Go on; with those of which nothing is known, and those that failed, if that is wished."""
        again = [ItemState.CANCELLED] if job.state is JobState.CANCELLED else []
        again += [ItemState.UNKNOWN] * unknown + [ItemState.FAILED] * failed
        for state in again:
            while await self._journal.transact(shelf.move_all(job.seq, state, ItemState.PENDING)):
                pass
        tally = await self._journal.transact(shelf.reopen(job.seq))
        return structs.replace(job, state=JobState.RUNNING, tally=tally, finished_wall_ms=None)

    async def purge(self, job: Job) -> None:
        """Delete it with all that belongs to it."""
        await self._journal.transact(shelf.hide(job.seq))
        while not await self._journal.transact(shelf.purge_step(job.seq)):
            pass

    def live(self, job: Job) -> Live:
        """How it stands at this moment."""
        return Live(state=job.state, tally=job.tally)
