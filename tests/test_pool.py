"""The gate and the idle connections: nobody overtakes, nothing leaks."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.net.connection import ROOM_BYTES, Connection
from actors.net.faults import ExchangeFailed, Fault
from actors.net.pool import AGE_MS_MAX, IDLE_MS_MAX, Gate, Idle
from tests.fakes import FakeClock, settle

pytestmark = pytest.mark.anyio


async def test_who_comes_first_is_served_first(clock):
    gate = Gate(1, clock)
    await gate.enter()
    entered: list[int] = []

    async def guest(number: int) -> None:
        await gate.enter()
        entered.append(number)
        gate.leave()

    guests = [asyncio.ensure_future(guest(number)) for number in range(5)]
    await settle()
    assert entered == []
    assert repr(gate) == "<gate: 1 of 1 places taken, 5 waiting>"
    gate.leave()
    await asyncio.gather(*guests)
    assert entered == [0, 1, 2, 3, 4]
    assert gate.is_untouched


async def test_nobody_who_comes_later_slips_past_who_waits(clock):
    gate = Gate(1, clock)
    await gate.enter()
    waiting = asyncio.ensure_future(gate.enter())
    await settle()
    gate.leave()
    assert not gate.enter_nowait()
    await waiting
    gate.leave()
    assert gate.is_untouched


async def test_a_guest_cancelled_in_the_moment_of_being_let_in_passes_the_place_on(clock):
    gate = Gate(1, clock)
    await gate.enter()
    unlucky, lucky = asyncio.ensure_future(gate.enter()), asyncio.ensure_future(gate.enter())
    await settle()
    gate.leave()
    unlucky.cancel()
    await lucky
    gate.leave()
    assert gate.is_untouched


async def test_the_queue_has_an_end(clock):
    gate = Gate(1, clock, waiting_max=1)
    await gate.enter()
    waiting = asyncio.ensure_future(gate.enter())
    await settle()
    with pytest.raises(ExchangeFailed, match="too many are waiting"):
        await gate.enter()
    waiting.cancel()
    await settle()
    await clock.until_done(_left_soon(gate))
    gate.leave()
    assert gate.is_untouched


async def _left_soon(gate: Gate) -> None:
    with pytest.raises(ExchangeFailed):
        await gate.enter(deadline_ms=1)


async def test_nobody_waits_beyond_his_deadline(clock):
    gate = Gate(1, clock)
    await gate.enter()
    waiting = asyncio.ensure_future(gate.enter(deadline_ms=5_000))
    await clock.advance(4.999)
    assert not waiting.done()
    await clock.advance(0.001)
    with pytest.raises(ExchangeFailed) as raised:
        await waiting
    assert raised.value.fault == Fault.DEADLINE
    assert clock.pending == 0
    gate.leave()
    assert gate.is_untouched


steps = st.lists(
    st.tuples(st.sampled_from(["come", "cancel", "leave", "turn"]), st.integers(0, 20)), max_size=60
)


@settings(max_examples=500, deadline=None)
@given(places=st.integers(1, 3), steps=steps)
def test_whoever_comes_leaves_or_is_cancelled_when_places_are_neither_lost_nor_doubled(places, steps):
    async def run() -> None:
        gate = Gate(places, FakeClock())
        guests: list[asyncio.Future[None]] = []
        inside = 0
        for act, which in steps:
            if act == "come":
                guests.append(asyncio.ensure_future(gate.enter()))
            elif act == "cancel" and guests:
                guests[which % len(guests)].cancel()
            elif act == "leave" and inside:
                gate.leave()
                inside -= 1
            else:
                await asyncio.sleep(0)
            arrived = [guest for guest in guests if guest.done()]
            guests = [guest for guest in guests if not guest.done()]
            inside += sum(not guest.cancelled() for guest in arrived)
            assert inside <= places
        for guest in guests:
            guest.cancel()
        ended = await asyncio.gather(*guests, return_exceptions=True)
        for _ in range(inside + ended.count(None)):
            gate.leave()
        assert gate.is_untouched

    asyncio.run(run())


# --- idle connections -----------------------------------------------------------------------------------


class Home:
    def __init__(self, idle: Idle) -> None:
        self.idle = idle

    def freed(self, connection: Connection, *, is_reusable: bool) -> None: ...
    def lost(self, connection: Connection) -> None:
        self.idle.forget(connection)


class Wire(asyncio.Transport):
    """What a connection closes when it closes."""

    def abort(self) -> None: ...


def connection(idle: Idle, clock: FakeClock) -> Connection:
    made = Connection(Home(idle), clock, memoryview(bytearray(ROOM_BYTES)))
    made.connection_made(Wire())
    return made


def test_the_connection_used_last_goes_first(clock):
    idle = Idle(clock)
    one, two = connection(idle, clock), connection(idle, clock)
    idle.keep(one)
    idle.keep(two)
    assert idle.take(clock.now_ms()) is two
    assert idle.take(clock.now_ms()) is one
    assert idle.take(clock.now_ms()) is None


def test_a_connection_idle_for_too_long_is_closed_without_being_asked(clock):
    idle = Idle(clock)
    old, young = connection(idle, clock), connection(idle, clock)
    idle.keep(old)
    clock.jump(30)
    idle.keep(young)
    clock.jump(IDLE_MS_MAX / 1000 - 30)
    assert repr(old) == "<connection, gone>"
    assert repr(young) == "<connection, idle>"
    assert len(idle) == 1
    clock.jump(30)
    assert len(idle) == 0
    assert clock.pending == 0


def test_a_connection_grows_old_however_busy_it_is(clock):
    idle = Idle(clock)
    busy = connection(idle, clock)
    for _ in range(AGE_MS_MAX // 30_000 - 1):
        idle.keep(busy)
        clock.jump(30)
        assert idle.take(clock.now_ms()) is busy
    clock.jump(30)
    idle.keep(busy)
    clock.jump(0)
    assert idle.take(clock.now_ms()) is None
    assert not busy.is_usable


def test_a_connection_that_slept_through_a_suspend_is_not_used(clock):
    idle = Idle(clock)
    sleeper = connection(idle, clock)
    idle.keep(sleeper)
    clock._boot_ms += 3_600_000  # the alarm has not rung yet when the first request comes
    assert idle.take(clock.now_ms()) is None
    assert not sleeper.is_usable


async def test_even_a_short_sleep_of_the_machine_ends_them(clock):
    idle = Idle(clock)
    sleeper = connection(idle, clock)
    idle.keep(sleeper)
    await clock.suspend(5)
    assert idle.take(clock.now_ms()) is None
    assert not sleeper.is_usable
    fresh = connection(idle, clock)
    idle.keep(fresh)
    await clock.advance(5)
    assert idle.take(clock.now_ms()) is fresh


def test_closing_leaves_neither_connections_nor_alarms(clock):
    idle = Idle(clock)
    one = connection(idle, clock)
    idle.keep(one)
    idle.close()
    assert (len(idle), clock.pending, one.is_usable) == (0, 0, False)
