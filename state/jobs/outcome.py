"""How an item ended: who did it, what it took, and why not the first choice. On the disk before it counts."""

from msgspec import Struct

__all__ = ["FAILOVER", "Error", "Outcome"]

FAILOVER = "-failover"
"""Behind the provider's name: it was not the first choice."""


class Error(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one lane said instead of an answer."""

    lane: str
    kind: str
    """A kind of failure; or `interrupted`, a fault of our own."""
    status: int | None = None
    said: str = ""


class Outcome(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of an item that is done or failed; the answer itself is kept beside it."""

    n: int
    custom_id: str = ""
    is_done: bool
    tag: str
    request_id: str = ""
    """For `explain`."""
    lane: str = ""
    """Who answered, or who was the last to fail; empty: nobody was asked."""
    code: str = ""
    """Why it failed, for programs."""
    message: str = ""
    """Why it failed, for people."""
    reason: str = ""
    """Why the first choice did not do it."""
    errors: tuple[Error, ...] = ()
    attempts: int = 0
    rounds: int = 1
    """So often it was its turn; between them it waited."""
    crashes: int = 0
    """It may have been sent so many times more, because we died."""
    duration_ms: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    at_wall_ms: int = 0

    @property
    def is_failover(self) -> bool:
        return self.is_done and self.tag.endswith(FAILOVER)
