"""Who may talk to a provider now, and over which connection.

    enter --> [gate: so many at once, first come first served] --> take an idle connection, or dial
    leave <-- a place is free again <----------------------------- keep it, if it can be used again

The gate is never larger than what stands behind it, so nobody ever waits for a connection inside; that is
where pools leak. A place belongs to exactly one holder at any time, and is passed on in the call that gives
it up: cancelling who waits, or who has just been given a place, loses none.
"""

import asyncio
from collections import deque

from actors.net.connection import Connection
from actors.net.faults import ExchangeFailed, Fault
from actors.seams import Alarm, Clock

__all__ = ["AGE_MS_MAX", "IDLE_MS_MAX", "WAITING_MAX", "Gate", "Idle"]

WAITING_MAX = 1024

IDLE_MS_MAX = 55_000
"""Load balancers cut silent connections after a minute; one that is cut is seen at once, but a request that
crosses the cut is lost."""
AGE_MS_MAX = 600_000
"""After ten minutes a new connection asks the DNS again: providers move."""


SLEPT_MS = 1_000
"""When the machine has slept this long, nobody knows who is still at the other end."""


class Gate:
    """So many places, and a queue in front."""

    def __init__(self, places: int, clock: Clock, *, waiting_max: int = WAITING_MAX) -> None:
        assert places > 0
        self._places = places
        self._free = places
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._waiting_max = waiting_max

    def __repr__(self) -> str:
        taken = self._places - self._free
        return f"<gate: {taken} of {self._places} places taken, {len(self._waiting)} waiting>"

    @property
    def has_room(self) -> bool:
        return self._free > 0

    @property
    def is_untouched(self) -> bool:
        """Nobody inside, nobody in front."""
        return self._free == self._places and not self._waiting

    def enter_nowait(self) -> bool:
        """Take a place if one is free. Whoever has one gives it back with `leave`."""
        if self._free == 0:
            return False
        self._free -= 1
        return True

    async def enter(self, deadline_ms: int | None = None) -> None:
        """Take a place, waiting for it if need be, in order and not beyond the deadline."""
        if self.enter_nowait():
            return
        if len(self._waiting) >= self._waiting_max:
            raise ExchangeFailed(Fault.BUSY)
        place = asyncio.get_running_loop().create_future()
        self._waiting.append(place)
        alarm = (
            None if deadline_ms is None else self._clock.call_at(deadline_ms, lambda: self._give_up(place))
        )
        try:
            await place
        except asyncio.CancelledError:
            if place.done() and not place.cancelled() and place.exception() is None:
                self.leave()  # given and cancelled in the same turn of the loop: the next one has it
            raise
        finally:
            if alarm is not None:
                alarm.cancel()
            if place in self._waiting:
                self._waiting.remove(place)

    def leave(self) -> None:
        """Give the place to who has waited longest."""
        while self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                return
        self._free += 1
        assert self._free <= self._places, "a place was given back twice"

    @staticmethod
    def _give_up(place: asyncio.Future[None]) -> None:
        if not place.done():
            place.set_exception(ExchangeFailed(Fault.DEADLINE))


class Idle:
    """Connections that wait for their next exchange. The last one used goes first, so that those which
    are too many grow old in peace.
    """

    def __init__(self, clock: Clock, *, idle_ms_max: int = IDLE_MS_MAX, age_ms_max: int = AGE_MS_MAX) -> None:
        self._clock = clock
        self._idle_ms_max = idle_ms_max
        self._age_ms_max = age_ms_max
        self._connections: list[Connection] = []
        self._alarm: Alarm | None = None
        self._slept_ms = clock.slept_ms()

    def __len__(self) -> int:
        return len(self._connections)

    def __repr__(self) -> str:
        return f"<idle: {len(self)} connections>"

    def take(self, now_ms: int) -> Connection | None:
        """One that can be used at once."""
        slept_ms = self._clock.slept_ms()
        if slept_ms >= self._slept_ms + SLEPT_MS:
            self._slept_ms = slept_ms
            self.close()
        while self._connections:
            connection = self._connections.pop()
            if now_ms < connection.good_until_ms:
                return connection
            connection.abort()
        return None

    def keep(self, connection: Connection) -> None:
        granted_ms = connection.granted_ms
        idle_ms = self._idle_ms_max if granted_ms is None else min(granted_ms, self._idle_ms_max)
        good_until_ms = min(self._clock.now_ms() + idle_ms, connection.born_ms + self._age_ms_max)
        connection.good_until_ms = good_until_ms
        self._connections.append(connection)
        if self._alarm is None:
            self._alarm = self._clock.call_at(good_until_ms, self._sweep)

    def forget(self, connection: Connection) -> None:
        if connection in self._connections:
            self._connections.remove(connection)

    def close(self) -> None:
        """Let all of them go."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        while self._connections:
            self._connections.pop().abort()

    def _sweep(self) -> None:
        self._alarm = None
        now_ms = self._clock.now_ms()
        for connection in list(self._connections):
            if now_ms >= connection.good_until_ms:
                connection.abort()
        if self._connections:
            soonest_ms = min(connection.good_until_ms for connection in self._connections)
            self._alarm = self._clock.call_at(soonest_ms, self._sweep)
