"""The journal as an actor: order, acknowledgement, and what it does when the disk does not."""

import sqlite3

import anyio
import pytest
from msgspec import Struct

from actors.journal.journal import PENDING_MAX, Journal
from actors.journal.journal_file import JournalLost, JournalUnusable
from actors.journal.lag import SNAPSHOT_MS
from actors.journal.recall import recall
from state.events import LinkLost, LinkRestored, RequestClosed, Verdict
from state.memory.durability import Durable, JournalDegraded, JournalRecovered, NotDurable, Retention
from state.memory.journal import MIGRATIONS, SNAPSHOT_WRITE, Query
from tests.fakes import FakeClock, FakeJournalBackend, RecordingListener, settle


class Counted(Struct, frozen=True):
    """A part of the state that counts events."""

    events: int


class Desk:
    """A journal at work, its disk, and the part of the state that it keeps."""

    def __init__(
        self,
        clock: FakeClock,
        listener: RecordingListener,
        retention: Retention | None = None,
        *,
        gather_ms: int = 0,
    ) -> None:
        self.clock = clock
        self.listener = listener
        self.disk = _formatted()
        self.spare = _formatted()
        self.events = 0
        self.journal = Journal(
            self.disk,
            self._reopen,
            clock=clock,
            listener=listener,
            parts={"counted": lambda: Counted(self.events)},
            retention=retention,
            gather_ms=gather_ms,
        )

    async def _reopen(self, lost: JournalLost | None) -> FakeJournalBackend:
        self.disk = self.spare
        return self.spare

    def happen(self, number: int = 1) -> None:
        """Something happens: fold and record in one step."""
        for _ in range(number):
            self.events += 1
            self.journal.record(LinkRestored(at_ms=self.clock.now_ms(), wall_ms=self.events))

    def recalled(self):
        return recall({"counted"}, self.disk.connection)

    @property
    def order(self) -> list[int]:
        return [row[0] for row in self.disk.connection.execute("SELECT wall_ms FROM event ORDER BY seq")]


def _formatted() -> FakeJournalBackend:
    backend = FakeJournalBackend()
    for statement in MIGRATIONS[0]:
        backend.connection.execute(statement)
    return backend


@pytest.fixture
def desk(clock, listener):
    desk = Desk(clock, listener)
    yield desk
    desk.disk.connection.close()
    desk.spare.connection.close()


async def written(desk: Desk) -> None:
    """Let the journal write what waits, and end."""
    desk.journal.stop()
    await desk.clock.until_done(desk.journal.write())


async def test_events_are_kept_in_the_order_in_which_they_happened(desk):
    desk.happen(10_000)
    await written(desk)
    assert desk.order == list(range(1, 10_001))


async def test_what_gathers_during_a_commit_shares_the_next_one(desk):
    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        desk.disk.hold()
        desk.happen()
        await settle()
        desk.happen(500)
        desk.disk.release()
        await settle()
        assert desk.disk.runs == 2
        assert len(desk.order) == 501
        desk.journal.stop()


async def test_an_act_is_acknowledged_after_its_commit_and_not_before(desk):
    answers: list[object] = []

    async def act() -> None:
        answers.append(await desk.journal.commit(LinkRestored(at_ms=0, wall_ms=1)))

    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        desk.disk.hold()
        group.start_soon(act)
        await settle()
        assert answers == []
        desk.disk.release()
        await settle()
        assert answers == [Durable()]
        assert desk.order == [1]
        desk.journal.stop()


async def test_a_full_disk_is_said_at_once_and_everything_is_written_later(desk):
    desk.disk.fail_next(*[JournalUnusable("database or disk is full")] * 3)
    answers: list[object] = []

    async def act() -> None:
        answers.append(await desk.journal.commit(LinkRestored(at_ms=0, wall_ms=0)))

    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        group.start_soon(act)
        await settle()
        assert answers == [NotDurable("database or disk is full")]
        assert desk.journal.health.degraded == "database or disk is full"
        desk.happen(3)
        await desk.clock.advance(5)
        assert desk.order == [0, 1, 2, 3]
        assert desk.journal.health.degraded == ""
        desk.journal.stop()
    assert desk.listener.told == [
        JournalDegraded("database or disk is full"),
        JournalRecovered(after_ms=1_750, lost=0),
    ]


async def test_while_degraded_nobody_waits_for_an_acknowledgement(desk):
    desk.disk.fail_next(JournalUnusable("locked"))
    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        desk.happen()
        await settle()
        assert await desk.journal.commit(LinkRestored(at_ms=0, wall_ms=2)) == NotDurable("locked")
        await desk.clock.advance(1)
        assert desk.order == [1, 2], "told that it was not durable, and written all the same"
        desk.journal.stop()


async def test_a_lost_file_is_opened_anew_and_begins_with_the_whole_state(desk):
    desk.happen(5)
    await settle()
    desk.disk.fail_next(JournalLost("the file was deleted"))
    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        await desk.clock.advance(1)
        desk.journal.stop()
    assert desk.disk is desk.spare
    assert desk.recalled().snapshots["counted"].body == b'{"events":5}'
    assert desk.order == [1, 2, 3, 4, 5]


async def test_the_buffer_is_bounded_and_the_next_snapshot_makes_good_what_was_forgotten(desk):
    desk.disk.fail_next(JournalUnusable("full"))
    desk.happen(PENDING_MAX + 100)
    assert desk.journal.health.lost == 100
    await written(desk)
    assert desk.order[0] == 101
    assert desk.recalled().snapshots["counted"].body == b'{"events":65636}'


async def test_a_snapshot_covers_exactly_the_events_before_it(desk):
    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        desk.happen(7)
        await settle()
        await desk.clock.advance(SNAPSHOT_MS / 1000)
        desk.happen(1)
        await settle()
        desk.happen(3)
        await settle()
        found = desk.recalled()
        assert (found.snapshots["counted"].seq, found.snapshots["counted"].body) == (8, b'{"events":8}')
        assert [stored.seq for stored in found.tail] == [9, 10, 11]
        desk.journal.stop()
    assert desk.recalled().tail == [], (
        "the last batch carries a snapshot, so that the next start folds nothing"
    )


async def test_nobody_reads_what_happened_since_a_provider_left_the_config(desk):
    desk.happen(7)
    desk.journal.stop()
    await desk.journal.write()
    desk.disk.connection.execute(SNAPSHOT_WRITE, ("provider:gone", 1, b"{}"))

    assert (list(desk.recalled().snapshots), desk.recalled().tail) == (["counted"], [])


async def test_the_anchor_stands_where_the_last_commit_was(desk):
    desk.happen()
    await desk.clock.advance(3)
    await written(desk)
    anchor = desk.recalled().anchor
    assert anchor is not None
    assert (anchor.at_ms, anchor.reading) == (desk.clock.now_ms(), desk.clock.read())


async def test_a_disk_that_never_comes_back_does_not_keep_the_daemon_from_ending(desk):
    desk.disk.fail_next(*[JournalUnusable("full")] * 100)
    desk.happen(3)
    await written(desk)
    assert desk.journal.health.lost == 3


async def test_old_events_are_forgotten_in_bounded_steps_but_never_what_no_snapshot_covers(clock, listener):
    desk = Desk(clock, listener, Retention(keep_ms=1_000_000_000))
    desk.happen(2_500)
    async with anyio.create_task_group() as group:
        group.start_soon(desk.journal.write)
        for minute in range(1, 4):
            await clock.advance(61)
            desk.happen()
            await settle()
            assert len(desk.order) == max(0, 2_500 + minute - 1_000 * minute)
        desk.journal.stop()
    desk.disk.connection.close()
    desk.spare.connection.close()


async def test_a_query_finds_a_requests_events_newest_first(desk):
    def closed(request_id: str, at_ms: int) -> RequestClosed:
        return RequestClosed(at_ms=at_ms, wall_ms=at_ms, request_id=request_id, verdict=Verdict.OK)

    for at_ms in range(3):
        desk.journal.record(closed("r1", at_ms))
        desk.journal.record(closed("r2", at_ms))
    desk.journal.record(LinkLost(at_ms=9, wall_ms=9, since_ms=0))
    await written(desk)
    found = await desk.journal.query(Query(request_id="r1"))
    assert [stored.event for stored in found] == [closed("r1", 2), closed("r1", 1), closed("r1", 0)]
    assert len(await desk.journal.query(Query(kinds=("link_lost", "rescued")))) == 1
    assert len(await desk.journal.query(Query(since_wall_ms=1, until_wall_ms=9))) == 4
    assert [stored.seq for stored in await desk.journal.query(Query(before_seq=3))] == [2, 1]
    assert len(await desk.journal.query(Query(rows_max=0))) == 1


async def test_a_row_that_nobody_can_read_is_left_out_and_counted(desk):
    desk.happen(2)
    await written(desk)
    desk.disk.connection.execute("DELETE FROM snapshot")
    desk.disk.connection.execute("UPDATE event SET body = ? WHERE seq = 1", (b'{"type":"from_the_future"}',))
    assert [stored.seq for stored in await desk.journal.query(Query())] == [2]
    assert desk.recalled().unreadable == 1


async def test_somebody_elses_transaction_is_refused_in_words_when_the_file_is_gone(desk):
    def nothing(connection: sqlite3.Connection) -> None:
        connection.execute("SELECT 1")

    await desk.journal.transact(nothing)
    desk.disk.fail_next(JournalLost("deleted"))
    with pytest.raises(JournalUnusable, match="deleted"):
        await desk.journal.transact(nothing)
    with pytest.raises(JournalUnusable, match="deleted"):
        await desk.journal.transact(nothing)


def test_a_journal_says_how_it_is(desk):
    desk.happen(2)
    assert repr(desk.journal) == "<journal: well, 2 events waiting>"


async def test_what_nobody_waits_for_gathers_for_a_moment_and_what_somebody_waits_for_does_not(
    clock, listener
):
    desk = Desk(clock, listener, gather_ms=5)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(desk.journal.write)
        await settle()
        desk.happen(2)
        await clock.advance(0.004)
        assert desk.journal.health.pending == 2
        desk.happen()
        await clock.advance(0.001)
        assert desk.journal.health.written == 3

        desk.happen()
        await settle()
        assert isinstance(await desk.journal.commit(LinkRestored(at_ms=clock.now_ms(), wall_ms=0)), Durable)
        assert desk.journal.health.written == 5
        desk.journal.stop()
