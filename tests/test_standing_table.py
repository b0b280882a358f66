"""Every phase with everything that can happen: each row of the table is true, and nothing moves without one."""

from collections.abc import Callable

import pytest

from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    Disable,
    Enable,
    Epochs,
    Outcome,
    Quarantine,
    Release,
    Terms,
)
from state.failures import Kind, Scope
from state.standing.admission import Admitted
from state.standing.holds import Phase
from state.standing.transitions import REFUSING, TRANSITIONS, Happening, mermaid
from tests.world import A1, DAY, HOUR, MINUTE, SECOND, World, failure


def well(world: World) -> None:
    world.passes(HOUR)


def struck_but_standing(world: World) -> None:
    world.fails(A1, last_standing=True)


def resting(world: World) -> None:
    world.fails(A1, Kind.RATE_LIMIT, wait_s=30.0)


def quarantined(world: World) -> None:
    world.fails(A1, Kind.UNAVAILABLE)


def quarantined_by_network(world: World) -> None:
    world.fails(A1, Kind.NETWORK)


def quarantined_by_order(world: World) -> None:
    world.acts(Quarantine(A1, until_ms=HOUR))


def on_trial(world: World) -> None:
    quarantined(world)
    world.passes(5 * MINUTE)


def on_early_trial(world: World) -> None:
    quarantined(world)
    world.probes(A1, True, True)


def trial_failed_by_network(world: World) -> None:
    on_trial(world)
    world.fails(A1, Kind.NETWORK)


def under_trial(world: World) -> None:
    on_trial(world)
    world.leaves(A1)


def under_early_trial(world: World) -> None:
    on_early_trial(world)
    world.leaves(A1)


def starting_slowly(world: World) -> None:
    on_trial(world)
    world.answers(A1)


def full(world: World) -> None:
    starting_slowly(world)
    world.leaves(A1)


def at_the_last_step(world: World) -> None:
    starting_slowly(world)
    for _ in range(4):
        world.answers(A1)


def out_of_quota(world: World) -> None:
    world.fails(A1, Kind.QUOTA)


def refused(world: World) -> None:
    world.fails(A1, Kind.AUTH, Scope.MODEL)


def missing(world: World) -> None:
    world.fails(A1, Kind.NOT_FOUND)


def disabled(world: World) -> None:
    world.acts(Disable(A1, until_ms=HOUR))


STATES: dict[Callable[[World], None], Phase] = {
    well: Phase.WELL,
    struck_but_standing: Phase.WELL,
    resting: Phase.RESTING,
    quarantined: Phase.QUARANTINED,
    quarantined_by_network: Phase.QUARANTINED,
    quarantined_by_order: Phase.QUARANTINED,
    trial_failed_by_network: Phase.QUARANTINED,
    on_trial: Phase.ON_TRIAL,
    on_early_trial: Phase.ON_TRIAL,
    under_trial: Phase.UNDER_TRIAL,
    under_early_trial: Phase.UNDER_TRIAL,
    starting_slowly: Phase.SLOW_START,
    full: Phase.SLOW_START,
    at_the_last_step: Phase.SLOW_START,
    out_of_quota: Phase.OUT,
    refused: Phase.OUT,
    missing: Phase.OUT,
    disabled: Phase.DISABLED,
}


def ends(outcome: Outcome, *, is_old: bool = False, last_standing: bool = False) -> Callable[[World], None]:
    """An attempt comes home: the one that holds a place if there is one, of the epoch that now is."""

    def happens(world: World) -> None:
        lane, key, provider = world.standings.chain(A1)
        places = lane.places
        epochs = Epochs(lane.epoch - is_old, key.epoch, provider.epoch)
        world.happens(
            AttemptClosed(
                at_ms=world.now_ms,
                wall_ms=world.wall_ms,
                attempt_id="another" if is_old or not places else places[0].attempt_id,
                request_id="request",
                lane=A1,
                terms=Terms(epochs=epochs, last_standing=last_standing),
                outcome=outcome,
            )
        )

    return happens


def opened(world: World) -> None:
    decision = world.asks(A1)
    if isinstance(decision, Admitted):
        world.leaves(A1)


HAPPENINGS: dict[Happening, tuple[Callable[[World], None], ...]] = {
    Happening.OPENED: (opened,),
    Happening.ANSWERED: (ends(Answered()),),
    Happening.STRUCK: (ends(failure()), ends(failure(), last_standing=True)),
    Happening.RATE_LIMITED: (ends(failure(Kind.RATE_LIMIT)),),
    Happening.PUT_OUT: tuple(
        ends(failure(kind, wait_s=wait_s))
        for kind, wait_s in ((Kind.QUOTA, 7200.0), (Kind.AUTH, None), (Kind.NOT_FOUND, None))
    ),
    Happening.NOT_COUNTED: (ends(Cancelled()), ends(failure(Kind.BAD_REQUEST, Scope.REQUEST))),
    Happening.OLD_NEWS: (ends(Answered(), is_old=True), ends(failure(), is_old=True)),
    Happening.PROBED_WELL: (lambda world: world.probes(A1, True, True),),
    Happening.PROBED_ILL: (lambda world: world.probes(A1, False),),
    Happening.TIME: (lambda world: world.passes(40 * DAY),),
    Happening.LINK_LOST: (lambda world: world.loses_link(since_ms=world.now_ms),),
    Happening.RELOADED: (lambda world: world.reloads("alpha/key1"),),
    Happening.DISABLE: (lambda world: world.acts(Disable(A1, until_ms=world.now_ms + 2 * HOUR)),),
    Happening.QUARANTINE: (lambda world: world.acts(Quarantine(A1, until_ms=world.now_ms + HOUR)),),
    Happening.ENABLE: (lambda world: world.acts(Enable(A1)),),
    Happening.RELEASE: (lambda world: world.acts(Release(A1)),),
}


def seen_moves() -> dict[tuple[Phase, Happening], set[Phase]]:
    seen: dict[tuple[Phase, Happening], set[Phase]] = {}
    for arrange, before in STATES.items():
        for happening, ways in HAPPENINGS.items():
            for happens in ways:
                world = World()
                arrange(world)
                assert world.phase(A1) is before
                happens(world)
                seen.setdefault((before, happening), set()).add(world.phase(A1))
    return seen


def told_moves() -> dict[tuple[Phase, Happening], set[Phase]]:
    told: dict[tuple[Phase, Happening], set[Phase]] = {}
    for before, happening, after, _ in TRANSITIONS:
        told.setdefault((before, happening), set()).add(after)
    return {
        (phase, happening): told.get((phase, happening), {phase})
        for phase in Phase
        for happening in Happening
    }


def test_every_phase_with_everything_that_can_happen_lands_where_the_table_says():
    assert set(STATES.values()) == set(Phase)
    assert set(HAPPENINGS) == set(Happening)

    seen, told = seen_moves(), told_moves()

    assert {cell: seen[cell] for cell in told} == told


@pytest.mark.parametrize("arrange", STATES, ids=lambda arrange: arrange.__name__)
def test_a_request_is_refused_where_the_table_says_and_nowhere_else(arrange):
    world = World()
    arrange(world)

    assert world.is_usable(A1) == (world.phase(A1) not in REFUSING and arrange is not full)


@pytest.mark.parametrize("arrange", STATES, ids=lambda arrange: arrange.__name__)
def test_an_opening_that_nobody_admitted_changes_no_phase_but_that_of_a_trial(arrange):
    world = World()
    arrange(world)
    before = world.phase(A1)

    world.happens(
        AttemptOpened(at_ms=world.now_ms, wall_ms=world.wall_ms, attempt_id="stray", request_id="r", lane=A1)
    )

    after = world.phase(A1)
    assert after is before or (before, after) == (Phase.ON_TRIAL, Phase.UNDER_TRIAL)
    world.passes(SECOND)
    assert len(world.standing(A1).places) <= 1 or before is Phase.SLOW_START


def test_no_row_stands_twice_and_what_has_several_ends_says_when():
    moves = [(row.before, row.happening, row.after) for row in TRANSITIONS]
    assert len(set(moves)) == len(moves)

    for row in TRANSITIONS:
        others = [o for o in TRANSITIONS if o[:2] == row[:2] and o is not row]
        assert not others or row.case or any(o.case for o in others)


def test_the_diagram_shows_every_phase():
    diagram = mermaid()

    assert diagram.startswith("stateDiagram-v2\n    [*] --> well\n")
    assert all(str(phase).replace(" ", "_") in diagram for phase in Phase)
