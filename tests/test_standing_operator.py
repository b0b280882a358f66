"""What an operator can do to a standing: every act has an end, a name behind it, and leaves the rest alone."""

from state.events import (
    Answered,
    Disable,
    Enable,
    Force,
    PreferenceCleared,
    Quarantine,
    Release,
    ReleaseAll,
    StatsReset,
)
from state.failures import Kind, Scope
from state.standing.holds import Phase
from tests.world import A1, A2, A3, ALPHA, B1, HOME, HOUR, KEY1, LANES, MINUTE, World, failure


def test_what_is_disabled_says_by_whom_and_until_when_and_comes_back_by_itself():
    world = World()

    world.acts(Disable(KEY1, until_ms=HOUR), by="alice")

    assert world.says(A2) == "alpha/key1: disabled for 1h more, by alice"
    world.passes(HOUR)
    assert world.phase(KEY1) is Phase.WELL


def test_enable_ends_it_at_once_and_leaves_what_was_disabled_beneath():
    world = World()
    world.acts(Disable(ALPHA, until_ms=HOUR))
    world.acts(Disable(A1, until_ms=HOUR))

    world.acts(Enable(ALPHA))

    assert [world.is_usable(lane) for lane in (A1, A2, A3)] == [False, True, True]


def test_enable_does_not_pardon_a_quarantine():
    world = World()
    world.fails(A1)

    world.acts(Enable(A1))

    assert world.left_s(A1) == 300


def test_a_quarantine_by_order_ends_in_a_trial():
    world = World()

    world.acts(Quarantine(A1, until_ms=HOUR, reason="it rambles"), by="bob")

    assert world.says(A1) == "alpha/key1/small: quarantined by order for 1h more: it rambles, by bob"
    world.passes(HOUR)
    assert world.phase(A1) is Phase.ON_TRIAL
    world.answers(A1)
    assert world.phase(A1) is Phase.SLOW_START


def test_no_answer_shortens_an_order():
    world = World()
    early = world.leaves(A1)
    world.acts(Quarantine(A1, until_ms=HOUR))

    world.ends(early, Answered())

    assert world.left_s(A1) == 3600


def test_the_later_of_two_orders_wins():
    world = World()

    world.acts(Quarantine(A1, until_ms=HOUR))
    world.acts(Quarantine(A1, until_ms=MINUTE))

    assert world.left_s(A1) == 3600


def test_a_release_pardons_the_row_too():
    world = World()
    for _ in range(2):
        world.fails(A1)
        world.passes(5 * MINUTE)
    world.fails(A1)

    world.acts(Release(A1))
    assert world.phase(A1) is Phase.WELL
    world.fails(A1)

    assert world.left_s(A1) == 300


def test_a_release_pardons_who_is_not_held_but_has_a_past():
    world = World()
    world.fails(A1, last_standing=True)
    world.fails(A2, Kind.RATE_LIMIT)
    world.passes(MINUTE)

    world.acts(Release(KEY1))
    world.fails(A2, Kind.RATE_LIMIT)

    assert world.says(A1) == "alpha/key1/small: well"
    assert world.left_s(A2) == 30


def test_a_release_reaches_all_that_stands_on_its_target_and_nothing_else():
    world = World()
    world.fails(A1)
    world.fails(A2, Kind.RATE_LIMIT, wait_s=60.0)
    world.fails(A3, Kind.QUOTA, Scope.KEY)
    world.fails(B1)

    world.acts(Release(KEY1))
    assert [world.is_usable(lane) for lane in (A1, A2, A3, B1)] == [True, True, False, False]
    world.acts(Release(ALPHA))
    assert [world.is_usable(lane) for lane in (A1, A2, A3, B1)] == [True, True, True, False]


def test_a_lane_released_under_a_provider_in_quarantine_is_still_held_by_it():
    world = World()
    world.fails(A1)
    world.fails(A2, Kind.NETWORK, Scope.PROVIDER)

    world.acts(Release(A1))

    assert world.says(A1).startswith("alpha: quarantined")


def test_release_all_releases_everybody_but_what_is_disabled_or_refused():
    world = World()
    world.fails(A1)
    world.fails(A2, Kind.RATE_LIMIT)
    world.fails(A3, Kind.AUTH, Scope.KEY)
    world.acts(Quarantine(HOME, until_ms=HOUR))
    world.acts(Disable(B1, until_ms=HOUR))

    world.acts(ReleaseAll())

    assert [world.is_usable(lane) for lane in LANES] == [True, True, False, False, True]


def test_what_left_before_an_act_is_old_news_after_it():
    world = World()
    flying = world.leaves(A1)
    world.acts(Disable(A1, until_ms=HOUR))
    world.acts(Enable(A1))

    world.ends(flying, failure())

    assert world.is_usable(A1)


def test_acts_about_other_matters_leave_every_standing_as_it_is():
    world = World()
    world.fails(A1)
    before = world.standings

    for act in (Force(A1, until_ms=HOUR), PreferenceCleared(), StatsReset(A1)):
        world.acts(act)

    assert world.standings is before


def test_releasing_and_enabling_who_is_well_changes_nothing():
    world = World()
    world.probes(A1, True)
    before = world.standings

    for act in (Release(ALPHA), Enable(A1), ReleaseAll()):
        world.acts(act)

    assert world.standings is before


def test_an_operators_words_are_kept_within_bounds():
    world = World()

    world.acts(Quarantine(A1, until_ms=HOUR, reason="x" * 10_000), by="y" * 10_000)

    assert len(world.says(A1)) < 500
