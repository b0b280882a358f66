"""The daemon's own life, from outside: is it there, is its config right, read it anew, end well."""

from msgspec import Struct

from daemon.api.cast import Cast

__all__ = ["Pong", "ping"]


class Pong(Struct, frozen=True):
    """It is there."""

    pong: bool
    version: str
    uptime_s: float


def ping(cast: Cast) -> Pong:
    """The quickest sign of life."""
    return Pong(True, cast.version, (cast.clock.now_ms() - cast.began_ms) / 1000)
