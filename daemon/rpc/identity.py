"""Who is at the other end of a Unix socket, and whether it is still there, by the kernel's word."""

import select
import socket
import struct

from daemon.rpc.scopes import Peer

__all__ = ["has_hung_up", "peer_of"]

SO_PEERGROUPS = 59
"""Linux 4.13 and later; the socket module does not name it."""
GROUPS_MAX = 65_536
"""As many as a process can be in."""

_CREDENTIALS = struct.Struct("3i")


def peer_of(connection: socket.socket) -> Peer:
    """As it was when it connected. Raises OSError."""
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    pid, uid, gid = _CREDENTIALS.unpack(credentials)
    return Peer(uid, frozenset({gid, *_groups(connection)}), pid)


def has_hung_up(fd: int) -> bool:
    """Whether the other end is closed both ways. Who has only ended its own sending still listens."""
    watch = select.poll()
    watch.register(fd, 0)
    return any(event & (select.POLLHUP | select.POLLERR | select.POLLNVAL) for _, event in watch.poll(0))


def _groups(connection: socket.socket) -> tuple[int, ...]:
    try:
        packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * 64)
    except OSError:
        try:
            packed = connection.getsockopt(socket.SOL_SOCKET, SO_PEERGROUPS, 4 * GROUPS_MAX)
        except OSError:
            return ()  # a kernel that does not tell: the main group has to do
    return struct.unpack(f"{len(packed) // 4}I", packed)
