"""What beats the plain order for a while: the operator's force, a remembered rescue, another strategy.

operator  --Force-->        forced      until its end        beats
a rescue  --Rescued-->      remembered  for `prefer_s`       beats
operator  --StrategySet-->  steered     until its end        the pool's own order

None of them makes a lane eligible: they only say who of the eligible goes first.
"""

from typing import TypeVar

from msgspec import Struct

from state.config import Config, Strategy
from state.events import Event, Force, OperatorActed, PreferenceCleared, Rescued, StrategySet
from state.timeline import ms
from state.words import LaneId, Target

__all__ = ["Forced", "Preferences", "Remembered", "Steered", "context_key", "fold_preferences"]

EVERY_POOL = ""
CONTEXT_CHARS_MAX = 200
POOLS_MAX = 256
"""As many as a config may have."""


class Remembered(Struct, frozen=True):
    """A lane that answered where others failed."""

    lane: LaneId
    instead_of: tuple[LaneId, ...]
    until_ms: int


class Forced(Struct, frozen=True):
    """Where the operator wants everything to go."""

    target: Target
    until_ms: int


class Steered(Struct, frozen=True):
    """How the operator wants a pool to choose."""

    strategy: Strategy
    until_ms: int


class Preferences(Struct, frozen=True):
    """Looked at, a preference that has run out is none; it is swept away when the next one comes."""

    remembered: dict[str, Remembered] = {}
    """By context, the oldest first."""
    forced: dict[str, Forced] = {}
    """By pool."""
    steered: dict[str, Steered] = {}
    """By pool."""

    def remembered_for(self, context: str, now_ms: int) -> Remembered | None:
        return _running(self.remembered.get(context), now_ms)

    def forced_for(self, pool: str, now_ms: int) -> Target | None:
        """What was said for this pool beats what was said for all."""
        if not self.forced:
            return None
        forced = _running(self.forced.get(pool), now_ms) or _running(self.forced.get(EVERY_POOL), now_ms)
        return forced.target if forced else None

    def strategy_for(self, pool: str, now_ms: int) -> Strategy | None:
        steered = _running(self.steered.get(pool), now_ms)
        return steered.strategy if steered else None


def context_key(context: str, app: str, pool: str) -> str:
    """Under which name a request remembers: the context that it states, else its app and pool."""
    return (context or f"{app}/{pool}")[:CONTEXT_CHARS_MAX]


def fold_preferences(part: Preferences, event: Event, settings: Config) -> Preferences:
    """What is preferred after this event."""
    match event:
        case Rescued(context=context, lane=lane, instead_of=failed, absent=absent, at_ms=at_ms):
            until_ms = at_ms + ms(settings.daemon.prefer_s)
            name = context[:CONTEXT_CHARS_MAX]
            remembered = _put(
                part.remembered,
                name,
                Remembered(lane, _stood_in_for(part, name, lane, (*failed, *absent), at_ms), until_ms),
                at_ms,
                settings.daemon.contexts_max,
            )
            return Preferences(remembered, part.forced, part.steered)
        case OperatorActed(act=Force(target=target, until_ms=until_ms, pool=pool), at_ms=at_ms):
            forced = _put(part.forced, pool, Forced(target, until_ms), at_ms, POOLS_MAX)
            return Preferences(part.remembered, forced, part.steered)
        case OperatorActed(act=StrategySet(pool=pool, strategy=strategy, until_ms=until_ms), at_ms=at_ms):
            steered = _put(part.steered, pool, Steered(strategy, until_ms), at_ms, POOLS_MAX)
            return Preferences(part.remembered, part.forced, steered)
        case OperatorActed(act=PreferenceCleared(context="")):
            return Preferences({}, {}, part.steered)
        case OperatorActed(act=PreferenceCleared(context=name)):
            return _cleared(part, name)
        case _:
            return part


def _stood_in_for(
    part: Preferences, context: str, lane: LaneId, instead_of: tuple[LaneId, ...], at_ms: int
) -> tuple[LaneId, ...]:
    """Whoever steps in for a stand-in stands in for the first as well: else nobody would look at the first
    again before the memory fades.
    """
    before = part.remembered.get(context)
    inherited = () if before is None or before.until_ms <= at_ms else before.instead_of
    return tuple(dict.fromkeys(each for each in (*inherited, *instead_of) if each != lane))


def _cleared(part: Preferences, name: str) -> Preferences:
    """Drop what goes by that name: a context, or a pool with all the contexts named after it."""
    remembered = {
        context: memory
        for context, memory in part.remembered.items()
        if context != name and not context.endswith(f"/{name}")
    }
    forced = {pool: force for pool, force in part.forced.items() if pool != name}
    return Preferences(remembered, forced, part.steered)


Lasting = TypeVar("Lasting", Remembered, Forced, Steered)


def _put(
    part: dict[str, Lasting], name: str, lasting: Lasting, at_ms: int, size_max: int
) -> dict[str, Lasting]:
    """With the new one as the youngest; at the bound the oldest gives way, and before it if it is over.

    Only the front is swept: what is over further back is not followed, and this runs in every fold.
    """
    kept = dict(part)
    kept.pop(name, None)
    while kept:
        oldest = next(iter(kept))
        if len(kept) < size_max and kept[oldest].until_ms > at_ms:
            break
        del kept[oldest]
    if lasting.until_ms > at_ms:
        kept[name] = lasting
    return kept


def _running(lasting: Lasting | None, now_ms: int) -> Lasting | None:
    return lasting if lasting is not None and lasting.until_ms > now_ms else None
