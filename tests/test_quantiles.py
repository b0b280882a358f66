"""What a sketch of times remembers."""

from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.usage.fading import HALF_LIFE_MS, Fading
from state.usage.fading import together as fading_together
from state.usage.quantiles import ERROR_MAX, TIME_MS_MAX, Sketch, together

TIMES = st.lists(st.integers(0, TIME_MS_MAX) | st.integers(0, 2_000), min_size=1, max_size=200)
MOMENTS = st.integers(0, 500 * HALF_LIFE_MS)
SEEN = st.lists(st.tuples(st.integers(0, 60_000), MOMENTS), max_size=50)


def sketch(times: Iterable[int], at_ms: int = 0) -> Sketch:
    seen = Sketch()
    for time_ms in times:
        seen = seen.add(time_ms, at_ms)
    return seen


def test_quantiles_of_a_thousand_even_times() -> None:
    seen = sketch(range(1, 1001))

    assert seen.quantiles(0.5, 0.95, 0.99) == pytest.approx((500, 950, 990), rel=ERROR_MAX)
    assert seen.ewma_ms == pytest.approx(500.5)
    assert seen.samples(0) == pytest.approx(1000)


def test_of_nothing_nothing_is_known() -> None:
    assert Sketch().quantiles(0.5, 0.99) == (None, None)
    assert Sketch().ewma_ms is None
    assert Sketch().samples(10**12) == 0


@settings(max_examples=200)
@given(TIMES, st.floats(0.001, 1.0))
def test_a_quantile_is_at_most_a_sixteenth_off(times: list[int], share: float) -> None:
    count = len(times)
    rank = next(rank for rank in range(count) if share * count <= (rank + 1) * (1 + 1e-12))
    truth = sorted(times)[rank]

    assert sketch(times).quantile(share) == pytest.approx(truth, rel=ERROR_MAX)


@settings(max_examples=200)
@given(SEEN, st.floats(0, 1), st.floats(0, 1))
def test_a_larger_share_never_has_a_smaller_time(
    seen: list[tuple[int, int]], one: float, other: float
) -> None:
    remembered = Sketch()
    for time_ms, at_ms in seen:
        remembered = remembered.add(time_ms, at_ms)
    low, high = remembered.quantiles(min(one, other), max(one, other))

    assert (low is None) == (high is None) == (not seen)
    assert low is None or high is None or low <= high


def test_yesterday_fades() -> None:
    lane = sketch([10_000] * 100, at_ms=0)
    for _ in range(10):
        lane = lane.add(100, 6 * HALF_LIFE_MS)

    assert lane.quantile(0.5) == pytest.approx(100, rel=ERROR_MAX)
    assert lane.samples(6 * HALF_LIFE_MS) == pytest.approx(10 + 100 / 64)
    assert lane.samples(7 * HALF_LIFE_MS) == pytest.approx(5 + 50 / 64)


def test_time_alone_changes_no_judgement_only_how_much_stands_behind_it() -> None:
    lane = sketch([100, 200, 300])

    assert lane.quantile(0.5) == pytest.approx(200, rel=ERROR_MAX)
    assert lane.samples(1000 * HALF_LIFE_MS) == pytest.approx(0)


@pytest.mark.parametrize("years", [1, 100, 10_000])
def test_after_ages_of_silence_only_what_is_new_counts(years: int) -> None:
    later = years * 366 * 86_400_000
    lane = sketch([10_000] * 100).add(100, later)

    assert lane.quantiles(0.01, 1.0) == pytest.approx((100, 100), rel=ERROR_MAX)
    assert lane.ewma_ms == pytest.approx(100)
    assert lane.samples(later) == pytest.approx(1)


@settings(max_examples=200)
@given(SEEN, SEEN)
def test_two_sketches_together_are_one_sketch_of_both(
    these: list[tuple[int, int]], those: list[tuple[int, int]]
) -> None:
    def of(seen: list[tuple[int, int]]) -> Sketch:
        remembered = Sketch()
        for time_ms, at_ms in sorted(seen, key=lambda pair: pair[1]):
            remembered = remembered.add(time_ms, at_ms)
        return remembered

    both, one = together([of(these), of(those)]), of([*these, *those])
    last_ms = max((at_ms for _, at_ms in [*these, *those]), default=0)

    assert both.samples(last_ms) == pytest.approx(one.samples(last_ms))
    assert both.ewma_ms == (None if one.ewma_ms is None else pytest.approx(one.ewma_ms))
    whole = sum(both.buckets.values())
    assert {bucket for bucket, weight in both.buckets.items() if weight > whole * 1e-6} <= set(one.buckets)


def test_nothing_together_is_nothing() -> None:
    assert together([]) == Sketch()
    assert fading_together([]) == Fading()


@pytest.mark.parametrize("time_ms", [-1, -(10**30), 10**30])
def test_an_absurd_time_is_cut_to_what_can_be(time_ms: int) -> None:
    assert sketch([time_ms]).quantile(0.5) == pytest.approx(0 if time_ms < 0 else TIME_MS_MAX, rel=ERROR_MAX)


@settings(max_examples=200)
@given(SEEN)
def test_a_sketch_is_small_and_survives_the_snapshot(seen: list[tuple[int, int]]) -> None:
    remembered = Sketch()
    for time_ms, at_ms in seen:
        remembered = remembered.add(time_ms, at_ms)

    assert json.decode(json.encode(remembered), type=Sketch) == remembered


def test_however_much_is_observed_there_are_at_most_160_buckets() -> None:
    seen = sketch(round(1.01**power) for power in range(1600))

    assert len(seen.buckets) <= 160
