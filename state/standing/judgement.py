"""Who is struck, rests, is out, is tried or forgiven after each event: the fold of the standings.

An outcome counts only if everything that its lane stands on is as old as it was when the attempt left: so
twenty attempts that die together are one strike, and a late success ends nothing.
"""

from functools import partial
from typing import assert_never

from msgspec.structs import replace

from state.config import Config, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    BoardShown,
    ConfigLoaded,
    Disable,
    Enable,
    Event,
    Force,
    LimitLearned,
    LinkLost,
    LinkRestored,
    Mark,
    OperatorActed,
    PreferenceCleared,
    ProbeClosed,
    Quarantine,
    Release,
    ReleaseAll,
    RequestClosed,
    RequestOpened,
    Rescued,
    StatsReset,
    StrategySet,
)
from state.failures import RESPONSE_CLASS, Failure
from state.standing.consequences import Counts, blamed, consequence
from state.standing.holds import Hold, HoldKind
from state.standing.hosts import is_loopback
from state.standing.quarantine import PARDONED, lift, look_anew, order, put_out, rest, strike, unstrike
from state.standing.standings import Outage, Standings
from state.standing.trials import answer, probe, take_place, yield_place
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["fold_standing", "provider_config"]

_UNKNOWN = ProviderConfig(url="")
"""A provider that a reload took away: the journal still speaks of it."""


def provider_config(settings: Config, target: Target) -> ProviderConfig:
    """The settings that a lane, key or provider is judged by."""
    return settings.provider.get(target.provider, _UNKNOWN)


def fold_standing(part: Standings, event: Event, settings: Config) -> Standings:
    """Everybody's standing after this event."""
    match event:
        case AttemptOpened():
            return _opened(part, event, provider_config(settings, event.lane))
        case AttemptClosed():
            return _closed(part, event, provider_config(settings, event.lane))
        case ProbeClosed(target=target):
            provider = provider_config(settings, target)
            return part.change(target, lambda standing: probe(standing, event, provider))
        case OperatorActed():
            return _acted(part, event)
        case ConfigLoaded():
            return _loaded(part, event, settings)
        case LinkLost():
            return _link_lost(part, event, settings)
        case LinkRestored(at_ms=at_ms):
            outage = part.outage
            if outage is None or outage.until_ms is not None:
                return part
            return replace(part, outage=Outage(outage.since_ms, at_ms))
        case Rescued() | RequestOpened() | RequestClosed() | BoardShown() | LimitLearned():
            return part
    assert_never(event)


def _opened(part: Standings, opened: AttemptOpened, provider: ProviderConfig) -> Standings:
    if opened.terms.mark is Mark.LAST_RESORT:
        part = replace(part, last_resort_ms=opened.at_ms)
    if part.is_free(opened.lane):
        return part  # nobody there has places to give
    return part.change_chain(opened.lane, lambda standing: take_place(standing, opened, provider))


def _closed(part: Standings, closed: AttemptClosed, provider: ProviderConfig) -> Standings:
    if isinstance(closed.outcome, Answered) and part.is_spotless(closed.lane):
        return part
    lane, key, above = part.chain(closed.lane)
    left = closed.terms.epochs
    is_current = (left.lane, left.key, left.provider) == (lane.epoch, key.epoch, above.epoch)
    if is_current and isinstance(closed.outcome, Answered):
        return part.change_chain(
            closed.lane,
            lambda standing: answer(yield_place(standing, closed.attempt_id), closed.at_ms, provider),
        )
    part = part.change_chain(closed.lane, lambda standing: yield_place(standing, closed.attempt_id))
    if is_current and isinstance(closed.outcome, Failure):
        return _failed(part, closed, closed.outcome, provider)
    return part


def _failed(part: Standings, closed: AttemptClosed, failure: Failure, provider: ProviderConfig) -> Standings:
    target = blamed(failure, closed.lane)
    if target is None:
        return part
    match consequence(failure).counts:
        case Counts.REST:
            return part.change(target, lambda standing: rest(standing, closed, failure, provider))
        case Counts.OUT:
            return part.change(target, lambda standing: put_out(standing, closed, failure, provider))
        case Counts.STRIKE:
            if _is_excused(part, closed, failure, provider):
                return part
            return part.change(target, lambda standing: strike(standing, closed, failure, provider))
        case Counts.NOTHING:
            return part


def _is_excused(part: Standings, closed: AttemptClosed, failure: Failure, provider: ProviderConfig) -> bool:
    """Whether somebody else may be to blame: a poison prompt, or our own network."""
    if failure.kind in RESPONSE_CLASS and not closed.terms.may_strike:
        return True
    return (
        part.outage is not None
        and consequence(failure).may_be_link
        and not part.outage.was_over_at(closed.at_ms - closed.duration_ms)
        and not is_loopback(provider.url)
    )


def _acted(part: Standings, acted: OperatorActed) -> Standings:
    """A release reaches down to all that stands on its target; who was disabled is enabled by name."""
    match acted.act:
        case Enable(target):
            part = part.change(target, partial(lift, kinds=_DISABLED))
            return part.change_beneath(target, partial(lift, kinds=_OUT))
        case Disable(target, until_ms):
            return part.change(target, partial(order, hold=_ordered(HoldKind.DISABLED, acted, until_ms)))
        case Quarantine(target, until_ms, reason):
            hold = _ordered(HoldKind.ORDERED, acted, until_ms, reason)
            return part.change(target, partial(order, hold=hold))
        case Release(target):
            return part.change_beneath(target, partial(lift, kinds=PARDONED))
        case ReleaseAll():
            return part.change_all(partial(lift, kinds=PARDONED))
        case Force() | PreferenceCleared() | StrategySet() | StatsReset():
            return part


def _loaded(part: Standings, loaded: ConfigLoaded, settings: Config) -> Standings:
    """A changed key is another key, a missing model may have come, who is gone is forgotten."""
    for name in loaded.keys_changed:
        provider, _, key = name.partition("/")
        part = part.change_beneath(KeyId(provider, key), partial(lift, kinds=_OUT_BY_KEY))
        part = part.change(KeyId(provider, key), partial(lift, kinds=PARDONED - {HoldKind.ORDERED}))
    part = part.change_all(partial(look_anew, at_ms=loaded.at_ms))
    return part.keeping(partial(_is_configured, settings))


def _link_lost(part: Standings, lost: LinkLost, settings: Config) -> Standings:
    since_ms = lost.since_ms
    if part.outage is not None and part.outage.until_ms is None:
        since_ms = min(since_ms, part.outage.since_ms)
    part = replace(part, outage=Outage(since_ms))
    for name in part.providers:
        provider = ProviderId(name)
        if not is_loopback(provider_config(settings, provider).url):
            part = part.change_beneath(provider, partial(unstrike, since_ms=since_ms))
    return part


_REASON_CHARS_MAX = 200
_DISABLED = frozenset({HoldKind.DISABLED})
_OUT = frozenset({HoldKind.QUOTA, HoldKind.AUTH, HoldKind.NOT_FOUND})
_OUT_BY_KEY = frozenset({HoldKind.QUOTA, HoldKind.AUTH})


def _ordered(kind: HoldKind, acted: OperatorActed, until_ms: int, reason: str = "") -> Hold:
    return Hold(
        kind=kind,
        since_ms=acted.at_ms,
        until_ms=until_ms,
        since_wall_ms=acted.wall_ms,
        reason=reason[:_REASON_CHARS_MAX],
        by=acted.by[:_REASON_CHARS_MAX],
    )


def _is_configured(settings: Config, target: Target) -> bool:
    provider = settings.provider.get(target.provider)
    if provider is None:
        return False
    match target:
        case ProviderId():
            return True
        case KeyId(_, key):
            return any(key == known.name for known in provider.keys)
        case LaneId(_, _, model):
            return provider.discovers or any(model == known.name for known in provider.models)
