"""Ports without a server behind them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager


def free_port() -> int:
    """Nobody listens there, and nobody has for a moment."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


@contextmanager
def deaf_port() -> Iterator[int]:
    """Packets to it vanish: the queue of a listener that never accepts is full."""
    with socket.create_server(("127.0.0.1", 0), backlog=0) as listener:
        port: int = listener.getsockname()[1]
        callers = [socket.socket() for _ in range(4)]
        for caller in callers:
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", port))
        try:
            yield port
        finally:
            for caller in callers:
                caller.close()
