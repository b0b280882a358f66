"""Which lane goes first among those that are well."""

from bisect import bisect
from collections import Counter
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from state.config import PriceConfig, Strategy
from state.routing.board import LaneView
from state.routing.question import Question
from state.routing.strategies import EXPLORE, ORDERS, golden
from tests.scenes import TRIAL_FREE, asked, chosen, did, having_tried, lane, now, order, out

PICKS = 10_000
TOLERANCE = 0.02
EVENLY = 6
"""Picks: what is left of unevenness, and 2 % of the part of a lane that gets one in thirty."""


def turns(question: Question, count: int) -> str:
    """Who is chosen in each of so many requests, one after the other."""
    return " ".join(chosen(structs.replace(question, turn=turn)) for turn in range(count))


def shares(question: Question, picks: int = PICKS) -> dict[str, float]:
    """Which part of so many requests each lane gets."""
    counts = Counter(chosen(structs.replace(question, turn=turn)) for turn in range(picks))
    return {name: count / picks for name, count in counts.items()}


def test_every_strategy_of_the_config_has_an_order():
    assert set(ORDERS) == set(Strategy)


class TestPrimaryOnly:
    abc = asked(lane("a"), lane("b"), lane("c"))

    def test_it_is_the_default_and_keeps_the_order_of_the_pool(self):
        assert order(self.abc) == "a b c"
        assert turns(self.abc, 3) == "a a a"

    def test_in_the_pool_of_everything_the_order_is_that_of_priority(self):
        question = asked(lane("paid", priority=20), lane("local", priority=1), lane("free", priority=2))
        assert order(question) == "local free paid"

    def test_it_is_back_at_the_first_as_soon_as_that_is_healthy(self):
        down = now(self.abc, lane("a", condition=out(60)))
        assert chosen(down) == "b"
        assert chosen(now(down, lane("a"))) == "a"

    def test_a_cascade_uses_up_all_models_of_a_key_before_the_next_key(self):
        question = asked(
            *(lane(f"gemini/{key}/{model}") for key in ("key1", "key2") for model in ("flash", "lite"))
        )
        assert order(question) == "gemini/flash gemini/lite gemini/key2/flash gemini/key2/lite"


class TestRoundRobin:
    abc = asked(lane("a"), lane("b"), lane("c"), strategy=Strategy.ROUND_ROBIN)

    def test_lanes_take_turns(self):
        assert turns(self.abc, 7) == "a b c a b c a"
        assert order(now(self.abc, turn=2)) == "c a b"

    def test_who_is_out_has_no_turn_and_leaves_it_to_nobody_in_particular(self):
        question = now(self.abc, lane("b", condition=out()))
        assert turns(question, 6) == "a c a c a c"

    def test_after_a_failure_the_next_in_turn_is_next(self):
        question = structs.replace(self.abc, turn=1)
        assert order(question) == "b c a"
        assert order(having_tried(question, "b")) == "c a"

    def test_and_the_failed_one_being_out_by_now_would_change_only_whose_turn_it_is(self):
        question = structs.replace(now(self.abc, lane("b", condition=out())), turn=1)
        assert order(having_tried(question, "b")) == "c a"


class TestBestPerformance:
    def question(self, *views: LaneView, chance: float = 0.5, **ask: Any) -> Question:
        return structs.replace(asked(*views, strategy=Strategy.BEST_PERFORMANCE, **ask), chance=chance)

    def test_of_two_that_always_answer_the_faster_goes_first(self):
        assert (
            order(self.question(lane("a", performance=did(ms=900)), lane("b", performance=did(ms=300))))
            == "b a"
        )

    def test_a_failure_costs_its_caller_seconds_so_fast_and_broken_is_not_fast(self):
        fast_and_broken = lane("a", performance=did(success=0.6, ms=100))
        slow_and_sound = lane("b", performance=did(success=1.0, ms=2000))
        assert order(self.question(fast_and_broken, slow_and_sound)) == "b a"

    def test_a_rare_failure_does_not_outweigh_seconds(self):
        assert (
            order(
                self.question(
                    lane("a", performance=did(success=1.0, ms=4000)),
                    lane("b", performance=did(success=0.98, ms=800)),
                )
            )
            == "b a"
        )

    def test_a_good_history_does_not_excuse_bad_answers_now(self):
        turned_bad = lane("a", performance=did(success=0.99, ms=500, recent=0.3))
        assert order(self.question(turned_bad, lane("b", performance=did(ms=900)))) == "b a"

    def test_who_streams_waits_for_the_first_token_only(self):
        talks_at_once = lane("a", performance=did(ms=9000, first_token_p50_ms=200))
        thinks_first = lane("b", performance=did(ms=3000, first_token_p50_ms=2500))
        assert order(self.question(talks_at_once, thinks_first, stream=True)) == "a b"
        assert order(self.question(talks_at_once, thinks_first, stream=False)) == "b a"

    def test_too_few_samples_are_no_reason_to_go_first(self):
        lucky = lane("a", performance=did(samples=3, ms=1))
        assert order(self.question(lucky, lane("b", performance=did()))) == "b a"

    def test_with_nothing_known_it_is_the_order_of_the_pool(self):
        assert order(self.question(lane("a"), lane("b"))) == "a b"

    def test_a_tenth_of_the_requests_looks_at_the_least_known(self):
        views = lane("a", performance=did()), lane("b", performance=did(samples=9)), lane("c")
        assert chosen(self.question(*views, chance=EXPLORE)) == "a"
        assert order(self.question(*views, chance=EXPLORE / 2)) == "c a b"

    def test_nobody_explores_when_all_are_known(self):
        views = lane("a", performance=did(ms=1)), lane("b", performance=did(ms=2))
        assert chosen(self.question(*views, chance=0.0)) == "a"

    def test_nobody_explores_after_a_failure(self):
        views = lane("a", performance=did()), lane("b"), lane("c", performance=did())
        assert order(having_tried(self.question(*views, chance=0.0), "a")) == "c b"

    def test_a_lane_on_trial_is_one_to_explore_whatever_was_known_of_it_before(self):
        back = lane("a", performance=did(ms=1), condition=TRIAL_FREE)
        well = lane("b", performance=did(ms=900))
        assert chosen(self.question(back, well)) == "b"
        assert chosen(self.question(back, well, chance=0.0)) == "a"


class TestWeighted:
    def question(self, *views: LaneView, **rules: Any) -> Question:
        return asked(*views, rules={"strategy": Strategy.WEIGHTED, **rules})

    def test_lanes_get_parts_like_their_weights(self):
        question = self.question(lane("a", weight=5.0), lane("b", weight=3.0), lane("c", weight=2.0))
        assert shares(question) == pytest.approx({"a": 0.5, "b": 0.3, "c": 0.2}, rel=TOLERANCE)

    def test_without_bursts(self):
        picks = turns(self.question(lane("a", weight=2.0), lane("b")), 1000)
        assert picks.startswith("a a a b a a b a b")
        assert "a a a a a" not in picks
        assert "b b" not in picks

    def test_those_who_are_left_keep_their_proportions(self):
        question = self.question(
            lane("a", weight=5.0, condition=out()), lane("b", weight=3.0), lane("c", weight=2.0)
        )
        assert shares(question) == pytest.approx({"b": 0.6, "c": 0.4}, rel=TOLERANCE)

    def test_a_provider_gets_no_larger_part_for_having_more_lanes(self):
        question = self.question(lane("a/m1"), lane("a/m2"), lane("a/key2/m1"), lane("b"))
        parts = shares(question)
        assert parts["b"] == pytest.approx(0.5, rel=TOLERANCE)
        assert parts["a/m1"] == pytest.approx(1 / 6, rel=TOLERANCE)

    def test_the_pool_may_weigh_otherwise(self):
        question = self.question(lane("a", weight=9.0), lane("b"), weights={"a": 1.0, "b/*": 3.0})
        assert shares(question) == pytest.approx({"a": 0.25, "b": 0.75}, rel=TOLERANCE)

    def test_who_answers_half_of_the_time_gets_half_of_its_part(self):
        question = self.question(lane("a", performance=did(success=0.5)), lane("b", performance=did()))
        assert shares(question) == pytest.approx({"a": 1 / 3, "b": 2 / 3}, rel=TOLERANCE)

    def test_a_few_bad_samples_change_nothing(self):
        question = self.question(lane("a", performance=did(samples=4, success=0.25)), lane("b"))
        assert shares(question) == pytest.approx({"a": 0.5, "b": 0.5}, rel=TOLERANCE)


class TestRandom:
    abcd = asked(lane("a"), lane("b"), lane("c"), lane("d"), strategy=Strategy.RANDOM)

    def test_chance_decides(self):
        drawn = [chosen(structs.replace(self.abcd, chance=chance)) for chance in (0.0, 0.3, 0.6, 0.999)]
        assert drawn == ["a", "b", "c", "d"]

    def test_weights_do_not(self):
        question = asked(lane("a", weight=99.0), lane("b"), strategy=Strategy.RANDOM)
        assert chosen(structs.replace(question, chance=0.5)) == "b"

    def test_the_one_after_is_drawn_too(self):
        orders = {order(structs.replace(self.abcd, chance=n / 24 + 0.01)) for n in range(24)}
        assert len(orders) == 24


class TestCheapest:
    def question(self, *views: LaneView, **ask: Any) -> Question:
        return asked(*views, strategy=Strategy.CHEAPEST, **ask)

    def test_what_runs_here_first_then_by_price_and_the_unpriced_last(self):
        question = self.question(
            lane("unpriced"),
            lane("dear", price=PriceConfig(input=10.0, output=30.0)),
            lane("cheap", price=PriceConfig(input=0.1, output=0.4)),
            lane("free", price=PriceConfig(input=0.0, output=0.0)),
            lane("ollama", local=True),
        )
        assert order(question) == "ollama free cheap dear unpriced"

    def test_the_price_is_that_of_this_request(self):
        reads_cheaply = lane("reads", price=PriceConfig(input=1.0, output=20.0))
        writes_cheaply = lane("writes", price=PriceConfig(input=5.0, output=5.0))
        long_prompt = self.question(reads_cheaply, writes_cheaply, tokens_in=50_000, tokens_out=100)
        long_answer = self.question(reads_cheaply, writes_cheaply, tokens_in=100, tokens_out=4000)
        assert order(long_prompt) == "reads writes"
        assert order(long_answer) == "writes reads"

    def test_an_image_costs_what_an_image_costs(self):
        question = self.question(
            lane("text-price-only", price=PriceConfig(input=0.1, output=0.1)),
            lane("b", price=PriceConfig(image=0.04)),
            lane("c", price=PriceConfig(image=0.02)),
            images_out=1,
        )
        assert order(question) == "c b text-price-only"

    def test_equal_prices_leave_the_order_of_the_pool(self):
        assert order(self.question(lane("a"), lane("b"))) == "a b"


class TestWhoseStrategyCounts:
    def test_a_request_may_bring_its_own(self):
        question = asked(lane("a"), lane("b"), rules={"strategy": Strategy.ROUND_ROBIN})
        assert turns(question, 2) == "a b"
        assert (
            turns(now(question, ask=structs.replace(question.ask, strategy=Strategy.PRIMARY_ONLY)), 2)
            == "a a"
        )


def pulled(weights: list[int]) -> Question:
    views = [lane(f"p{at}", weight=float(weight)) for at, weight in enumerate(weights)]
    return asked(*views, rules={"strategy": Strategy.WEIGHTED})


CIRCLE = sorted(golden(turn) for turn in range(PICKS))


@settings(max_examples=500)
@given(st.lists(st.integers(1, 20), min_size=2, max_size=8), st.integers(0, 2**40))
def test_a_turn_falls_to_the_lane_whose_stretch_of_the_circle_it_is(weights, turn):
    """One half of the law: lanes lie on the circle side by side, each as long as its weight."""
    at = Fraction(golden(turn)) * sum(weights)
    owner = next(n for n in range(len(weights)) if at < sum(weights[: n + 1]))
    assert chosen(structs.replace(pulled(weights), turn=turn)) == f"p{owner}"


@settings(max_examples=500)
@given(st.floats(0, 1), st.floats(0, 1), st.integers(0, 2**40))
def test_ten_thousand_turns_lie_on_the_circle_as_evenly_as_can_be(one, other, first):
    """The other half: any stretch of it gets its part of the turns to within a few, whenever they begin."""
    stretch, start = abs(one - other), (min(one, other) - golden(first)) % 1
    count = bisect(CIRCLE, start + stretch) - bisect(CIRCLE, start) + bisect(CIRCLE, start + stretch - 1)
    assert abs(count - stretch * PICKS) <= EVENLY


@pytest.mark.slow
@settings(max_examples=500, deadline=None)
@given(st.lists(st.integers(1, 10), min_size=2, max_size=6), st.integers(0, 2**40))
def test_weights_hold_within_two_percent_over_ten_thousand_picks(weights, first):
    """Both halves together, pick by pick."""
    question, draw = pulled(weights), ORDERS[Strategy.WEIGHTED]
    views = tuple(question.views)
    counts = Counter(
        next(draw(views, structs.replace(question, turn=turn))).lane.provider
        for turn in range(first, first + PICKS)
    )
    for at, weight in enumerate(weights):
        expected = PICKS * weight / sum(weights)
        assert abs(counts[f"p{at}"] - expected) <= max(TOLERANCE * expected, EVENLY)
