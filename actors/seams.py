"""The seams for time, chance, disk and network: what the cast is given instead of reaching for it.

Each has one real adapter and one well-behaved fake (`tests/fakes`). Nothing else reads a clock, draws a
number, opens a file or a socket; a test holds that.
"""

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from state.timeline import Reading

__all__ = ["Alarm", "Clock", "JournalBackend", "Listener", "Notify", "Rng"]

T = TypeVar("T")


class Alarm(Protocol):
    """An act that waits for its moment."""

    def cancel(self) -> None:
        """Let it not happen; too late or twice is no error."""
        ...


class Clock(Protocol):
    """Time: a boot-time clock that counts suspend and ignores wall jumps, the wall, and waiting."""

    def read(self) -> Reading:
        """All three clocks at one instant."""
        ...

    def now_ms(self) -> int:
        """The daemon's timeline: deadlines and decisions."""
        ...

    def wall_ms(self) -> int:
        """For people and daily calendars, never for a deadline."""
        ...

    def slept_ms(self) -> int:
        """How much of the timeline passed in suspend, from some moment on: by how much it has grown says
        whether a silence was the other side's.
        """
        ...

    async def sleep_until(self, at_ms: int) -> None:
        """Return at that moment of the timeline, at once if it has passed."""
        ...

    def call_at(self, at_ms: int, act: Callable[[], None]) -> Alarm:
        """Run a short synchronous act at that moment: the cheap way to watch a deadline."""
        ...


class Rng(Protocol):
    """Chance: jitter and names."""

    def fraction(self) -> float:
        """Uniform in [0, 1)."""
        ...

    def new_id(self) -> str:
        """A name that nobody has used: sortable by time, safe in URLs and file names."""
        ...


class Listener(Protocol):
    """Who is told what happened. It decides nothing, never waits and never raises."""

    def tell(self, fact: object) -> None:
        """Take note of a fact: a value of `actors.kernel.facts` or an event of `state.events`."""
        ...


class JournalBackend(Protocol):
    """Where transactions run: a function is run whole, in the thread that owns the connection."""

    async def run(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        """Begin, run it, commit; all of it to the end even if the caller is cancelled meanwhile."""
        ...

    async def close(self) -> None:
        """Let go of the file."""
        ...


class Notify(Protocol):
    """What the service manager is told."""

    def tell(self, *states: str) -> None:
        """`READY=1`, `STATUS=...`; never waits, never raises."""
        ...
