"""What one lane, key or provider has used: this minute, today, right now; and what it said of its limits.

Every window is a difference of two readings of an odometer, and only the reading at its start is kept.
"""

from msgspec import Struct, structs

from state.events import LimitLearned, Window
from state.usage.calendars import Instant
from state.usage.odometer import MINUTE_MS, Odometer

__all__ = ["DAY_MS_MAX", "Day", "Meter", "Statement", "counts_days", "counts_tokens"]

# An enum looks its members up by name each time, and the router asks about hundreds of lanes a request.
RPM, RPD, TPM, TPD, CONCURRENCY = Window.RPM, Window.RPD, Window.TPM, Window.TPD, Window.CONCURRENCY

DAY_MS_MAX = 25 * 3_600_000
"""As long as a calendar day gets. Whatever the wall clock says, no day is counted for longer."""


def counts_tokens(window: Window) -> bool:
    return window is TPM or window is TPD


def counts_days(window: Window) -> bool:
    return window is RPD or window is TPD


class Day(Struct, frozen=True, gc=False):
    """A provider's calendar day, and what the odometer showed when it was first used in it.

    A day is over when both clocks say so: the timeline has reached the midnight that was foreseen, and
    the wall shows a later date than the day's. So setting the wall forward ends no day, and setting it
    back does not begin the same one again. Where the wall never gets there (it was a year ahead when the
    day began, or it stands still) the timeline alone ends the day after DAY_MS_MAX.
    """

    number: int
    began_ms: int
    ends_ms: int
    requests: int
    tokens: int

    def is_over(self, now: Instant) -> bool:
        if now.at_ms < self.ends_ms:
            return False
        return now.at_ms >= self.began_ms + DAY_MS_MAX or now.day > self.number

    def over_ms(self, now: Instant) -> int:
        """The moment at which it will be over, as far as can be foreseen."""
        if now.at_ms < self.ends_ms:
            return self.ends_ms
        return min(now.midnight_ms, self.began_ms + DAY_MS_MAX)


class Statement(Struct, frozen=True, kw_only=True):
    """What a provider said of one of its windows, and what the odometer showed then.

    It can only take room away, and it ends: a `limit` when the window that it speaks of is over, what
    `remaining` says when the window is whole again. A provider that states nonsense locks itself out for
    a window, not for ever.
    """

    at_ms: int
    until_ms: int
    whole_ms: int
    base: int
    limit: int | None = None
    remaining: int | None = None
    refills: bool = False

    def limit_at(self, at_ms: int) -> int | None:
        return self.limit if at_ms < self.until_ms else None

    def room_at(self, at_ms: int, reading: int) -> int | None:
        """What it leaves after all that was used since it was made; None: it says nothing any more."""
        if self.remaining is None or at_ms >= self.whole_ms:
            return None
        back = 0
        if self.refills and self.limit is not None and at_ms > self.at_ms:
            span_ms = self.whole_ms - self.at_ms
            back = (self.limit - self.remaining) * (at_ms - self.at_ms) // span_ms
        return self.remaining + back - (reading - self.base)

    def room_ms(self, need: int, reading: int) -> int:
        """The moment from which it leaves room for so much more."""
        if self.remaining is None or not self.refills or self.limit is None or self.limit <= self.remaining:
            return self.whole_ms
        missing = max(0, need + reading - self.base - self.remaining)
        span_ms = self.whole_ms - self.at_ms
        return min(self.whole_ms, self.at_ms - (-missing * span_ms // (self.limit - self.remaining)))


class Meter(Struct, frozen=True, gc=False):
    """All that is counted of one lane, key or provider."""

    odometer: Odometer = Odometer()
    day: Day | None = None
    in_flight: int = 0
    tokens_in_flight: int = 0
    statements: dict[Window, Statement] = {}

    def used(self, window: Window, now: Instant) -> int:
        """What of this window is gone, with what the attempts in flight may still come to."""
        if window is RPM:
            return self.odometer.requests_in_minute(now.at_ms)
        if window is TPM:
            return self.odometer.tokens_in_minute(now.at_ms) + self.tokens_in_flight
        if window is CONCURRENCY:
            return self.in_flight
        day = self.day
        if day is None or day.is_over(now):
            return self.tokens_in_flight if window is TPD else 0
        if window is TPD:
            return self.odometer.tokens - day.tokens + self.tokens_in_flight
        return self.odometer.requests - day.requests

    def reading(self, window: Window) -> int:
        """What was ever used of what this window counts."""
        if window is CONCURRENCY:
            return self.in_flight
        if counts_tokens(window):
            return self.odometer.tokens + self.tokens_in_flight
        return self.odometer.requests

    def down_ms(self, window: Window, most: int, now: Instant) -> int | None:
        """The moment from which no more than `most` of this window will be gone, if all in flight comes to
        what was estimated; None: only the end of an attempt can bring that, or nothing can.
        """
        floor = self._in_flight(window)
        if floor > most:
            return None
        match window:
            case Window.CONCURRENCY:
                return now.at_ms
            case Window.RPM:
                return self.odometer.requests_down_ms(now.at_ms, most)
            case Window.TPM:
                return self.odometer.tokens_down_ms(now.at_ms, most - floor)
        if self.used(window, now) <= most or self.day is None:
            return now.at_ms
        return self.day.over_ms(now)

    def opened(self, now: Instant, reserved: int) -> "Meter":
        """One more attempt has left."""
        day = self.day
        return Meter(
            self.odometer.add(now.at_ms, 1, 0),
            day if day is not None and now.at_ms < day.ends_ms else self._today(now),
            self.in_flight + 1,
            self.tokens_in_flight + reserved,
            self.statements,
        )

    def closed(self, now: Instant, reserved: int, spent: int, again: int = 0) -> "Meter":
        """One that was in flight has ended; `again` is how often it was sent besides the first time."""
        day = self.day
        return Meter(
            self.odometer.add(now.at_ms, again, spent) if spent or again else self.odometer,
            day if day is not None and now.at_ms < day.ends_ms else self._today(now),
            self.in_flight - 1,
            self.tokens_in_flight - reserved,
            self.statements,
        )

    def found(self, now: Instant, spent: int, tries: int = 1) -> "Meter":
        """One has ended whose beginning nobody saw: it was a request all the same."""
        return structs.replace(
            self, odometer=self.odometer.add(now.at_ms, tries, spent), day=self._today(now)
        )

    def told(self, said: LimitLearned, now: Instant) -> "Meter":
        """The provider said something of a window. The newest statement is the one that holds."""
        daily = counts_days(said.window)
        longest_ms = said.at_ms + (DAY_MS_MAX if daily else MINUTE_MS)
        whole_ms = said.reset_ms
        if whole_ms is None:
            whole_ms = self._today(now).ends_ms if daily else longest_ms
        statement = Statement(
            at_ms=said.at_ms,
            until_ms=longest_ms,
            whole_ms=min(whole_ms, longest_ms),
            # What is in flight may not be in the provider's count yet, so its tokens are taken from what
            # remains once more. Of requests only a blink is between leaving and being counted.
            base=self.odometer.tokens if counts_tokens(said.window) else self.reading(said.window),
            limit=said.limit,
            remaining=said.remaining,
            refills=said.refills,
        )
        return structs.replace(self, statements=self.statements | {said.window: statement})

    def is_blank(self, now: Instant) -> bool:
        """Whether a new meter would tell the same of every window."""
        return (
            self.in_flight == 0
            and self.odometer.requests_in_minute(now.at_ms) == 0
            and self.odometer.tokens_in_minute(now.at_ms) == 0
            and (self.day is None or self.day.is_over(now))
            and all(said.until_ms <= now.at_ms for said in self.statements.values())
        )

    def _in_flight(self, window: Window) -> int:
        if window is CONCURRENCY:
            return self.in_flight
        return self.tokens_in_flight if counts_tokens(window) else 0

    def _today(self, now: Instant) -> Day:
        """The day that this moment counts to; a new one begins before anything is counted in it."""
        day = self.day
        if day is not None and not day.is_over(now):
            return day
        return Day(
            number=now.day,
            began_ms=now.at_ms,
            ends_ms=min(now.midnight_ms, now.at_ms + DAY_MS_MAX),
            requests=self.odometer.requests,
            tokens=self.odometer.tokens,
        )
