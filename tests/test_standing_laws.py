"""What holds for every standing, whatever happens and in whatever order."""

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.events import (
    AttemptClosed,
    Cancelled,
    Epochs,
    Event,
    Mark,
    Terms,
)
from state.failures import Kind, Scope
from state.standing.admission import Admitted, admit, explain, is_usable, last_resort, places
from state.standing.holds import HoldKind, Phase
from state.standing.judgement import fold_standing
from state.standing.standing import Standing
from state.standing.standings import Standings
from state.words import chain
from tests.stories import OUTCOMES, scripts, steps, stories, told
from tests.world import LANES, SETTINGS, World, failure

lanes = st.sampled_from(LANES)
futures_ms = st.sampled_from([0, 1, 999, 30_000, 300_000, 360_000, 90_000_000])


def holds_run(standing: Standing, at_ms: int) -> bool:
    """The law in plain words, told anew: a hold runs until its time, unless probes brought it forward."""
    return any(
        (hold.until_ms is None or hold.until_ms > at_ms)
        and not (hold.kind is HoldKind.QUARANTINE and standing.probing.good >= 2)
        for hold in standing.holds
    )


def is_full(standing: Standing, at_ms: int) -> bool:
    taken = sum(place.since_ms > at_ms - 300_000 for place in standing.places)
    if any(hold.kind not in (HoldKind.REST, HoldKind.DISABLED) for hold in standing.holds):
        return taken >= 1
    return standing.slow is not None and taken >= (1, 2, 4, 8, 16)[standing.slow]


@settings(max_examples=500)
@given(stories, futures_ms)
def test_a_lane_is_usable_exactly_when_no_hold_of_its_lane_key_or_provider_runs(story, future_ms):
    at_ms = story.now_ms + future_ms

    for lane in LANES:
        on_its_way = story.standings.chain(lane)
        free = not any(holds_run(standing, at_ms) or is_full(standing, at_ms) for standing in on_its_way)
        assert is_usable(story.standings, lane, at_ms, SETTINGS) == free
        assert isinstance(admit(story.standings, lane, at_ms, SETTINGS), Admitted) == free
        room = places(story.standings, lane, at_ms, SETTINGS)
        assert not free or room is None or room > 0


@settings(max_examples=500)
@given(stories, steps)
def test_a_later_deadline_wins_over_an_earlier_one_until_somebody_ends_the_hold(story, step):
    before = dict(story.standings)

    story.takes(step)

    for target, standing in story.standings:
        for old in before.get(target, Standing()).holds:
            new = standing.held(old.kind)
            if new is None or new.until_ms is None:
                continue
            is_undone = standing.row < before[target].row
            looked_for_anew = new.kind is HoldKind.NOT_FOUND and new.until_ms <= story.now_ms
            assert is_undone or looked_for_anew or (old.until_ms is not None and new.until_ms >= old.until_ms)


epochs = st.builds(Epochs, st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))


@settings(max_examples=1000)
@given(stories, lanes, epochs, st.sampled_from(OUTCOMES))
def test_only_answers_of_the_current_epoch_change_anything(story, lane, epochs, outcome):
    current = Epochs(*(standing.epoch for standing in story.standings.chain(lane)))
    closed = AttemptClosed(
        at_ms=story.now_ms,
        wall_ms=story.wall_ms,
        attempt_id="from another time",
        request_id="request",
        lane=lane,
        terms=Terms(epochs=epochs),
        outcome=outcome,
    )

    after = fold_standing(story.standings, closed, SETTINGS)

    if epochs != current:
        assert after is story.standings
    for target in chain(lane):
        struck = after.of(target).row - story.standings.of(target).row
        assert struck <= 1
        assert struck != 1 or after.of(target).epoch == story.standings.of(target).epoch + 1


deaths = st.builds(
    failure,
    st.sampled_from([Kind.TIMEOUT, Kind.NETWORK, Kind.UNAVAILABLE, Kind.BAD_RESPONSE]),
    st.sampled_from(Scope),
)


@settings(max_examples=500)
@given(st.lists(st.tuples(lanes, deaths), min_size=2, max_size=20), st.booleans())
def test_however_many_die_together_and_in_whatever_order_nobody_is_struck_twice(fates, last_standing):
    world = World()
    attempts = [(world.leaves(lane, last_standing=last_standing), death) for lane, death in fates]

    for attempt, death in attempts:
        world.ends(attempt, death)

    assert {standing.row for _, standing in world.standings} <= {0, 1}


@settings(max_examples=500)
@given(stories, lanes)
def test_a_cancelled_attempt_leaves_everything_as_it_was_and_a_trials_place_is_free(story, lane):
    if not story.is_usable(lane):
        return
    before = {target: (story.phase(target), standing.row) for target, standing in story.standings}
    room = places(story.standings, lane, story.now_ms, SETTINGS)

    story.cancels(story.leaves(lane))

    after = {target: (story.phase(target), standing.row) for target, standing in story.standings}
    assert after == before
    assert story.is_usable(lane)
    assert places(story.standings, lane, story.now_ms, SETTINGS) == room


@settings(max_examples=500)
@given(stories, lanes)
def test_a_trial_is_one_request(story, lane):
    decision = story.asks(lane)
    if not isinstance(decision, Admitted) or decision.terms.mark is Mark.NORMAL:
        return

    story.leaves(lane)

    assert not story.is_usable(lane)
    assert Phase.UNDER_TRIAL in {story.phase(target) for target in chain(lane)}


callers = st.one_of(
    st.just(Cancelled()),
    st.builds(
        failure,
        st.sampled_from([Kind.BAD_REQUEST, Kind.CONTENT_POLICY, Kind.CONTEXT_LENGTH]),
        st.sampled_from(Scope),
        st.sampled_from([None, 1.0, 1e9]),
    ),
)


@settings(max_examples=500)
@given(stories, st.lists(st.tuples(lanes, callers), min_size=1, max_size=8))
def test_nothing_that_a_caller_does_is_held_against_anybody(story, calls):
    def held_against(standings: Standings) -> dict[object, object]:
        return {target: (s.row, s.rests, s.holds, s.epoch, s.slow) for target, s in standings}

    before = held_against(story.standings)

    for lane, outcome in calls:
        if isinstance(story.asks(lane), Admitted):
            story.ends(story.leaves(lane), outcome)

    assert held_against(story.standings) == before


@settings(max_examples=500)
@given(scripts, st.integers(0, 30))
def test_folding_in_two_halves_with_a_snapshot_between_equals_folding_whole(script, cut):
    events = told(script).events

    first = folded(Standings(), events[:cut])
    thawed = json.decode(json.encode(first), type=Standings)
    assert thawed == first

    assert folded(thawed, events[cut:]) == folded(Standings(), events)


@settings(max_examples=500)
@given(stories, futures_ms)
def test_what_is_left_of_a_hold_shrinks_with_time_and_is_never_negative(story, future_ms):
    for _, standing in story.standings:
        for hold in standing.holds:
            now, then = hold.left_ms(story.now_ms), hold.left_ms(story.now_ms + future_ms)
            assert (now is None) == (then is None)
            assert now is None or then is None or 0 <= then <= now


@settings(max_examples=500)
@given(stories)
def test_a_standing_stays_small_and_can_always_be_told(story):
    for _, standing in story.standings:
        kinds = [hold.kind for hold in standing.holds]
        assert len(kinds) == len(set(kinds))
        assert len(standing.places) <= 16
        assert len(standing.unstruck) <= 3
    for lane in LANES:
        assert explain(story.standings, lane, story.now_ms, SETTINGS)


@settings(max_examples=500)
@given(stories)
def test_the_last_resort_is_asked_only_when_nothing_is_usable_and_never_against_an_order(story):
    lane = last_resort(story.standings, LANES, story.now_ms, SETTINGS)
    if lane is None:
        return

    assert not any(story.is_usable(other) for other in LANES)
    decision = story.asks(lane, as_last_resort=True)
    assert isinstance(decision, Admitted)
    assert decision.terms.mark is Mark.LAST_RESORT
    for standing in story.standings.chain(lane):
        kinds = {hold.kind for hold in standing.holds if hold.runs_at(story.now_ms)}
        assert kinds <= {HoldKind.QUARANTINE}


def folded(standings: Standings, events: list[Event]) -> Standings:
    for event in events:
        standings = fold_standing(standings, event, SETTINGS)
    return standings
