"""The real clock and the real chance; and what a restart does to the timeline."""

from pathlib import Path

import pytest

from actors.chance import SystemRng
from actors.clock import NAP_MS, SystemClock
from state.timeline import Anchor, Reading
from tests.fakes import FakeClock


async def test_boot_time_moves():
    clock = SystemClock()
    start_ms = clock.now_ms()
    await clock.sleep_until(start_ms + 3)
    assert start_ms + 3 <= clock.now_ms() < start_ms + 60_000


def test_the_timeline_of_a_first_life_starts_at_its_beginning():
    assert 0 <= SystemClock().now_ms() < 60_000


def test_the_timeline_runs_on_from_the_last_moment_of_this_boot():
    first = SystemClock()
    last = Anchor(5_000_000, first.read())
    assert 5_000_000 <= SystemClock(last).now_ms() < 5_060_000


def test_the_timeline_runs_on_by_the_wall_clock_after_a_reboot():
    now = SystemClock().read()
    last = Anchor(5_000_000, Reading("another boot", 77, now.wall_ms - 60_000))
    assert 5_060_000 <= SystemClock(last).now_ms() < 5_120_000


def test_the_boot_is_the_same_for_all_who_ask():
    one, two = SystemClock().read(), SystemClock().read()
    assert one.boot_id == two.boot_id
    assert one.boot_ms <= two.boot_ms


def test_a_hidden_boot_id_makes_each_life_a_boot_of_its_own(tmp_path: Path):
    clock = SystemClock(boot_id=tmp_path / "hidden")
    assert clock.read().boot_id.startswith("hidden-")
    assert clock.read().boot_id == clock.read().boot_id


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe"])
def test_an_unreadable_boot_id_counts_as_hidden(tmp_path: Path, content: bytes):
    file = tmp_path / "boot_id"
    file.write_bytes(content)
    assert SystemClock(boot_id=file).read().boot_id.startswith("hidden-")


def test_the_wall_is_the_wall():
    clock = SystemClock()
    assert abs(clock.wall_ms() - clock.read().wall_ms) < 60_000
    assert clock.wall_ms() > 1_767_225_600_000


async def test_an_alarm_rings_once_and_not_before_its_moment():
    clock = SystemClock()
    rung: list[int] = []
    at_ms = clock.now_ms() + 5
    clock.call_at(at_ms, lambda: rung.append(clock.now_ms()))
    await clock.sleep_until(at_ms + 20)
    assert len(rung) == 1
    assert rung[0] >= at_ms


async def test_an_alarm_that_was_cancelled_does_not_ring():
    clock = SystemClock()
    rung: list[str] = []
    alarm = clock.call_at(clock.now_ms() + 3, lambda: rung.append("cancelled"))
    late = clock.call_at(clock.now_ms() - 3, lambda: rung.append("cancelled too"))
    alarm.cancel()
    alarm.cancel()
    late.cancel()
    await clock.sleep_until(clock.now_ms() + 20)
    alarm.cancel()
    assert rung == []


async def test_an_alarm_for_a_moment_that_has_passed_rings_soon_but_not_at_once():
    clock = SystemClock()
    rung: list[str] = []
    clock.call_at(clock.now_ms() - 1000, lambda: rung.append("rung"))
    assert rung == []
    await clock.sleep_until(clock.now_ms() + 2)
    assert rung == ["rung"]


async def test_to_sleep_until_the_past_returns():
    clock = SystemClock()
    await clock.sleep_until(clock.now_ms() - 1)


@pytest.mark.slow
async def test_an_alarm_that_needs_more_than_one_nap_rings_at_its_moment():
    clock = SystemClock()
    at_ms = clock.now_ms() + NAP_MS + 200
    await clock.sleep_until(at_ms)
    assert at_ms <= clock.now_ms() < at_ms + 60_000


def test_a_machine_that_is_awake_has_no_more_sleep_behind_it():
    clock = SystemClock()
    slept_ms = clock.slept_ms()
    assert abs(clock.slept_ms() - slept_ms) < 1000


def test_the_clock_says_where_it_is():
    assert repr(SystemClock()).startswith("<system clock: ")


def test_ids_are_unique_sorted_and_safe_in_names():
    rng = SystemRng(SystemClock())
    ids = [rng.new_id() for _ in range(10_000)]
    assert ids == sorted(set(ids))
    assert {len(name) for name in ids} == {24}
    assert set("".join(ids)) <= set("0123456789abcdef")


def test_ids_go_on_rising_when_the_wall_clock_is_set_back():
    clock = FakeClock()
    rng = SystemRng(clock)
    before = rng.new_id()
    clock.set_wall(clock.wall_ms() - 3_600_000)
    assert rng.new_id() == f"{int(before, 16) + 1:024x}"


def test_an_id_begins_with_its_moment_on_the_wall():
    clock = FakeClock()
    assert int(SystemRng(clock).new_id()[:12], 16) == clock.wall_ms()


def test_two_sources_of_names_agree_on_none():
    clock = FakeClock()
    assert SystemRng(clock).new_id() != SystemRng(clock).new_id()


def test_chance_is_spread_over_the_unit():
    rng = SystemRng(FakeClock())
    drawn = [rng.fraction() for _ in range(1000)]
    assert all(0.0 <= fraction < 1.0 for fraction in drawn)
    assert min(drawn) < 0.1
    assert max(drawn) > 0.9
