"""Our own network down: whose strikes are undone, and who is judged apart."""

import pytest

from state.events import Mark, Quarantine
from state.failures import Kind, Scope
from state.standing.holds import Phase
from tests.world import A1, A2, ALPHA, B1, HOME, HOUR, MINUTE, SECOND, World, failure

NETWORK = failure(Kind.NETWORK, Scope.PROVIDER)


@pytest.mark.parametrize("kind", [Kind.NETWORK, Kind.TIMEOUT])
def test_failures_to_connect_in_the_window_are_undone_and_the_state_before_them_returns(kind):
    world = World()
    world.fails(A1, last_standing=True)
    world.passes(MINUTE)

    world.fails(A1, kind)
    world.fails(B1, kind, Scope.PROVIDER)
    world.passes(4 * SECOND)
    world.loses_link(since_ms=MINUTE)

    assert world.says(A1) == "alpha/key1/small: last one standing, 1 of 3"
    assert world.says(B1) == "beta/key1/small: well"


def test_strikes_from_before_the_window_stay():
    world = World()
    world.fails(A1, Kind.NETWORK)
    world.passes(MINUTE)
    world.fails(B1, Kind.NETWORK)

    world.loses_link(since_ms=MINUTE)

    assert not world.is_usable(A1)
    assert world.is_usable(B1)


def test_a_provider_that_answered_with_an_error_was_reached_and_keeps_its_strike():
    world = World()
    world.fails(A1, Kind.UNAVAILABLE)

    world.loses_link(since_ms=0)

    assert not world.is_usable(A1)


def test_a_local_server_is_judged_apart():
    world = World()
    world.fails(HOME, Kind.NETWORK, Scope.PROVIDER)

    world.loses_link(since_ms=0)

    assert not world.is_usable(HOME)


def test_while_we_are_offline_no_failure_to_connect_counts_except_a_local_one():
    world = World()
    world.loses_link(since_ms=0)

    world.fails(A1, Kind.NETWORK, Scope.PROVIDER)
    world.fails(B1, Kind.TIMEOUT)
    world.fails(HOME, Kind.NETWORK, Scope.PROVIDER)

    assert [world.is_usable(lane) for lane in (A1, B1, HOME)] == [True, True, False]


def test_a_provider_that_answers_with_an_error_while_we_seem_offline_is_struck():
    world = World()
    world.loses_link(since_ms=0)

    world.fails(A1, Kind.UNAVAILABLE)

    assert not world.is_usable(A1)


def test_an_outage_after_another_begins_when_it_began():
    world = World()
    world.loses_link(since_ms=0)
    world.passes(MINUTE)
    world.finds_link()
    world.passes(SECOND)
    world.fails(A1, Kind.NETWORK)
    world.passes(MINUTE)

    world.loses_link(since_ms=world.now_ms)

    assert world.standings.outage is not None
    assert world.standings.outage.since_ms == world.now_ms
    assert not world.is_usable(A1)


def test_what_left_while_we_were_offline_is_excused_when_it_comes_home_after():
    world = World()
    world.loses_link(since_ms=0)
    flying = world.leaves(A1)
    world.passes(2 * SECOND)
    world.finds_link()
    world.passes(3 * SECOND)

    world.ends(flying, NETWORK)
    assert world.is_usable(A1)
    world.fails(A1, Kind.NETWORK, Scope.PROVIDER)

    assert not world.is_usable(A1)


def test_a_trial_that_failed_in_that_time_is_on_trial_again():
    world = World()
    world.fails(A1, Kind.UNAVAILABLE)
    world.passes(5 * MINUTE)
    since_ms = world.now_ms
    world.fails(A1, Kind.NETWORK)

    world.loses_link(since_ms)

    assert world.phase(A1) is Phase.ON_TRIAL
    assert world.leaves(A1).terms.mark is Mark.TRIAL


def test_a_slow_start_that_was_broken_in_that_time_goes_on():
    world = World()
    world.fails(A1, Kind.UNAVAILABLE)
    world.passes(5 * MINUTE)
    world.answers(A1)
    world.answers(A1)

    world.fails(A1, Kind.NETWORK)
    world.loses_link(world.now_ms)

    assert world.says(A1) == "alpha/key1/small: starting slowly, 0 of 2 at once"


def test_orders_and_rests_of_that_time_stay():
    world = World()
    world.fails(A2, Kind.RATE_LIMIT, wait_s=60.0)
    attempt = world.leaves(A1)
    world.ends(attempt, NETWORK)
    world.acts(Quarantine(ALPHA, until_ms=HOUR))

    world.loses_link(since_ms=0)

    assert world.says(A1).startswith("alpha: quarantined by order")
    assert world.phase(A2) is Phase.RESTING


def test_a_success_proves_the_link_so_strikes_before_it_cannot_be_undone():
    world = World()
    world.fails(A1, Kind.NETWORK)
    world.answers(A1, as_last_resort=True)
    world.fails(A1, Kind.UNAVAILABLE)

    world.loses_link(since_ms=0)

    assert world.phase(A1) is Phase.QUARANTINED


def test_what_left_before_the_undoing_is_old_news_after_it():
    world = World()
    first, second = world.leaves(A1), world.leaves(A1)
    world.ends(first, NETWORK)
    world.loses_link(since_ms=0)
    world.finds_link()

    world.ends(second, failure(Kind.UNAVAILABLE, Scope.PROVIDER))

    assert world.is_usable(A1)


def test_an_outage_that_is_told_twice_is_one_and_begins_with_the_earlier():
    world = World()
    world.passes(MINUTE)
    world.loses_link(since_ms=50 * SECOND)
    world.loses_link(since_ms=55 * SECOND)

    assert world.standings.outage is not None
    assert world.standings.outage.since_ms == 50 * SECOND
    world.finds_link()
    before = world.standings
    world.passes(SECOND)
    world.finds_link()
    assert world.standings is before
