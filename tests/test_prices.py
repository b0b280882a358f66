"""What attempts cost."""

from math import fsum
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.events import Answered, AttemptClosed, Cancelled, Interrupted, Outcome, Usage
from state.failures import Failure, Kind, Scope
from state.settings.offer import PriceConfig
from state.usage.prices import Bill, Part, bill, cost, dollars
from state.usage.tokens import TOKENS_MAX, estimate_tokens
from state.words import LaneId

FLASH = LaneId("gemini", "key1", "flash")
LLAMA = LaneId("openrouter", "key1", "llama")
MILLION = 1_000_000
PRICE = PriceConfig(input=2.0, output=8.0, cached_input=0.5, image=0.04)
FREE = PriceConfig(input=0.0, output=0.0)
FAILED = Failure(kind=Kind.UNAVAILABLE, scope=Scope.MODEL, rule="test")


class TestCost:
    @pytest.mark.parametrize(
        ("usage", "usd"),
        [
            (Usage(tokens_in=MILLION), 2.0),
            (Usage(tokens_out=MILLION), 8.0),
            (Usage(tokens_in=MILLION, tokens_out=500_000), 6.0),
            (Usage(tokens_in=MILLION, tokens_cached=MILLION), 0.5),
            (Usage(tokens_in=MILLION, tokens_cached=600_000), 0.8 + 0.3),
            (Usage(images=3), 0.12),
            (Usage(), 0.0),
        ],
    )
    def test_each_token_and_image_has_its_price(self, usage: Usage, usd: float) -> None:
        assert cost(PRICE, usage) == pytest.approx(usd)

    @pytest.mark.parametrize(
        ("price", "usage"),
        [
            (PriceConfig(), Usage(tokens_in=1)),
            (PriceConfig(), Usage()),
            (PriceConfig(input=2.0), Usage(tokens_in=1, tokens_out=1)),
            (PriceConfig(output=2.0), Usage(tokens_in=1, tokens_out=1)),
            (PriceConfig(cached_input=2.0), Usage(tokens_in=2, tokens_cached=1)),
            (FREE, Usage(images=1)),
            (PRICE, None),
            (FREE, None),
        ],
    )
    def test_what_nobody_priced_or_counted_is_unpriced_and_never_zero(
        self, price: PriceConfig, usage: Usage | None
    ) -> None:
        assert cost(price, usage) is None

    def test_free_is_what_is_declared_to_be(self) -> None:
        assert cost(FREE, Usage(tokens_in=MILLION, tokens_out=MILLION)) == 0.0

    def test_embeddings_need_no_price_for_what_they_do_not_give_back(self) -> None:
        assert cost(PriceConfig(input=0.02), Usage(tokens_in=MILLION)) == pytest.approx(0.02)

    def test_cached_tokens_without_a_price_of_their_own_cost_what_others_do(self) -> None:
        assert cost(PriceConfig(input=2.0), Usage(tokens_in=MILLION, tokens_cached=MILLION)) == pytest.approx(
            2.0
        )

    @settings(max_examples=500)
    @given(
        st.builds(
            Usage,
            tokens_in=st.integers(-(10**30), 10**30),
            tokens_out=st.integers(-(10**30), 10**30),
            tokens_cached=st.integers(-(10**30), 10**30),
            images=st.integers(-(10**30), 10**30),
        )
    )
    def test_no_usage_makes_us_earn_money_or_owe_the_world(self, usage: Usage) -> None:
        usd = cost(PRICE, usage)

        assert usd is not None
        assert 0 <= usd <= TOKENS_MAX


def closed(
    outcome: Outcome | None = None,
    lane: LaneId = FLASH,
    cost_usd: float | None = None,
    *,
    first_token_ms: int | None = None,
) -> AttemptClosed:
    return AttemptClosed(
        at_ms=0,
        wall_ms=0,
        attempt_id="attempt",
        request_id="request",
        lane=lane,
        outcome=Answered() if outcome is None else outcome,
        first_token_ms=first_token_ms,
        cost_usd=cost_usd,
    )


def parts(*attempts: AttemptClosed) -> list[Part]:
    return [line.part for line in bill(attempts).lines]


class TestBill:
    def test_every_attempt_has_a_line_of_its_own(self) -> None:
        assert parts(
            closed(FAILED),
            closed(FAILED),
            closed(FAILED, LLAMA, first_token_ms=200),
            closed(lane=FLASH),
        ) == [Part.RETRIED, Part.ABANDONED, Part.RESCUED, Part.ANSWERED]

    @pytest.mark.parametrize(
        ("outcome", "part"),
        [
            (Answered(), Part.ANSWERED),
            (FAILED, Part.FAILED),
            (Cancelled(), Part.CANCELLED),
            (Interrupted(), Part.INTERRUPTED),
        ],
    )
    def test_the_last_attempt_is_what_it_ended_as(self, outcome: Outcome, part: Part) -> None:
        assert parts(closed(outcome)) == [part]

    def test_a_total_says_how_much_it_leaves_out(self) -> None:
        assert str(bill([closed(cost_usd=0.0004), closed(cost_usd=0.00001)])) == "$0.000410"
        assert str(bill([closed(cost_usd=0.0004), closed()])) == "$0.000400 and 1 unpriced"
        assert str(bill([closed()])) == "unpriced"
        assert str(bill([closed(cost_usd=0.0)])) == "$0.000000"
        assert str(bill([])) == "$0.000000"

    def test_a_cost_too_small_to_show_is_still_no_gift(self) -> None:
        assert dollars(1e-9) == "<$0.000001"

    @settings(max_examples=500)
    @given(st.lists(st.none() | st.floats(0, 1e6), max_size=12), st.randoms(use_true_random=False))
    def test_bills_add_up_in_any_order(self, costs: list[float | None], random: Random) -> None:
        whole = bill(closed(cost_usd=usd) for usd in costs)
        shuffled = list(whole.lines)
        random.shuffle(shuffled)

        assert whole.total_usd == fsum(usd for usd in costs if usd is not None)
        assert Bill(tuple(shuffled)).total_usd == whole.total_usd
        assert whole.unpriced == costs.count(None)
        assert len(whole.lines) == len(costs)
        assert json.decode(json.encode(whole), type=Bill) == whole


class TestEstimate:
    @pytest.mark.parametrize(
        ("prompt_bytes", "images", "tokens"),
        [(0, 0, 0), (1, 0, 1), (4, 0, 1), (5, 0, 2), (4000, 0, 1000), (0, 2, 2000), (-1, -1, 0)],
    )
    def test_four_bytes_are_a_token_and_an_image_is_a_thousand(
        self, prompt_bytes: int, images: int, tokens: int
    ) -> None:
        assert estimate_tokens(prompt_bytes, images) == tokens

    def test_an_estimate_is_bounded(self) -> None:
        assert estimate_tokens(10**30) == TOKENS_MAX
