"""What was ever used, on a counter that only goes up, with notches from which the last minute is read.

    requests   0 ----- 2 --------- 4 ------------- 7
                       |           |               |
               notch 12:00:03  notch 12:00:41     now       the last minute = 7 - the oldest notch in it

A difference of two readings is never negative, nothing is stored beside its source, and to forget is to
drop a notch. A second counts until the whole of it is a minute old, so the window is 60 to 61 s long.
"""

from bisect import bisect_left
from operator import attrgetter

from msgspec import Struct

__all__ = ["MINUTE_MS", "Notch", "Odometer"]

MINUTE_MS = 60_000
SECOND = attrgetter("second")
"""By which notches are in order."""


class Notch(Struct, frozen=True, array_like=True, gc=False):
    """What the odometer showed when this second of the timeline began; only seconds in which it ran.

    Up to 61 for each of thousands of meters: lists in a snapshot, and nothing for the collector to visit.
    """

    second: int
    requests: int
    tokens: int


class Odometer(Struct, frozen=True, gc=False):
    """All that was ever used, and when the last minute of it."""

    requests: int = 0
    tokens: int = 0
    notches: tuple[Notch, ...] = ()
    """At most 61."""

    def add(self, at_ms: int, requests: int, tokens: int) -> "Odometer":
        """Count; what comes out of order counts as of the latest second, so that nothing ends early."""
        second = at_ms // 1000
        notches = self.notches
        if not notches or notches[-1].second < second:
            kept = notches[bisect_left(notches, _oldest_second(at_ms), key=SECOND) :]
            notches = (*kept, Notch(second, self.requests, self.tokens))
        return Odometer(self.requests + requests, self.tokens + tokens, notches)

    def requests_in_minute(self, at_ms: int) -> int:
        oldest = self._oldest(at_ms)
        return 0 if oldest is None else self.requests - oldest.requests

    def tokens_in_minute(self, at_ms: int) -> int:
        oldest = self._oldest(at_ms)
        return 0 if oldest is None else self.tokens - oldest.tokens

    def requests_down_ms(self, at_ms: int, most: int) -> int:
        """The moment from which the last minute will hold no more than so many requests."""
        too_many = [notch.second for notch in self.notches if self.requests - notch.requests > most]
        return max(at_ms, _forgotten_ms(too_many[-1])) if too_many else at_ms

    def tokens_down_ms(self, at_ms: int, most: int) -> int:
        """The same for tokens."""
        too_many = [notch.second for notch in self.notches if self.tokens - notch.tokens > most]
        return max(at_ms, _forgotten_ms(too_many[-1])) if too_many else at_ms

    def _oldest(self, at_ms: int) -> Notch | None:
        """The oldest notch of the last minute; None when the odometer stood still since."""
        notches = self.notches
        if not notches:
            return None
        second = (at_ms - MINUTE_MS) // 1000  # as `_oldest_second` says it, at half the price
        if notches[0].second >= second:  # bisecting would find it too; the router asks hundreds of times
            return notches[0]
        at = bisect_left(notches, second, key=SECOND)
        return notches[at] if at < len(notches) else None


def _oldest_second(at_ms: int) -> int:
    """The oldest second of which some part is less than a minute old."""
    return (at_ms - MINUTE_MS) // 1000


def _forgotten_ms(second: int) -> int:
    """The moment at which the whole of a second is a minute old."""
    return (second + 1) * 1000 + MINUTE_MS
