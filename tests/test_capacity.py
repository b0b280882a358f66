"""What is left, on each lane and in all."""

import pytest

from state.config import Config, ProviderConfig
from state.events import AttemptOpened, LimitLearned, Window
from state.settings.offer import KeyConfig, LimitsConfig, ModelConfig
from state.usage.capacity import Capacity, WindowLeft, capacity
from state.usage.limits import Exhausted, Limits, allowance_of, fold_limits
from state.words import KeyId, LaneId
from tests.ledger import FLASH, HOUR_MS, NONE, NOON

CASCADE = (
    ModelConfig(name="2.5-flash", limits=LimitsConfig(rpm=10, rpd=250, tpm=250_000)),
    ModelConfig(name="2.5-flash-lite", limits=LimitsConfig(rpm=15, rpd=1000, tpm=250_000)),
    ModelConfig(name="2.0-flash", limits=LimitsConfig(rpm=15, rpd=200, tpm=1_000_000)),
    ModelConfig(name="2.0-flash-lite", limits=LimitsConfig(rpm=30, rpd=200, tpm=1_000_000)),
)
FIRST = LaneId("gemini", "key1", "2.5-flash")


def gemini(keys: int = 1, key: LimitsConfig = NONE, provider: LimitsConfig = NONE) -> Config:
    return Config(
        provider={
            "gemini": ProviderConfig(
                name="gemini",
                url="https://gemini.test",
                reset_zone="America/Los_Angeles",
                keys=tuple(KeyConfig(name=f"key{n + 1}", limits=key) for n in range(keys)),
                models=CASCADE,
                limits=provider,
            )
        }
    )


def used(settings: Config, lane: LaneId, times: int) -> Limits:
    limits = Limits()
    for n in range(times):
        opened = AttemptOpened(
            at_ms=n, wall_ms=NOON + n, attempt_id=f"attempt{n}", request_id="request", lane=lane
        )
        limits = fold_limits(limits, opened, settings)
    return limits


def report(settings: Config, limits: Limits, at_ms: int = 1000) -> Capacity:
    allowances = [allowance_of(settings.provider[lane.provider], lane) for lane in settings.lanes]
    return capacity(limits, allowances, at_ms, NOON + at_ms)


def test_the_gemini_cascade_has_70_a_minute_and_1650_a_day_with_each_key() -> None:
    left = report(gemini(), Limits()).left

    assert left == {Window.RPM: 70, Window.RPD: 1650, Window.TPM: 2_500_000}


def test_a_second_key_doubles_it() -> None:
    left = report(gemini(keys=2), Limits()).left

    assert left == {Window.RPM: 140, Window.RPD: 3300, Window.TPM: 5_000_000}


def test_what_one_lane_used_is_missing_there_and_in_all() -> None:
    settings = gemini(keys=2)
    now = report(settings, used(settings, FIRST, 10))

    assert now.lanes[0].left == {Window.RPM: 0, Window.RPD: 240, Window.TPM: 250_000}
    assert now.lanes[4].left == {Window.RPM: 10, Window.RPD: 250, Window.TPM: 250_000}
    assert now.left == {Window.RPM: 130, Window.RPD: 3290, Window.TPM: 5_000_000}
    assert now.providers == {"gemini": now.left}


def test_each_window_says_when_it_is_whole_again() -> None:
    settings = gemini()
    lane = report(settings, used(settings, FIRST, 10)).lanes[0]

    assert lane.windows[:2] == (
        WindowLeft(target=FIRST, window=Window.RPM, limit=10, used=10, left=0, whole_ms=61_000),
        WindowLeft(target=FIRST, window=Window.RPD, limit=250, used=10, left=240, whole_ms=12 * HOUR_MS),
    )
    assert lane.exhausted == Exhausted(FIRST, Window.RPM, limit=10, used=10, need=1, until_ms=61_000)


def test_the_next_minute_has_it_all_again_and_the_day_has_not() -> None:
    settings = gemini()
    now = report(settings, used(settings, FIRST, 10), at_ms=61_000)

    assert now.left == {Window.RPM: 70, Window.RPD: 1640, Window.TPM: 2_500_000}
    assert now.lanes[0].exhausted is None


@pytest.mark.parametrize(("own", "left"), [(20, 20), (100, 70)])
def test_a_key_has_no_more_than_its_own_and_no_more_than_its_lanes(own: int, left: int) -> None:
    assert report(gemini(key=LimitsConfig(rpm=own)), Limits()).left[Window.RPM] == left


def test_a_limit_of_the_provider_bounds_all_keys_together() -> None:
    assert report(gemini(keys=2, provider=LimitsConfig(rpm=100)), Limits()).left[Window.RPM] == 100


def test_a_shared_limit_binds_each_lane() -> None:
    settings = gemini(key=LimitsConfig(rpd=10))
    now = report(settings, used(settings, FIRST, 8))

    assert [lane.left[Window.RPD] for lane in now.lanes] == [2, 2, 2, 2]
    assert now.lanes[1].windows[-1] == WindowLeft(
        target=KeyId("gemini", "key1"), window=Window.RPD, limit=10, used=8, left=2, whole_ms=12 * HOUR_MS
    )


def test_concurrency_comes_back_when_the_attempts_in_flight_end() -> None:
    settings = gemini(key=LimitsConfig(concurrency=4))
    now = report(settings, used(settings, FIRST, 3))

    assert now.left[Window.CONCURRENCY] == 1
    assert now.lanes[0].windows[-1].whole_ms is None


def test_a_lane_without_limits_makes_the_whole_unlimited() -> None:
    local = ProviderConfig(name="ollama", url="http://localhost", models=(ModelConfig(name="llava"),))
    settings = Config(provider=gemini().provider | {"ollama": local})
    now = report(settings, Limits())

    assert now.left == {}
    assert now.providers["ollama"] == {}
    assert now.providers["gemini"][Window.RPD] == 1650


def test_what_a_provider_stated_is_shown_as_its_word() -> None:
    settings = Config(
        provider={
            "gemini": ProviderConfig(name="gemini", url="https://x.test", models=(ModelConfig(name="flash"),))
        }
    )
    said = LimitLearned(
        at_ms=0, wall_ms=NOON, target=FLASH, window=Window.RPM, limit=100, remaining=30, reset_ms=20_000
    )
    now = report(settings, fold_limits(Limits(), said, settings))

    assert now.lanes[0].windows == (
        WindowLeft(target=FLASH, window=Window.RPM, limit=100, used=0, left=30, whole_ms=20_000, stated=True),
    )
    assert now.left == {Window.RPM: 30}


def test_of_no_lanes_nothing_is_left_and_nothing_is_wrong() -> None:
    assert capacity(Limits(), [], 0, NOON) == Capacity(left={}, providers={}, lanes=())
