"""A port on this machine, as a doorstep: bound when somebody wants to listen there."""

import socket

from daemon.sockets import bind_tcp
from state.urls import split_host_port

__all__ = ["Port"]


class Port:
    """It may be taken; then whoever opens it may try again."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._listener: socket.socket | None = None

    def __repr__(self) -> str:
        return f"<port {self.address}>"

    def open(self) -> socket.socket:
        """The same socket, however often. Raises OSError."""
        if self._listener is None:
            parts = split_host_port(self.address)
            assert parts is not None, "a config with an address that is none is refused"
            self._listener = bind_tcp(*parts)
        return self._listener

    def close(self) -> None:
        """Nobody can knock any more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
