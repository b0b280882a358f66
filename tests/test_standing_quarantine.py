"""Strikes: who is blamed, how long a lane stays away, and what does not count."""

import pytest

from state.config import QuarantineConfig
from state.events import Answered, Interrupted
from state.failures import Kind, Scope
from state.standing.holds import HoldKind, Phase
from tests.world import A1, A2, A3, ALPHA, B1, HOME, KEY1, MINUTE, SECOND, World, failure, settings


def test_a_lane_is_quarantined_for_five_minutes_after_a_single_failure():
    world = World()

    world.fails(A1)

    assert world.left_s(A1) == 300
    assert world.says(A1) == (
        "alpha/key1/small: quarantined for 5m more after a single failure: timeout (rule some-timeout)"
    )
    assert all(world.is_usable(lane) for lane in (A2, A3, B1, HOME))


def test_after_three_failures_in_a_row_it_is_ten_minutes():
    world = World()

    world.fails(A1)
    world.passes(5 * MINUTE)
    world.fails(A1)
    assert world.left_s(A1) == 300
    world.passes(5 * MINUTE)
    world.fails(A1)

    assert world.left_s(A1) == 600
    assert world.says(A1) == (
        "alpha/key1/small: quarantined for 10m more after 3 in a row: timeout (rule some-timeout)"
    )


def test_a_success_resets_the_row_so_that_the_next_failure_costs_five_minutes_again():
    world = World()
    for _ in range(3):
        world.fails(A1)
        world.passes(10 * MINUTE)

    world.answers(A1)
    world.fails(A1)

    assert world.left_s(A1) == 300


def test_after_two_failures_it_says_two():
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)
    world.fails(A1)

    assert "after 2 in a row" in world.says(A1)


def test_the_quarantine_says_what_an_operator_would_say():
    world = World()
    world.fails(A1)
    assert repr(world.standing(A1).held(HoldKind.QUARANTINE)) == (
        "<quarantined until 2025-11-21 08:05:00Z after a single failure: timeout (rule some-timeout)>"
    )
    for _ in range(2):
        world.passes(10 * MINUTE)
        world.fails(A1)

    assert str(world.standing(A1).held(HoldKind.QUARANTINE)) == (
        "quarantined until 2025-11-21 08:30:00Z after 3 in a row: timeout (rule some-timeout)"
    )


def test_a_failure_of_the_provider_takes_out_all_its_lanes_and_one_of_the_key_that_keys_lanes():
    world = World()

    world.fails(A1, Kind.UNAVAILABLE, Scope.KEY)
    assert [world.is_usable(lane) for lane in (A1, A2, A3, B1)] == [False, False, True, True]

    world.fails(A3, Kind.UNAVAILABLE, Scope.PROVIDER)
    assert [world.is_usable(lane) for lane in (A1, A2, A3, B1)] == [False, False, False, True]
    assert world.says(A3).startswith("alpha: quarantined for 5m more")


def test_an_empty_answer_is_held_against_its_lane_even_if_the_prompt_may_be_to_blame():
    world = World()

    world.fails(A1, Kind.BAD_RESPONSE, Scope.REQUEST)

    assert world.phase(A1) is Phase.QUARANTINED


def test_the_expiry_is_jittered_by_a_tenth_at_most_so_that_lanes_do_not_come_back_in_step():
    world = World()

    world.fails(A1, jitter=0.999)
    world.fails(A2, jitter=0.5)

    assert world.left_s(A1) == pytest.approx(330, abs=0.1)
    assert world.left_s(A2) == 315


@pytest.mark.parametrize("jitter", [-1.0, 7.0, float("nan"), float("inf")])
def test_a_jitter_from_nowhere_neither_shortens_nor_stretches_a_sentence_beyond_the_tenth(jitter):
    world = World()

    world.fails(A1, jitter=jitter)

    left_s = world.left_s(A1)
    assert left_s is not None
    assert 300 <= left_s <= 330


def test_a_stated_wait_lengthens_a_sentence_and_never_shortens_it():
    world = World()

    world.fails(A1, Kind.UNAVAILABLE, wait_s=2.0)
    world.fails(A2, Kind.UNAVAILABLE, wait_s=480.0)
    world.fails(A3, Kind.UNAVAILABLE, wait_s=1e308)

    assert world.left_s(A1) == 300
    assert world.left_s(A2) == 480
    assert world.left_s(A3) == 600


def test_twenty_attempts_that_die_together_are_one_strike():
    world = World()
    attempts = [world.leaves(A1) for _ in range(20)]

    for attempt in attempts:
        world.ends(attempt, failure())

    assert world.standing(A1).row == 1
    assert world.left_s(A1) == 300


def test_attempts_that_die_together_strike_nobody_else_on_their_chain():
    world = World()
    attempts = [world.leaves(lane) for lane in (A1, A2, A3, A1)]

    world.ends(attempts[0], failure(Kind.UNAVAILABLE, Scope.PROVIDER))
    for attempt in attempts[1:]:
        world.ends(attempt, failure(Kind.TIMEOUT, Scope.MODEL))

    assert [target for target, standing in world.standings if standing.row] == [ALPHA]


def test_a_late_success_does_not_end_the_quarantine():
    world = World()
    early, late = world.leaves(A1), world.leaves(A1)

    world.ends(early, failure())
    before = world.standings
    world.ends(late, Answered())

    assert world.standings == before


def test_a_late_failure_does_not_lengthen_the_quarantine():
    world = World()
    early, late = world.leaves(A1), world.leaves(A1)

    world.ends(early, failure())
    world.passes(4 * MINUTE)
    before = world.standings
    world.ends(late, failure())

    assert world.standings == before


def test_a_failure_that_left_before_a_release_does_not_strike_after_it():
    world = World()
    first, second = world.leaves(A1), world.leaves(A1)
    world.ends(first, failure())
    world.passes(5 * MINUTE)
    world.answers(A1)

    world.ends(second, failure())

    assert world.phase(A1) is Phase.SLOW_START


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.BAD_RESPONSE])
def test_a_poison_prompt_strikes_one_lane_and_not_the_fleet(kind):
    world = World()

    world.fails(A1, kind)
    world.fails(B1, kind, may_strike=False)

    assert not world.is_usable(A1)
    assert world.is_usable(B1)
    assert world.standing(B1).row == 0


def test_a_prompt_cannot_poison_the_network_so_a_refused_connection_always_counts():
    world = World()

    world.fails(B1, Kind.NETWORK, Scope.PROVIDER, may_strike=False)

    assert not world.is_usable(B1)


def test_the_last_lane_standing_is_benched_by_three_in_a_row():
    world = World()

    world.fails(A1, last_standing=True)
    assert world.is_usable(A1)
    assert world.says(A1) == "alpha/key1/small: last one standing, 1 of 3"
    world.fails(A1, last_standing=True)
    assert world.says(A1) == "alpha/key1/small: last one standing, 2 of 3"
    world.fails(A1, last_standing=True)

    assert world.left_s(A1) == 600


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.TIMEOUT])
def test_a_success_between_them_forgives_the_last_one_standing(kind):
    world = World()

    world.fails(A1, kind, last_standing=True)
    world.fails(A1, kind, last_standing=True)
    world.answers(A1)
    world.fails(A1, kind, last_standing=True)

    assert world.says(A1) == "alpha/key1/small: last one standing, 1 of 3"


def test_twenty_deaths_of_the_last_one_standing_are_one_of_three():
    world = World()
    attempts = [world.leaves(A1, last_standing=True) for _ in range(20)]

    for attempt in attempts:
        world.ends(attempt, failure())

    assert world.says(A1) == "alpha/key1/small: last one standing, 1 of 3"


def test_without_keep_last_the_literal_rule_holds():
    world = World(settings(QuarantineConfig(keep_last=False)))

    world.fails(A1, last_standing=True)

    assert world.left_s(A1) == 300


def test_a_local_server_that_fails_rests_for_seconds_not_minutes():
    world = World()

    left_s: list[float | None] = []
    for _ in range(6):
        world.fails(HOME, Kind.NETWORK, Scope.PROVIDER, wait_s=3600.0 if len(left_s) == 5 else None)
        left_s.append(world.left_s(HOME))
        world.passes(MINUTE)

    assert left_s == [15, 30, 45, 60, 60, 60]


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("kind", [Kind.CONTEXT_LENGTH, Kind.CONTENT_POLICY, Kind.BAD_REQUEST])
def test_what_a_caller_does_wrong_is_held_against_nobody(kind, scope):
    world = World()

    world.fails(A1, kind, scope, wait_s=100.0)

    assert list(world.standings) == []


def test_a_call_that_was_cancelled_or_that_died_with_us_is_held_against_nobody():
    world = World()

    world.cancels(world.leaves(A1))
    world.ends(world.leaves(A1), Interrupted())

    assert list(world.standings) == []


def test_other_settings_over_the_same_events_tell_what_would_have_been():
    world = World()
    world.fails(A1)
    strict = World(settings(QuarantineConfig(single_s=60.0)))

    for event in world.events:
        strict.happens(event)
    strict.passes(30 * SECOND)

    assert strict.left_s(A1) == 30
    assert world.standing(KEY1).row == 0
