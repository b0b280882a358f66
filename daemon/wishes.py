"""What somebody inside may wish of the daemon's own life: that it reads its config anew, that it ends."""

from typing import Protocol

from actors.kernel.child import ChildView
from daemon.news import Reloaded, ReloadRefused

__all__ = ["Grants", "Wishes"]


class Grants(Protocol):
    """Who lives the life."""

    @property
    def children(self) -> tuple[ChildView, ...]:
        """Everybody who is supervised."""
        ...

    async def wish_reload(self) -> Reloaded | ReloadRefused | None:
        """What came of it; None: it is too late, the daemon is stopping."""
        ...

    def wish_drain(self, why: str) -> None:
        """As a SIGTERM would."""
        ...


class Wishes:
    """Given to both before either exists: to the life that grants them, and to those who wish."""

    def __init__(self) -> None:
        self._grants: Grants | None = None

    def granted_by(self, grants: Grants) -> None:
        self._grants = grants

    @property
    def children(self) -> tuple[ChildView, ...]:
        return () if self._grants is None else self._grants.children

    async def reload(self) -> Reloaded | ReloadRefused | None:
        """Read the config anew; what came of it."""
        return None if self._grants is None else await self._grants.wish_reload()

    def drain(self, why: str) -> None:
        """Stop when what is under way is done."""
        if self._grants is not None:
            self._grants.wish_drain(why)
