"""The way back: one trial, slow start, trials brought forward by probes, and the last resort."""

import pytest

from state.config import QuarantineConfig
from state.events import Answered, AttemptOpened, Disable, Interrupted, Mark, Quarantine
from state.failures import Kind, Scope
from state.standing.admission import Admitted, Held, last_resort, places
from state.standing.holds import Phase
from tests.world import (
    A1,
    A2,
    A3,
    ALPHA,
    B1,
    HOME,
    HOUR,
    KEY1,
    LANES,
    MINUTE,
    SECOND,
    World,
    failure,
    settings,
)


def on_trial() -> World:
    """A1 has failed once and sat its five minutes."""
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)
    return world


def test_when_the_quarantine_is_over_exactly_one_request_may_test_the_lane():
    world = on_trial()
    assert world.says(A1) == (
        "alpha/key1/small: on trial: was quarantined after a single failure: timeout (rule some-timeout)"
    )

    trial = world.leaves(A1)
    refused = world.asks(A1)

    assert trial.terms.mark is Mark.TRIAL
    assert isinstance(refused, Held)
    assert refused.hold is None
    assert refused.reason == "alpha/key1/small under trial"


def test_after_an_answered_trial_the_lane_carries_one_two_four_eight_sixteen_and_then_all():
    world = on_trial()
    world.answers(A1)

    carried = []
    for _ in range(5):
        attempts: list[AttemptOpened] = []
        while world.is_usable(A1) and len(attempts) < 100:
            attempts.append(world.leaves(A1))
        carried.append(len(attempts))
        for attempt in attempts[1:]:
            world.cancels(attempt)
        world.ends(attempts[0], Answered())

    assert carried == [1, 2, 4, 8, 16]
    assert world.phase(A1) is Phase.WELL
    assert places(world.standings, A1, world.now_ms, world.config) is None


def test_a_slow_start_says_how_full_it_is():
    world = on_trial()
    world.answers(A1)
    world.answers(A1)

    world.leaves(A1)
    assert world.says(A1) == "alpha/key1/small: starting slowly, 1 of 2 at once"
    assert places(world.standings, A1, world.now_ms, world.config) == 1
    world.leaves(A1)

    refused = world.asks(A1)
    assert isinstance(refused, Held)
    assert refused.reason == "alpha/key1/small starting slowly, 2 of 2 at once"
    assert refused.until_ms == world.now_ms + 5 * SECOND


@pytest.mark.parametrize("kind", [Kind.TIMEOUT, Kind.QUOTA])
def test_a_slow_start_that_fails_is_over_and_its_places_with_it(kind):
    world = on_trial()
    world.answers(A1)
    world.answers(A1)
    failing, _ = world.leaves(A1), world.leaves(A1)

    world.ends(failing, failure(kind))

    assert world.standing(A1).slow is None
    assert world.standing(A1).places == ()


def test_nobody_knows_when_a_trial_ends_so_whoever_waits_is_told_to_ask_again_soon():
    world = on_trial()
    trial = world.leaves(A1)

    assert world.left_s(A1) == 5  # as long as its first token may take
    world.passes(MINUTE)
    assert world.left_s(A1) == 1
    world.cancels(trial)
    assert world.left_s(A1) == 0


def test_a_lane_carries_what_the_least_on_its_way_may():
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)
    world.answers(A1)
    world.answers(A1)
    flying = world.leaves(A1)
    world.ends(flying, failure(Kind.NETWORK, Scope.PROVIDER))
    assert places(world.standings, A1, world.now_ms, world.config) == 0
    world.passes(5 * MINUTE)
    assert places(world.standings, A1, world.now_ms, world.config) == 1

    for lane in (A2, A2, A2):
        world.answers(lane)

    assert world.says(A2) == "alpha: starting slowly, 0 of 4 at once"
    assert places(world.standings, A2, world.now_ms, world.config) == 4
    assert places(world.standings, A1, world.now_ms, world.config) == 2


def test_a_lane_that_carries_more_than_a_reload_allows_has_no_place_left():
    world = on_trial()
    for _ in range(3):
        world.answers(A1)
    for _ in range(4):
        world.leaves(A1)

    world.config = settings(QuarantineConfig(slow_start=(2,)))

    assert places(world.standings, A1, world.now_ms, world.config) == 0


def test_a_failed_trial_is_one_step_further():
    world = on_trial()

    world.fails(A1)

    assert world.standing(A1).row == 2
    assert world.left_s(A1) == 300


def test_the_last_one_standing_gets_no_mercy_on_trial():
    world = on_trial()

    world.fails(A1, last_standing=True)

    assert world.phase(A1) is Phase.QUARANTINED


@pytest.mark.parametrize("end", ["cancelled", "interrupted", "context_length", "not allowed to strike"])
def test_a_trial_that_tells_nothing_gives_its_place_back_and_the_lane_is_still_on_trial(end):
    world = on_trial()
    trial = world.leaves(A1, may_strike=end != "not allowed to strike")

    match end:
        case "cancelled":
            world.cancels(trial)
        case "interrupted":
            world.ends(trial, Interrupted())
        case "context_length":
            world.ends(trial, failure(Kind.CONTEXT_LENGTH, Scope.REQUEST))
        case _:
            world.ends(trial, failure())

    assert world.phase(A1) is Phase.ON_TRIAL
    assert world.leaves(A1).terms.mark is Mark.TRIAL


def test_a_trial_that_meets_a_rate_limit_is_tried_again_after_the_rest():
    world = on_trial()

    world.fails(A1, Kind.RATE_LIMIT, wait_s=20.0)
    assert world.phase(A1) is Phase.RESTING
    world.passes(20 * SECOND)

    assert world.phase(A1) is Phase.ON_TRIAL


def test_a_trial_of_which_nothing_is_heard_again_does_not_bar_the_lane_for_ever():
    world = on_trial()
    world.leaves(A1)

    world.passes(300 * SECOND)

    assert world.phase(A1) is Phase.ON_TRIAL
    assert world.is_usable(A1)


def test_a_provider_on_trial_is_tested_by_one_request_on_any_of_its_lanes():
    world = World()
    world.fails(A1, Kind.NETWORK, Scope.PROVIDER)
    world.passes(5 * MINUTE)

    trial = world.leaves(A3)
    assert not any(world.is_usable(lane) for lane in (A1, A2, A3))

    world.ends(trial, Answered())
    world.leaves(A1)
    assert world.says(A2) == "alpha: starting slowly, 1 of 1 at once"


def test_one_request_can_be_the_trial_of_a_lane_and_of_its_provider():
    world = World()
    world.fails(A1)
    world.fails(A2, Kind.NETWORK, Scope.PROVIDER)
    world.passes(5 * MINUTE)

    world.answers(A1)

    assert world.phase(A1) is world.phase(ALPHA) is Phase.SLOW_START


def test_two_good_probes_in_a_row_bring_the_trial_forward_once():
    world = World()
    world.fails(A1)
    world.passes(10 * SECOND)

    world.probes(A1, True)
    assert not world.is_usable(A1)
    world.probes(A1, True)
    assert world.says(A1) == (
        "alpha/key1/small: on trial, early after good probes: "
        "was quarantined after a single failure: timeout (rule some-timeout)"
    )

    trial = world.leaves(A1)
    assert trial.terms.mark is Mark.EARLY_TRIAL
    assert not world.is_usable(A1)
    world.ends(trial, failure())
    assert world.left_s(A1) == 300
    assert world.standing(A1).row == 2


def test_an_early_trial_that_succeeds_ends_the_quarantine():
    world = World()
    world.fails(A1)
    world.probes(A1, True, True)

    world.answers(A1)

    assert world.phase(A1) is Phase.SLOW_START
    assert world.standing(A1).row == 0


def test_an_early_trial_that_was_cancelled_can_be_had_again():
    world = World()
    world.fails(A1)
    world.probes(A1, True, True)

    world.cancels(world.leaves(A1))

    assert world.leaves(A1).terms.mark is Mark.EARLY_TRIAL


def test_a_bad_probe_between_good_ones_earns_nothing_and_a_later_one_takes_the_trial_back():
    world = World()
    world.fails(A1)

    world.probes(A1, True, False, True)
    assert not world.is_usable(A1)
    world.probes(A1, True)
    assert world.is_usable(A1)
    world.probes(A1, False)
    assert not world.is_usable(A1)


def test_probes_never_strike_and_never_lift_anything_by_themselves():
    world = World()
    world.fails(A1)

    world.probes(A1, *[True] * 10)
    assert world.phase(A1) is Phase.ON_TRIAL
    world.probes(B1, *[False] * 10)
    assert world.phase(B1) is Phase.WELL


def test_without_early_trials_the_full_sentence_is_served():
    world = World(settings(QuarantineConfig(early_trial=False)))
    world.fails(A1)

    world.probes(A1, True, True)

    assert world.left_s(A1) == 300


def test_probes_do_not_shorten_what_an_operator_ordered():
    world = World()
    world.acts(Quarantine(A1, until_ms=HOUR))

    world.probes(A1, True, True)

    assert world.left_s(A1) == 3600


def test_with_everything_in_quarantine_the_lane_with_least_time_left_is_the_last_resort():
    world = World()
    for lane in LANES:
        world.fails(lane)
        world.passes(SECOND)

    assert last_resort(world.standings, (A3, A2, A1, B1), world.now_ms, world.config) == A1
    assert world.leaves(A1, as_last_resort=True).terms.mark is Mark.LAST_RESORT


def test_of_two_quarantines_on_one_lane_the_last_resort_counts_the_longer():
    world = World()
    above = world.leaves(A2)
    world.fails(A1, Kind.UNAVAILABLE)
    world.passes(MINUTE)
    world.fails(B1)
    world.passes(MINUTE)
    world.ends(above, failure(Kind.NETWORK, Scope.PROVIDER))

    assert last_resort(world.standings, (A1, B1), world.now_ms, world.config) == B1


def test_of_equals_the_last_resort_is_the_first_in_line():
    world = World()
    world.fails(A1)
    world.fails(B1)

    assert last_resort(world.standings, (A1, B1), world.now_ms, world.config) == A1
    assert last_resort(world.standings, (B1, A1), world.now_ms, world.config) == B1


def test_the_whole_daemon_has_one_last_resort_in_ten_seconds():
    world = World()
    world.fails(A1)
    world.fails(B1)
    world.passes(MINUTE)

    world.fails(A1, as_last_resort=True)
    assert last_resort(world.standings, (A1, B1), world.now_ms, world.config) is None
    world.passes(10 * SECOND)

    assert last_resort(world.standings, (A1, B1), world.now_ms, world.config) == B1


def test_a_last_resort_that_answers_brings_its_lane_back():
    world = World()
    world.fails(A1, Kind.NETWORK, Scope.PROVIDER)
    world.passes(MINUTE)

    world.answers(A1, as_last_resort=True)

    assert world.phase(ALPHA) is Phase.SLOW_START
    assert world.is_usable(A1)


def test_the_last_resort_passes_a_quarantine_of_our_own_making_and_nothing_else():
    world = World()
    world.acts(Quarantine(A1, until_ms=HOUR))
    world.fails(A2, Kind.RATE_LIMIT, wait_s=60.0)
    world.fails(A3, Kind.AUTH, Scope.KEY)
    world.acts(Disable(B1, until_ms=HOUR))
    world.fails(HOME)
    world.passes(15 * SECOND)
    world.leaves(HOME)

    decisions = [world.asks(lane, as_last_resort=True) for lane in LANES]

    assert not any(isinstance(decision, Admitted) for decision in decisions)
    assert last_resort(world.standings, LANES, world.now_ms, world.config) is None


def test_there_is_no_last_resort_while_anything_is_usable():
    world = World()
    world.fails(A1)

    assert last_resort(world.standings, (A1, B1), world.now_ms, world.config) is None


@pytest.mark.parametrize("briefly", [Scope.MODEL, Scope.PROVIDER])
def test_a_hold_that_ends_last_is_the_one_that_is_told(briefly):
    world = World()
    attempts = [world.leaves(A1) for _ in range(2)]
    world.ends(attempts[0], failure(Kind.RATE_LIMIT, briefly, 30.0))
    world.ends(attempts[1], failure(Kind.UNAVAILABLE, Scope.KEY))

    refused = world.asks(A1)

    assert isinstance(refused, Held)
    assert refused.target == KEY1
    assert refused.until_ms == 5 * MINUTE
    assert refused.reason == (
        "alpha/key1 quarantined until 2025-11-21 08:05:00Z after a single failure: "
        "unavailable (rule some-unavailable)"
    )


def test_a_shorter_slow_start_after_a_reload_is_no_trouble():
    world = on_trial()
    for _ in range(4):
        world.answers(A1)

    world.config = settings(QuarantineConfig(slow_start=(2,)))

    assert places(world.standings, A1, world.now_ms, world.config) == 2
    world.answers(A1)
    assert world.phase(A1) is Phase.WELL
