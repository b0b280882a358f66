"""How often an actor may die, and how long it pauses before it lives again."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.kernel.restarts import Exhausted, Intensity, Restart, after_death, on_probation, pause_s
from state.timeline import ms

STEADY = Intensity(deaths_max=3, within_s=60.0, pause_s=1.0, growth=2.0, pause_s_max=10.0, jitter=0.0)

fractions = st.floats(0.0, 1.0, exclude_max=True)


@st.composite
def intensities(draw: st.DrawFn) -> Intensity:
    deaths_max = draw(st.integers(0, 8))
    pause_s_max = draw(st.floats(0.01, 10.0))
    return Intensity(
        deaths_max=deaths_max,
        within_s=deaths_max * pause_s_max + draw(st.floats(0.1, 100.0)),
        pause_s=draw(st.floats(0.01, 5.0)),
        growth=draw(st.floats(1.0, 4.0)),
        pause_s_max=pause_s_max,
        jitter=draw(st.floats(0.0, 1.0)),
    )


def test_the_first_death_costs_a_short_pause():
    assert after_death((), 5000, STEADY, 0.5) == Restart(1000, (5000,))


def test_each_further_death_doubles_the_pause():
    assert after_death((5000,), 6000, STEADY, 0.5) == Restart(2000, (5000, 6000))
    assert after_death((5000, 6000), 8000, STEADY, 0.5) == Restart(4000, (5000, 6000, 8000))


def test_more_deaths_than_allowed_are_too_many():
    assert after_death((5000, 6000, 8000), 12_000, STEADY, 0.5) == Exhausted(4)


def test_a_death_is_forgotten_when_its_window_has_passed():
    assert after_death((5000, 6000, 8000), 65_000, STEADY, 0.5) == Restart(4000, (6000, 8000, 65_000))


def test_who_lived_long_enough_starts_with_a_clean_past():
    assert after_death((5000, 6000, 8000), 3_600_000, STEADY, 0.5) == Restart(1000, (3_600_000,))


def test_jitter_only_shortens():
    jittery = Intensity(pause_s=1.0, jitter=0.5)
    assert after_death((), 0, jittery, 0.0) == Restart(1000, (0,))
    assert after_death((), 0, jittery, 0.5) == Restart(750, (0,))


def test_who_may_not_die_at_all_is_exhausted_at_once():
    assert after_death((), 0, Intensity(deaths_max=0), 0.0) == Exhausted(1)


def test_on_probation_one_death_is_too_many():
    assert after_death(on_probation(9000, STEADY), 9500, STEADY, 0.5) == Exhausted(4)


def test_probation_ends_with_the_window():
    assert after_death(on_probation(9000, STEADY), 69_000, STEADY, 0.5) == Restart(1000, (69_000,))


def test_an_intensity_that_no_crash_loop_could_exhaust_is_refused():
    with pytest.raises(ValueError, match="pauses of 62 s never let 6 deaths fall into 60 s"):
        Intensity(deaths_max=5, within_s=60.0, pause_s=2.0, pause_s_max=1000.0)


@settings(max_examples=500)
@given(intensities(), st.lists(fractions, min_size=9, max_size=9), st.integers(0, 10**12))
def test_a_crash_loop_always_ends(intensity: Intensity, jitters: list[float], now_ms: int):
    deaths: tuple[int, ...] = ()
    for fraction in jitters[: intensity.deaths_max]:
        restart = after_death(deaths, now_ms, intensity, fraction)
        assert isinstance(restart, Restart)
        deaths = restart.deaths
        now_ms += restart.pause_ms
    assert after_death(deaths, now_ms, intensity, 0.0) == Exhausted(intensity.deaths_max + 1)


@settings(max_examples=500)
@given(intensities(), st.lists(st.integers(0, 200_000), max_size=12), fractions)
def test_only_recent_deaths_count_and_never_more_than_allowed(
    intensity: Intensity, moments: list[int], fraction: float
):
    now_ms = 200_000
    earlier = tuple(sorted(moments))
    recent = [at_ms for at_ms in (*earlier, now_ms) if at_ms > now_ms - ms(intensity.within_s)]
    match after_death(earlier, now_ms, intensity, fraction):
        case Exhausted(deaths=deaths):
            assert deaths == len(recent) > intensity.deaths_max
        case Restart(deaths=kept):
            assert list(kept) == recent
            assert len(kept) <= intensity.deaths_max


@settings(max_examples=500)
@given(intensities(), st.integers(1, 8), fractions)
def test_pauses_grow_and_stay_within_their_bounds(intensity: Intensity, nth: int, fraction: float):
    assert pause_s(intensity, nth) <= pause_s(intensity, nth + 1) <= intensity.pause_s_max
    if nth <= intensity.deaths_max:
        restart = after_death((1000,) * (nth - 1), 1000, intensity, fraction)
        assert isinstance(restart, Restart)
        assert 0 <= restart.pause_ms <= ms(pause_s(intensity, nth))
