"""The journal: takes note of everything in order; a witness, never a gatekeeper.

    record(event) ---> pending --(all that waits, one transaction)--> event rows + anchor (+ snapshots)
    commit(event) ---> pending --(acknowledged after it)----^

It owns the file and what waits for it. When the disk is full, locked or gone, events wait in a bounded
buffer, whoever asked for durability is told that there is none, and it tries again until it can. It ends
with its last batch written, or saying how many events it could not write.
"""

import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TypeVar

from anyio import CancelScope, create_task_group
from anyio import Event as Wakeup
from msgspec import Struct

from actors.journal.batch import Batch
from actors.journal.journal_file import JournalLost, JournalUnusable
from actors.journal.lag import Lag
from actors.journal.pending import Ack, Pending, settle
from actors.kernel.actor import Life
from actors.kernel.deadlines import move_on_at
from actors.seams import Clock, JournalBackend, Listener
from state.events import Event
from state.memory.durability import (
    Durable,
    JournalDegraded,
    JournalHealth,
    JournalRecovered,
    NotDurable,
    Retention,
)
from state.memory.journal import Query, Stored, UnreadableEvent, query_sql, read_event
from state.timeline import Anchor

__all__ = ["GATHER_MS", "Journal", "JournalWriter", "Part"]

T = TypeVar("T")
Part = Callable[[], Struct]
"""Hands over a part of the state as it is now: a frozen value."""

BATCH_MAX = 4_096
"""Events in one transaction; more than a disk that keeps up ever lets gather."""
PENDING_MAX = 65_536
"""Events held while the file can't be written: some tens of MiB. Beyond it the oldest are forgotten,
counted, and made good by the next snapshot."""
RETENTION_MS = 60_000
RETRY_MS = (250, 500, 1_000, 2_000, 5_000)
GATHER_MS = 5
"""How long what nobody waits for may gather before it is written: as long as a commit takes on a disk, so
that a quiet daemon pays for one of them where three events of a request would each have had their own."""
CLOSE_MS = 1_500
"""How long the last batch may try on a disk that does not take it: less than a cancelled actor is given."""


class Journal:
    """One writer. `record` and the fold of the same event belong into one synchronous step."""

    def __init__(
        self,
        backend: JournalBackend | None,
        reopen: Callable[[JournalLost | None], Awaitable[JournalBackend]],
        *,
        clock: Clock,
        listener: Listener,
        parts: Mapping[str, Part],
        retention: Retention | None = None,
        gather_ms: int = 0,
    ) -> None:
        self._backend = backend
        self._reopen = reopen
        self._clock = clock
        self._listener = listener
        self._parts = parts
        self._retention = retention or Retention()
        self._pending: deque[Pending] = deque()
        self._wakeup = Wakeup()
        self._gather_ms = gather_ms
        self._hurry = Wakeup()
        self._is_awaited = False
        self._trouble = _Trouble()
        self._lost_by: JournalLost | None = None
        self._anew = ""
        self._lost = 0
        self._written = 0
        # Due at once: a daemon that dies again and again before the next one would fold more at each start.
        self._lag = Lag(clock.now_ms(), due=True)
        self._retention_at_ms = clock.now_ms()
        self._closing = False
        self._hearers: list[Callable[[Event], None]] = []

    def __repr__(self) -> str:
        state = f"degraded: {self._trouble.reason}" if self._trouble.reason else "well"
        return f"<journal: {state}, {len(self._pending)} events waiting>"

    @property
    def health(self) -> JournalHealth:
        lag_ms = self._clock.now_ms() - self._pending[0].event.at_ms if self._pending else 0
        return JournalHealth(
            degraded=self._trouble.reason,
            pending=len(self._pending),
            lost=self._lost,
            lag_ms=max(0, lag_ms),
            written=self._written,
            anew=self._anew,
        )

    def begun_anew(self, why: str) -> None:
        """Its past could not be kept: somebody should know as long as we live."""
        self._anew = why

    @property
    def waiting(self) -> Iterator[Event]:
        """What has happened and is not on the disk yet, in order."""
        return (each.event for each in self._pending)

    def record(self, event: Event) -> None:
        """Take note; never waits, never fails."""
        self._take(Pending(event, None))

    async def commit(self, event: Event) -> Durable | NotDurable:
        """Take note, and return when it is on the disk, or as soon as it is clear that it won't be soon."""
        if self._trouble.reason:
            self._take(Pending(event, None))
            return NotDurable(self._trouble.reason)
        ack = Ack()
        self._is_awaited = True
        self._hurry.set()
        self._take(Pending(event, ack))
        await ack.settled.wait()
        return NotDurable(ack.reason) if ack.reason else Durable()

    async def flush(self) -> None:
        """Until all that was noted is on the disk, or goes there before the next transaction; or until it is
        clear that it won't be soon.
        """
        if not self._pending or self._trouble.reason:
            return
        last = self._pending[-1]
        ack = last.ack = last.ack or Ack()
        self._is_awaited = True
        self._hurry.set()
        await ack.settled.wait()

    async def transact(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        """Run somebody else's transaction in the journal's file; raises JournalUnusable."""
        if self._backend is None:
            raise JournalUnusable(self._trouble.reason or "the journal is not open yet")
        try:
            return await self._backend.run(transaction)
        except JournalLost as error:
            await self._lose_file(error)
            raise JournalUnusable(str(error)) from error

    async def query(self, query: Query) -> list[Stored]:
        """Events, newest first; rows that no version of ours can read are left out."""
        statement, arguments = query_sql(query)

        def rows(connection: sqlite3.Connection) -> list[tuple[int, bytes]]:
            return connection.execute(statement, arguments).fetchall()

        return _readable(await self.transact(rows))

    @contextmanager
    def heard_by(self, hear: Callable[[Event], None]) -> Iterator[None]:
        """Meanwhile somebody hears every event as it comes, whether or not it is on the disk yet."""
        self._hearers.append(hear)
        try:
            yield
        finally:
            self._hearers.remove(hear)

    async def write(self) -> None:
        """Write until told to stop, and then what is left; also when it is cancelled or crashes."""
        try:
            while not self._closing:
                if not self._pending and not self._trouble.reason:
                    self._wakeup = Wakeup()
                    await self._wakeup.wait()
                    await self._gather()
                elif not await self._write_batch():
                    await self._clock.sleep_until(self._clock.now_ms() + self._trouble.pause_ms)
        finally:
            with CancelScope(shield=True):
                await self._finish()

    def stop(self) -> None:
        """Let `write` come to its end."""
        self._closing = True
        self._wakeup.set()
        self._hurry.set()

    async def close(self) -> None:
        """Let go of the file, when nobody writes any more."""
        if self._backend is not None:
            await self._backend.close()
            self._backend = None

    async def _gather(self) -> None:
        """Let more come, unless somebody waits for what is there."""
        if self._gather_ms and not (self._is_awaited or self._closing):
            self._hurry = Wakeup()
            with move_on_at(self._clock, self._clock.now_ms() + self._gather_ms):
                await self._hurry.wait()

    async def _finish(self) -> None:
        self._lag.due = True
        give_up_ms = self._clock.now_ms() + CLOSE_MS
        while True:
            written = await self._write_batch()
            if written and not self._pending:
                return
            if not written:
                resume_ms = self._clock.now_ms() + self._trouble.pause_ms
                if resume_ms > give_up_ms:
                    self._lost += len(self._pending)
                    return
                await self._clock.sleep_until(resume_ms)

    async def _write_batch(self) -> bool:
        """One transaction with what waits; whether it is on the disk."""
        try:
            backend = self._backend or await self._open()
        except JournalUnusable as error:
            self._fail(str(error))
            return False
        # From here to the commit there is no place where a cancellation could lose the batch.
        taken = [self._pending.popleft() for _ in range(min(len(self._pending), BATCH_MAX))]
        self._is_awaited = False
        batch = self._batch(taken)
        try:
            await backend.run(batch.write)
        except JournalUnusable as error:
            self._put_back(taken, str(error))
            return False
        except JournalLost as error:
            self._put_back(taken, str(error))
            await self._lose_file(error)
            return False
        settle(taken, "")
        self._note_written(batch)
        return True

    async def _open(self) -> JournalBackend:
        lost = self._lost_by
        self._backend = backend = await self._reopen(lost)
        self._lost_by = None
        if lost is not None:
            self._anew = self._anew or f"{lost}; a new one is begun"
        self._lag.due = self._lag.alone = True
        return backend

    def _batch(self, taken: list[Pending]) -> Batch:
        now_ms = self._clock.now_ms()
        # A snapshot is of now, so it may only stand behind the last event that has happened.
        whole = not self._pending
        snapshot = whole and self._lag.wants_one(now_ms, len(taken))
        tidy = snapshot and now_ms - self._retention_at_ms >= RETENTION_MS
        return Batch(
            events=[each.event for each in taken],
            anchor=Anchor(now_ms, self._clock.read()),
            parts={name: part() for name, part in self._parts.items()} if snapshot else {},
            alone=self._lag.alone,
            forget=self._retention if tidy else None,
        )

    def _note_written(self, batch: Batch) -> None:
        self._written += len(batch.events)
        self._lag.events += len(batch.events)
        if batch.parts:
            self._lag = Lag(batch.anchor.at_ms)
        if batch.forget is not None:
            self._retention_at_ms = batch.anchor.at_ms
        if self._trouble.reason:
            after_ms = self._clock.now_ms() - self._trouble.since_ms
            self._trouble = _Trouble()
            self._listener.tell(JournalRecovered(after_ms, self._lost))

    def _take(self, pending: Pending) -> None:
        if len(self._pending) >= PENDING_MAX:
            self._lost += 1
            self._lag.due = True
            settle([self._pending.popleft()], "too many events wait for the disk")
        if not self._pending:
            self._wakeup.set()
        self._pending.append(pending)
        for hear in self._hearers:
            hear(pending.event)

    def _put_back(self, taken: list[Pending], reason: str) -> None:
        """The events stay to be written; who waits for durability is told at once that there is none."""
        settle(taken, reason)
        self._pending.extendleft(Pending(each.event, None) for each in reversed(taken))
        self._fail(reason)

    async def _lose_file(self, lost: JournalLost) -> None:
        backend, self._backend, self._lost_by = self._backend, None, lost
        self._fail(str(lost))
        self._wakeup.set()
        if backend is not None:
            await backend.close()

    def _fail(self, reason: str) -> None:
        if not self._trouble.reason:
            self._trouble.since_ms = self._clock.now_ms()
            self._listener.tell(JournalDegraded(reason))
        self._trouble.reason = reason
        self._trouble.failures += 1


class JournalWriter:
    """The actor: it writes while it lives. What waits outlives it, in the journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    async def live(self, life: Life[None]) -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(self._journal.write)
            life.ready()
            async for _ in life:
                pass  # nobody writes to it but the supervisor, who asks whether it is there
            self._journal.stop()


class _Trouble:
    """Why nothing can be written, since when, and how patient we have become."""

    def __init__(self) -> None:
        self.reason = ""
        self.since_ms = 0
        self.failures = 0

    @property
    def pause_ms(self) -> int:
        return RETRY_MS[min(self.failures, len(RETRY_MS)) - 1]


def _readable(rows: list[tuple[int, bytes]]) -> list[Stored]:
    found = []
    for seq, body in rows:
        try:
            found.append(Stored(seq, read_event(body)))
        except UnreadableEvent:
            continue
    return found
