"""Which lane a request gets, why not the others, and what it is told when there is none."""

from typing import ClassVar

import pytest
from msgspec import structs

from state.config import Capability, Config, PriceConfig, Strategy
from state.events import Force, Mark, OperatorActed, Window
from state.routing.board import Out, UsedUp
from state.routing.preferences import Preferences, fold_preferences
from state.routing.question import Lead, Question, Ranked, Skipped, Why
from state.routing.routing import Choice, Nobody, choose, rank
from state.routing.weather import SOON_MS
from state.words import ProviderId
from tests.scenes import (
    NOW_MS,
    TRIAL_FREE,
    TRIAL_TAKEN,
    asked,
    chosen,
    having_tried,
    lane,
    named,
    now,
    order,
    out,
    preferring,
    reasons,
    resting,
)

CHAT = frozenset({Capability.CHAT})
MINUTE_MS = 60_000


def nobody(question: Question) -> Nobody:
    answer = choose(question)
    assert isinstance(answer, Nobody)
    return answer


def somebody(question: Question) -> Choice:
    answer = choose(question)
    assert isinstance(answer, Choice)
    return answer


class TestEveryLaneHasAPlaceOrAReason:
    def test_and_it_reads_like_this(self):
        question = asked(
            lane("a", condition=out(why="503 three times in a row")),
            lane("b", condition=TRIAL_TAKEN),
            lane("c"),
            lane("d", exhausted=UsedUp(Window.RPM, NOW_MS + 1)),
            lane("e", condition=TRIAL_FREE),
            lane("f"),
            rules={"lanes": tuple("abcde")},
        )
        assert str(rank(question)) == (
            "1. c/key1/m\n"
            "2. e/key1/m, trial\n"
            "-  a/key1/m: out, 503 three times in a row\n"
            "-  b/key1/m: trial_taken, another request tests it\n"
            "-  d/key1/m: exhausted, rpm\n"
            "-  f/key1/m: not_in_pool"
        )

    def test_and_a_choice_brings_the_reasons_of_those_that_it_passed(self):
        question = asked(lane("a", condition=out(60, "503")), lane("b"), lane("c", condition=out()))
        assert choose(question) == Choice(
            lane=named("b"),
            mark=Mark.NORMAL,
            lead=Lead.STRATEGY,
            last_standing=True,
            passed=(Skipped(named("a"), Why.OUT, "503", NOW_MS + MINUTE_MS),),
        )

    def test_and_a_lane_that_a_reload_has_taken_away_is_gone(self):
        question = asked(lane("a"), lane("b"))
        views = {named("b"): lane("b")}
        reloaded = structs.replace(question, board=structs.replace(question.board, views=views))
        assert order(reloaded) == "b"
        assert reasons(reloaded) == {"a": "gone: no longer in the config"}

    def test_and_of_several_reasons_the_first_is_given(self):
        question = asked(lane("a", enabled=False, condition=out()), exclude=("a",))
        assert reasons(question) == {"a": "disabled: in the config"}


class TestWhatTheRequestNeeds:
    def test_a_model_must_be_able_to(self):
        question = asked(
            lane("a", can=CHAT),
            lane("b", can=CHAT | {Capability.VISION, Capability.TOOLS}),
            needs=CHAT | {Capability.TOOLS, Capability.VISION},
        )
        assert order(question) == "b"
        assert reasons(question) == {"a": "incapable: no tools, vision"}

    def test_prompt_and_bounded_answer_must_fit(self):
        question = asked(
            lane("small", context=8000),
            lane("unknown"),
            lane("large", context=9000),
            tokens_in=8000,
            tokens_out=1000,
        )
        assert order(question) == "unknown large"
        assert reasons(question) == {"small": "too_small: holds 8000 tokens of 9000"}

    def test_after_one_found_it_too_long_only_a_larger_one_is_asked(self):
        question = asked(lane("a", context=8000), lane("b", context=8000), lane("c", context=32_000))
        again = structs.replace(having_tried(question, "a"), outgrown=8000)
        assert order(again) == "c"
        assert reasons(again) == {"a": "already_tried", "b": "too_small: holds 8000 tokens of 8001"}


class TestWhatTheCallerWishes:
    def test_include_names_where_it_may_go(self):
        question = asked(lane("a"), lane("b/big"), lane("b/small"), include=("b/s*", "nobody"))
        assert order(question) == "b/small"
        assert reasons(question) == {"a": "not_included", "b/big": "not_included"}

    def test_exclude_names_where_it_may_not(self):
        question = asked(lane("a"), lane("b"), lane("c"), exclude=("c", "b/*"))
        assert order(question) == "a"
        assert reasons(question) == {"b": "excluded: by 'b/*'", "c": "excluded: by 'c'"}

    def test_a_budget_is_promised_only_where_the_price_is_known(self):
        question = asked(
            lane("dear", price=PriceConfig(input=10.0, output=30.0)),
            lane("unpriced"),
            lane("cheap", price=PriceConfig(input=0.1, output=0.4)),
            lane("local", local=True),
            tokens_in=10_000,
            tokens_out=1000,
            budget_usd=0.01,
        )
        assert order(question) == "cheap local"
        assert reasons(question) == {
            "dear": "over_budget: about $0.130000 of $0.010000",
            "unpriced": "over_budget: unpriced",
        }


class TestPrivacyBeatsAvailability:
    patients = frozenset({"patients"})

    def test_only_the_cleared_see_a_class_of_data_not_even_as_a_last_resort(self):
        question = asked(
            lane("cloud"),
            lane("clinic", data_classes=self.patients, condition=out()),
            rules={"data_class": "patients"},
        )
        assert reasons(question)["cloud"] == "data_class: not cleared for patients"
        assert nobody(question).last_resort == named("clinic")
        assert nobody(now(question, lane("cloud", condition=out(1)))).last_resort == named("clinic")

    def test_a_request_can_add_a_class_but_not_take_the_pools_away(self):
        views = (
            lane("a", data_classes=self.patients),
            lane("b", data_classes=frozenset({"staff"})),
            lane("c", data_classes=frozenset({"staff", "patients"})),
        )
        assert order(asked(*views, data_class="staff", rules={"data_class": "patients"})) == "c"
        assert order(asked(*views, data_class="staff")) == "b c"

    def test_who_is_cleared_for_something_still_sees_what_nobody_restricts(self):
        assert order(asked(lane("a", data_classes=self.patients), lane("b"))) == "a b"


class TestEachLaneOnce:
    def test_who_was_tried_in_this_request_is_not_tried_again(self):
        question = having_tried(asked(lane("a"), lane("b")), "a")
        assert order(question) == "b"
        assert reasons(question) == {"a": "already_tried"}

    def test_a_new_request_starts_fresh(self):
        assert order(asked(lane("a"), lane("b"))) == "a b"


class TestWithoutFailover:
    def test_it_is_the_first_lane_or_a_clear_error(self):
        question = asked(lane("a"), lane("b"), failover=False)
        assert order(question) == "a"
        down = now(question, lane("a", condition=out(60)))
        assert reasons(down) == {"a": "out: 503 three times", "b": "no_failover"}
        assert nobody(down).retry_at_ms == NOW_MS + MINUTE_MS

    def test_a_pool_can_say_so_for_all(self):
        question = asked(lane("a"), lane("b"), rules={"failover": False})
        assert order(having_tried(question, "a")) == ""

    def test_the_first_lane_is_the_first_that_the_request_could_use(self):
        question = asked(lane("a", can=CHAT), lane("b"), needs=CHAT | {Capability.TOOLS}, failover=False)
        assert order(question) == "b"

    def test_the_first_lane_is_the_callers_preferred_one_if_it_has_one(self):
        question = asked(lane("a"), lane("b"), preferred_provider="b", failover=False)
        assert order(question) == "b"
        assert order(now(question, lane("b", condition=out()))) == ""

    def test_where_lanes_take_turns_the_one_whose_turn_it_is_stands_in_for_nobody(self):
        question = asked(lane("a", condition=out()), lane("b"), failover=False, strategy=Strategy.ROUND_ROBIN)
        assert order(question) == "b"
        assert order(having_tried(question, "b")) == ""

    def test_who_the_operator_forces_is_a_first_lane_too(self):
        question = asked(lane("a"), lane("b"), lane("c"), failover=False)
        force = OperatorActed(at_ms=NOW_MS, wall_ms=0, act=Force(ProviderId("b"), NOW_MS + 1))
        assert order(preferring(question, fold_preferences(Preferences(), force, Config()))) == "b a"


class TestNoFailoverTo:
    """May be a first choice, never a second."""

    def test_so_it_serves_where_it_is_the_first(self):
        assert order(asked(lane("a"), lane("b"), no_failover_to=("a",))) == "a b"

    def test_but_not_after_a_failure(self):
        question = having_tried(asked(lane("a"), lane("b"), lane("c"), no_failover_to=("b",)), "a")
        assert order(question) == "c"
        assert reasons(question)["b"] == "no_failover_to: by 'b'"

    def test_nor_in_place_of_a_lane_that_is_out_which_would_be_the_same_by_another_name(self):
        question = asked(lane("a", condition=out()), lane("b"), lane("c"), no_failover_to=("b",))
        assert order(question) == "c"

    def test_the_pools_word_and_the_requests_count_together(self):
        question = asked(
            lane("a"), lane("b"), lane("c"), no_failover_to=("b",), rules={"no_failover_to": ("c",)}
        )
        assert order(having_tried(question, "a")) == ""

    def test_by_price_the_first_is_the_cheapest(self):
        question = asked(
            lane("dear", price=PriceConfig(input=9.0, output=9.0)),
            lane("cheap", price=PriceConfig(input=1.0, output=1.0)),
            strategy=Strategy.CHEAPEST,
            no_failover_to=("dear",),
        )
        assert order(question) == "cheap"
        assert (
            order(now(question, structs.replace(question.board.views[named("cheap")], condition=out()))) == ""
        )


class TestEmbeddings:
    """Vectors of two models do not compare."""

    embeds: ClassVar = {"can": frozenset({Capability.EMBEDDINGS})}
    question = asked(
        lane("a/small", **embeds),
        lane("b/large", **embeds),
        lane("c/small", **embeds),
        needs=frozenset({Capability.EMBEDDINGS}),
    )

    def test_stay_with_the_model_that_was_chosen_first(self):
        assert order(self.question) == "a/small c/small"
        assert order(having_tried(self.question, "a/small")) == "c/small"
        assert reasons(self.question) == {"b/large": "other_model: stays with small"}

    def test_stay_with_it_too_when_its_first_lane_is_out_or_one_index_would_get_two_kinds(self):
        assert order(now(self.question, lane("a/small", condition=out(), **self.embeds))) == "c/small"

    def test_fail_rather_than_change_the_model(self):
        down = now(
            self.question,
            lane("a/small", condition=out(), **self.embeds),
            lane("c/small", condition=out(), **self.embeds),
        )
        assert order(down) == ""

    def test_follow_the_caller_who_prefers_another_one(self):
        ask = structs.replace(self.question.ask, preferred_provider="b")
        assert order(structs.replace(self.question, ask=ask)) == "b/large"

    def test_under_any_strategy(self):
        for strategy in Strategy:
            ask = structs.replace(self.question.ask, strategy=strategy)
            for turn in range(3):
                assert "large" not in order(
                    structs.replace(self.question, ask=ask, turn=turn, chance=turn / 3)
                )


class TestStandingAndLimits:
    @pytest.mark.parametrize(
        ("facts", "reason", "after_s"),
        [
            ({"condition": out(60, "503")}, "out: 503", 60),
            ({"condition": resting(60)}, "resting: 429, as it stated", 60),
            ({"exhausted": UsedUp(Window.RPD, NOW_MS + MINUTE_MS)}, "exhausted: rpd", 60),
        ],
    )
    def test_keep_a_lane_back_until_their_end(self, facts, reason, after_s):
        question = asked(lane("a", **facts))
        assert reasons(question) == {"a": reason}
        assert order(now(question, after_s=after_s - 0.001)) == ""
        assert order(now(question, after_s=after_s)) == "a"

    @pytest.mark.parametrize(
        ("facts", "reason"),
        [
            ({"condition": Out(None, "the key was refused")}, "out: the key was refused"),
            ({"exhausted": UsedUp(Window.CONCURRENCY)}, "exhausted: concurrency"),
            ({"carries": 2, "in_flight": 2}, "slow_start: carries 2 at once"),
        ],
    )
    def test_keep_a_lane_back_until_something_happens(self, facts, reason):
        question = asked(lane("a", **facts))
        assert reasons(now(question, after_s=86_400)) == {"a": reason}

    def test_a_slow_start_has_room_up_to_its_step(self):
        assert order(asked(lane("a", carries=2, in_flight=1))) == "a"


class TestTrials:
    def test_a_recovered_primary_is_tested_in_its_own_place_by_one_request(self):
        question = asked(lane("a", condition=TRIAL_FREE), lane("b"))
        assert (somebody(question).lane, somebody(question).mark) == (named("a"), Mark.TRIAL)
        taken = now(question, lane("a", condition=TRIAL_TAKEN))
        assert (somebody(taken).lane, somebody(taken).mark) == (named("b"), Mark.NORMAL)

    def test_a_quarantine_that_has_run_out_is_a_trial_before_the_provider_says_so(self):
        question = now(asked(lane("a", condition=out(60)), lane("b")), after_s=60)
        assert somebody(question).mark is Mark.TRIAL

    def test_an_early_one_is_marked_as_such(self):
        early = structs.replace(TRIAL_FREE, mark=Mark.EARLY_TRIAL)
        assert somebody(asked(lane("a", condition=early))).mark is Mark.EARLY_TRIAL

    def test_nobody_tests_a_lane_while_those_before_it_are_well(self):
        assert chosen(asked(lane("a"), lane("b", condition=TRIAL_FREE))) == "a"

    def test_who_has_waited_for_a_failure_goes_to_who_is_well_and_tests_only_when_nobody_is(self):
        question = asked(lane("a"), lane("b", condition=TRIAL_FREE), lane("c"))
        assert order(question) == "a c b"
        assert order(having_tried(question, "a")) == "c b"
        assert order(having_tried(question, "a", "c")) == "b"

    def test_two_lanes_on_trial_do_not_make_one_request_wait_twice(self):
        question = asked(lane("a", condition=TRIAL_FREE), lane("b", condition=TRIAL_FREE), lane("c"))
        assert order(question) == "a c b"


class TestTheLastOneStanding:
    def test_is_the_only_one_that_the_request_could_use(self):
        assert somebody(asked(lane("a"), lane("b", condition=out()))).last_standing
        assert somebody(asked(lane("a"), lane("b"), include=("a",))).last_standing
        assert not somebody(asked(lane("a"), lane("b"))).last_standing

    def test_has_no_company_in_a_lane_on_trial(self):
        assert somebody(asked(lane("a"), lane("b", condition=TRIAL_FREE))).last_standing

    def test_has_company_in_a_lane_that_was_tried_in_vain_but_is_well(self):
        assert not somebody(having_tried(asked(lane("a"), lane("b")), "a")).last_standing


class TestNobody:
    def test_is_told_when_the_first_may_be_back_and_who_is_the_last_resort(self):
        question = asked(
            lane("a", condition=out(300)),
            lane("b", condition=out(120)),
            lane("c", condition=resting(90)),
            lane("d", condition=Out(None, "the key was refused", last_resort=False)),
        )
        assert choose(question) == Nobody(
            skipped=rank(question).skipped,
            retry_at_ms=NOW_MS + 90_000,
            last_resort=named("b"),
        )

    def test_is_back_only_when_all_that_holds_it_is_over(self):
        question = asked(
            lane("a", condition=out(10), exhausted=UsedUp(Window.RPD, NOW_MS + 50_000)),
            lane("b", condition=resting(60)),
        )
        assert nobody(question).retry_at_ms == NOW_MS + 50_000

    def test_goes_to_a_last_resort_only_if_nothing_but_its_quarantine_is_in_the_way(self):
        exhausted = UsedUp(Window.RPD, NOW_MS + 1)
        question = asked(
            lane("a", condition=out(1), exhausted=exhausted),
            lane("b", condition=out(2, last_resort=False)),
            lane("c", condition=out(3), carries=1, in_flight=1),
            lane("d", condition=out(4), enabled=False),
            lane("e", condition=out(5)),
        )
        assert nobody(question).last_resort == named("e")

    def test_has_no_last_resort_in_a_lane_that_has_just_failed_it(self):
        question = having_tried(asked(lane("a", condition=out(10)), lane("b", condition=out(20))), "a")
        assert nobody(question).last_resort == named("b")

    def test_waits_for_what_a_new_request_could_use_wherever_this_one_has_been(self):
        question = having_tried(asked(lane("a", condition=out(10)), lane("b", condition=out(20))), "a", "b")
        assert (nobody(question).retry_at_ms, nobody(question).last_resort) == (NOW_MS + 10_000, None)

    def test_is_not_told_to_wait_for_what_waiting_does_not_change(self):
        assert nobody(asked(lane("a", enabled=False))).retry_at_ms is None
        assert nobody(asked(lane("a", condition=Out(None, "the key was refused")))).retry_at_ms is None
        assert nobody(asked()).retry_at_ms is None

    def test_is_not_told_to_wait_for_a_lane_that_is_well_but_could_not_serve_it(self):
        question = having_tried(asked(lane("a"), lane("b", condition=resting(30))), "a")
        assert nobody(question).retry_at_ms == NOW_MS + 30_000
        assert nobody(having_tried(asked(lane("a")), "a")).retry_at_ms is None

    def test_comes_back_soon_for_a_slot_that_another_request_holds(self):
        question = asked(lane("a", condition=TRIAL_TAKEN), lane("b", condition=out(60)))
        assert nobody(question).retry_at_ms == NOW_MS + SOON_MS


def test_a_ranked_lane_says_what_put_it_there():
    question = asked(lane("a"), lane("b", condition=TRIAL_FREE), preferred_provider="b")
    assert [str(placing) for placing in rank(question).placings] == [
        "1. b/key1/m, wished, trial",
        "2. a/key1/m",
    ]
    assert rank(question).placings[1] == Ranked(named("a"), 2)
