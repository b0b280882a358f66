"""How lanes have done."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.config import Config, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    ConfigLoaded,
    Event,
    Interrupted,
    LinkLost,
    LinkRestored,
    OperatorActed,
    Outcome,
    RequestClosed,
    Rescued,
    StatsReset,
    Usage,
    Verdict,
)
from state.failures import Failure, Kind, Scope
from state.routing.board import Performance
from state.settings.offer import ModelConfig
from state.usage.fading import HALF_LIFE_MS
from state.usage.limits import Limits, fold_limits
from state.usage.quantiles import ERROR_MAX
from state.usage.records import Statistics
from state.usage.statistics import Summary, fold_statistics, performance, summary
from state.words import KeyId, LaneId, ProviderId, Target, covers

FLASH = LaneId("gemini", "key1", "flash")
LITE = LaneId("gemini", "key1", "lite")
OTHER_KEY = LaneId("gemini", "key2", "flash")
LLAMA = LaneId("openrouter", "key1", "meta/llama")
NOBODYS = (Kind.CONTEXT_LENGTH, Kind.CONTENT_POLICY, Kind.BAD_REQUEST)


def failed(kind: Kind = Kind.UNAVAILABLE) -> Failure:
    return Failure(kind=kind, scope=Scope.MODEL, rule="test")


def closed(
    outcome: Outcome | None = None,
    lane: LaneId = FLASH,
    at_ms: int = 0,
    *,
    duration_ms: int = 1000,
    first_token_ms: int | None = None,
    usage: Usage | None = None,
    cost_usd: float | None = None,
) -> AttemptClosed:
    return AttemptClosed(
        at_ms=at_ms,
        wall_ms=at_ms,
        attempt_id="attempt",
        request_id="request",
        lane=lane,
        outcome=Answered() if outcome is None else outcome,
        duration_ms=duration_ms,
        first_token_ms=first_token_ms,
        usage=usage,
        cost_usd=cost_usd,
    )


SETTINGS = Config(provider={each.provider: ProviderConfig(url="") for each in (FLASH, LLAMA)})


def after(*events: Event, statistics: Statistics | None = None) -> Statistics:
    known = Statistics() if statistics is None else statistics
    for event in events:
        known = fold_statistics(known, event, SETTINGS)
    return known


def of(
    statistics: Statistics, target: Target | None = FLASH, at_ms: int = 0, limits: Limits | None = None
) -> Summary:
    return summary(statistics, Limits() if limits is None else limits, target, at_ms)


def reset(target: Target | None = None) -> OperatorActed:
    return OperatorActed(at_ms=0, wall_ms=0, act=StatsReset(target=target))


def rescued(by: LaneId, *instead_of: LaneId) -> Rescued:
    return Rescued(at_ms=0, wall_ms=0, context="chat", lane=by, instead_of=instead_of)


class TestJudgement:
    def test_the_success_rate_is_of_answers_among_answers_and_own_failures(self) -> None:
        lane = of(after(closed(), closed(), closed(), closed(failed())))

        assert lane.success_rate == 0.75
        assert lane.samples == 4
        assert (lane.attempts, lane.answered, lane.failures) == (4, 3, {Kind.UNAVAILABLE: 1})

    @pytest.mark.parametrize("outcome", [*map(failed, NOBODYS), Cancelled(), Interrupted()])
    def test_what_is_nobodys_fault_is_counted_and_not_judged(self, outcome: Outcome) -> None:
        lane = of(after(closed(outcome)))

        assert (lane.attempts, lane.samples, lane.success_rate, lane.failures_in_row) == (1, 0, None, 0)

    @pytest.mark.parametrize("kind", [kind for kind in Kind if kind not in NOBODYS])
    def test_every_other_failure_is_judged(self, kind: Kind) -> None:
        lane = of(after(closed(failed(kind))))

        assert (lane.samples, lane.success_rate, lane.failures_in_row) == (1, 0, 1)

    def test_while_we_are_offline_a_failure_to_connect_says_nothing(self) -> None:
        lost = LinkLost(at_ms=0, wall_ms=0, since_ms=0)
        back = LinkRestored(at_ms=0, wall_ms=0)
        lane = of(
            after(
                lost,
                closed(failed(Kind.NETWORK)),
                closed(failed(Kind.AUTH)),
                back,
                closed(failed(Kind.NETWORK)),
            )
        )

        assert (lane.attempts, lane.samples, lane.failures_in_row) == (3, 2, 2)

    def test_yesterday_fades(self) -> None:
        bad = [closed(failed()) for _ in range(100)]
        good = [closed(at_ms=6 * HALF_LIFE_MS) for _ in range(10)]
        lane = of(after(*bad, *good), at_ms=6 * HALF_LIFE_MS)

        assert lane.success_rate == pytest.approx(10 / (10 + 100 / 64))
        assert lane.attempts == 110

    def test_nothing_known_is_no_judgement(self) -> None:
        lane = of(Statistics())

        assert (lane.success_rate, lane.latency, lane.first_token, lane.samples) == (None, None, None, 0)


class TestTimes:
    def test_latency_is_of_answers_only(self) -> None:
        """A lane that refuses in 5 ms is not fast."""
        lane = of(after(closed(duration_ms=2000), closed(failed(), duration_ms=5)))

        assert lane.latency is not None
        assert lane.latency.ewma_ms == pytest.approx(2000)
        assert lane.latency.p50_ms == pytest.approx(2000, rel=ERROR_MAX)

    def test_quantiles_of_latency_and_first_token(self) -> None:
        times = [closed(duration_ms=10 * n, first_token_ms=n) for n in range(1, 101)]
        lane = of(after(*times))

        assert lane.latency is not None
        assert lane.first_token is not None
        assert (lane.latency.p50_ms, lane.latency.p95_ms, lane.latency.p99_ms) == pytest.approx(
            (500, 950, 990), rel=ERROR_MAX
        )
        assert lane.first_token.p95_ms == pytest.approx(95, rel=ERROR_MAX)

    def test_a_first_token_counts_even_if_the_caller_left_after_it(self) -> None:
        lane = of(after(closed(Cancelled(), first_token_ms=300)))

        assert lane.first_token is not None
        assert lane.latency is None

    @pytest.mark.parametrize(
        ("target", "rpm"), [(FLASH, 2), (FLASH.key_id, 3), (ProviderId("gemini"), 3), (None, 4)]
    )
    def test_requests_per_minute_are_those_that_left_in_the_last_minute(
        self, target: Target | None, rpm: int
    ) -> None:
        limits = Limits()
        for number, lane in enumerate((FLASH, FLASH, LITE, LLAMA)):
            opened = AttemptOpened(
                at_ms=number, wall_ms=number, attempt_id=f"attempt{number}", request_id="request", lane=lane
            )
            limits = fold_limits(limits, opened, Config())

        assert of(Statistics(), target, 1000, limits).rpm == rpm
        assert of(Statistics(), target, 61_000, limits).rpm == 0


class TestRows:
    def test_an_answer_breaks_the_row(self) -> None:
        assert of(after(closed(failed()), closed(failed()))).failures_in_row == 2
        assert of(after(closed(failed()), closed(), closed(failed()))).failures_in_row == 1

    @pytest.mark.parametrize(
        ("target", "row"), [(LITE, 1), (FLASH.key_id, 0), (FLASH.provider_id, 0), (None, 0)]
    )
    def test_an_answer_of_one_lane_breaks_the_row_of_all_that_it_stands_on(
        self, target: Target | None, row: int
    ) -> None:
        known = after(closed(failed(), LITE), closed(lane=FLASH))

        assert of(known, target).failures_in_row == row

    def test_rows_of_several_lanes_add_up_above_them(self) -> None:
        known = after(closed(failed(), FLASH), closed(failed(), LITE), closed(failed(), OTHER_KEY))

        assert of(known, FLASH).failures_in_row == 1
        assert of(known, FLASH.key_id).failures_in_row == 2
        assert of(known, FLASH.provider_id).failures_in_row == 3
        assert of(known, None).failures_in_row == 3


class TestCounts:
    def test_who_was_left_and_who_stepped_in(self) -> None:
        known = after(rescued(LLAMA, FLASH, LITE), rescued(LLAMA, FLASH))

        assert (of(known, FLASH).failovers, of(known, LITE).failovers, of(known, LLAMA).rescues) == (2, 1, 2)
        assert (of(known, ProviderId("gemini")).failovers, of(known, None).rescues) == (3, 2)

    def test_tokens_and_cost_add_up_and_the_unpriced_are_counted(self) -> None:
        usage = Usage(tokens_in=100, tokens_out=20)
        lane = of(
            after(closed(usage=usage, cost_usd=0.5), closed(usage=usage, cost_usd=0.25), closed(usage=usage))
        )

        assert (lane.tokens_in, lane.tokens_out, lane.cost_usd, lane.unpriced) == (300, 60, 0.75, 1)

    def test_an_absurd_usage_is_cut_to_what_can_be(self) -> None:
        known = after(closed(usage=Usage(tokens_in=10**30, tokens_out=-5)))

        assert (of(known).tokens_in, of(known).tokens_out) == (10**9, 0)
        assert json.decode(json.encode(known), type=Statistics) == known

    def test_verdicts_are_counted(self) -> None:
        ok = RequestClosed(at_ms=0, wall_ms=0, request_id="request", verdict=Verdict.OK)
        late = RequestClosed(at_ms=0, wall_ms=0, request_id="request", verdict=Verdict.DEADLINE)

        assert after(ok, ok, late).verdicts == {Verdict.OK: 2, Verdict.DEADLINE: 1}


class TestReset:
    EVENTS = (closed(lane=FLASH), closed(failed(), LITE), closed(lane=OTHER_KEY), closed(failed(), LLAMA))

    @pytest.mark.parametrize(
        ("target", "left"),
        [
            (FLASH, [LITE, OTHER_KEY, LLAMA]),
            (KeyId("gemini", "key1"), [OTHER_KEY, LLAMA]),
            (ProviderId("gemini"), [LLAMA]),
            (None, []),
        ],
    )
    def test_a_reset_forgets_what_it_names_and_all_below(
        self, target: Target | None, left: list[LaneId]
    ) -> None:
        known = after(*self.EVENTS, reset(target))

        assert sorted(lane for lane, _ in known.lanes()) == sorted(left)

    def test_a_reset_of_all_forgets_everything(self) -> None:
        ok = RequestClosed(at_ms=0, wall_ms=0, request_id="request", verdict=Verdict.OK)

        assert after(*self.EVENTS, ok, reset()) == Statistics()

    def test_a_provider_whose_name_begins_like_anothers_is_another(self) -> None:
        known = after(closed(lane=LaneId("gemini2", "key1", "flash")), reset(ProviderId("gemini")))

        assert of(known, ProviderId("gemini2")).attempts == 1
        assert of(known, ProviderId("gemini")).attempts == 0


class TestReload:
    SEEN = (closed(lane=FLASH), closed(lane=LITE))

    @staticmethod
    def loaded(at_ms: int, *models: str) -> tuple[ConfigLoaded, Config]:
        gemini = ProviderConfig(
            name="gemini", url="https://gemini.test", models=tuple(ModelConfig(name=name) for name in models)
        )
        return ConfigLoaded(at_ms=at_ms, wall_ms=at_ms, digest=""), Config(provider={"gemini": gemini})

    def test_a_lane_that_left_the_config_is_forgotten_when_it_has_faded(self) -> None:
        event, config = self.loaded(12 * HALF_LIFE_MS, "flash")
        known = fold_statistics(after(*self.SEEN), event, config)

        assert [lane for lane, _ in known.lanes()] == [FLASH]

    def test_before_that_it_may_come_back_as_who_it_was(self) -> None:
        event, config = self.loaded(HALF_LIFE_MS, "flash")
        known = fold_statistics(after(*self.SEEN), event, config)

        assert of(known, LITE).attempts == 1


class TestPerformance:
    def test_an_unknown_lane_is_innocent(self) -> None:
        assert performance(Statistics(), FLASH, 0) == Performance()

    def test_the_router_is_told_how_a_lane_has_done_lately(self) -> None:
        known = after(*(closed(duration_ms=12, first_token_ms=3) for _ in range(30)))

        assert performance(known, FLASH, 0) == Performance(
            samples=30, success_rate=1.0, recent=1.0, latency_p50_ms=12, first_token_p50_ms=3
        )

    def test_the_latest_few_outcomes_move_recent_long_before_the_rate(self) -> None:
        known = after(*[closed() for _ in range(100)], *[closed(failed()) for _ in range(5)])
        told = performance(known, FLASH, 0)

        assert told.success_rate > 0.95
        assert told.recent < 0.35


LANES = st.sampled_from([FLASH, LITE, OTHER_KEY, LLAMA])
OUTCOMES = st.sampled_from([Answered(), Answered(), Cancelled(), Interrupted(), *map(failed, Kind)])
COUNTS = st.integers(-5, 10**6)
EVENTS = st.lists(
    st.one_of(
        st.builds(
            closed,
            OUTCOMES,
            LANES,
            st.integers(0, 200 * HALF_LIFE_MS),
            duration_ms=st.integers(-1, 10**7),
            first_token_ms=st.none() | st.integers(0, 10**6),
            usage=st.none() | st.builds(Usage, tokens_in=COUNTS, tokens_out=COUNTS),
            cost_usd=st.none() | st.floats(0, 10),
        ),
        st.builds(rescued, LANES, LANES, LANES),
        st.just(RequestClosed(at_ms=0, wall_ms=0, request_id="request", verdict=Verdict.OK)),
        st.just(LinkLost(at_ms=0, wall_ms=0, since_ms=0)),
        st.just(LinkRestored(at_ms=0, wall_ms=0)),
        st.just(ConfigLoaded(at_ms=0, wall_ms=0, digest="")),
        st.builds(reset, st.sampled_from([FLASH, KeyId("gemini", "key1"), ProviderId("openrouter"), None])),
    ),
    max_size=40,
)


@settings(max_examples=500, deadline=None)
@given(EVENTS, st.integers(0, 40))
def test_folding_in_two_halves_through_the_snapshot_is_folding_whole(events: list[Event], cut: int) -> None:
    half = json.decode(json.encode(after(*events[:cut])), type=Statistics)

    assert after(*events[cut:], statistics=half) == after(*events)


@settings(max_examples=200, deadline=None)
@given(EVENTS)
def test_what_is_said_is_always_possible(events: list[Event]) -> None:
    known = after(*events)
    for target in (FLASH, KeyId("gemini", "key1"), ProviderId("gemini"), None):
        told = of(known, target, 200 * HALF_LIFE_MS)
        assert told.success_rate is None or 0 <= told.success_rate <= 1
        assert 0 <= told.failures_in_row <= len(events)
        assert 0 <= told.answered <= told.attempts
        assert told.answered + sum(told.failures.values()) <= told.attempts
        assert 0 <= told.samples <= told.attempts + 1e-6
        assert told.tokens_in >= 0 <= told.tokens_out
        if told.latency is not None:
            assert 0 <= told.latency.p50_ms <= told.latency.p95_ms <= told.latency.p99_ms


@settings(max_examples=100, deadline=None)
@given(EVENTS)
def test_of_all_is_the_sum_of_the_providers(events: list[Event]) -> None:
    known = after(*events)
    parts = [of(known, ProviderId(name)) for name in ("gemini", "openrouter")]
    whole = of(known, None)

    assert whole.attempts == sum(part.attempts for part in parts)
    assert whole.tokens_out == sum(part.tokens_out for part in parts)
    assert whole.cost_usd == pytest.approx(sum(part.cost_usd for part in parts))
    assert whole.samples == pytest.approx(sum(part.samples for part in parts))


@settings(max_examples=200, deadline=None)
@given(st.lists(st.builds(closed, OUTCOMES, LANES), max_size=60))
def test_a_row_is_what_somebody_counting_by_hand_would_say(events: list[AttemptClosed]) -> None:
    known = after(*events)
    for target in (FLASH, LITE, FLASH.key_id, FLASH.provider_id, None):
        row = 0
        for event in events:
            if target is not None and not covers(target, event.lane):
                continue
            if isinstance(event.outcome, Answered):
                row = 0
            elif isinstance(event.outcome, Failure) and event.outcome.kind not in NOBODYS:
                row += 1
        assert of(known, target).failures_in_row == row


def test_a_lane_is_remembered_in_bounded_space() -> None:
    known = Statistics()
    for n in range(3000):
        event = closed(at_ms=n * 100, duration_ms=n * n, first_token_ms=n * n // 3)
        known = fold_statistics(known, event, Config())

    assert len(json.encode(known)) < 8 * 1024
