"""The book's laws: nothing is acknowledged that is not on the disk, all in order, many with one commit."""

from functools import reduce

import pytest
from anyio import Event as Wakeup
from anyio import create_task_group
from anyio.lowlevel import checkpoint
from hypothesis import given, settings
from hypothesis import strategies as some
from msgspec.structs import replace

from actors.jobs import shelf
from actors.jobs.book import Book, BookPaused, BookResumed
from actors.jobs.entries import Intent, Released, Settled
from actors.jobs.shelf import NewItem, NewJob, Piece
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalLost, JournalUnusable
from state.jobs.job import ItemKind, Job, JobOptions, Owner
from state.jobs.outcome import Error, Outcome
from state.jobs.tally import NOTHING_DONE, LaneTally, Tally, fold, unfold
from state.memory.journal import MIGRATIONS
from tests.fakes import FakeClock, FakeJournalBackend, RecordingListener

pytestmark = pytest.mark.anyio

FULL = JournalUnusable("database or disk is full")


class Desk:
    """A book over a real SQLite, with one job of ten items."""

    def __init__(self) -> None:
        self.disk = FakeJournalBackend()
        for statement in (each for step in MIGRATIONS for each in step):
            self.disk.connection.execute(statement)
        self.clock = FakeClock()
        self.listener = RecordingListener()
        journal = Journal(self.disk, self._reopen, clock=self.clock, listener=self.listener, parts={})
        self.journal = journal
        self.book = Book(journal, clock=self.clock, listener=self.listener)
        new = NewJob(
            id="j",
            owner=Owner(uid=1),
            name="",
            model="auto",
            options=JobOptions(),
            created_wall_ms=1,
            deadline_ms=None,
        )
        items = [NewItem(kind=ItemKind.CHAT, custom_id=str(n), body=b"{}") for n in range(10)]
        job = shelf.store(new, Piece(items=items, start=None, more=False))(self.disk.connection)
        assert isinstance(job, Job)
        self.job = job.seq
        self.book.tallies[self.job] = NOTHING_DONE

    async def _reopen(self, lost: JournalLost | None) -> FakeJournalBackend:
        return self.disk

    async def settle(self, entry: Settled | Released) -> None:
        """Until it is on the disk."""
        kept = Wakeup()
        self.book.settle(entry, kept.set)
        await kept.wait()

    def state(self, n: int) -> str:
        row = self.disk.connection.execute("SELECT state FROM item WHERE n = ?", (n,)).fetchone()
        return str(row[0])

    @property
    def tally(self) -> Tally:
        found = shelf.find("j")(self.disk.connection)
        assert found is not None
        return found.tally

    def settled(self, n: int, *, is_done: bool = True) -> Settled:
        outcome = Outcome(
            n=n, is_done=is_done, tag="a" if is_done else "all-failed", lane="a/key1/m", tokens=3
        )
        return Settled(self.job, outcome, b"{}" if is_done else None)

    def intent(self, n: int) -> Intent:
        return Intent(self.job, n, "a/key1/m", "r")


async def test_an_intent_is_on_the_disk_when_its_owner_hears_of_it():
    desk = Desk()
    async with create_task_group() as life:
        life.start_soon(desk.book.write)
        assert await desk.book.intend(desk.intent(3))
        assert desk.state(3) == "sent"
        await desk.settle(desk.settled(3))
        assert desk.state(3) == "done"
        assert desk.book.tallies[desk.job] == desk.tally
        desk.book.stop()


async def test_all_that_waits_shares_one_commit():
    desk = Desk()
    async with create_task_group() as life:
        for n in range(10):
            life.start_soon(desk.book.intend, desk.intent(n))
        await checkpoint()
        life.start_soon(desk.book.write)
        await desk.book.flush()
        assert desk.disk.runs == 1
        desk.book.stop()
    assert [desk.state(n) for n in range(10)] == ["sent"] * 10


async def test_on_a_full_disk_nobody_sends_nothing_counts_and_it_goes_on_by_itself():
    desk = Desk()
    heard: list[str] = []

    async def settle() -> None:
        await desk.settle(desk.settled(1))
        heard.append("settled")

    async with create_task_group() as life:
        desk.disk.fail_next(FULL, FULL)
        life.start_soon(settle)
        await checkpoint()
        life.start_soon(desk.book.write)
        while not desk.book.trouble:
            await checkpoint()
        assert not await desk.book.intend(desk.intent(2))
        assert heard == []
        assert desk.state(1) == "pending"
        assert desk.book.tallies[desk.job] == desk.tally == NOTHING_DONE
        while desk.book.trouble:
            await desk.clock.advance(0.5)
            await checkpoint()
        await desk.book.flush()
        assert heard == ["settled"]
        assert desk.tally.done == 1
        desk.book.stop()
    assert [type(fact) for fact in desk.listener.told] == [BookPaused, BookResumed]


async def test_an_intent_that_meets_the_full_disk_is_told_not_to_send():
    desk = Desk()
    async with create_task_group() as life:
        desk.disk.fail_next(FULL)
        life.start_soon(desk.book.write)
        assert not await desk.book.intend(desk.intent(2))
        assert desk.state(2) == "pending"
        life.cancel_scope.cancel()


async def test_whoever_stops_waiting_has_not_taken_it_back():
    desk = Desk()
    async with create_task_group() as life:
        async with create_task_group() as impatient:
            impatient.start_soon(desk.settle, desk.settled(1))
            await checkpoint()
            impatient.cancel_scope.cancel()
        life.start_soon(desk.book.write)
        await desk.book.flush()
        assert desk.state(1) == "done"
        desk.book.stop()


async def test_what_waits_is_written_when_the_writer_is_told_to_stop():
    desk = Desk()
    async with create_task_group() as life:
        life.start_soon(desk.book.write)
        await checkpoint()
        desk.book.settle(desk.settled(1), lambda: None)
        desk.book.stop()
    assert desk.state(1) == "done"


async def test_a_job_that_is_not_in_the_file_any_more_is_given_up_and_the_others_go_on():
    desk = Desk()
    given_up: list[int] = []
    desk.book.give_up = given_up.append
    desk.book.tallies[99] = NOTHING_DONE
    outcome = Outcome(n=1, is_done=True, tag="a")
    async with create_task_group() as life:
        desk.book.settle(Settled(99, outcome), lambda: given_up.append(-1))
        life.start_soon(desk.book.write)
        await desk.settle(desk.settled(3))
        assert given_up == [99]
        assert desk.state(3) == "done"
        desk.book.stop()


steps = some.lists(
    some.tuples(some.integers(0, 9), some.sampled_from(("intent", "release", "done", "failed"))), max_size=20
)


@settings(max_examples=500)
@given(script=steps, crash_after=some.integers(0, 20))
async def test_a_crash_between_any_two_transactions_leaves_what_was_acknowledged(script, crash_after):
    """Each step is a transaction here; what the file says is always the fold of those acknowledged."""
    desk = Desk()
    expected = dict.fromkeys(range(10), "pending")
    tally = NOTHING_DONE
    async with create_task_group() as life:
        life.start_soon(desk.book.write)
        for n, what in script[:crash_after]:
            if expected[n] in ("done", "failed"):
                continue
            if what == "intent":
                assert await desk.book.intend(desk.intent(n))
                expected[n] = "sent"
            elif what == "release":
                await desk.settle(Released(desk.job, n))
                expected[n] = "pending"
            else:
                settled = desk.settled(n, is_done=what == "done")
                await desk.settle(settled)
                tally = fold(tally, settled.outcome)
                expected[n] = what
        assert {n: desk.state(n) for n in range(10)} == expected
        assert desk.tally == tally
        outcomes = desk.disk.connection.execute("SELECT n FROM item_outcome ORDER BY n").fetchall()
        assert [n for (n,) in outcomes] == [n for n, state in expected.items() if state in ("done", "failed")]
        life.cancel_scope.cancel()


outcomes = some.builds(
    Outcome,
    n=some.integers(0, 9),
    is_done=some.booleans(),
    tag=some.sampled_from(("a", "a-failover", "all-failed")),
    lane=some.sampled_from(("", "a/key1/m", "b/key1/m")),
    tokens=some.integers(0, 100),
    duration_ms=some.integers(0, 100),
    errors=some.lists(some.builds(Error, lane=some.just("a"), kind=some.sampled_from("xyz")), max_size=3).map(
        tuple
    ),
    code=some.just("unavailable"),
)


@settings(max_examples=500)
@given(before=some.lists(outcomes, max_size=5), one=outcomes)
def test_what_is_taken_back_was_never_counted(before, one):
    tally = reduce(fold, before, NOTHING_DONE)
    again = unfold(fold(tally, one), one)
    left = {lane: each for lane, each in again.lanes.items() if lane in tally.lanes}
    assert replace(again, last=tally.last, lanes=left) == tally
    assert all(each == LaneTally() for lane, each in again.lanes.items() if lane not in tally.lanes)
