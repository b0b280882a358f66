"""A mean that fades: what was an hour ago counts for more than what was yesterday.

    weight   1 . . . . . . 2 . . . . . . 4 . . . . . . 8         a half-life between each: instead of all
            old                                       now        that is old shrinking, what is new grows

So an observation costs one power of two, however much is remembered, and two means can be put together.
Time is an argument: nothing happens while nobody asks.
"""

from collections.abc import Iterable
from math import exp2

from msgspec import Struct

__all__ = ["HALF_LIFE_MS", "Fading", "growth", "rescale", "together"]

HALF_LIFE_MS = 4 * 3_600_000
"""Yesterday at this time counts a 64th: enough to know a lane by in a quiet morning, too little to judge it
by in a busy one."""
GROWTH_MAX = 64
"""Half-lives after which weights are written anew, relative to a later time: long before a float is full."""


class Fading(Struct, frozen=True, gc=False):
    """The weighted mean of everything observed."""

    era: int = 0
    """The weights are relative to this many half-lives of the timeline."""
    weight: float = 0.0
    total: float = 0.0

    @property
    def mean(self) -> float | None:
        """None where nothing is remembered."""
        return self.total / self.weight if self.weight > 0 else None

    def samples(self, at_ms: int) -> float:
        """How many fresh observations what is remembered is worth."""
        return self.weight / growth(at_ms, self.era) if self.weight > 0 else 0.0

    def add(self, value: float, at_ms: int) -> "Fading":
        era = self.era
        age = at_ms / HALF_LIFE_MS - era
        if age > GROWTH_MAX:
            era = at_ms // HALF_LIFE_MS
            scale = rescale(self.era, era)
            return Fading(era, self.weight * scale, self.total * scale).add(value, at_ms)
        weight = exp2(age)
        return Fading(era, self.weight + weight, self.total + weight * value)


def together(parts: Iterable[Fading]) -> Fading:
    """What one observer of all of it would remember."""
    seen = list(parts)
    era = max((part.era for part in seen), default=0)
    return Fading(
        era,
        sum(part.weight * rescale(part.era, era) for part in seen),
        sum(part.total * rescale(part.era, era) for part in seen),
    )


def growth(at_ms: int, era: int) -> float:
    """What an observation of this moment weighs, relative to that era."""
    return exp2(min(at_ms / HALF_LIFE_MS - era, GROWTH_MAX + 1))


def rescale(era: int, to: int) -> float:
    """By what to multiply a weight of one era for a later one: a power of two, so nothing is rounded."""
    return exp2(era - to)
