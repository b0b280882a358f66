"""A provider with two keys and two models, and what its owner does with limits: ask, then fold."""

from typing import NamedTuple

from msgspec import structs

from state.config import Config, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Event,
    LimitLearned,
    Outcome,
    Usage,
    Window,
)
from state.settings.offer import KeyConfig, LimitsConfig, ModelConfig
from state.usage.limits import Exhausted, Limits, Reserved, allowance_of, fold_limits, reserve
from state.words import LaneId

NOON = 1_780_340_400_000  # 2026-06-01, 12:00 in Los Angeles, 19:00 UTC
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
FLASH = LaneId("gemini", "key1", "flash")
LITE = LaneId("gemini", "key1", "lite")
OTHER_KEY = LaneId("gemini", "key2", "flash")
NONE = LimitsConfig()
ANSWERED = Answered()


def config(lane: LimitsConfig = NONE, key: LimitsConfig = NONE, provider: LimitsConfig = NONE) -> Config:
    gemini = ProviderConfig(
        name="gemini",
        url="https://gemini.test",
        reset_zone="America/Los_Angeles",
        keys=(KeyConfig(name="key1", limits=key), KeyConfig(name="key2", limits=key)),
        models=(ModelConfig(name="flash", limits=lane), ModelConfig(name="lite")),
        limits=provider,
    )
    return Config(provider={"gemini": gemini})


class Now(NamedTuple):
    """The timeline began at noon in Los Angeles; the wall may be ahead of it or behind."""

    ms: int
    ahead_ms: int = 0

    @property
    def wall_ms(self) -> int:
        return NOON + self.ms + self.ahead_ms


class Ledger:
    """Limits as their owner keeps them: a question, and a fold for each fact."""

    def __init__(self, settings: Config) -> None:
        self.settings = settings
        self.limits = Limits()
        self.events: list[Event] = []
        self.count = 0

    def ask(
        self, at_ms: int, lane: LaneId = FLASH, tokens: int = 0, ahead_ms: int = 0
    ) -> Reserved | Exhausted:
        now = Now(at_ms, ahead_ms)
        allowance = allowance_of(self.settings.provider[lane.provider], lane)
        return reserve(self.limits, allowance, tokens, now.ms, now.wall_ms)

    def fold(self, event: Event) -> None:
        self.events.append(event)
        self.limits = fold_limits(self.limits, event, self.settings)

    def open(self, at_ms: int, lane: LaneId = FLASH, tokens: int = 0, ahead_ms: int = 0) -> str:
        self.count += 1
        now = Now(at_ms, ahead_ms)
        opened = AttemptOpened(
            at_ms=now.ms,
            wall_ms=now.wall_ms,
            attempt_id=f"attempt{self.count}",
            request_id="request",
            lane=lane,
            tokens_reserved=tokens,
        )
        self.fold(opened)
        return opened.attempt_id

    def close(
        self,
        attempt_id: str,
        at_ms: int,
        lane: LaneId = FLASH,
        *,
        ahead_ms: int = 0,
        outcome: Outcome = ANSWERED,
        usage: Usage | None = None,
        first_token_ms: int | None = None,
        tokens_reserved: int = 0,
        tries: int = 1,
    ) -> None:
        now = Now(at_ms, ahead_ms)
        self.fold(
            AttemptClosed(
                at_ms=now.ms,
                wall_ms=now.wall_ms,
                attempt_id=attempt_id,
                request_id="request",
                lane=lane,
                outcome=outcome,
                usage=usage,
                first_token_ms=first_token_ms,
                tokens_reserved=tokens_reserved,
                tries=tries,
            )
        )

    def call(self, at_ms: int, lane: LaneId = FLASH, ahead_ms: int = 0) -> None:
        self.close(self.open(at_ms, lane, ahead_ms=ahead_ms), at_ms, lane)

    def learn(
        self, at_ms: int, window: Window, reset_ms: int | None = None, **said: int | bool | None
    ) -> None:
        now = Now(at_ms)
        self.fold(
            structs.replace(
                LimitLearned(
                    at_ms=now.ms, wall_ms=now.wall_ms, target=FLASH, window=window, reset_ms=reset_ms
                ),
                **said,
            )
        )


def ledger(**limits: LimitsConfig) -> Ledger:
    return Ledger(config(**limits))


def until(answer: Reserved | Exhausted) -> int | None:
    assert isinstance(answer, Exhausted)
    return answer.until_ms
