"""What was measured: one number per round, so that two contestants are compared round by round.

part       case                 who          metric      values
plain      0 ms, 64 at once     failoverd    per_s       [8123, 8260, 8190]
"""

import statistics
from collections.abc import Iterable

from msgspec import Struct, field

__all__ = ["Key", "Notebook"]


class Key(Struct, frozen=True):
    """What a row of numbers is about."""

    part: str
    case: str
    who: str
    metric: str


class Notebook(Struct):
    """All numbers of a run."""

    values: dict[Key, list[float]] = field(default_factory=dict)

    def note(self, part: str, case: str, who: str, **metrics: float) -> None:
        """One round's."""
        for metric, value in metrics.items():
            self.values.setdefault(Key(part, case, who, metric), []).append(value)

    def median(self, part: str, case: str, who: str, metric: str) -> float | None:
        """None: it was not measured."""
        seen = self.values.get(Key(part, case, who, metric))
        return statistics.median(seen) if seen else None

    def times(self, part: str, case: str, who: str, metric: str, *, of: str) -> float | None:
        """As a ratio to somebody else, the median of the rounds': what drifts, drifts for both."""
        ours = self.values.get(Key(part, case, who, metric), [])
        theirs = self.values.get(Key(part, case, of, metric), [])
        ratios = [mine / other for mine, other in zip(ours, theirs, strict=False) if other]
        return statistics.median(ratios) if ratios else None

    def more(self, part: str, case: str, who: str, metric: str, *, than: str) -> float | None:
        """As a difference to somebody else, round by round."""
        ours = self.values.get(Key(part, case, who, metric), [])
        theirs = self.values.get(Key(part, case, than, metric), [])
        gaps = [mine - other for mine, other in zip(ours, theirs, strict=False)]
        return statistics.median(gaps) if gaps else None

    def cases(self, part: str) -> list[str]:
        """In the order in which they were measured."""
        return _once(key.case for key in self.values if key.part == part)

    def everybody(self, part: str) -> list[str]:
        return _once(key.who for key in self.values if key.part == part)

    def metrics(self, part: str) -> list[str]:
        return _once(key.metric for key in self.values if key.part == part)


def _once(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
