"""A provider's day, in its own zone."""

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.usage.calendars import day_of, is_zone, next_midnight_wall_ms

PACIFIC = "America/Los_Angeles"
HOUR_MS = 3_600_000
ZONES = st.sampled_from(sorted(available_timezones()))
WALLS = st.integers(min_value=1_577_836_800_000, max_value=4_102_444_800_000)  # 2020 to 2100


def wall(text: str, zone: str = "UTC") -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


@pytest.mark.parametrize(
    ("now", "midnight", "zone"),
    [
        ("2026-01-15T14:30", "2026-01-16T00:00", PACIFIC),
        ("2026-07-15T14:30", "2026-07-16T00:00", PACIFIC),
        ("2026-01-15T00:00", "2026-01-16T00:00", PACIFIC),
        ("2026-12-31T23:59:59.999", "2027-01-01T00:00", "UTC"),
        ("2026-06-01T12:00", "2026-06-02T00:00", "Asia/Kathmandu"),
    ],
)
def test_a_day_ends_at_midnight_in_the_providers_zone(now: str, midnight: str, zone: str) -> None:
    assert next_midnight_wall_ms(wall(now, zone), zone) == wall(midnight, zone)


@pytest.mark.parametrize(("day", "hours"), [("2026-03-08", 23), ("2026-11-01", 25), ("2026-05-01", 24)])
def test_a_day_has_23_or_25_hours_where_summer_time_begins_or_ends(day: str, hours: int) -> None:
    start = wall(day, PACIFIC)

    assert next_midnight_wall_ms(start, PACIFIC) - start == hours * HOUR_MS


def test_where_midnight_is_left_out_the_day_begins_an_hour_later() -> None:
    eve = wall("2026-04-23T20:00", "Africa/Cairo")

    assert next_midnight_wall_ms(eve, "Africa/Cairo") == wall("2026-04-24T01:00", "Africa/Cairo")


def test_samoa_left_out_a_whole_day() -> None:
    eve = wall("2011-12-29T20:00", "Pacific/Apia")
    midnight = next_midnight_wall_ms(eve, "Pacific/Apia")

    assert midnight - eve == 4 * HOUR_MS
    assert day_of(midnight, "Pacific/Apia") - day_of(eve, "Pacific/Apia") == 2


def test_of_two_midnights_the_one_to_come_is_meant() -> None:
    """In St. John's summer time once ended at 00:01: that minute past midnight came twice."""
    zone = "America/St_Johns"
    second_eve = round(datetime(2005, 10, 29, 23, 30, fold=1, tzinfo=ZoneInfo(zone)).timestamp() * 1000)

    assert next_midnight_wall_ms(second_eve, zone) - second_eve == HOUR_MS // 2


@settings(max_examples=500)
@given(WALLS, ZONES)
def test_the_next_midnight_begins_the_next_day_and_nothing_before_it_does(now: int, zone: str) -> None:
    midnight = next_midnight_wall_ms(now, zone)

    assert now < midnight <= now + 28 * HOUR_MS  # Casey in Antarctica once went back by three hours
    assert day_of(midnight - 1, zone) == day_of(now, zone)
    assert day_of(midnight, zone) == day_of(now, zone) + 1


@pytest.mark.parametrize("wall_ms", [-1, -(10**18), 10**18])
def test_a_broken_wall_clock_breaks_nothing(wall_ms: int) -> None:
    assert day_of(wall_ms, PACIFIC) > 0
    assert next_midnight_wall_ms(wall_ms, PACIFIC) > wall_ms


@pytest.mark.parametrize("zone", ["UTC", PACIFIC, "Europe/Berlin"])
def test_known_zones_are_zones(zone: str) -> None:
    assert is_zone(zone)


@pytest.mark.parametrize(
    "zone", ["", "Mars/Olympus", "../../etc/passwd", "/etc/localtime", "America", "x" * 10_000, "a\0b"]
)
def test_other_names_are_none(zone: str) -> None:
    assert not is_zone(zone)
