"""Notices that the other end has gone, where the event loop no longer looks.

After an end of file the loop tells nothing more: a client that has only ended its own sending, as `nc -N`
does, looks to it like one that went away. The kernel knows the difference, so we ask it now and then.
"""

from collections.abc import Callable

from actors.seams import Alarm, Clock
from daemon.rpc.identity import has_hung_up

__all__ = ["HangupWatch"]

LOOK_MS = 40
"""A call ends within 100 ms of its caller."""


class HangupWatch:
    """Of one connection."""

    def __init__(self, fd: int, clock: Clock, gone: Callable[[], None]) -> None:
        self._fd = fd
        self._clock = clock
        self._gone = gone
        self._alarm: Alarm | None = None

    def start(self) -> None:
        """Look now, and then again and again."""
        if self._alarm is None:
            self._look()

    def stop(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        self._alarm = None
        if has_hung_up(self._fd):
            self._gone()
        else:
            self._alarm = self._clock.call_at(self._clock.now_ms() + LOOK_MS, self._look)
