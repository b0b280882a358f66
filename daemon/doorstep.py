"""A listening socket with its place: taken over from systemd, or bound by us and removed by us at the end.

It outlives the lives of its server: while that one is made anew, clients wait in the kernel's queue.
"""

import socket
from pathlib import Path

from daemon.sockets import bind_unix, unlink_if_ours

__all__ = ["Doorstep"]


class Doorstep:
    """Where clients knock."""

    def __init__(self, path: Path, *, mode: int, inherited: socket.socket | None = None) -> None:
        self.path = path
        self._mode = mode
        self._is_ours = inherited is None
        self._listener = inherited

    def __repr__(self) -> str:
        how = "bound by us" if self._is_ours else "systemd's"
        return f"<doorstep at {self.path}: {how}>"

    def open(self) -> socket.socket:
        """The same socket, however often. Raises OSError, SocketPathTaken."""
        if self._listener is None:
            self._listener = bind_unix(self.path, mode=self._mode)
        return self._listener

    def close(self) -> None:
        """Nobody can knock any more; at systemd's socket they wait there for our next life."""
        if self._listener is None:
            return
        self._listener.close()
        self._listener = None
        if self._is_ours:
            unlink_if_ours(self.path)
