"""A port on this machine, as a doorstep: bound when somebody wants to listen there."""

import socket
from ipaddress import ip_address

from daemon.http.guards import Via
from daemon.sockets import bind_tcp
from state.settings.urls import split_host_port

__all__ = ["Port"]


class Port:
    """It may be taken; then whoever opens it may try again."""

    def __init__(self, address: str) -> None:
        parts = split_host_port(address)
        assert parts is not None, "a config with an address that is none is refused"
        self._host, self._port = parts
        self._listener: socket.socket | None = None

    def __repr__(self) -> str:
        return f"{self._host}:{self._port}"

    @property
    def via(self) -> Via:
        """Who can come by it. What is no address and not this machine's own name is anybody's."""
        try:
            is_loopback = ip_address(self._host).is_loopback
        except ValueError:
            is_loopback = self._host == "localhost"
        return Via.LOOPBACK if is_loopback else Via.NETWORK

    def open(self) -> socket.socket:
        """The same socket, however often. Raises OSError."""
        if self._listener is None:
            self._listener = bind_tcp(self._host, self._port)
        return self._listener

    def close(self) -> None:
        """Nobody can knock any more."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
