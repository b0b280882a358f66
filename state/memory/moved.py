"""The same knowledge on another timeline: every moment in it, later or earlier by as much.

A life that could not open its journal has begun a timeline of its own. When the file can be opened after all,
what it knows is moved onto that one; spans, counts and the wall's moments stay as they are.
"""

from collections.abc import Mapping
from math import exp2
from types import MappingProxyType
from typing import TypeVar, cast

from msgspec import Struct
from msgspec.structs import asdict, replace

from state.routing.preferences import Forced, Remembered, Steered
from state.standing.holds import Hold
from state.standing.standing import Place, Probing, Unstruck
from state.standing.standings import Outage, Standings
from state.usage.fading import HALF_LIFE_MS, Fading
from state.usage.meter import Day, Statement
from state.usage.odometer import Notch
from state.usage.quantiles import Sketch

__all__ = ["MOMENTS", "moved"]

T = TypeVar("T")

MOMENTS: Mapping[type[Struct], tuple[str, ...]] = MappingProxyType(
    {
        Day: ("began_ms", "ends_ms"),
        Forced: ("until_ms",),
        Hold: ("since_ms", "until_ms"),
        Outage: ("since_ms", "until_ms"),
        Place: ("since_ms",),
        Probing: ("at_ms",),
        Remembered: ("until_ms",),
        Standings: ("last_resort_ms",),
        Statement: ("at_ms", "until_ms", "whole_ms"),
        Steered: ("until_ms",),
        Unstruck: ("at_ms",),
    }
)
"""Which fields are moments. Those that count in larger steps than milliseconds are moved below."""


def moved(value: T, by_ms: int) -> T:
    """A state, or anything that is made of parts of one."""
    return cast("T", _moved(value, by_ms))


def _moved(value: object, by_ms: int) -> object:
    match value:
        case Notch(second=second):
            # Rounded up: what was used is counted a little too long, never too short.
            return replace(value, second=second - (-by_ms // 1000))
        case Fading(weight=0.0) | Sketch(all=Fading(weight=0.0)):
            return value
        case Fading():
            return _faded(value, by_ms)
        case Sketch(all=seen, buckets=buckets):
            scale = _scale(by_ms)
            return Sketch(_faded(seen, by_ms), {name: each * scale for name, each in buckets.items()})
        case Struct():
            return _struct(value, by_ms)
        case dict():
            return {name: _moved(each, by_ms) for name, each in value.items()}
        case tuple():
            return tuple(_moved(each, by_ms) for each in value)
        case _:
            return value


def _struct(value: Struct, by_ms: int) -> Struct:
    """Itself where nothing changes: a snapshot leaves defaults out, and knows them by being the same one."""
    changed: dict[str, object] = {}
    for name, part in asdict(value).items():
        if name not in MOMENTS.get(type(value), ()):
            there = _moved(part, by_ms)
        else:
            there = None if part is None else part + by_ms
        if there != part:
            changed[name] = there
    return replace(value, **changed) if changed else value


def _faded(mean: Fading, by_ms: int) -> Fading:
    scale = _scale(by_ms)
    return Fading(mean.era + by_ms // HALF_LIFE_MS, mean.weight * scale, mean.total * scale)


def _scale(by_ms: int) -> float:
    """What whole eras leave over."""
    return exp2(by_ms % HALF_LIFE_MS / HALF_LIFE_MS)
