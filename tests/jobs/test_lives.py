"""A job through lives that end anywhere, in virtual time: full disks, crashes between any two transactions."""

import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from typing import TypeVar

import msgspec
import pytest
from anyio import CancelScope, create_task_group
from hypothesis import given, settings
from hypothesis import strategies as some

from actors.jobs import shelf
from actors.jobs.intake import read_item
from actors.jobs.jobs import Jobs
from actors.jobs.shelf import NewItem, NewJob, Piece
from actors.journal.journal_file import JournalUnusable
from state.config import PoolConfig, Strategy
from state.failures import Kind
from state.jobs.job import ItemState, Job, JobOptions, JobState, OnUnknown, Owner
from state.jobs.rows import Result
from tests.fakes import FakeJournalBackend
from tests.house_of_doors import Act, House, fails, says
from tests.jobs.yard import items

pytestmark = pytest.mark.anyio

T = TypeVar("T")

COUNT = 6
FULL = JournalUnusable("database or disk is full")
_ITEM = re.compile(rb"item (\d+)\.")
EVENLY = {"p": PoolConfig(lanes=("a", "b"), strategy=Strategy.ROUND_ROBIN)}


class Mortal(FakeJournalBackend):
    """A disk whose power goes off after so many transactions."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None

    async def run(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        if self.left == 0:
            raise JournalUnusable("the power is off")
        found = await super().run(transaction)
        self.left = None if self.left is None else self.left - 1
        return found


class Home:
    """A house with jobs, on a disk that its next life finds as it was."""

    def __init__(self, disk: Mortal | None = None, *, a: list[Act], b: list[Act]) -> None:
        self.house = House("a", "b", pools=EVENLY, a=a, b=b)
        self.disk = disk or Mortal()
        if disk is None:
            self.house.disk.connection.backup(self.disk.connection)
        self.house.journal._backend = self.disk
        self.jobs = Jobs(
            self.house.router,
            self.house.journal,
            config=lambda: self.house.config,
            clock=self.house.clock,
            rng=self.house.rng,
            listener=self.house.listener,
        )

    async def submit(self, on_unknown: OnUnknown, parallel: int) -> Job:
        lines = [read_item(msgspec.json.encode(line), "p", 1) for line in items(COUNT)]
        new = NewJob(
            id="j",
            owner=Owner(uid=1),
            name="",
            model="p",
            options=JobOptions(on_unknown=on_unknown, parallel=parallel),
            created_wall_ms=1,
            deadline_ms=None,
        )
        read = [line for line in lines if isinstance(line, NewItem)]
        job = await self.jobs.store(new, Piece(items=read, start=None, more=False))
        assert isinstance(job, Job)
        return job

    async def work(self, scope: CancelScope) -> None:
        with scope:
            async with create_task_group() as life:
                life.start_soon(self.house.journal.write)
                life.start_soon(self.jobs.book.write)
                life.start_soon(self.jobs.foreman.work)

    async def work_until(self, claim: Callable[[], bool]) -> None:
        """One life, which ends as by kill -9: nothing that it did afterwards has reached the disk."""
        scope = CancelScope()
        async with create_task_group() as tasks:
            tasks.start_soon(self.work, scope)
            for _ in range(2_000):
                if claim():
                    break
                await self.house.clock.advance(0.05)
            else:
                raise AssertionError("it never came true")
            self.disk.left = 0
            await self.house.clock.advance(1.0)
            scope.cancel()
            await self.house.clock.advance(10.0)
        self.disk.left = None

    def is_over(self) -> bool:
        """The job, or the power."""
        return self.found.state.is_over or self.disk.left == 0

    @property
    def found(self) -> Job:
        job = shelf.find("j")(self.disk.connection)
        assert job is not None
        return job

    @property
    def results(self) -> list[Result]:
        read = shelf.results(self.found.seq, -1, items_max=100, bytes_max=10**6)
        return read(self.disk.connection)

    @property
    def charges(self) -> Counter[int]:
        """By item: how often a byte has left."""
        sent = [ticket for door in self.house.doors.values() for ticket in door.sent]
        bodies = [bytes(ticket.knock.case.request.fields["messages"]) for ticket in sent]
        return Counter(int(found[1]) for body in bodies if (found := _ITEM.search(body)))


async def test_on_a_full_disk_a_job_is_paused_says_so_and_goes_on_by_itself():
    home = Home(a=[says("hi", after_s=0.1)], b=[says("ho", after_s=0.1)])
    async with create_task_group() as life:
        job = await home.submit("hold", 2)
        life.start_soon(home.work, CancelScope())
        while home.found.tally.done < 2:
            await home.house.clock.advance(0.05)
        home.disk.left = 0
        await home.house.clock.advance(3.0)
        live = home.jobs.live(job)
        assert (live.state, live.why) == (JobState.PAUSED, "nothing can be written: the power is off")
        assert live.tally == home.found.tally, "nothing is told that is not on the disk"
        sent = sum(home.charges.values())
        await home.house.clock.advance(60.0)
        assert sum(home.charges.values()) == sent, "nobody sends what can't be noted"
        home.disk.left = None
        while home.found.state is not JobState.DONE:
            await home.house.clock.advance(0.5)
        assert home.found.tally.done == COUNT
        assert set(home.charges.values()) == {1}
        life.cancel_scope.cancel()


@settings(max_examples=40, deadline=None)
@given(
    deaths=some.lists(some.integers(0, 12), min_size=1, max_size=3),
    parallel=some.integers(1, 3),
    on_unknown=some.sampled_from(("retry", "hold")),
    is_bumpy=some.booleans(),
)
async def test_lives_may_end_between_any_two_transactions(deaths, parallel, on_unknown, is_bumpy):
    """What was acknowledged stays; each item ends once; charges are at most what its rule allows."""
    bumpy = (
        [fails(Kind.RATE_LIMIT, wait_s=2.0), says("hi", after_s=0.1)]
        if is_bumpy
        else [says("hi", after_s=0.1)]
    )
    home = Home(a=bumpy, b=[says("ho", after_s=0.1)])
    await home.submit(on_unknown, parallel)
    charges: Counter[int] = Counter()
    done: dict[int, str] = {}
    crashes = 0
    for death in deaths:
        home.disk.left = death
        await home.work_until(home.is_over)
        crashes += 1
        charges += home.charges
        now = {each.n: each.outcome.request_id for each in home.results if each.outcome is not None}
        assert {n: now.get(n) for n in done} == done, "what was acknowledged is there, and the same"
        done = now
        home = Home(home.disk, b=[says("ho", after_s=0.1)], a=[says("hi", after_s=0.1)])
    await home.work_until(home.is_over)
    charges += home.charges
    results = home.results
    assert [each.n for each in results] == list(range(COUNT))
    tally = home.found.tally
    assert (tally.done, tally.unknown) == (
        sum(each.state is ItemState.DONE for each in results),
        sum(each.state is ItemState.UNKNOWN for each in results),
    )
    failed_first = sum(len(each.outcome.errors) for each in results if each.outcome is not None) + is_bumpy
    for each in results:
        again = 0 if each.outcome is None else each.outcome.crashes
        if on_unknown == "hold":
            assert each.state in (ItemState.DONE, ItemState.UNKNOWN)
            assert charges[each.n] <= 1 + failed_first
        else:
            assert each.state is ItemState.DONE
            assert charges[each.n] <= 1 + again + failed_first
            assert again <= crashes
    if on_unknown == "hold" and not is_bumpy:
        assert set(charges.values()) <= {1}
