"""The clocks over one exchange, all our own: a server that drips a byte at a time outlives per-read ones.

send ----connect----> request ----first token----> chunk --gap--> chunk --gap--> chunk ... end
     ---------------------------------total or deadline---------------------------------->
"""

from collections.abc import Callable

from msgspec import Struct

from actors.net.faults import Fault
from actors.seams import Alarm, Clock

__all__ = ["NEVER_MS", "Clocks", "Watch"]

NEVER_MS = 1 << 62


class Clocks(Struct, frozen=True, gc=False, kw_only=True):
    """How long the parts of an exchange may take; None: this clock is not wound."""

    connect_ms: int = 5_000
    first_token_ms: int | None = None
    gap_ms: int | None = None
    total_ms: int | None = None
    """From when the exchange has a place, connecting included; waiting for the place is not its fault."""
    deadline_ms: int | None = None
    """A moment of the timeline, not a span."""
    by_byte: bool = True
    """Every piece of the body is a sign of life. False: only what the reader says is one, by `heard`:
    comments that keep a stream open are no answer."""

    def end(self, began_ms: int) -> tuple[int, Fault]:
        """When all is over whatever has come by then, and which clock will have said so."""
        total_ms = NEVER_MS if self.total_ms is None else began_ms + self.total_ms
        if self.deadline_ms is not None and self.deadline_ms < total_ms:
            return self.deadline_ms, Fault.DEADLINE
        return total_ms, Fault.TOTAL_TIMEOUT

    def connected_by(self, began_ms: int) -> tuple[int, Fault]:
        """When the connection has to stand."""
        return min((began_ms + self.connect_ms, Fault.CONNECT_TIMEOUT), self.end(began_ms), key=_moment)


class Watch:
    """Looks at the clocks of one exchange after the other on the same connection.

    Setting an alarm costs more than all else here, so one that is set is left: when it rings and nothing
    is due any more, it is set anew. A busy connection sets one every few seconds, not two a request.
    """

    __slots__ = (
        "_alarm",
        "_alarm_ms",
        "_clock",
        "_due_ms",
        "_end",
        "_end_ms",
        "_gap_ms",
        "_held",
        "_phase",
        "_rung",
        "_span_ms",
    )

    def __init__(self, clock: Clock, rung: Callable[[Fault], None]) -> None:
        self._clock = clock
        self._rung = rung
        self._alarm: Alarm | None = None
        self._alarm_ms = NEVER_MS
        self._due_ms = self._end_ms = NEVER_MS
        self._phase = Fault.FIRST_TOKEN_TIMEOUT
        self._end = Fault.TOTAL_TIMEOUT
        self._gap_ms: int | None = None
        self._span_ms: int | None = None
        self._held = False

    def start(self, clocks: Clocks, began_ms: int) -> None:
        """The request leaves: from now on we wait for the first token."""
        self._phase = Fault.FIRST_TOKEN_TIMEOUT
        self._gap_ms = clocks.gap_ms
        self._held = False
        self._end_ms, self._end = clocks.end(began_ms)
        self._wait(clocks.first_token_ms)

    def heard(self) -> None:
        """A sign of life: from now on we wait for the next one."""
        self._phase = Fault.GAP_TIMEOUT
        self._wait(self._gap_ms)

    def hold(self) -> None:
        """It is we who do not read, so the silence is not the server's; the end stands."""
        self._held = True
        self._wait(self._span_ms)

    def go_on(self) -> None:
        """We read again, and grant the server its full time."""
        self._held = False
        self._wait(self._span_ms)

    def stop(self) -> None:
        """The exchange is over."""
        self._due_ms = self._end_ms = NEVER_MS

    def close(self) -> None:
        """The connection is over."""
        self.stop()
        self._alarm_ms = NEVER_MS
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wait(self, span_ms: int | None) -> None:
        self._span_ms = span_ms
        self._due_ms = NEVER_MS if span_ms is None or self._held else self._clock.now_ms() + span_ms
        self._set_alarm()

    def _set_alarm(self) -> None:
        next_ms = min(self._due_ms, self._end_ms)
        if next_ms < self._alarm_ms:
            if self._alarm is not None:
                self._alarm.cancel()
            self._alarm_ms = next_ms
            self._alarm = self._clock.call_at(next_ms, self._look)

    def _look(self) -> None:
        self._alarm, self._alarm_ms = None, NEVER_MS
        now_ms = self._clock.now_ms()
        if now_ms >= self._end_ms:
            self._ring(self._end)
        elif now_ms >= self._due_ms:
            self._ring(self._phase)
        else:
            self._set_alarm()

    def _ring(self, fault: Fault) -> None:
        self.stop()
        self._rung(fault)


def _moment(clock: tuple[int, Fault]) -> int:
    return clock[0]
