"""How long things take: a sketch of times that fades, precise to a sixteenth, in a few dozen numbers.

    bucket      8  9 .. 15 | 16   17   .. 23 | 24      .. 31 |        eight to each doubling
    ms          8  9    15   16-17     30-31   32-35                  up to an hour

Kept are only buckets that something fell into. A quantile is the middle of its bucket.
"""

from collections.abc import Iterable

from msgspec import Struct

from state.usage import fading
from state.usage.fading import Fading

__all__ = ["ERROR_MAX", "TIME_MS_MAX", "Sketch", "together"]

TIME_MS_MAX = 3_600_000
"""What takes longer is remembered as an hour: more says nothing more."""
ERROR_MAX = 1 / 16
"""How far a quantile can be from the truth, as a part of it."""
EXACT = 16
"""Below this each millisecond has a bucket of its own."""
FORGOTTEN = 1e-9
"""A bucket that weighs less than this part of a fresh observation is dropped."""


class Sketch(Struct, frozen=True, gc=False):
    """Times in milliseconds, the recent ones weighing more."""

    all: Fading = Fading()
    buckets: dict[int, float] = {}
    """Weights, relative to the same era."""

    @property
    def ewma_ms(self) -> float | None:
        """The mean, exponentially weighted by time."""
        return self.all.mean

    def samples(self, at_ms: int) -> float:
        return self.all.samples(at_ms)

    def add(self, time_ms: int, at_ms: int) -> "Sketch":
        time_ms = min(max(time_ms, 0), TIME_MS_MAX)
        seen = self.all.add(time_ms, at_ms)
        buckets = self.buckets.copy() if seen.era == self.all.era else _rescaled(self, seen.era)
        bucket = _bucket(time_ms)
        buckets[bucket] = buckets.get(bucket, 0.0) + fading.growth(at_ms, seen.era)
        return Sketch(seen, buckets)

    def quantile(self, share: float) -> int | None:
        """The time that this share of all stays within; None where nothing is remembered."""
        return self.quantiles(share)[0]

    def quantiles(self, *shares: float) -> tuple[int | None, ...]:
        """Several at the price of one; in ascending order."""
        total = sum(self.buckets.values())
        if not total > 0:
            return (None,) * len(shares)
        ascending = sorted(self.buckets)
        found: list[int] = []
        passed = 0.0
        for bucket in ascending:
            passed += self.buckets[bucket]
            while len(found) < len(shares) and shares[len(found)] * total <= passed:
                found.append(_middle(bucket))
        # The sum of many can miss the last of them by a rounding.
        found.extend(_middle(ascending[-1]) for _ in shares[len(found) :])
        return tuple(found)


def together(parts: Iterable[Sketch]) -> Sketch:
    """What one sketch of all the times would show."""
    seen = list(parts)
    mean = fading.together(part.all for part in seen)
    buckets: dict[int, float] = {}
    for part in seen:
        for bucket, weight in _rescaled(part, mean.era).items():
            buckets[bucket] = buckets.get(bucket, 0.0) + weight
    return Sketch(mean, buckets)


def _rescaled(sketch: Sketch, era: int) -> dict[int, float]:
    scale = fading.rescale(sketch.all.era, era)
    rescaled = {bucket: weight * scale for bucket, weight in sketch.buckets.items()}
    return {bucket: weight for bucket, weight in rescaled.items() if weight > FORGOTTEN}


def _bucket(time_ms: int) -> int:
    if time_ms < EXACT:
        return time_ms
    shift = time_ms.bit_length() - 4
    return (shift << 3) + (time_ms >> shift)


def _middle(bucket: int) -> int:
    if bucket < EXACT:
        return bucket
    shift = (bucket >> 3) - 1
    return (((bucket & 7) + 8) << shift) + (1 << shift >> 1)
