"""Rests and outs: rate limits, quotas, refused keys, missing models, and what a reload changes."""

import pytest
from msgspec.structs import replace

from state.config import Config, LimitsConfig
from state.events import Answered, Enable, Release
from state.failures import Kind, Scope
from state.standing.holds import Busy, Hold, HoldKind, Phase, later, span
from tests.world import (
    A1,
    A2,
    A3,
    ALPHA,
    B1,
    DAY,
    HOME,
    HOUR,
    KEY1,
    MINUTE,
    SECOND,
    START_WALL_MS,
    World,
    failure,
    settings,
)


def test_a_rate_limit_is_a_rest_until_the_stated_wait_and_no_strike():
    world = World()

    world.fails(A1, Kind.RATE_LIMIT, wait_s=42.0)

    assert world.says(A1) == "alpha/key1/small: resting for 42s more: rate_limit (rule some-rate_limit)"
    assert world.standing(A1).row == 0
    world.passes(42 * SECOND)
    assert world.phase(A1) is Phase.WELL


@pytest.mark.parametrize(
    ("stated_s", "rests_s"),
    [
        (0.0, 1),
        (-5.0, 1),
        (0.2, 1),
        (599.0, 599),
        (86_400.0, 600),
        (1e308, 600),
        (float("inf"), 600),
        (float("nan"), 1),
    ],
)
def test_a_stated_wait_is_believed_between_one_second_and_ten_minutes(stated_s, rests_s):
    world = World()

    world.fails(A1, Kind.RATE_LIMIT, wait_s=stated_s)

    assert world.left_s(A1) == rests_s


def test_an_unstated_rest_grows_from_thirty_seconds_to_five_minutes_until_a_success():
    world = World()
    rested_s = []

    for _ in range(6):
        world.fails(A1, Kind.RATE_LIMIT)
        rested_s.append(world.left_s(A1))
        world.passes(5 * MINUTE)
    world.answers(A1)
    world.fails(A1, Kind.RATE_LIMIT)

    assert rested_s == [30, 60, 120, 240, 300, 300]
    assert world.left_s(A1) == 30


def test_twenty_rate_limits_at_once_grow_the_rest_once():
    world = World()
    attempts = [world.leaves(A1) for _ in range(20)]

    for attempt in attempts:
        world.ends(attempt, failure(Kind.RATE_LIMIT))
    assert world.left_s(A1) == 30
    world.passes(30 * SECOND)
    world.fails(A1, Kind.RATE_LIMIT)

    assert world.left_s(A1) == 60


def test_a_success_that_left_before_the_rest_ends_neither_the_rest_nor_its_growth():
    world = World()
    limited, late = world.leaves(A1), world.leaves(A1)
    world.ends(limited, failure(Kind.RATE_LIMIT))

    world.ends(late, Answered())

    assert world.left_s(A1) == 30
    assert world.standing(A1).rests == 1


def test_a_later_stated_wait_lengthens_a_rest_and_an_earlier_one_does_not_shorten_it():
    world = World()
    first, second, third = (world.leaves(A1) for _ in range(3))

    world.ends(first, failure(Kind.RATE_LIMIT, wait_s=40.0))
    world.ends(second, failure(Kind.RATE_LIMIT, wait_s=60.0))
    world.ends(third, failure(Kind.RATE_LIMIT, wait_s=5.0))

    assert world.left_s(A1) == 60


def test_a_rate_limit_of_the_key_rests_all_its_lanes():
    world = World()

    world.fails(A1, Kind.RATE_LIMIT, Scope.KEY, 10.0)

    assert [world.is_usable(lane) for lane in (A1, A2, A3)] == [False, False, True]


def test_a_local_server_without_a_stated_wait_rests_for_a_minute_at_most():
    world = World()

    for _ in range(4):
        world.fails(HOME, Kind.RATE_LIMIT)
        world.passes(MINUTE)
    world.fails(HOME, Kind.RATE_LIMIT)

    assert world.left_s(HOME) == 60


def test_a_spent_quota_is_out_until_the_stated_reset():
    world = World()

    world.fails(A1, Kind.QUOTA, Scope.KEY, 4 * 3600.0)

    assert world.says(A2) == "alpha/key1: out of quota for 4h more: quota (rule some-quota)"
    assert world.is_usable(A3)
    world.passes(4 * HOUR)
    assert world.phase(KEY1) is Phase.ON_TRIAL


def test_a_spent_quota_without_a_stated_reset_is_out_until_the_providers_midnight():
    world = World(settings(reset_zone="America/Los_Angeles"))
    world.passes(2 * HOUR)  # since midnight in Los Angeles

    world.fails(A1, Kind.QUOTA)

    assert world.left_s(A1) == 22 * 3600


@pytest.mark.parametrize("where", ["limits", "model_limits", "models", "keys"])
@pytest.mark.parametrize("limits", [LimitsConfig(rpd=100), LimitsConfig(tpd=100)])
def test_a_limit_per_day_anywhere_tells_that_the_quota_is_daily(where, limits):
    world = World()
    alpha = world.config.provider["alpha"]
    match where:
        case "models":
            alpha = replace(alpha, models=(replace(alpha.models[0], limits=limits), alpha.models[1]))
        case "keys":
            alpha = replace(alpha, keys=(alpha.keys[0], replace(alpha.keys[1], limits=limits)))
        case _:
            alpha = replace(alpha, **{where: limits})
    world.config = Config(provider={"alpha": alpha})

    world.fails(A1, Kind.QUOTA)

    assert world.left_s(A1) == 16 * 3600  # it is eight in the morning in UTC


def test_a_spent_quota_of_a_provider_without_a_calendar_is_out_for_ten_minutes():
    world = World()

    world.fails(A1, Kind.QUOTA)

    assert world.left_s(A1) == 600


def test_an_absurd_quota_reset_is_cut_to_a_month():
    world = World()

    world.fails(A1, Kind.QUOTA, wait_s=1e300)

    assert world.left_s(A1) == 32 * DAY / 1000


def test_a_refused_key_is_out_until_its_config_changes():
    world = World()
    world.fails(A1, Kind.AUTH, Scope.KEY)
    assert world.says(A2) == (
        "alpha/key1: out, its key was refused until its config changes or it is enabled: "
        "auth (rule some-auth)"
    )
    assert world.left_s(A1) is None
    world.passes(400 * DAY)
    assert not world.is_usable(A1)

    world.reloads("alpha/key2")
    assert not world.is_usable(A1)
    world.reloads("alpha/key1")

    assert world.phase(KEY1) is Phase.WELL


def test_a_late_refusal_of_the_old_key_is_not_held_against_the_new_one():
    world = World()
    refused, late = world.leaves(A1), world.leaves(A2)
    world.ends(refused, failure(Kind.AUTH, Scope.KEY))
    world.reloads("alpha/key1")

    world.ends(late, failure(Kind.AUTH, Scope.KEY))

    assert world.is_usable(A1)


@pytest.mark.parametrize("scope", [Scope.KEY, Scope.PROVIDER])
def test_a_refusal_is_never_held_against_more_than_the_key(scope):
    world = World()

    world.fails(A1, Kind.AUTH, scope)

    assert [world.is_usable(lane) for lane in (A1, A2, A3)] == [False, False, True]


def test_an_operator_can_enable_a_refused_key_and_a_release_is_not_enough():
    world = World()
    world.fails(A1, Kind.AUTH, Scope.KEY)

    world.acts(Release(ALPHA))
    assert not world.is_usable(A1)
    world.acts(Enable(ALPHA))

    assert world.is_usable(A1)


def test_a_missing_model_is_looked_at_again_daily_by_one_request():
    world = World()
    world.fails(A1, Kind.NOT_FOUND, Scope.PROVIDER)
    assert world.is_usable(A2)
    assert world.says(A1) == "alpha/key1/small: out, not found for 1d more: not_found (rule some-not_found)"

    world.passes(DAY)
    world.fails(A1, Kind.NOT_FOUND)

    assert world.left_s(A1) == 86_400


def test_a_reload_lets_one_request_look_for_the_missing_model():
    world = World()
    world.fails(A1, Kind.NOT_FOUND)
    world.passes(MINUTE)

    world.reloads()

    assert world.phase(A1) is Phase.ON_TRIAL
    world.answers(A1)
    assert world.phase(A1) is Phase.SLOW_START


def test_a_changed_key_is_another_key_with_another_account():
    world = World()
    world.fails(A1, Kind.QUOTA)
    world.fails(A2, Kind.UNAVAILABLE, Scope.KEY)

    world.reloads("alpha/key1")

    assert world.is_usable(A1)
    assert world.is_usable(A2)


def test_a_reload_keeps_the_standing_of_what_did_not_change_and_forgets_what_is_gone():
    world = World()
    for lane in (A1, A3, B1):
        world.fails(lane)
    alone = world.config.provider["alpha"]

    world.config = Config(provider={"alpha": type(alone)(name="alpha", url=alone.url, models=alone.models)})
    world.reloads()

    assert [str(target) for target, standing in world.standings if standing.row] == ["alpha/key1/small"]


@pytest.mark.parametrize(("models", "kept"), [(("large",), [A2]), ((), [A1, A2])])
def test_a_model_that_is_gone_is_forgotten_unless_its_provider_finds_its_models_by_itself(models, kept):
    world = World()
    world.fails(A1)
    world.fails(A2)
    alpha = world.config.provider["alpha"]

    found = tuple(model for model in alpha.models if model.name in models)
    world.config = Config(provider={"alpha": replace(alpha, models=found)})
    world.reloads()

    assert [target for target, standing in world.standings if standing.row] == kept


def test_no_strike_is_counted_for_what_is_out():
    world = World()

    world.fails(A1, Kind.QUOTA)
    world.fails(A2, Kind.NOT_FOUND)
    world.fails(A3, Kind.AUTH, Scope.KEY)

    assert not any(standing.row for _, standing in world.standings)


def hold(until_ms: int | None, reason: str = "") -> Hold:
    return Hold(kind=HoldKind.REST, since_ms=0, until_ms=until_ms, since_wall_ms=START_WALL_MS, reason=reason)


def test_the_later_of_two_deadlines_wins_with_its_reason_and_of_equals_the_newer():
    short, long, endless = hold(1000, "short"), hold(2000, "long"), hold(None, "endless")

    assert later(short, long) is long
    assert later(long, short) is long
    assert later(endless, long) is endless
    assert later(long, endless) is endless
    assert later(None, short) is short
    newer = hold(1000, "newer")
    assert later(short, newer) is newer


@pytest.mark.parametrize(
    ("left_ms", "said"),
    [
        (0, "0s"),
        (-5, "0s"),
        (1, "1s"),
        (299_001, "5m"),
        (299_000, "4m 59s"),
        (3_600_000, "1h"),
        (90_061_000, "1d 1h"),
    ],
)
def test_a_time_is_told_in_two_words_at_most_and_never_too_short(left_ms, said):
    assert span(left_ms) == said


def test_what_is_left_is_never_negative():
    assert [hold(1000).left_ms(at_ms) for at_ms in (0, 999, 1000, 2000)] == [1000, 1, 0, 0]
    assert hold(None).left_ms(0) is None


@pytest.mark.parametrize("wall_ms", [-(10**18), 10**18])
def test_a_wall_clock_gone_mad_can_still_be_repeated(wall_ms):
    mad = Hold(kind=HoldKind.REST, since_ms=0, until_ms=1, since_wall_ms=wall_ms)

    assert str(mad).startswith("resting until ")


def test_what_is_full_says_so():
    assert repr(Busy(Phase.UNDER_TRIAL, 1, 1, 0)) == "<under trial>"
    assert repr(Busy(Phase.SLOW_START, 2, 2, 0)) == "<starting slowly, 2 of 2 at once>"
