"""How safe what happened is: on the disk, or only remembered."""

from msgspec import Struct

__all__ = [
    "Durable",
    "JournalDegraded",
    "JournalHealth",
    "JournalRecovered",
    "JournalSetAside",
    "NotDurable",
    "Retention",
]


class Durable(Struct, frozen=True):
    """It is on the disk."""


class NotDurable(Struct, frozen=True):
    """It happened, but a power cut now would forget it."""

    reason: str


class JournalDegraded(Struct, frozen=True):
    """Told once, when writing begins to fail."""

    reason: str

    def __str__(self) -> str:
        return f"the journal can't be written ({self.reason}); calls go on, nothing is durable until it can"


class JournalRecovered(Struct, frozen=True):
    """Told when it works again."""

    after_ms: int
    lost: int

    def __str__(self) -> str:
        lost = f", {self.lost} events were lost" if self.lost else ", nothing was lost"
        return f"the journal is written again after {self.after_ms / 1000:.1f} s{lost}"


class JournalSetAside(Struct, frozen=True):
    """A file that could not be used was moved, not deleted, and a new one begun."""

    reason: str
    moved_to: str

    def __str__(self) -> str:
        return (
            f"the journal could not be used ({self.reason}); a new one is begun, the old is {self.moved_to}"
        )


class JournalHealth(Struct, frozen=True, kw_only=True):
    """What `status` shows."""

    degraded: str = ""
    """Empty: all is well."""
    pending: int = 0
    lost: int = 0
    lag_ms: int = 0
    written: int = 0
    anew: str = ""
    """Why a new file was begun in this life; empty: none was."""


class Retention(Struct, frozen=True):
    """What is kept. Events that the snapshots do not cover yet are kept in any case."""

    keep_ms: int = 30 * 86_400_000
    keep_bytes: int = 512 * 1024 * 1024
