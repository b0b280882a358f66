"""What beats the plain order for a while: remembered rescues, the operator's force, another strategy."""

from functools import reduce

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.config import Config, DaemonConfig, Strategy
from state.events import (
    Event,
    Force,
    OperatorAct,
    OperatorActed,
    PreferenceCleared,
    Rescued,
    StrategySet,
)
from state.routing.preferences import Forced, Preferences, Remembered, Steered, context_key, fold_preferences
from state.words import KeyId, ProviderId, Target
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
    resting,
)

MINUTE_S = 60.0
HALF_AN_HOUR_MS = 1_800_000
SETTINGS = Config()


def rescue(by: str, *instead_of: str, context: str = "app/pool", at_s: float = 0.0) -> Rescued:
    return Rescued(
        at_ms=NOW_MS + round(at_s * 1000),
        wall_ms=0,
        context=context,
        lane=named(by),
        instead_of=tuple(map(named, instead_of)),
    )


def act(what: OperatorAct, at_s: float = 0.0) -> OperatorActed:
    return OperatorActed(at_ms=NOW_MS + round(at_s * 1000), wall_ms=0, act=what)


def force(target: Target, for_s: float = 3600.0, pool: str = "") -> OperatorActed:
    return act(Force(target, NOW_MS + round(for_s * 1000), pool))


def steer(strategy: Strategy, for_s: float = 3600.0, pool: str = "pool") -> OperatorActed:
    return act(StrategySet(pool, strategy, NOW_MS + round(for_s * 1000)))


def after(*events: Event, settings: Config = SETTINGS) -> Preferences:
    return reduce(lambda part, event: fold_preferences(part, event, settings), events, Preferences())


class TestARescueIsRemembered:
    """Lanes a, b, c in this order; c answered for the context after a had failed."""

    down = asked(lane("a", condition=out(3600)), lane("b"), lane("c"), app="app")
    rescued = preferring(down, after(rescue("c", "a")))

    def test_the_rescuer_goes_first_while_the_one_that_failed_is_out(self):
        assert order(self.down) == "b c"
        assert order(self.rescued) == "c b"

    def test_it_gives_way_when_the_first_is_well_again(self):
        assert order(now(self.rescued, lane("a"), after_s=60)) == "a b c"

    def test_one_request_tests_the_first_lane_and_the_rescuer_keeps_all_the_others(self):
        """If all with a memory passed the trial by, an app with one context would never be back at a."""
        assert chosen(now(self.rescued, lane("a", condition=TRIAL_FREE))) == "a"
        assert chosen(now(self.rescued, lane("a", condition=TRIAL_TAKEN))) == "c"

    def test_a_request_that_has_failed_on_the_trial_goes_to_the_rescuer(self):
        assert chosen(having_tried(now(self.rescued, lane("a", condition=TRIAL_FREE)), "a")) == "c"

    def test_it_gives_way_as_soon_as_any_of_those_that_failed_is_there(self):
        both = preferring(now(self.down, lane("b", condition=out())), after(rescue("c", "a", "b")))
        assert order(both) == "c"
        assert order(now(both, lane("b"))) == "b c"

    def test_it_is_forgotten_after_half_an_hour(self):
        assert chosen(now(self.rescued, after_s=30 * MINUTE_S - 0.001)) == "c"
        assert chosen(now(self.rescued, after_s=30 * MINUTE_S)) == "b"

    def test_another_context_knows_nothing_of_it(self):
        other = asked(lane("a", condition=out()), lane("b"), lane("c"), app="other")
        assert chosen(preferring(other, after(rescue("c", "a")))) == "b"

    def test_the_last_rescuer_is_the_one_that_counts(self):
        assert chosen(preferring(self.down, after(rescue("c", "a"), rescue("b", "a", at_s=1)))) == "b"

    def test_who_stood_in_for_nobody_has_nothing_to_keep(self):
        assert order(preferring(self.down, after(rescue("c")))) == "b c"

    @pytest.mark.parametrize("condition", [out(), resting(), TRIAL_FREE, TRIAL_TAKEN])
    def test_it_loses_at_once_when_it_is_not_well_itself(self, condition):
        assert chosen(now(self.rescued, lane("c", condition=condition))) == "b"

    def test_it_loses_at_once_to_an_exclusion(self):
        question = asked(lane("a", condition=out()), lane("b"), lane("c"), app="app", exclude=("c",))
        assert order(preferring(question, after(rescue("c", "a")))) == "b"

    def test_a_lane_that_is_no_longer_there_is_no_preference(self):
        assert order(preferring(self.down, after(rescue("gone", "a")))) == "b c"


class TestASticky:
    """One voice, warm caches."""

    well = asked(lane("a"), lane("b"), lane("c"), app="app", sticky=True)

    def test_context_stays_with_its_rescuer_for_the_full_half_hour(self):
        question = preferring(self.well, after(rescue("c", "a")))
        assert order(question) == "c a b"
        assert order(now(question, after_s=29 * MINUTE_S)) == "c a b"
        assert order(now(question, after_s=31 * MINUTE_S)) == "a b c"

    def test_pool_makes_all_its_contexts_so(self):
        question = asked(lane("a"), lane("b"), app="app", rules={"sticky": True})
        assert chosen(preferring(question, after(rescue("b", "a")))) == "b"

    def test_context_leaves_the_trial_of_its_first_lane_to_others(self):
        question = now(self.well, lane("a", condition=TRIAL_FREE))
        assert chosen(preferring(question, after(rescue("c", "a")))) == "c"

    def test_context_loses_its_rescuer_at_once_to_a_quarantine(self):
        question = preferring(self.well, after(rescue("c", "a")))
        assert order(now(question, lane("c", condition=out()))) == "a b"


class TestForce:
    abc = asked(lane("a"), lane("b/m1"), lane("b/key2/m1"), app="app")

    @pytest.mark.parametrize(
        ("target", "first"),
        [
            (ProviderId("b"), "b/m1 b/key2/m1 a"),
            (KeyId("b", "key2"), "b/key2/m1 a b/m1"),
            (named("b/m1"), "b/m1 a b/key2/m1"),
        ],
        ids=str,
    )
    def test_puts_a_provider_a_key_or_a_lane_first(self, target, first):
        assert order(preferring(self.abc, after(force(target)))) == first

    def test_ends_by_itself(self):
        question = preferring(self.abc, after(force(ProviderId("b"), for_s=3600)))
        assert chosen(now(question, after_s=3599.9)) == "b/m1"
        assert chosen(now(question, after_s=3600)) == "a"

    def test_may_be_for_one_pool_only(self):
        assert chosen(preferring(self.abc, after(force(ProviderId("b"), pool="other")))) == "a"
        assert chosen(preferring(self.abc, after(force(ProviderId("b"), pool="pool")))) == "b/m1"

    def test_for_this_pool_beats_force_for_all(self):
        both = after(force(ProviderId("b"), pool="pool"), force(ProviderId("a")))
        assert chosen(preferring(self.abc, both)) == "b/m1"

    def test_beats_a_remembered_rescue_and_the_wish_of_the_caller(self):
        question = asked(lane("a"), lane("b"), lane("c"), app="app", sticky=True, preferred_provider="b")
        preferences = after(rescue("c", "a"), force(ProviderId("a")))
        assert order(preferring(question, preferences)) == "a b c"

    @pytest.mark.parametrize("condition", [out(), resting(), TRIAL_TAKEN])
    def test_loses_at_once_to_quarantine_rest_and_trial(self, condition):
        question = now(self.abc, lane("b/m1", condition=condition), lane("b/key2/m1", condition=condition))
        assert order(preferring(question, after(force(ProviderId("b"))))) == "a"

    def test_loses_at_once_to_an_exclusion(self):
        question = asked(lane("a"), lane("b"), exclude=("b",))
        assert order(preferring(question, after(force(ProviderId("b"))))) == "a"

    def test_with_an_end_in_the_past_takes_it_back(self):
        assert after(force(ProviderId("b")), force(ProviderId("b"), for_s=-1)) == Preferences()


class TestTheCallersPreferredProvider:
    def test_goes_first_if_it_is_there(self):
        question = asked(lane("a"), lane("b"), lane("c"), preferred_provider="b")
        assert order(question) == "b a c"
        assert order(now(question, lane("b", condition=out()))) == "a c"

    def test_counts_more_than_what_is_remembered(self):
        question = asked(lane("a"), lane("b"), lane("c"), app="app", sticky=True, preferred_provider="b")
        assert order(preferring(question, after(rescue("c", "a")))) == "b c a"


class TestAStrategyOfTheOperator:
    ab = now(asked(lane("a"), lane("b")), turn=1)

    def test_takes_the_place_of_the_pools_until_its_end(self):
        question = preferring(self.ab, after(steer(Strategy.ROUND_ROBIN, for_s=60)))
        assert chosen(question) == "b"
        assert chosen(now(question, after_s=60)) == "a"

    def test_is_for_its_pool_only(self):
        assert chosen(preferring(self.ab, after(steer(Strategy.ROUND_ROBIN, pool="other")))) == "a"

    def test_leaves_a_request_its_own(self):
        question = now(asked(lane("a"), lane("b"), strategy=Strategy.PRIMARY_ONLY), turn=1)
        assert chosen(preferring(question, after(steer(Strategy.ROUND_ROBIN)))) == "a"


class TestClear:
    everything = (
        rescue("c", "a", context="app/pool"),
        rescue("c", "a", context="app/other"),
        rescue("c", "a", context="chat 7"),
        force(ProviderId("b"), pool="pool"),
        force(ProviderId("b")),
        steer(Strategy.RANDOM),
    )

    def cleared(self, name: str) -> list[str]:
        """What is left."""
        left = after(*self.everything, act(PreferenceCleared(name)))
        return [*left.remembered, *(pool or "every pool" for pool in left.forced)]

    def test_drops_rescues_and_force_alike(self):
        assert self.cleared("") == []

    def test_drops_a_context(self):
        assert self.cleared("chat 7") == ["app/pool", "app/other", "pool", "every pool"]

    def test_drops_a_pool_with_the_contexts_named_after_it(self):
        assert self.cleared("pool") == ["app/other", "chat 7", "every pool"]

    def test_leaves_the_strategy_which_is_no_preference(self):
        left = after(*self.everything, act(PreferenceCleared()))
        assert left == Preferences(steered={"pool": Steered(Strategy.RANDOM, NOW_MS + 3_600_000)})


class TestMemory:
    def test_is_kept_by_the_context_a_request_names_or_else_by_app_and_pool(self):
        assert context_key("chat 7", "app", "pool") == "chat 7"
        assert context_key("", "app", "pool") == "app/pool"
        assert len(context_key("x" * 5000, "", "")) == 200

    def test_has_room_for_so_many_contexts_and_forgets_the_oldest(self):
        small = Config(daemon=DaemonConfig(contexts_max=2))
        part = after(
            *(rescue("b", "a", context=name) for name in ("one", "two", "one", "three")), settings=small
        )
        assert list(part.remembered) == ["one", "three"]

    def test_sweeps_away_what_is_over(self):
        part = after(rescue("b", "a", context="old"), rescue("b", "a", context="new", at_s=1801))
        assert part.remembered == {
            "new": Remembered(named("b"), (named("a"),), NOW_MS + 1_801_000 + HALF_AN_HOUR_MS)
        }

    def test_survives_a_snapshot(self):
        part = after(rescue("c", "a"), force(KeyId("b", "key2")), steer(Strategy.RANDOM))
        assert msgspec.json.decode(msgspec.json.encode(part), type=Preferences) == part

    def test_of_force_is_bounded_too(self):
        part = after(*(force(ProviderId("b"), pool=f"pool {n}") for n in range(300)))
        assert len(part.forced) == 256
        assert part.forced["pool 299"] == Forced(ProviderId("b"), NOW_MS + 3_600_000)


contexts = st.sampled_from(["app/pool", "app/other", "chat", "pool", ""])
moments = st.integers(0, 4_000_000)
lanes = st.sampled_from([named(name) for name in "abc"])
events = st.one_of(
    st.builds(
        Rescued, at_ms=moments, wall_ms=st.just(0), context=contexts, lane=lanes, instead_of=st.tuples(lanes)
    ),
    st.builds(
        OperatorActed,
        at_ms=moments,
        wall_ms=st.just(0),
        act=st.one_of(
            st.builds(Force, target=lanes, until_ms=moments, pool=contexts),
            st.builds(StrategySet, pool=contexts, strategy=st.sampled_from(Strategy), until_ms=moments),
            st.builds(PreferenceCleared, context=contexts),
        ),
    ),
)


@settings(max_examples=500)
@given(st.lists(events, max_size=12), st.integers(1, 3))
def test_the_fold_stays_within_its_bounds_and_changes_nothing_that_was(history, contexts_max):
    settings = Config(daemon=DaemonConfig(contexts_max=contexts_max))
    part = Preferences()
    for event in history:
        before = msgspec.json.encode(part)
        after_it = fold_preferences(part, event, settings)
        assert msgspec.json.encode(part) == before
        assert len(after_it.remembered) <= contexts_max
        part = after_it


@settings(max_examples=500)
@given(st.lists(events, max_size=12), contexts, moments)
def test_what_is_over_is_never_followed(history, name, now_ms):
    part = after(*history)
    memory, steered = part.remembered_for(name, now_ms), part.steered.get(name)
    assert memory is None or memory.until_ms > now_ms
    if steered is not None and steered.until_ms <= now_ms:
        assert part.strategy_for(name, now_ms) is None
    if all(forced.until_ms <= now_ms for forced in part.forced.values()):
        assert part.forced_for(name, now_ms) is None


def test_whoever_steps_in_for_a_stand_in_stands_in_for_the_first_as_well():
    events = [rescue("b", "a"), rescue("c", "b", at_s=60)]
    part = reduce(lambda part, event: fold_preferences(part, event, SETTINGS), events, Preferences())
    assert part.remembered["app/pool"].instead_of == (named("a"), named("b"))


def test_a_memory_that_has_faded_leaves_nothing_behind():
    events = [rescue("b", "a"), rescue("c", "b", at_s=31 * MINUTE_S)]
    part = reduce(lambda part, event: fold_preferences(part, event, SETTINGS), events, Preferences())
    assert part.remembered["app/pool"].instead_of == (named("b"),)
