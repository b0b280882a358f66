"""Whether somebody on this machine is listening: how a local Ollama is found without being told of."""

import socket

__all__ = ["answers"]

ANSWER_S_MAX = 0.2
"""Loopback answers or refuses at once; only a host that is no loopback could make the start wait."""


def answers(host: str, port: int) -> bool:
    """Whether a connection can be made. Nothing is sent."""
    try:
        with socket.create_connection((host, port), timeout=ANSWER_S_MAX):
            return True
    except OSError:
        return False
