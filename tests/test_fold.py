"""State is the fold of events: whole, in halves, or from a snapshot."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.events import (
    Event,
    Force,
    LimitLearned,
    OperatorActed,
    RequestClosed,
    Rescued,
    StatsReset,
    Verdict,
    Window,
)
from state.memory.fold import (
    NOTHING_KNOWN,
    OF_LIMITS,
    OF_PREFERENCES,
    OF_STANDING,
    OF_STATISTICS,
    State,
    fold,
    fold_all,
)
from state.routing.preferences import fold_preferences
from state.standing.judgement import fold_standing
from state.usage.limits import fold_limits
from state.usage.statistics import fold_statistics
from tests.stories import scripts, told
from tests.world import A1, B1, HOUR, SETTINGS, START_WALL_MS, World

AT_MS, WALL_MS = 7, START_WALL_MS + 7

BESIDES: tuple[Event, ...] = (
    Rescued(at_ms=AT_MS, wall_ms=WALL_MS, context="app/captions", lane=B1, instead_of=(A1,)),
    RequestClosed(
        at_ms=AT_MS, wall_ms=WALL_MS, request_id="r", verdict=Verdict.OK, lane=A1, attempts=1, duration_ms=900
    ),
    LimitLearned(
        at_ms=AT_MS, wall_ms=WALL_MS, target=A1, window=Window.RPM, limit=20, remaining=3, reset_ms=60_000
    ),
    OperatorActed(at_ms=AT_MS, wall_ms=WALL_MS, act=Force(B1, until_ms=HOUR), by="alice"),
    OperatorActed(at_ms=AT_MS, wall_ms=WALL_MS, act=StatsReset(A1)),
)
"""Events that no standing learns from."""


def thawed(state: State) -> State:
    """From a snapshot, as a start would have it."""
    return json.decode(json.encode(state), type=State)


@settings(max_examples=500)
@given(scripts, st.integers(0, 30), st.integers(0, 30))
def test_folding_in_two_halves_equals_folding_whole_with_a_snapshot_between_or_without(script, cut, where):
    events = told(script).events
    events[where:where] = BESIDES

    whole = fold_all(events, SETTINGS)
    half = fold_all(events[:cut], SETTINGS)

    assert fold_all(events[cut:], SETTINGS, half) == whole
    assert thawed(half) == half
    assert fold_all(events[cut:], SETTINGS, thawed(half)) == whole


def test_what_one_part_learns_from_leaves_the_others_as_they_are():
    world = World()
    world.fails(A1)
    state = fold_all(world.events, SETTINGS)

    for event in BESIDES:
        assert fold(state, event, SETTINGS).standing is state.standing


def test_folding_changes_no_state_but_gives_a_new_one():
    world = World()
    world.fails(A1)
    before = json.encode(NOTHING_KNOWN)

    fold_all(world.events, SETTINGS)

    assert json.encode(NOTHING_KNOWN) == before


@settings(max_examples=500)
@given(scripts, st.integers(0, 30))
def test_who_is_not_told_of_an_event_would_have_learned_nothing_from_it(script, where):
    events = told(script).events
    events[where:where] = BESIDES
    state = NOTHING_KNOWN

    for event in events:
        kind, before = type(event), state
        state = fold(state, event, SETTINGS)
        if kind not in OF_STANDING:
            assert fold_standing(before.standing, event, SETTINGS) is before.standing
        if kind not in OF_LIMITS:
            assert fold_limits(before.limits, event, SETTINGS) is before.limits
        if kind not in OF_STATISTICS:
            assert fold_statistics(before.statistics, event, SETTINGS) is before.statistics
        if kind not in OF_PREFERENCES:
            assert fold_preferences(before.preferences, event, SETTINGS) is before.preferences
