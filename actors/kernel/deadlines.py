"""Deadlines on the daemon's timeline, for whatever waits inside a block."""

from collections.abc import Iterator
from contextlib import contextmanager

from anyio import CancelScope

from actors.seams import Clock

__all__ = ["move_on_at"]


@contextmanager
def move_on_at(clock: Clock, at_ms: int) -> Iterator[CancelScope]:
    """Leave the block at that moment, wherever it waits; `cancelled_caught` says whether it had to.

    What `anyio.move_on_at` does by the event loop's clock, which stands still in suspend and in tests.
    """
    with CancelScope() as scope:
        alarm = clock.call_at(at_ms, scope.cancel)
        try:
            yield scope
        finally:
            alarm.cancel()
