"""What an operator can order. Each act has an end, holds at once, is acknowledged when on the disk."""

from typing import Annotated

from msgspec import Meta, Struct

from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.moment import Moment
from daemon.api.params import Params
from daemon.api.refusal import Refusal
from daemon.api.targets import named, not_there
from daemon.verdicts import ErrorKind
from state.config import Strategy
from state.events import (
    Disable,
    Enable,
    Force,
    OperatorAct,
    PreferenceCleared,
    Quarantine,
    Release,
    ReleaseAll,
    StatsReset,
    StrategySet,
)
from state.memory.durability import NotDurable
from state.routing.pools import AUTO
from state.settings.tuning import YEAR_S
from state.standing.holds import Phase
from state.timeline import ms
from state.words import Target, covers

__all__ = [
    "Acted",
    "ClearParams",
    "DisableParams",
    "ForceParams",
    "QuarantineParams",
    "ReleaseParams",
    "ResetParams",
    "StrategyParams",
    "TargetParams",
    "clear",
    "disable",
    "enable",
    "force",
    "quarantine",
    "release",
    "reset",
    "strategy",
]

HOUR_S = 3600.0
QUARANTINE_S = 600.0
REASON_CHARS_MAX = 200

Target_ = Annotated[str, Meta(min_length=1, max_length=400, description="PROVIDER, PROVIDER/KEY or a lane")]
Span = Annotated[float, Meta(gt=0.0, le=YEAR_S, description="seconds")]
Name = Annotated[str, Meta(max_length=200)]


class TargetParams(Params, frozen=True):
    """Whom."""

    target: Target_


class DisableParams(Params, frozen=True):
    target: Target_
    for_s: Span = HOUR_S


class QuarantineParams(Params, frozen=True):
    target: Target_
    for_s: Span = QUARANTINE_S
    reason: Annotated[str, Meta(max_length=REASON_CHARS_MAX)] = ""


class ReleaseParams(Params, frozen=True):
    """One of them, or all."""

    target: Annotated[str, Meta(max_length=400)] = ""
    all: bool = False


class ForceParams(Params, frozen=True):
    target: Target_
    for_s: Span = HOUR_S
    pool: Name = ""
    """Empty: every pool."""


class ClearParams(Params, frozen=True):
    context: Name = ""
    """A context or a pool; empty: all."""


class StrategyParams(Params, frozen=True):
    pool: Name
    strategy: Strategy
    for_s: Span = HOUR_S


class ResetParams(Params, frozen=True):
    target: Annotated[str, Meta(max_length=400)] = ""
    """Empty: all."""


class Acted(Struct, frozen=True, kw_only=True):
    """It holds."""

    says: str
    is_durable: bool
    """Whether it is on the disk; if not, it is forgotten by a crash."""
    why_not_durable: str = ""
    until_wall_ms: int | None = None


async def enable(cast: Cast, params: TargetParams, caller: Caller) -> Acted | Refusal:
    """Ends what the operator ordered, and what nothing but an act can end: a refused key."""
    target = named(cast, params.target)
    if isinstance(target, Refusal):
        return target
    off = _disabled_by_name(cast, target)
    others = f"; what is disabled by its own name stays so: {off}" if off else ""
    return await _act(cast, caller, Enable(target), f"{target} is enabled{others}")


async def disable(cast: Cast, params: DisableParams, caller: Caller) -> Acted | Refusal:
    target = named(cast, params.target)
    if isinstance(target, Refusal):
        return target
    act = Disable(target, _until_ms(cast, params.for_s))
    return await _act(cast, caller, act, f"{target} is disabled", act.until_ms)


async def quarantine(cast: Cast, params: QuarantineParams, caller: Caller) -> Acted | Refusal:
    target = named(cast, params.target)
    if isinstance(target, Refusal):
        return target
    act = Quarantine(target, _until_ms(cast, params.for_s), params.reason)
    return await _act(cast, caller, act, f"{target} is quarantined", act.until_ms)


async def release(cast: Cast, params: ReleaseParams, caller: Caller) -> Acted | Refusal:
    if params.all == bool(params.target):
        return Refusal(
            kind=ErrorKind.INVALID_PARAMS,
            message="`target` is missing: name one, or say `all`",
            field="target",
        )
    if params.all:
        return await _act(cast, caller, ReleaseAll(), "all quarantines and rests are over")
    target = named(cast, params.target)
    if isinstance(target, Refusal):
        return target
    return await _act(cast, caller, Release(target), f"{target} is released")


async def force(cast: Cast, params: ForceParams, caller: Caller) -> Acted | Refusal:
    target = named(cast, params.target)
    if isinstance(target, Refusal):
        return target
    if params.pool and (missing := _no_pool(cast, params.pool)) is not None:
        return missing
    act = Force(target, _until_ms(cast, params.for_s), params.pool)
    where = f"pool {params.pool}" if params.pool else "every pool"
    return await _act(cast, caller, act, f"{where} goes to {target} where it can", act.until_ms)


async def clear(cast: Cast, params: ClearParams, caller: Caller) -> Acted:
    whose = f"of {params.context}" if params.context else "all of them"
    says = f"force and remembered rescues are forgotten, {whose}"
    return await _act(cast, caller, PreferenceCleared(params.context), says)


async def strategy(cast: Cast, params: StrategyParams, caller: Caller) -> Acted | Refusal:
    if (missing := _no_pool(cast, params.pool)) is not None:
        return missing
    act = StrategySet(params.pool, params.strategy, _until_ms(cast, params.for_s))
    return await _act(cast, caller, act, f"pool {params.pool} chooses by {params.strategy}", act.until_ms)


async def reset(cast: Cast, params: ResetParams, caller: Caller) -> Acted | Refusal:
    target = named(cast, params.target) if params.target else None
    if isinstance(target, Refusal):
        return target
    return await _act(cast, caller, StatsReset(target), f"counting of {target or 'everybody'} begins anew")


def _disabled_by_name(cast: Cast, target: Target) -> str:
    """The first lane below the target that somebody has taken out by itself; empty: none."""
    ledger, now_ms = cast.doors[target.provider].ledger, cast.clock.now_ms()
    for lane in ledger.lanes:
        own = ledger.state.standing.of(lane)
        if lane != target and covers(target, lane) and own.phase(now_ms, ledger.provider) is Phase.DISABLED:
            return str(lane)
    return ""


async def _act(cast: Cast, caller: Caller, act: OperatorAct, says: str, until_ms: int | None = None) -> Acted:
    now = Moment(cast.clock.now_ms(), cast.clock.wall_ms())
    kept = await cast.router.act(act, caller.name)
    return Acted(
        says=says,
        is_durable=not isinstance(kept, NotDurable),
        why_not_durable=kept.reason if isinstance(kept, NotDurable) else "",
        until_wall_ms=None if until_ms is None else now.wall_of(until_ms),
    )


def _until_ms(cast: Cast, for_s: float) -> int:
    return cast.clock.now_ms() + ms(for_s)


def _no_pool(cast: Cast, pool: str) -> Refusal | None:
    pools = (*cast.resolved().config.pool, AUTO)
    return None if pool in pools else not_there("pool", pool, iter(pools))
