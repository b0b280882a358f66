"""When a target is looked at, and how soon a provider that recovers is back in service."""

import pytest
from msgspec.structs import replace

from state.config import Config, ProbeConfig, QuarantineConfig
from state.events import Disable, ProbeClosed
from state.failures import Kind, Scope
from state.standing.probing import next_probe_ms, quiet_keys, watched
from state.words import Target
from tests.world import A1, A2, A3, ALPHA, B1, HOUR, KEY1, MINUTE, SECOND, World, failure, settings


def due_s(world: World, target: Target, answered_ms: int | None = None, jitter: float = 0.5) -> float | None:
    """In how many seconds the next probe is due."""
    due_ms = next_probe_ms(
        world.standings, target, world.config, at_ms=world.now_ms, answered_ms=answered_ms, jitter=jitter
    )
    return None if due_ms is None else (due_ms - world.now_ms) / 1000


def test_what_was_never_looked_at_is_looked_at_now():
    assert due_s(World(), ALPHA) == 0


def test_while_well_about_once_a_minute_with_jitter():
    world = World()
    world.probes(ALPHA, True)

    assert [due_s(world, ALPHA, jitter=jitter) for jitter in (0.0, 0.5, 1.0)] == [48, 60, 72]


def test_a_bad_probe_of_who_is_well_changes_nothing():
    world = World()
    world.probes(ALPHA, False)

    assert due_s(world, ALPHA) == 60
    assert world.is_usable(A1)


def test_live_traffic_that_answers_spares_the_probe():
    world = World()
    world.probes(ALPHA, True)
    world.passes(50 * SECOND)

    assert due_s(world, ALPHA) == 10
    assert due_s(world, ALPHA, answered_ms=world.now_ms - SECOND) == 59


@pytest.mark.parametrize("target", [A1, KEY1, ALPHA])
def test_no_probe_while_a_rate_limit_runs_on_the_target_or_above_it(target):
    world = World()

    world.fails(A1, Kind.RATE_LIMIT, Scope.PROVIDER, wait_s=90.0)

    assert due_s(world, target) == 90
    assert due_s(world, B1) == 0


def test_a_rate_limit_of_one_lane_does_not_keep_us_from_looking_at_its_provider():
    world = World()

    world.fails(A1, Kind.RATE_LIMIT, wait_s=90.0)

    assert due_s(world, ALPHA) == 0


def test_while_in_quarantine_bad_probes_climb_the_ladder_a_little_early_so_that_trials_are_not_late():
    world = World(settings(QuarantineConfig(single_s=HOUR / 1000)))
    world.fails(A1)
    waits_s = []

    for _ in range(8):
        wait_s = due_s(world, A1)
        assert wait_s is not None
        waits_s.append(wait_s)
        world.passes(round(wait_s * 1000))
        world.probes(A1, False)

    assert waits_s == [8, 18, 28, 28, 58, 118, 298, 298]


def test_a_good_probe_is_confirmed_after_a_second_and_then_the_next_step_follows():
    world = World()
    world.fails(A1)
    world.passes(10 * SECOND)

    world.probes(A1, True)
    assert due_s(world, A1) == 1
    world.passes(SECOND)
    world.probes(A1, True)

    assert due_s(world, A1) == 18


@pytest.mark.parametrize("lane", [A1, B1])
def test_the_time_that_a_slow_probe_took_is_not_waited_again(lane):
    world = World()
    world.fails(A1)
    world.passes(13 * SECOND)
    world.happens(
        ProbeClosed(
            at_ms=world.now_ms, wall_ms=world.wall_ms, target=lane, failure=failure(), duration_ms=5000
        )
    )

    assert due_s(world, lane) == {A1: 13, B1: 55}[lane]


def test_a_failed_early_trial_does_not_start_the_ladder_anew():
    world = World()
    world.fails(A1)
    world.passes(10 * SECOND)
    world.probes(A1, True, True)

    world.fails(A1)

    assert due_s(world, A1) == 18


def test_a_success_does():
    world = World()
    world.fails(A1)
    world.passes(10 * SECOND)
    world.probes(A1, True, True)
    world.answers(A1)

    world.fails(A1)

    assert due_s(world, A1) == 8


def test_there_is_nothing_to_learn_about_what_an_operator_or_a_refused_key_holds():
    world = World()
    world.acts(Disable(ALPHA, until_ms=HOUR))
    world.fails(B1, Kind.AUTH, Scope.KEY)

    assert due_s(world, A2) == 3600
    assert due_s(world, B1) is None


def test_probes_can_be_switched_off_and_without_early_trials_they_keep_their_slow_pace():
    world = World(settings(QuarantineConfig(early_trial=False)))
    world.fails(A1)
    assert due_s(world, A1) == 60

    alpha = replace(world.config.provider["alpha"], probe=ProbeConfig(enabled=False))
    world.config = Config(provider={"alpha": alpha})
    assert due_s(world, A1) is None


def test_a_provider_looks_at_itself_and_at_whoever_of_its_own_is_in_quarantine():
    world = World()
    assert watched(world.standings, ALPHA, world.now_ms) == (ALPHA,)

    world.fails(A1)
    world.fails(A3, Kind.RATE_LIMIT)
    world.fails(A2, Kind.UNAVAILABLE, Scope.KEY)
    world.fails(B1)

    assert watched(world.standings, ALPHA, world.now_ms) == (ALPHA, KEY1, A1)
    assert watched(world.standings, ALPHA, world.now_ms + 5 * MINUTE) == (ALPHA,)


def quiet(world: World) -> tuple[str, ...]:
    return quiet_keys(world.standings, world.config.provider["alpha"], world.now_ms)


def test_a_probe_is_asked_with_a_key_on_which_no_rate_limit_runs_and_that_was_not_refused():
    world = World()
    assert quiet(world) == ("key1", "key2")
    world.probes(A3, True)
    world.fails(A2)
    assert quiet(world) == ("key1", "key2")

    world.fails(A3, Kind.AUTH, Scope.KEY)
    assert quiet(world) == ("key1",)
    world.fails(A1, Kind.RATE_LIMIT, wait_s=60.0)
    assert quiet(world) == ()
    world.passes(MINUTE)
    assert quiet(world) == ("key1",)


def test_a_key_that_is_not_enabled_is_not_asked():
    world = World()
    alpha = world.config.provider["alpha"]
    off = replace(alpha, keys=(replace(alpha.keys[0], enabled=False), alpha.keys[1]))
    world.config = Config(provider={"alpha": off})
    world.probes(A1, True)

    assert quiet(world) == ("key2",)


@pytest.mark.parametrize("back_ms", [5_000, 9_000, 12_000, 27_500, 54_250, 60_000, 81_500])
def test_a_provider_that_recovers_is_back_within_half_a_minute_at_one_attempt_per_step(back_ms):
    world = World()
    asked_ms: list[int] = []
    served_ms: int | None = None

    while served_ms is None:
        is_up = world.now_ms >= back_ms
        due = due_s(world, ALPHA)
        if not world.standings.of(ALPHA).is_free and due is not None and due <= 0:
            world.probes(ALPHA, is_up)
        if world.is_usable(A1):
            asked_ms.append(world.now_ms)
            attempt = world.leaves(A1)
            if is_up:
                served_ms = world.now_ms
            else:
                world.ends(attempt, failure(Kind.NETWORK, Scope.PROVIDER))
        world.passes(250)

    assert served_ms - back_ms <= 30 * SECOND
    assert asked_ms == [0, served_ms]


def test_a_provider_whose_probes_lie_sees_one_attempt_per_step_of_the_ladder():
    world = World()
    asked_ms: list[int] = []

    while world.now_ms < 5 * MINUTE:
        due = due_s(world, ALPHA)
        if not world.standings.of(ALPHA).is_free and due is not None and due <= 0:
            world.probes(ALPHA, True)
        if world.is_usable(A1):
            asked_ms.append(world.now_ms)
            world.fails(A1, Kind.UNAVAILABLE, Scope.PROVIDER)
        world.passes(1000)

    assert asked_ms == [0, 9_000, 28_000, 57_000, 86_000, 145_000, 264_000]
