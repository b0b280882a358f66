"""Each verb with everything that it leaves behind: nothing forgotten, nothing dragged along."""

from msgspec.structs import replace

from state.events import Answered, Disable, Enable, Release
from state.failures import Kind
from state.standing.holds import Hold, HoldKind
from state.standing.standing import Place, Probing, Standing, Unstruck
from state.standing.trials import answer
from tests.world import A1, HOUR, MINUTE, SECOND, START_WALL_MS, World, failure


def starting_slowly() -> World:
    """A1 has come back from a trial, five minutes after it failed, and carries one of its two."""
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)
    world.answers(A1)
    world.answers(A1)
    world.leaves(A1)
    return world


BACK_MS = 5 * MINUTE
CARRYING = Standing(
    epoch=2, slow=1, places=(Place("attempt-4", BACK_MS),), probing=Probing(at_ms=0), unstruck=()
)


def hold(kind: HoldKind, reason: str, since_ms: int, until_ms: int) -> Hold:
    """Of a failure by that name."""
    return Hold(
        kind=kind,
        since_ms=since_ms,
        until_ms=until_ms,
        since_wall_ms=START_WALL_MS + since_ms,
        reason=reason,
        rule=f"some-{reason}",
    )


def quarantine(reason: str, since_ms: int = BACK_MS) -> Hold:
    return replace(hold(HoldKind.QUARANTINE, reason, since_ms, since_ms + 5 * MINUTE), row=1)


def test_a_slow_start_remembers_its_epoch_its_step_and_who_is_on_the_way():
    assert starting_slowly().standing(A1) == CARRYING


def test_a_strike_ends_the_slow_start_and_remembers_what_it_was_if_the_network_may_be_at_fault():
    world = starting_slowly()
    world.fails(A1, Kind.NETWORK)

    assert world.standing(A1) == Standing(
        epoch=3,
        row=1,
        holds=(quarantine("network"),),
        probing=Probing(at_ms=BACK_MS),
        unstruck=(Unstruck(at_ms=BACK_MS, slow=1),),
    )


def test_a_strike_for_which_the_network_cannot_be_at_fault_is_not_remembered_so():
    world = starting_slowly()
    world.fails(A1, Kind.UNAVAILABLE)

    assert world.standing(A1) == Standing(
        epoch=3, row=1, holds=(quarantine("unavailable"),), probing=Probing(at_ms=BACK_MS)
    )


def test_a_rest_interrupts_nothing():
    world = starting_slowly()
    world.fails(A1, Kind.RATE_LIMIT)

    assert world.standing(A1) == Standing(
        epoch=2,
        rests=1,
        holds=(hold(HoldKind.REST, "rate_limit", BACK_MS, BACK_MS + 30 * SECOND),),
        slow=1,
        places=CARRYING.places,
        probing=Probing(at_ms=0),
    )


def test_what_is_out_begins_a_new_epoch_without_a_strike():
    world = starting_slowly()
    world.fails(A1, Kind.QUOTA)

    assert world.standing(A1) == Standing(
        epoch=3,
        holds=(hold(HoldKind.QUOTA, "quota", BACK_MS, BACK_MS + 10 * MINUTE),),
        probing=Probing(at_ms=0),
    )


def test_an_order_begins_a_new_epoch_without_a_strike():
    world = starting_slowly()
    world.acts(Disable(A1, until_ms=HOUR), by="alice")

    assert world.standing(A1) == Standing(
        epoch=3,
        holds=(
            Hold(
                kind=HoldKind.DISABLED,
                since_ms=BACK_MS,
                until_ms=HOUR,
                since_wall_ms=START_WALL_MS + BACK_MS,
                by="alice",
            ),
        ),
        probing=Probing(at_ms=0),
    )


def test_enabling_begins_a_new_epoch_and_forgives_nothing_else():
    world = World()
    world.fails(A1, Kind.NETWORK, last_standing=True)
    world.acts(Disable(A1, until_ms=HOUR))

    world.acts(Enable(A1))

    assert world.standing(A1) == Standing(epoch=3, row=1)


def test_a_release_forgives_everything():
    world = World()
    world.fails(A1, Kind.RATE_LIMIT)
    world.passes(30 * SECOND)
    world.fails(A1, Kind.NETWORK)
    world.probes(A1, True, True)
    world.leaves(A1)

    world.acts(Release(A1))

    assert world.standing(A1) == Standing(epoch=2, probing=Probing(at_ms=30 * SECOND))


def test_an_answered_trial_forgives_the_row_the_rests_and_the_ladder():
    world = World()
    world.fails(A1, Kind.RATE_LIMIT)
    world.passes(30 * SECOND)
    world.fails(A1, Kind.NETWORK)
    world.probes(A1, True, True)

    world.answers(A1)

    assert world.standing(A1) == Standing(epoch=2, slow=0, probing=Probing(at_ms=30 * SECOND))


def test_an_answer_sweeps_away_a_rest_that_is_over():
    world = World()
    world.fails(A1, Kind.RATE_LIMIT)
    world.passes(30 * SECOND)

    world.answers(A1)

    assert world.standing(A1) == Standing()


def test_the_end_of_a_slow_start_leaves_nothing_behind_while_others_are_still_on_their_way():
    world = starting_slowly()
    for _ in range(3):
        world.answers(A1)
    last, _ = world.leaves(A1), world.leaves(A1)

    world.ends(last, Answered())

    assert world.standing(A1) == Standing(epoch=2, probing=Probing(at_ms=0))


def test_the_last_resort_takes_no_place_from_the_trial_to_come():
    world = World()
    world.fails(A1)

    world.leaves(A1, as_last_resort=True)

    assert world.standing(A1).places == ()


def test_a_trial_of_which_nothing_was_heard_leaves_no_place_behind_when_the_next_one_answers():
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)
    world.leaves(A1)
    world.passes(5 * MINUTE)

    world.answers(A1)

    assert world.standing(A1).places == ()


def test_a_probe_of_who_is_on_trial_climbs_no_ladder():
    world = World()
    world.fails(A1)
    world.passes(5 * MINUTE)

    world.probes(A1, True, False)

    assert world.standing(A1).probing == Probing(at_ms=5 * MINUTE)


def test_an_answer_under_a_running_order_changes_nothing():
    ordered = Standing(holds=(replace(quarantine("order"), kind=HoldKind.ORDERED),), probing=Probing(good=1))

    assert answer(ordered, BACK_MS, World().config.provider["alpha"]) == ordered


def test_an_answer_forgives_the_last_one_standing_and_its_network():
    world = World()
    world.fails(A1, Kind.NETWORK, last_standing=True)

    world.answers(A1)

    assert world.standing(A1) == Standing(epoch=1)


def test_what_left_before_it_went_out_or_was_disabled_strikes_nobody():
    world = World()
    spent, late, later = (world.leaves(A1) for _ in range(3))
    world.ends(spent, failure(Kind.QUOTA))
    world.ends(late, failure())
    assert world.standing(A1).row == 0

    world.acts(Release(A1))
    world.acts(Disable(A1, until_ms=HOUR))
    world.ends(later, failure())
    assert world.standing(A1).row == 0


def test_a_last_resort_that_left_before_a_release_is_old_news_after_it():
    world = World()
    world.fails(A1)
    flying = world.leaves(A1, as_last_resort=True)

    world.acts(Release(A1))
    world.ends(flying, failure())
    assert world.is_usable(A1)
    world.ends(flying, Answered())

    assert world.standing(A1) == Standing(epoch=2, probing=Probing(at_ms=0))


def test_an_undone_strike_leaves_the_slow_start_as_it_was_in_a_new_epoch():
    world = starting_slowly()
    world.fails(A1, Kind.NETWORK)

    world.loses_link(since_ms=BACK_MS)

    assert world.standing(A1) == Standing(epoch=4, slow=1, probing=Probing(at_ms=BACK_MS))


def test_after_many_strikes_in_one_outage_the_last_three_can_be_undone():
    world = World()
    for _ in range(5):
        world.fails(A1, Kind.NETWORK, as_last_resort=True)
        world.passes(SECOND)

    assert [before.row for before in world.standing(A1).unstruck] == [2, 3, 4]
    world.loses_link(since_ms=3 * SECOND)
    assert world.standing(A1).row == 3
    assert [before.row for before in world.standing(A1).unstruck] == [2]
