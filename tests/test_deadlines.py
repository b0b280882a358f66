"""A deadline on the timeline ends a wait at its moment, and leaves no trace if it did not have to."""

import anyio
import pytest

from actors.kernel.deadlines import move_on_at
from tests.fakes import FakeClock


async def test_what_waits_is_left_at_its_moment(clock: FakeClock):
    at_ms = clock.now_ms() + 2000

    async def wait() -> bool:
        with move_on_at(clock, at_ms) as scope:
            await anyio.sleep_forever()
        return scope.cancelled_caught

    assert await clock.until_done(wait())
    assert clock.now_ms() == at_ms


async def test_what_is_done_in_time_leaves_no_alarm(clock: FakeClock):
    with move_on_at(clock, clock.now_ms() + 2000) as scope:
        assert clock.pending == 1
    assert not scope.cancelled_caught
    assert clock.pending == 0


async def test_a_deadline_that_has_passed_ends_the_first_wait(clock: FakeClock):
    async def wait() -> None:
        with move_on_at(clock, clock.now_ms() - 1):
            await anyio.sleep_forever()

    before_ms = clock.now_ms()
    await clock.until_done(wait())
    assert clock.now_ms() == before_ms


async def test_what_fails_inside_fails(clock: FakeClock):
    with pytest.raises(ValueError, match="bad luck"), move_on_at(clock, clock.now_ms() + 2000):
        raise ValueError("bad luck")
    assert clock.pending == 0
