"""What may still be used, by example."""

import pytest
from msgspec import json, structs

from state.config import Config
from state.events import (
    Answered,
    Cancelled,
    ConfigLoaded,
    Interrupted,
    OperatorActed,
    Outcome,
    StatsReset,
    Usage,
    Window,
)
from state.failures import Failure, Kind, Scope
from state.settings.offer import LimitsConfig
from state.usage.limits import Exhausted, Limits, Reserved
from tests.ledger import DAY_MS, FLASH, HOUR_MS, LITE, OTHER_KEY, Ledger, Now, config, ledger, until


def test_without_limits_there_is_always_room() -> None:
    book = ledger()
    for second in range(1000):
        book.call(second)

    assert book.ask(1000, tokens=10**6) == Reserved(10**6)


class TestMinutes:
    def test_the_third_of_two_a_minute_waits_until_the_first_is_a_minute_old(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=2))
        book.call(0)
        book.call(30_000)

        refusal = book.ask(40_000)

        assert refusal == Exhausted(FLASH, Window.RPM, limit=2, used=2, need=1, until_ms=61_000)
        assert str(refusal) == "gemini/key1/flash: 2 of 2 rpm used"
        assert isinstance(book.ask(60_999), Exhausted)
        assert book.ask(61_000) == Reserved(0)

    def test_the_window_slides_and_does_not_jump(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=2))
        book.call(0)
        book.call(30_000)
        book.call(61_000)

        assert until(book.ask(61_001)) == 91_000

    def test_second_tries_in_place_are_requests_too_from_when_they_are_known(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=3))
        book.close(book.open(0), 10_000, tries=3)

        assert until(book.ask(20_000)) == 61_000
        assert book.ask(61_000) == Reserved(0)
        book.call(61_000)
        assert until(book.ask(62_000)) == 71_000

    def test_they_count_too_where_nobody_saw_the_beginning(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=3, rpd=3))
        book.close("lost", 0, tries=3)

        assert until(book.ask(0)) == 12 * HOUR_MS

    @pytest.mark.parametrize("tries", [-5, 0])
    def test_an_attempt_is_at_least_one_request(self, tries: int) -> None:
        book = ledger(lane=LimitsConfig(rpm=1))
        book.close("lost", 0, tries=tries)

        assert until(book.ask(0)) == 61_000

    def test_a_request_that_left_counts_whatever_became_of_it(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=3))
        refused = Failure(kind=Kind.RATE_LIMIT, scope=Scope.MODEL, rule="test")
        for outcome in (refused, Cancelled(), Interrupted()):
            book.close(book.open(0), 10, outcome=outcome)

        assert until(book.ask(20)) == 61_000


class TestDays:
    def test_a_daily_limit_comes_back_at_midnight_in_the_providers_zone(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0)

        assert until(book.ask(HOUR_MS)) == 12 * HOUR_MS
        assert isinstance(book.ask(12 * HOUR_MS - 1), Exhausted)
        assert book.ask(12 * HOUR_MS) == Reserved(0)

    def test_each_day_is_counted_anew(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=2))
        for hour in (0, 1, 12, 13):
            assert book.ask(hour * HOUR_MS) == Reserved(0)
            book.call(hour * HOUR_MS)

        assert until(book.ask(14 * HOUR_MS)) == 36 * HOUR_MS

    def test_an_attempt_over_midnight_is_a_request_of_the_old_day_and_tokens_of_the_new(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1, tpd=100))
        attempt = book.open(12 * HOUR_MS - 1, tokens=60)
        book.close(attempt, 12 * HOUR_MS + 1, usage=Usage(tokens_in=60, tokens_out=20))

        assert book.ask(12 * HOUR_MS + 2, tokens=20) == Reserved(20)
        assert until(book.ask(12 * HOUR_MS + 2, tokens=21)) == 36 * HOUR_MS


class TestClockJumps:
    """The timeline (first argument) is never wrong; the wall may be set to anything by anybody."""

    def test_setting_the_wall_forward_a_day_unlocks_nothing(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0)

        assert until(book.ask(1000, ahead_ms=DAY_MS)) == 12 * HOUR_MS

    def test_setting_the_wall_back_a_day_unlocks_nothing_and_blocks_no_longer(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0)

        assert until(book.ask(1000, ahead_ms=-DAY_MS)) == 12 * HOUR_MS

    def test_the_same_midnight_is_not_passed_twice(self) -> None:
        """The wall was a day ahead, then somebody put it right: the date that begins is no new one."""
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0, ahead_ms=11 * HOUR_MS)
        book.call(HOUR_MS, ahead_ms=11 * HOUR_MS)  # the wall says midnight: for all we know a new day

        assert isinstance(book.ask(12 * HOUR_MS), Exhausted)
        assert isinstance(book.ask(25 * HOUR_MS), Exhausted)
        assert book.ask(26 * HOUR_MS) == Reserved(0)

    @pytest.mark.parametrize("ahead_ms", [-400 * DAY_MS, -DAY_MS, DAY_MS, 400 * DAY_MS])
    def test_a_wall_that_was_wrong_when_the_day_began_blocks_for_25_hours_at_most(
        self, ahead_ms: int
    ) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0, ahead_ms=ahead_ms)

        assert book.ask(25 * HOUR_MS) == Reserved(0)

    def test_a_wall_that_stands_still_blocks_for_25_hours_at_most(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0, ahead_ms=11 * HOUR_MS)

        assert isinstance(book.ask(24 * HOUR_MS, ahead_ms=-13 * HOUR_MS), Exhausted)
        assert book.ask(25 * HOUR_MS, ahead_ms=-14 * HOUR_MS) == Reserved(0)


class TestTokens:
    def test_in_flight_the_estimate_counts_and_then_what_it_came_to(self) -> None:
        book = ledger(lane=LimitsConfig(tpm=1000))
        attempt = book.open(0, tokens=600)

        assert until(book.ask(1, tokens=401)) is None
        assert book.ask(1, tokens=400) == Reserved(400)

        book.close(attempt, 5000, usage=Usage(tokens_in=100, tokens_out=100))
        assert book.ask(5000, tokens=800) == Reserved(800)
        assert until(book.ask(5000, tokens=801)) == 66_000

    def test_tokens_count_from_the_end_of_the_attempt(self) -> None:
        book = ledger(lane=LimitsConfig(tpm=1000))
        book.close(book.open(0, tokens=600), 50_000)

        assert until(book.ask(100_000, tokens=600)) == 111_000

    def test_more_than_was_reserved_is_counted_in_full(self) -> None:
        book = ledger(lane=LimitsConfig(tpm=1000))
        book.close(book.open(0, tokens=10), 10, usage=Usage(tokens_in=10, tokens_out=5000))

        assert until(book.ask(20, tokens=0)) == 61_000

    def test_a_request_larger_than_the_window_never_fits_and_says_so(self) -> None:
        refusal = ledger(lane=LimitsConfig(tpm=1000)).ask(0, tokens=1001)

        assert str(refusal) == "gemini/key1/flash: needs 1001 of 1000 tpm"
        assert until(refusal) is None

    @pytest.mark.parametrize(
        ("kind", "first_token_ms", "counted"),
        [
            (Kind.RATE_LIMIT, None, 0),
            (Kind.QUOTA, None, 0),
            (Kind.AUTH, None, 0),
            (Kind.NOT_FOUND, None, 0),
            (Kind.BAD_REQUEST, None, 0),
            (Kind.CONTEXT_LENGTH, None, 0),
            (Kind.RATE_LIMIT, 300, 70),
            (Kind.CONTENT_POLICY, None, 70),
            (Kind.UNAVAILABLE, None, 70),
            (Kind.NETWORK, None, 70),
            (Kind.TIMEOUT, None, 70),
            (Kind.BAD_RESPONSE, None, 70),
        ],
    )
    def test_a_failure_counts_the_estimate_unless_it_was_turned_away_unread(
        self, kind: Kind, first_token_ms: int | None, counted: int
    ) -> None:
        book = ledger(lane=LimitsConfig(tpm=100))
        failure = Failure(kind=kind, scope=Scope.MODEL, rule="test")
        book.close(book.open(0, tokens=70), 10, outcome=failure, first_token_ms=first_token_ms)

        assert book.limits.meter(FLASH).odometer.tokens == counted

    @pytest.mark.parametrize("outcome", [Answered(), Cancelled(), Interrupted()])
    def test_what_ends_without_a_count_is_counted_as_estimated(self, outcome: Outcome) -> None:
        book = ledger()
        book.close(book.open(0, tokens=70), 10, outcome=outcome)

        assert book.limits.meter(FLASH).odometer.tokens == 70

    @pytest.mark.parametrize("count", [-5, 10**30])
    def test_an_absurd_count_is_cut_to_what_can_be(self, count: int) -> None:
        book = ledger()
        book.close(book.open(0, tokens=70), 10, usage=Usage(tokens_in=count, tokens_out=0))

        assert book.limits.meter(FLASH).odometer.tokens == (0 if count < 0 else 10**9)
        assert json.decode(json.encode(book.limits), type=Limits) == book.limits


class TestConcurrency:
    @pytest.mark.parametrize("outcome", [Answered(), Cancelled(), Interrupted()])
    def test_a_place_is_free_when_its_attempt_ends_however_it_ends(self, outcome: Outcome) -> None:
        book = ledger(lane=LimitsConfig(concurrency=1))
        attempt = book.open(0)

        assert until(book.ask(1)) is None

        book.close(attempt, 2, outcome=outcome)
        assert book.ask(3) == Reserved(0)

    def test_an_attempt_closed_twice_frees_one_place(self) -> None:
        book = ledger(lane=LimitsConfig(concurrency=2))
        attempt = book.open(0)
        book.open(0)
        book.close(attempt, 1)
        book.close(attempt, 1)

        assert book.limits.meter(FLASH).in_flight == 1

    def test_an_attempt_opened_twice_takes_one_place(self) -> None:
        book = ledger(lane=LimitsConfig(concurrency=2))
        book.open(0)
        book.count = 0
        book.open(0)

        assert book.limits.meter(FLASH).in_flight == 1


class TestTheChain:
    def test_a_keys_limit_is_shared_by_its_models_and_not_by_other_keys(self) -> None:
        book = ledger(key=LimitsConfig(rpm=1))
        book.call(0, LITE)

        assert str(book.ask(1, FLASH)) == "gemini/key1: 1 of 1 rpm used"
        assert book.ask(1, OTHER_KEY) == Reserved(0)

    def test_a_providers_limit_is_shared_by_all_its_keys(self) -> None:
        book = ledger(provider=LimitsConfig(concurrency=1))
        book.open(0, LITE)

        assert str(book.ask(1, OTHER_KEY)) == "gemini: 1 of 1 concurrency used"

    def test_a_refusal_takes_nothing_anywhere(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=10), provider=LimitsConfig(concurrency=1))
        book.open(0, LITE)
        before = book.limits

        assert isinstance(book.ask(1), Exhausted)
        assert book.limits is before

    def test_of_several_refusals_the_longest_is_told(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=1, rpd=1, concurrency=1))
        book.open(0)

        assert until(book.ask(1)) == 12 * HOUR_MS

    def test_a_model_without_limits_has_those_that_the_provider_gives_each_model(self) -> None:
        settings = config()
        gemini = structs.replace(settings.provider["gemini"], model_limits=LimitsConfig(rpm=1))
        book = Ledger(Config(provider={"gemini": gemini}))
        book.call(0, FLASH)

        assert isinstance(book.ask(1, FLASH), Exhausted)
        assert book.ask(1, LITE) == Reserved(0)


class TestStatedLimits:
    def test_a_stated_limit_holds_where_the_config_has_none(self) -> None:
        book = ledger()
        book.call(0)
        book.learn(10, Window.RPM, limit=1)

        refusal = book.ask(20)

        assert str(refusal) == "gemini/key1/flash: 1 of 1 rpm used, says the provider"
        assert until(refusal) == 60_010

    def test_it_never_loosens_a_configured_one(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=1))
        book.call(0)
        book.learn(10, Window.RPM, limit=1000, remaining=999, reset_ms=60_000)

        assert isinstance(book.ask(20), Exhausted)

    def test_what_remains_counts_from_the_statement(self) -> None:
        """Somebody else uses the same key, so less remains than we have left over."""
        book = ledger(lane=LimitsConfig(rpm=100))
        book.call(0)
        book.learn(10, Window.RPM, remaining=2, reset_ms=30_000)
        book.call(20)
        book.call(20)

        assert str(book.ask(30)) == "gemini/key1/flash: rpm used up, says the provider"
        assert until(book.ask(30)) == 30_000
        assert book.ask(30_000) == Reserved(0)

    def test_tokens_in_flight_are_taken_from_what_remains(self) -> None:
        book = ledger()
        book.open(0, tokens=700)
        book.learn(10, Window.TPM, remaining=1000, reset_ms=30_000)

        assert book.ask(20, tokens=300) == Reserved(300)
        assert until(book.ask(20, tokens=301)) == 30_000

    def test_a_bucket_refills_evenly_until_it_is_whole(self) -> None:
        """The reset says when it is full; the next request has room long before."""
        book = ledger()
        book.learn(0, Window.RPD, limit=24, remaining=0, reset_ms=24 * HOUR_MS, refills=True)

        assert until(book.ask(1)) == HOUR_MS
        assert isinstance(book.ask(HOUR_MS - 1), Exhausted)
        assert book.ask(HOUR_MS) == Reserved(0)

    def test_the_newest_statement_is_the_one_that_holds(self) -> None:
        book = ledger()
        book.learn(0, Window.RPM, remaining=0, reset_ms=30_000)
        book.learn(10, Window.RPM, remaining=5, reset_ms=30_000)

        assert book.ask(20) == Reserved(0)

    @pytest.mark.parametrize("reset_ms", [None, 10**15, -1, 5])
    def test_nonsense_blocks_a_minute_for_a_minute_at_most(self, reset_ms: int | None) -> None:
        book = ledger()
        book.learn(5, Window.RPM, limit=0, remaining=0, reset_ms=reset_ms, refills=True)

        assert book.ask(60_005) == Reserved(0)

    @pytest.mark.parametrize("reset_ms", [None, 10**15, -1, 5])
    def test_nonsense_blocks_a_day_for_25_hours_at_most(self, reset_ms: int | None) -> None:
        book = ledger()
        book.learn(5, Window.RPD, limit=0, remaining=0, reset_ms=reset_ms, refills=True)

        assert book.ask(25 * HOUR_MS + 5) == Reserved(0)

    def test_a_used_up_day_without_a_reset_comes_back_with_the_calendar(self) -> None:
        book = ledger()
        book.learn(5, Window.RPD, remaining=0)

        assert until(book.ask(10)) == 12 * HOUR_MS


class TestTheFold:
    def test_a_restart_counts_from_the_journal(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=2))
        book.call(0)
        book.limits = json.decode(json.encode(book.limits), type=Limits)
        book.call(1000)

        assert isinstance(book.ask(2000), Exhausted)

    def test_an_end_without_a_beginning_is_a_request_all_the_same(self) -> None:
        """The journal may have lost the opening while the disk was full."""
        book = ledger(lane=LimitsConfig(rpm=1))
        book.close("nobody saw it leave", 0, tokens_reserved=30)

        meter = book.limits.meter(FLASH)
        assert (meter.odometer.requests, meter.odometer.tokens, meter.in_flight) == (1, 30, 0)
        assert isinstance(book.ask(1), Exhausted)

    def test_a_reset_of_the_statistics_forgets_no_limit(self) -> None:
        book = ledger(lane=LimitsConfig(rpm=1))
        book.call(0)
        book.fold(OperatorActed(at_ms=1, wall_ms=Now(1).wall_ms, act=StatsReset()))

        assert isinstance(book.ask(2), Exhausted)

    def test_a_reload_forgets_only_what_has_nothing_to_tell(self) -> None:
        book = ledger(lane=LimitsConfig(rpd=1))
        book.call(0)
        book.fold(ConfigLoaded(at_ms=HOUR_MS, wall_ms=Now(HOUR_MS).wall_ms, digest=""))
        assert isinstance(book.ask(HOUR_MS), Exhausted)

        book.fold(ConfigLoaded(at_ms=12 * HOUR_MS, wall_ms=Now(12 * HOUR_MS).wall_ms, digest=""))
        assert book.limits == Limits()

    def test_a_limit_that_a_reload_brings_holds_for_what_was_used_before(self) -> None:
        book = ledger()
        book.call(0)
        book.settings = config(lane=LimitsConfig(rpm=1))

        assert isinstance(book.ask(10), Exhausted)
