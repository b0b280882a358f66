"""What a supervisor tells its listener: who is ready, who died, who was given up, and how each one ended."""

from enum import StrEnum

from msgspec import Struct

from actors.kernel.autopsy import Death

__all__ = [
    "Asked",
    "ChildBuried",
    "ChildCrashed",
    "ChildEnded",
    "ChildReady",
    "ChildRevived",
    "End",
    "Escalated",
    "Leaving",
    "Report",
]


class ChildReady(Struct, frozen=True):
    """A life began to serve."""

    name: str
    life: int
    after_s: float

    def __str__(self) -> str:
        back = "" if self.life == 1 else f" again (life {self.life})"
        return f"{self.name} is ready{back} after {self.after_s:.1f} s"


class ChildCrashed(Struct, frozen=True):
    """A life ended that should have gone on; another one follows."""

    name: str
    life: int
    death: Death
    was_ready: bool
    pause_s: float

    def __str__(self) -> str:
        when = "" if self.was_ready else " before it was ready"
        return (
            f"{self.name} crashed{when} (life {self.life}), next life in {self.pause_s:.1f} s: {self.death}"
        )


class ChildBuried(Struct, frozen=True):
    """Too many deaths: the others live on without it."""

    name: str
    life: int
    death: Death
    deaths: int
    again_s: float
    unread: int
    """Messages that were told and that nobody will read."""

    def __str__(self) -> str:
        again = f"tried again in {self.again_s:.0f} s"
        return f"{self.name} is buried after {self.deaths} deaths, {again}: {self.death}"


class ChildRevived(Struct, frozen=True):
    """A buried child is tried again: one more death, and it is buried again."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} is tried again"


class Asked(Struct, frozen=True):
    """The tree stops because somebody said so."""

    why: str

    def __str__(self) -> str:
        return self.why


class Escalated(Struct, frozen=True):
    """The tree stops because a child died too often that nobody can do without."""

    name: str
    death: Death
    deaths: int

    def __str__(self) -> str:
        return f"{self.name} died {self.deaths} times: {self.death}"


Leaving = Asked | Escalated
"""Why the whole tree stops."""


class End(StrEnum):
    """How a child came to its end."""

    DRAINED = "drained"
    CRASHED = "crashed"
    CANCELLED = "cancelled"
    ABANDONED = "would not stop"
    NOT_ALIVE = "was not alive"


class ChildEnded(Struct, frozen=True):
    """A child was stopped. An abandoned one is still there: it ignores even cancellation."""

    name: str
    end: End
    after_s: float
    unread: int = 0
    """Messages that nobody received."""
    death: Death | None = None

    def __str__(self) -> str:
        after = "" if self.end is End.NOT_ALIVE else f" after {self.after_s:.1f} s"
        unread = f", {self.unread} messages unread" if self.unread else ""
        death = f": {self.death}" if self.death else ""
        return f"{self.name} {self.end}{after}{unread}{death}"


class Report(Struct, frozen=True):
    """How the tree came down: why, and each child in the order in which they ended."""

    why: Leaving
    children: tuple[ChildEnded, ...]
    took_s: float

    @property
    def abandoned(self) -> tuple[str, ...]:
        """Who would not stop. With such a one inside, the process can only leave by force."""
        return tuple(child.name for child in self.children if child.end is End.ABANDONED)

    def __str__(self) -> str:
        return "\n".join(
            (f"stopped in {self.took_s:.1f} s, {self.why}", *(f"  {child}" for child in self.children))
        )
