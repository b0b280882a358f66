"""The book of jobs: the one writer of what items go through, one commit for all that waits.

    intend(...) --> True: on the disk, a byte may leave now; False: the disk takes nothing, do not send
    settle(...) --> tells when it is on the disk, however long that takes; the next intent shares its commit

While the disk is full nothing is acknowledged; it tries again, and goes on by itself. A job that is no longer
in the file, because the file was lost, is given up. What waits outlives the actor, as in the journal.
"""

from collections import deque
from collections.abc import Callable, Sequence

from anyio import CancelScope
from anyio import Event as Wakeup
from anyio.lowlevel import checkpoint
from msgspec import Struct

from actors.jobs.entries import Entry, Flush, Intent, Released, Settled, writing
from actors.journal.journal import RETRY_MS, Journal
from actors.journal.journal_file import JournalUnusable
from actors.seams import Clock, Listener
from state.jobs.tally import Tally, fold

__all__ = ["Book", "BookPaused", "BookResumed", "JobLost"]

BATCH_MAX = 512
GATHER_TURNS = 4
"""Of the loop: behind an outcome the intent of the next item comes at once, and commits cost most of all."""
CLOSE_MS = 1_500
"""How long the last batch may try on a disk that does not take it: less than a cancelled actor is given."""


class JobLost(Struct, frozen=True):
    """The file that it stood in is gone, and it with it."""

    job: int

    def __str__(self) -> str:
        return "a job is lost: the journal that it stood in was damaged or deleted"


class BookPaused(Struct, frozen=True):
    """Nothing can be written: jobs wait, and nothing is acknowledged."""

    reason: str

    def __str__(self) -> str:
        return f"jobs are paused, nothing can be written: {self.reason}"


class BookResumed(Struct, frozen=True):
    """It can be written again."""

    after_ms: int

    def __str__(self) -> str:
        return f"jobs go on after {self.after_ms / 1000:.1f} s without a disk"


class Book:
    """One for the daemon."""

    def __init__(self, journal: Journal, *, clock: Clock, listener: Listener) -> None:
        self.trouble = ""
        """Why nothing can be written; empty: it can."""
        self.tallies: dict[int, Tally] = {}
        """Of the jobs that run, as they stand on the disk."""
        self.give_up: Callable[[int], None] = lambda _: None
        """Told of a job that is lost."""
        self._journal = journal
        self._clock = clock
        self._listener = listener
        self._pending: deque[_Pending] = deque()
        self._wakeup = Wakeup()
        self._well = Wakeup()
        self._failures = 0
        self._since_ms = 0
        self._closing = False

    def __repr__(self) -> str:
        return f"<book of jobs: {self.trouble or 'well'}, {len(self._pending)} entries waiting>"

    async def intend(self, intent: Intent) -> bool:
        """Whether it is on the disk, so that a byte may leave. It does not wait for a disk to come back."""
        return not self.trouble and await self._enter(intent)

    def settle(self, entry: Settled | Released, then: Callable[[], None]) -> None:
        """Take it in; `then` is called when it is on the disk, and not before."""
        self._take(_Pending(entry, then))

    async def flush(self) -> None:
        """Until all that was taken in is on the disk."""
        await self._enter(Flush())

    async def wait_well(self) -> None:
        """Until something can be written, or there is another reason to look again."""
        if self.trouble:
            await self._well.wait()

    def wake(self) -> None:
        """Let those look again who wait for the disk: they may have been asked to stop."""
        self._well.set()
        self._well = Wakeup()

    async def write(self) -> None:
        """Write until told to stop, and then what is left; also when it is cancelled or crashes."""
        self._closing = False
        try:
            while not self._closing:
                if not self._pending and not self.trouble:
                    self._wakeup = Wakeup()
                    await self._wakeup.wait()
                    for _ in range(GATHER_TURNS):
                        await checkpoint()
                elif not await self._write_batch():
                    await self._clock.sleep_until(self._clock.now_ms() + self._pause_ms)
        finally:
            with CancelScope(shield=True):
                await self._finish()

    def stop(self) -> None:
        """Let `write` come to its end."""
        self._closing = True
        self._wakeup.set()

    async def _enter(self, entry: Entry) -> bool:
        settled = Wakeup()
        pending = _Pending(entry, settled.set)
        self._take(pending)
        await settled.wait()
        return pending.is_kept

    def _take(self, pending: "_Pending") -> None:
        self._pending.append(pending)
        self._wakeup.set()

    async def _finish(self) -> None:
        give_up_ms = self._clock.now_ms() + CLOSE_MS
        while self._pending and not await self._write_batch():
            again_ms = self._clock.now_ms() + self._pause_ms
            if again_ms > give_up_ms:
                return
            await self._clock.sleep_until(again_ms)

    async def _write_batch(self) -> bool:
        """One transaction with what waits; whether it is on the disk."""
        taken = [self._pending.popleft() for _ in range(min(len(self._pending), BATCH_MAX))]
        tallies = self._counted(taken)
        try:
            lost = await self._journal.transact(writing([each.entry for each in taken], tallies))
        except JournalUnusable as error:
            self._put_back(taken, str(error))
            return False
        self.tallies.update(tallies)
        for job in lost:
            self._listener.tell(JobLost(job))
            self.give_up(job)
        for each in taken:
            if isinstance(each.entry, Flush) or each.entry.job not in lost:
                each.settle(is_kept=True)
        self._note_well()
        return True

    def _counted(self, taken: "Sequence[_Pending]") -> dict[int, Tally]:
        """The tallies as they will be when this is on the disk."""
        tallies: dict[int, Tally] = {}
        for entry in (each.entry for each in taken):
            if isinstance(entry, Settled):
                before = tallies.get(entry.job) or self.tallies[entry.job]
                tallies[entry.job] = fold(before, entry.outcome)
        return tallies

    def _put_back(self, taken: "Sequence[_Pending]", reason: str) -> None:
        """Outcomes stay to be written; whoever wanted to send is told at once not to."""
        kept = []
        for each in taken:
            if isinstance(each.entry, Intent):
                each.settle(is_kept=False)
            else:
                kept.append(each)
        self._pending.extendleft(reversed(kept))
        if not self.trouble:
            self._since_ms = self._clock.now_ms()
            self._well = Wakeup()
            self._listener.tell(BookPaused(reason))
        self.trouble = reason
        self._failures += 1

    def _note_well(self) -> None:
        if self.trouble:
            self.trouble = ""
            self._failures = 0
            self._well.set()
            self._listener.tell(BookResumed(self._clock.now_ms() - self._since_ms))

    @property
    def _pause_ms(self) -> int:
        return RETRY_MS[min(self._failures, len(RETRY_MS)) - 1]


class _Pending:
    __slots__ = ("entry", "is_kept", "then")

    def __init__(self, entry: Entry, then: Callable[[], None]) -> None:
        self.entry = entry
        self.is_kept = False
        self.then = then

    def settle(self, *, is_kept: bool) -> None:
        self.is_kept = is_kept
        self.then()
