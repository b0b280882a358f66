"""Watches over one request's time, with a single alarm for all that has its moment.

longer than usual on a lane  -->  the next lane is made ready
nothing said for a while     -->  a word to the caller of a stream, who would hang up
the deadline                 -->  cut off, wherever it is
"""

from collections.abc import Callable

from actors.case import Case
from actors.router.rescue import Relay
from actors.seams import Alarm, Clock

__all__ = ["Vigil"]

KEEP_ALIVE_MS = 5_000
"""Callers and the proxies before them hang up on a silence of ten seconds or more."""


class Vigil:
    """Made for a case. An alarm for each purpose would cost every request what most never need."""

    def __init__(self, case: Case, clock: Clock, relay: Relay | None) -> None:
        self._deadline_ms = case.deadline_ms
        self._clock = clock
        self._relay = relay
        self._had_said = 0
        """How much the caller had been given when it was last seen to."""
        self._unusual_ms = case.deadline_ms
        self._warm: Callable[[], None] | None = None
        self._cut_off: Callable[[], None] | None = None
        self._alarm: Alarm | None = None

    def begin(self, cut_off: Callable[[], None], *, soon: bool) -> None:
        """From now on somebody ends it at its deadline. The alarm is set when an attempt begins, or at once
        for who has something to wait for before that.
        """
        self._cut_off = cut_off
        if soon or self._relay is not None:
            self._set()

    def expect(self, by_ms: int, warm: Callable[[], None]) -> None:
        """An attempt begins. When it has not ended by then, the next lane is warmed."""
        self._unusual_ms, self._warm = by_ms, warm
        self._set()

    def relax(self) -> None:
        """The attempt has ended. Its alarm stays: it is called off once, with all others."""
        self._warm = None

    def end(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def _set(self) -> None:
        at_ms = self._deadline_ms if self._warm is None else min(self._unusual_ms, self._deadline_ms)
        if self._relay is not None:
            at_ms = min(at_ms, self._clock.now_ms() + KEEP_ALIVE_MS)
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._clock.call_at(at_ms, self._ring)

    def _ring(self) -> None:
        now_ms = self._clock.now_ms()
        if now_ms >= self._deadline_ms:
            assert self._cut_off is not None, "whoever is watched has begun"
            self._cut_off()
            return
        if self._relay is not None:
            if self._relay.has_said == self._had_said:
                self._relay.keep_alive()
            self._had_said = self._relay.has_said
        if self._warm is not None and now_ms >= self._unusual_ms:
            warm, self._warm = self._warm, None
            warm()
        self._set()
