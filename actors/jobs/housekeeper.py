"""The housekeeper: what is old goes, and what was purged goes whole, also if we died over it."""

from collections.abc import Callable

from actors.jobs import turning
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalUnusable
from actors.seams import Clock

__all__ = ["Housekeeper"]

HOUR_MS = 3_600_000


class Housekeeper:
    """Of all jobs."""

    def __init__(self, journal: Journal, keep_ms: Callable[[], int], clock: Clock) -> None:
        """`keep_ms`: how long a job that is over is kept, as the config has it then."""
        self._journal = journal
        self._keep_ms = keep_ms
        self._clock = clock

    def __repr__(self) -> str:
        return f"<housekeeper: keeps jobs {self._keep_ms() // HOUR_MS} h>"

    async def purge(self, job: int) -> None:
        """For everybody else it is gone at once; what belongs to it goes step by step."""
        await self._journal.transact(turning.hide(job))
        while not await self._journal.transact(turning.purge_step(job)):
            pass
        await self._journal.transact(turning.leave_no_trace)

    async def keep_house(self) -> None:
        """Once an hour."""
        while True:
            try:
                while (job := await self._oldest()) is not None:
                    await self.purge(job)
            except JournalUnusable:
                pass  # the journal says so itself, and there is another hour
            await self._clock.sleep_until(self._clock.now_ms() + HOUR_MS)

    async def _oldest(self) -> int | None:
        return await self._journal.transact(turning.forgotten(self._clock.wall_ms() - self._keep_ms()))
