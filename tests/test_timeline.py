"""The daemon's own time: one line through restarts, reboots and clock jumps."""

from hypothesis import given, settings
from hypothesis import strategies as st

from state.timeline import Anchor, Reading, ms, resume, wall_set_ms

HOUR = 3_600_000


def test_seconds_become_whole_milliseconds():
    assert [ms(0.25), ms(300), ms(0.0004), ms(1.0006)] == [250, 300_000, 0, 1001]


def test_the_first_life_begins_at_zero():
    now = Reading("boot-1", 5000, 1_000_000)

    assert resume(None, now) == Anchor(0, now)


def test_within_one_boot_the_boot_clock_tells_how_long_we_were_away():
    last = Anchor(100, Reading("boot-1", 5000, 1_000_000))
    wall_gone_mad = Reading("boot-1", 8000, 0)

    assert resume(last, wall_gone_mad).at_ms == 3100


def test_across_a_reboot_the_wall_clock_tells_it():
    last = Anchor(100, Reading("boot-1", 500_000, 1_000_000))

    assert resume(last, Reading("boot-2", 7, 1_000_000 + HOUR)).at_ms == 100 + HOUR


def test_across_a_reboot_with_the_wall_clock_set_back_no_time_has_passed():
    last = Anchor(100, Reading("boot-1", 500_000, 1_000_000))

    assert resume(last, Reading("boot-2", 7, 0)).at_ms == 100


def test_where_the_boots_name_is_hidden_a_boot_clock_that_went_back_tells_another_boot():
    last = Anchor(100, Reading("", 500_000, 1_000_000))

    assert resume(last, Reading("", 7, 1_000_000 + HOUR)).at_ms == 100 + HOUR


def test_a_moment_of_the_same_boot_needs_no_second_anchor():
    anchor = Anchor(100, Reading("boot-1", 5000, 1_000_000))

    assert anchor.at(5000) == 100
    assert anchor.at(6234) == 1334


clocks = st.integers(-(2**50), 2**50)
readings = st.builds(Reading, st.sampled_from(["", "boot-1", "boot-2"]), clocks, clocks)


@settings(max_examples=1000)
@given(start=readings, lives=st.lists(readings, max_size=5), given_ms=st.integers(0, 10**12))
def test_what_is_left_after_any_restarts_and_any_clock_jumps_is_never_negative_nor_more_than_it_was(
    start, lives, given_ms
):
    anchor = resume(None, start)
    deadline_ms = anchor.at_ms + given_ms
    left_ms = given_ms

    for reading in lives:
        anchor = resume(anchor, reading)
        left_before_ms, left_ms = left_ms, max(0, deadline_ms - anchor.at_ms)
        assert 0 <= left_ms <= left_before_ms <= given_ms


@settings(max_examples=500)
@given(lives=st.lists(readings, min_size=1, max_size=6))
def test_the_timeline_never_runs_backwards(lives):
    anchor = None
    moments = []
    for reading in lives:
        anchor = resume(anchor, reading)
        moments.append(anchor.at_ms)

    assert moments == sorted(moments)


def test_a_wall_clock_that_was_set_is_noticed_and_one_that_drifted_is_not():
    then = Reading("boot-1", 5000, 100 * HOUR)

    assert wall_set_ms(then, Reading("boot-1", 5000 + HOUR, 125 * HOUR)) == 24 * HOUR
    assert wall_set_ms(then, Reading("boot-1", 5000 + HOUR, 77 * HOUR)) == -24 * HOUR
    assert wall_set_ms(then, Reading("boot-1", 5000 + HOUR, 101 * HOUR + 900)) == 0


def test_across_a_reboot_only_a_wall_clock_that_went_back_gives_itself_away():
    then = Reading("boot-1", 5000, 100 * HOUR)

    assert wall_set_ms(then, Reading("boot-2", 7, 125 * HOUR)) == 0
    assert wall_set_ms(then, Reading("boot-2", 7, 76 * HOUR)) == -24 * HOUR
