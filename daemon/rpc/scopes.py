"""What a caller may do: by who it is, as the kernel says, and by whom the operator has listed. Pure.

scope    who has it                                          for
call     everybody who can open the socket                   chat, image, embed; how it stands
jobs     the same                                            jobs of one's own
read     admins; `read_uids`, members of `read_gids`         what others have asked, too
admin    root, the daemon's own user; `admin_uids`, members of `admin_gids`     steering
"""

from enum import StrEnum

from msgspec import Struct

from state.config import DaemonConfig

__all__ = ["EVERYBODY", "Peer", "Scope", "scopes_of"]


class Scope(StrEnum):
    """One kind of permission."""

    CALL = "call"
    JOBS = "jobs"
    READ = "read"
    ADMIN = "admin"


EVERYBODY = frozenset({Scope.CALL, Scope.JOBS})
"""Who may open the socket at all, its mode says."""

ROOT = 0


class Peer(Struct, frozen=True):
    """Who is at the other end."""

    uid: int
    gids: frozenset[int] = frozenset()
    pid: int = 0

    def __str__(self) -> str:
        return f"uid {self.uid} (process {self.pid})" if self.pid else f"uid {self.uid}"


def scopes_of(peer: Peer, settings: DaemonConfig, own_uid: int) -> frozenset[Scope]:
    """All that this one may do. Who steers may see; who sees may not steer."""
    if peer.uid in (ROOT, own_uid) or _is_listed(peer, settings.admin_uids, settings.admin_gids):
        return frozenset(Scope)
    if _is_listed(peer, settings.read_uids, settings.read_gids):
        return EVERYBODY | {Scope.READ}
    return EVERYBODY


def _is_listed(peer: Peer, uids: tuple[int, ...], gids: tuple[int, ...]) -> bool:
    return peer.uid in uids or not peer.gids.isdisjoint(gids)
