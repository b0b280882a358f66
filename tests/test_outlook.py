"""A standing in the words of the router's board."""

import pytest

from state.events import Disable, Mark, Quarantine
from state.failures import Kind, Scope
from state.routing.board import USABLE, Condition, LaneView, OnTrial, Out, Resting
from state.routing.outlook import condition
from tests.world import A1, A2, HOUR, MINUTE, SECOND, World


def shown(world: World) -> Condition:
    return condition(world.standings, A1, world.now_ms, world.config)


def test_who_is_well_or_starting_slowly_is_usable():
    world = World()
    assert shown(world) == USABLE

    world.fails(A1)
    world.passes(5 * MINUTE)
    world.answers(A1)
    world.leaves(A1)

    assert shown(world) == USABLE


def test_a_rest_is_shown_with_its_end_and_its_reason():
    world = World()
    world.fails(A2, Kind.RATE_LIMIT, Scope.KEY, wait_s=5.0)

    assert shown(world) == Resting(
        until_ms=5 * SECOND,
        why="alpha/key1 resting until 2025-11-21 08:00:05Z: rate_limit (rule some-rate_limit)",
    )


def test_a_quarantine_is_open_to_the_last_resort():
    world = World()
    world.fails(A1)

    assert shown(world) == Out(
        until_ms=5 * MINUTE,
        why="alpha/key1/small quarantined until 2025-11-21 08:05:00Z after a single failure: "
        "timeout (rule some-timeout)",
        last_resort=True,
    )


@pytest.mark.parametrize("how", ["disabled", "ordered", "refused", "spent"])
def test_what_somebody_ordered_or_a_key_that_was_refused_is_not(how):
    world = World()
    match how:
        case "disabled":
            world.acts(Disable(A1, until_ms=HOUR))
        case "ordered":
            world.acts(Quarantine(A1, until_ms=HOUR))
        case "refused":
            world.fails(A1, Kind.AUTH, Scope.KEY)
        case _:
            world.fails(A1, Kind.QUOTA)

    told = shown(world)

    assert isinstance(told, Out)
    assert not told.last_resort
    assert told.until_ms == {"refused": None, "spent": 10 * MINUTE}.get(how, HOUR)


def test_a_trial_is_shown_free_and_then_taken():
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)

    assert shown(world) == OnTrial(free=True, mark=Mark.TRIAL)
    world.leaves(A1)
    assert shown(world) == OnTrial(free=False)


def test_a_trial_brought_forward_says_so():
    world = World()
    world.fails(A1)
    world.probes(A1, True, True)

    assert shown(world) == OnTrial(free=True, mark=Mark.EARLY_TRIAL)


def test_the_board_and_the_standing_agree_about_what_comes_when_a_hold_is_over():
    world = World()
    world.fails(A1)
    view = LaneView(lane=A1, condition=shown(world))

    world.passes(5 * MINUTE)

    assert view.condition_at(world.now_ms) == shown(world)
