"""Who calls, as the daemon's methods see it, whatever the wire."""

from msgspec import Struct

from actors.case import Client

__all__ = ["Caller"]


class Caller(Struct, frozen=True, kw_only=True):
    """One end of a connection, and what it may see."""

    client: Client
    name: str
    """As it stands in the journal beside what it ordered: `uid 1000`."""
    sees_all: bool = False
    """Whether it may see what others have asked. If not, that looks as if it did not exist."""

    def owns(self, uid: int | None) -> bool:
        """Whether what that user asked may be shown to it."""
        return self.sees_all or (uid is not None and uid == self.client.uid)
