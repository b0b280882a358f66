"""The fakes keep the promises of the seams that they stand for."""

import sqlite3

import anyio
import pytest
from anyio.lowlevel import checkpoint

from state.timeline import Anchor, Reading
from tests.fakes import FakeClock, FakeJournalBackend, FakeNotify, FakeRng, RecordingListener, settle


async def test_time_stands_still_until_a_test_moves_it(clock: FakeClock):
    start_ms = clock.now_ms()
    await settle()
    assert clock.now_ms() == start_ms
    assert await clock.advance(1.5) == start_ms + 1500


async def test_alarms_ring_at_their_own_moments_in_order(clock: FakeClock):
    rung: list[tuple[str, int]] = []
    start_ms = clock.now_ms()

    def ring(name: str) -> None:
        rung.append((name, clock.now_ms() - start_ms))

    clock.call_at(start_ms + 2000, lambda: ring("late"))
    clock.call_at(start_ms + 1000, lambda: ring("early"))
    clock.call_at(start_ms + 1000, lambda: ring("early, set later"))
    clock.call_at(start_ms + 9000, lambda: ring("too late"))
    await clock.advance(5)
    assert rung == [("early", 1000), ("early, set later", 1000), ("late", 2000)]
    assert clock.pending == 1


async def test_what_falls_due_in_suspend_is_late(clock: FakeClock):
    rung: list[int] = []
    start_ms = clock.now_ms()
    clock.call_at(start_ms + 1000, lambda: rung.append(clock.now_ms() - start_ms))
    assert await clock.suspend(60) == start_ms + 60_000
    assert rung == [60_000]
    assert clock.slept_ms() == 60_000
    await clock.advance(1)
    assert clock.slept_ms() == 60_000


async def test_an_alarm_set_by_an_alarm_rings_in_the_same_advance(clock: FakeClock):
    rung: list[int] = []
    start_ms = clock.now_ms()

    def again() -> None:
        rung.append(clock.now_ms() - start_ms)
        clock.call_at(clock.now_ms() + 1000, again)

    clock.call_at(start_ms + 1000, again)
    await clock.advance(3.5)
    assert rung == [1000, 2000, 3000]


async def test_sleepers_wake_at_their_moment_and_run_before_the_next_alarm(clock: FakeClock):
    woken: list[tuple[str, int]] = []
    start_ms = clock.now_ms()

    async def sleeper(name: str, *naps_ms: int) -> None:
        for nap_ms in naps_ms:
            await clock.sleep_until(clock.now_ms() + nap_ms)
            woken.append((name, clock.now_ms() - start_ms))

    async with anyio.create_task_group() as group:
        group.start_soon(sleeper, "a", 1000, 1000)
        group.start_soon(sleeper, "b", 1500)
        await clock.advance(10)
    assert woken == [("a", 1000), ("b", 1500), ("a", 2000)]


async def test_a_cancelled_sleeper_leaves_no_alarm(clock: FakeClock):
    async with anyio.create_task_group() as group:
        group.start_soon(clock.sleep_until, clock.now_ms() + 1000)
        await settle()
        assert clock.pending == 1
        group.cancel_scope.cancel()
    assert clock.pending == 0


async def test_until_done_moves_time_as_far_as_needed(clock: FakeClock):
    start_ms = clock.now_ms()
    clock.call_at(start_ms + 60_000, lambda: None)

    async def work() -> str:
        await clock.sleep_until(start_ms + 30_000)
        return "done"

    assert await clock.until_done(work()) == "done"
    assert clock.now_ms() == start_ms + 30_000


async def test_until_done_says_when_nothing_will_ever_end_the_work(clock: FakeClock):
    with pytest.raises(AssertionError, match="nothing that happens within"):
        await clock.until_done(anyio.sleep_forever())


async def test_until_done_tells_the_failure_of_the_work(clock: FakeClock):
    async def work() -> None:
        await clock.sleep_until(clock.now_ms() + 10)
        raise ValueError("broken")

    with pytest.raises(ValueError, match="broken"):
        await clock.until_done(work())


async def test_settle_fails_when_a_task_never_rests():
    async def restless() -> None:
        while True:
            await checkpoint()

    async with anyio.create_task_group() as group:
        group.start_soon(restless)
        with pytest.raises(AssertionError, match="still runs"):
            await settle()
        group.cancel_scope.cancel()


def test_a_jump_rings_without_a_loop(clock: FakeClock):
    rung: list[int] = []
    start_ms = clock.now_ms()
    clock.call_at(start_ms + 1000, lambda: rung.append(clock.now_ms()))
    assert clock.jump(2) == start_ms + 2000
    assert rung == [start_ms + 1000]


def test_the_wall_can_be_set_while_boot_time_runs_on(clock: FakeClock):
    before = clock.read()
    clock.set_wall(before.wall_ms - 5000)
    clock.jump(1)
    after = clock.read()
    assert after.boot_ms - before.boot_ms == 1000
    assert after.wall_ms - before.wall_ms == -4000


def test_the_timeline_runs_on_through_a_restart_of_the_fake():
    last = Anchor(500, Reading("boot-1", 1_000_000, 0))
    assert FakeClock(last, boot_ms=1_004_000).now_ms() == 4500


def test_the_same_seed_tells_the_same_story():
    assert [FakeRng(7).fraction() for _ in range(3)] == [FakeRng(7).fraction() for _ in range(3)]
    assert FakeRng(7).fraction() != FakeRng(8).fraction()
    rng = FakeRng(7, fractions=(0.25, 0.5))
    assert [rng.fraction(), rng.fraction()] == [0.25, 0.5]
    assert [rng.new_id(), rng.new_id()] == ["id-000001", "id-000002"]


def test_a_listener_remembers(listener: RecordingListener, notify: FakeNotify):
    listener.tell("a word")
    listener.tell(42)
    notify.tell("READY=1", "STATUS=well")
    assert listener.of(int) == [42]
    assert notify.told == ["READY=1", "STATUS=well"]
    listener.clear()
    assert repr(listener) == "<recording listener: 0 facts>"


def add_row(connection: sqlite3.Connection) -> int:
    connection.execute("INSERT INTO rows DEFAULT VALUES")
    return count_rows(connection)


def count_rows(connection: sqlite3.Connection) -> int:
    (found,) = connection.execute("SELECT count(*) FROM rows").fetchone()
    return int(found)


@pytest.fixture
def table(journal_backend: FakeJournalBackend) -> FakeJournalBackend:
    journal_backend.connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY)")
    return journal_backend


async def test_a_transaction_runs_and_answers(table: FakeJournalBackend):
    assert [await table.run(add_row), await table.run(add_row)] == [1, 2]


async def test_a_broken_disk_fails_as_often_as_the_test_says(table: FakeJournalBackend):
    table.fail_next(sqlite3.OperationalError("database or disk is full"))
    with pytest.raises(sqlite3.OperationalError, match="disk is full"):
        await table.run(add_row)
    assert await table.run(add_row) == 1


async def test_what_fails_halfway_is_rolled_back(table: FakeJournalBackend):
    def halfway(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO rows DEFAULT VALUES")
        raise ValueError("halfway")

    with pytest.raises(ValueError, match="halfway"):
        await table.run(halfway)
    assert await table.run(count_rows) == 0


async def test_a_disk_that_hangs_holds_transactions_back(table: FakeJournalBackend):
    table.hold()
    results: list[int] = []

    async def write() -> None:
        results.append(await table.run(add_row))

    async with anyio.create_task_group() as group:
        group.start_soon(write)
        await settle()
        assert results == []
        table.release()
    assert results == [1]


async def test_a_transaction_that_began_is_finished_though_its_caller_is_cancelled(table: FakeJournalBackend):
    results: list[int] = []
    with anyio.CancelScope() as scope:

        def add_and_cancel(connection: sqlite3.Connection) -> int:
            scope.cancel()
            return add_row(connection)

        results.append(await table.run(add_and_cancel))
    assert results == [1]
    assert await table.run(count_rows) == 1
