"""How far the snapshots lag behind what has happened: as much as a start has to fold."""

__all__ = ["SNAPSHOT_EVENTS", "SNAPSHOT_MS", "Lag"]

SNAPSHOT_MS = 10_000
SNAPSHOT_EVENTS = 20_000
"""No snapshot is older than either, as long as anything happens."""


class Lag:
    """Since the last snapshot."""

    def __init__(self, at_ms: int, *, due: bool = False) -> None:
        self.at_ms = at_ms
        self.events = 0
        self.due = due
        """Whatever the time: what came before cannot be folded, or should not be again."""
        self.alone = False
        """Whether the next is the first in a file that was opened while we lived."""

    def wants_one(self, now_ms: int, events: int) -> bool:
        """With so many events more."""
        behind = self.events + events
        old = now_ms - self.at_ms >= SNAPSHOT_MS
        return self.due or behind >= SNAPSHOT_EVENTS or (old and behind > 0)
