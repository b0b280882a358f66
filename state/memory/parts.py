"""Which part of the state an event belongs to: a provider's own, or everybody's."""

from state.config import Config
from state.events import (
    AttemptClosed,
    AttemptOpened,
    BoardShown,
    ConfigLoaded,
    Disable,
    Enable,
    Event,
    LimitLearned,
    LinkLost,
    LinkRestored,
    OperatorActed,
    ProbeClosed,
    Quarantine,
    Release,
    RequestClosed,
    RequestOpened,
    Rescued,
    StatsReset,
)

__all__ = ["ROUTER", "concerns", "concerns_router", "part_name", "parts_of"]

ROUTER = "router"
"""The part that is nobody's own: preferences, strategies, what became of requests."""


def part_name(provider: str) -> str:
    """Under which name a provider's part is kept."""
    return f"provider:{provider}"


def parts_of(config: Config) -> frozenset[str]:
    """Of all who are there."""
    return frozenset({ROUTER, *map(part_name, config.provider)})


def concerns(event: Event, provider: str) -> bool:
    """Whether a provider has anything to learn from it."""
    match event:
        case AttemptOpened(lane=lane) | AttemptClosed(lane=lane):
            return lane.provider == provider
        case ProbeClosed(target=target) | LimitLearned(target=target):
            return target.provider == provider
        case Rescued(lane=lane, instead_of=others):
            return any(each.provider == provider for each in (lane, *others))
        case OperatorActed(act=Enable(target) | Disable(target) | Quarantine(target) | Release(target)):
            return target.provider == provider
        case OperatorActed(act=StatsReset(target)):
            return target is None or target.provider == provider
        case OperatorActed() | LinkLost() | LinkRestored() | ConfigLoaded():
            return True
        case RequestOpened() | RequestClosed() | BoardShown():
            return False


def concerns_router(event: Event) -> bool:
    """Whether it is about requests and where they go, not about one lane."""
    return isinstance(event, RequestClosed | Rescued | OperatorActed | LinkLost | LinkRestored)
