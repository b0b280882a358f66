"""Now, on the timeline and on the wall: moments of the one are told as moments of the other."""

from typing import NamedTuple

__all__ = ["Moment"]


class Moment(NamedTuple):
    """When a question is answered."""

    at_ms: int
    wall_ms: int

    def wall_of(self, at_ms: int) -> int:
        """What the wall clock says, or will say, at that moment of the timeline."""
        return self.wall_ms + at_ms - self.at_ms

    def left_s(self, until_ms: int | None) -> float | None:
        """Never negative; None: no end is known."""
        return None if until_ms is None else max(0, until_ms - self.at_ms) / 1000
