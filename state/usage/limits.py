"""How much may still be used: reserved over lane, key and provider at once, settled by what it came to.

reserve  --Reserved-->  AttemptOpened  ...  AttemptClosed     both folded into the meters of the lane,
         --Exhausted->  next lane                             its key and its provider

window       counts                                 until
rpm          attempts, from when they left          that second is a minute old
rpd          attempts, from when they left          the provider's calendar day is over
tpm          the estimate while in flight, then     the second in which they ended is a minute old
tpd          what it came to                        the provider's calendar day is over
concurrency  attempts in flight                     they end, however they end

A request that left is a request, whatever became of it, and so is a second try in place; when that one left
is not told, so it counts from the end, a little too long. Tokens count from the end of an attempt as well:
the provider counted them at some moment before, so its window is over no later than ours.
"""

from typing import NamedTuple

from msgspec import Struct

from state.config import Api, Config, ProviderConfig
from state.events import AttemptClosed, AttemptOpened, ConfigLoaded, Event, Fact, LimitLearned, Window
from state.settings.offer import LimitsConfig
from state.usage.calendars import Instant
from state.usage.meter import Meter, counts_tokens
from state.usage.meters import Meters
from state.usage.tokens import TOKENS_MAX, spent_tokens
from state.words import LaneId, Target

__all__ = [
    "Allowance",
    "Cap",
    "Exhausted",
    "Limits",
    "Reserved",
    "Rung",
    "allowance_of",
    "fold_limits",
    "reserve",
]


TRIES_MAX = 1_000
"""Of one attempt: more than any patience has."""


class Limits(Struct, frozen=True, gc=False):
    """What every lane, key and provider has used: bounded by their number and by the attempts in flight."""

    meters: Meters = Meters()
    reserved: dict[str, int] = {}
    """The tokens of each attempt in flight. By its id, so that one closed twice frees its place once."""

    def meter(self, target: Target) -> Meter:
        return self.meters.of(target)


class Cap(NamedTuple):
    """What the config allows in one window."""

    window: Window
    limit: int
    in_tokens: bool


class Rung(Struct, frozen=True):
    """A lane, its key or its provider, and what the config allows it."""

    target: Target
    caps: tuple[Cap, ...]


class Allowance(Struct, frozen=True):
    """What the config allows on one lane, looked up once: the router asks about every lane, every time."""

    lane: LaneId
    rungs: tuple[Rung, Rung, Rung]
    zone: str


class Reserved(Struct, frozen=True, gc=False):
    """There is room on the whole chain. Folding the attempt's opening takes it."""

    tokens: int


_RESERVED_NOTHING = Reserved(0)


class Exhausted(Struct, frozen=True):
    """A limit leaves no room."""

    target: Target
    window: Window
    limit: int | None
    """None: the provider said only how much remains."""
    used: int
    need: int
    until_ms: int | None
    """The earliest moment at which there may be room; None: when an attempt in flight ends, or never."""
    stated: bool = False
    """By the provider, not by the config."""

    @property
    def is_too_large(self) -> bool:
        """Whether the request alone is more than the limit: no wait helps."""
        return self.limit is not None and self.need > self.limit

    def __str__(self) -> str:
        by = ", says the provider" if self.stated else ""
        if self.limit is None:
            return f"{self.target}: {self.window} used up{by}"
        if self.is_too_large:
            return f"{self.target}: needs {self.need} of {self.limit} {self.window}{by}"
        return f"{self.target}: {self.used} of {self.limit} {self.window} used{by}"


def allowance_of(provider: ProviderConfig, lane: LaneId) -> Allowance:
    """A model's own limits, else those that the provider has for each of its models."""
    none = LimitsConfig()
    model = next((model.limits for model in provider.models if model.name == lane.model), none)
    key = next((key.limits for key in provider.keys if key.name == lane.key), none)
    return Allowance(
        lane=lane,
        rungs=(
            _rung(lane, provider.model_limits if model == none else model),
            _rung(lane.key_id, key),
            _rung(lane.provider_id, provider.limits),
        ),
        zone=provider.reset_zone,
    )


def reserve(
    limits: Limits, allowance: Allowance, tokens: int, at_ms: int, wall_ms: int
) -> Reserved | Exhausted:
    """Whether one more attempt fits everywhere on its chain, or what is in its way the longest.

    It changes nothing: who is told Reserved folds the opening before anybody else asks.
    """
    now = Instant(at_ms, wall_ms, allowance.zone)
    refusals: list[Exhausted] = []
    meters = limits.meters.chain(allowance.lane)
    for rung, meter in zip(allowance.rungs, meters, strict=True):
        if not rung.caps and not meter.statements:
            continue
        for window, limit, in_tokens in rung.caps:
            need = tokens if in_tokens else 1
            used = meter.used(window, now)
            if used + need > limit:
                until_ms = meter.down_ms(window, limit - need, now)
                refusals.append(Exhausted(rung.target, window, limit, used, need, until_ms))
        for window, said in meter.statements.items():
            need = tokens if counts_tokens(window) else 1
            used = meter.used(window, now)
            limit_said = said.limit_at(at_ms)
            if limit_said is not None and used + need > limit_said:
                until_ms = meter.down_ms(window, limit_said - need, now)
                until_ms = said.until_ms if until_ms is None else min(until_ms, said.until_ms)
                refusals.append(Exhausted(rung.target, window, limit_said, used, need, until_ms, stated=True))
            reading = meter.reading(window)
            room = said.room_at(at_ms, reading)
            if room is not None and need > room:
                until_ms = said.room_ms(need, reading)
                refusals.append(Exhausted(rung.target, window, None, used, need, until_ms, stated=True))
    if not refusals:
        return _RESERVED_NOTHING if not tokens else Reserved(tokens)
    return max(refusals, key=_how_long)


def fold_limits(limits: Limits, event: Event, settings: Config) -> Limits:
    """What is used after this event. Of the settings only the calendars and the ways of counting matter: a
    change of the limits themselves is in force at once, over what has been used all along.
    """
    match event:
        case AttemptOpened(attempt_id=attempt_id) if attempt_id not in limits.reserved:
            return _opened(limits, event, _instant(event, event.lane.provider, settings))
        case AttemptClosed():
            return _closed(limits, event, settings)
        case LimitLearned(target=target):
            now = _instant(event, target.provider, settings)
            meters = limits.meters.change(target, lambda meter: meter.told(event, now))
            return Limits(meters, limits.reserved)
        case ConfigLoaded():
            return _swept(limits, event, settings)
    return limits


def _opened(limits: Limits, event: AttemptOpened, now: Instant) -> Limits:
    tokens = _sane(event.tokens_reserved)
    meters = limits.meters.change_chain(event.lane, lambda meter: meter.opened(now, tokens))
    return Limits(meters, limits.reserved | {event.attempt_id: tokens})


def _closed(limits: Limits, event: AttemptClosed, settings: Config) -> Limits:
    now, api = _instant(event, event.lane.provider, settings), _api(event.lane.provider, settings)
    reserved, tries = limits.reserved.copy(), min(max(event.tries, 1), TRIES_MAX)
    tokens = reserved.pop(event.attempt_id, None)
    if tokens is None:  # its opening was lost with a full disk, or it is closed for the second time
        spent = spent_tokens(event, _sane(event.tokens_reserved), api)
        meters = limits.meters.change_chain(event.lane, lambda meter: meter.found(now, spent, tries))
        return Limits(meters, reserved)
    spent = spent_tokens(event, tokens, api)
    meters = limits.meters.change_chain(event.lane, lambda meter: meter.closed(now, tokens, spent, tries - 1))
    return Limits(meters, reserved)


def _swept(limits: Limits, event: ConfigLoaded, settings: Config) -> Limits:
    """Without the meters that have nothing to tell: lanes that left the config leave nothing behind."""
    meters = limits.meters.without(
        lambda provider, meter: meter.is_blank(_instant(event, provider, settings))
    )
    return Limits(meters, limits.reserved)


def _how_long(refusal: Exhausted) -> tuple[bool, int]:
    """For ever before until a moment, and until a moment before until an attempt ends."""
    for_ever = refusal.is_too_large and refusal.until_ms is None
    return for_ever, -1 if refusal.until_ms is None else refusal.until_ms


def _rung(target: Target, limits: LimitsConfig) -> Rung:
    asked = (
        (Window.RPM, limits.rpm),
        (Window.RPD, limits.rpd),
        (Window.TPM, limits.tpm),
        (Window.TPD, limits.tpd),
        (Window.CONCURRENCY, limits.concurrency),
    )
    caps = (Cap(window, limit, counts_tokens(window)) for window, limit in asked if limit is not None)
    return Rung(target, tuple(caps))


def _instant(event: Fact, provider: str, settings: Config) -> Instant:
    """A provider that has left the config is counted on in a calendar that everybody knows."""
    known = settings.provider.get(provider)
    return Instant(event.at_ms, event.wall_ms, "UTC" if known is None else known.reset_zone)


def _api(provider: str, settings: Config) -> Api:
    known = settings.provider.get(provider)
    return Api.OPENAI if known is None else known.api


def _sane(tokens: int) -> int:
    return min(max(tokens, 0), TOKENS_MAX)
