"""What we tell systemd: readiness, status, reload, watchdog and the end, in datagrams of our own."""

import socket
import time
from collections.abc import MutableMapping

from msgspec import Struct

__all__ = ["Silent", "Systemd", "Watchdog", "systemd_from"]


class Watchdog(Struct, frozen=True):
    """How often the service manager wants to hear that we live; 0: never."""

    timeout_s: float = 0.0

    @property
    def beat_s(self) -> float:
        """Three beats in a timeout: one may be late, one may be lost."""
        return self.timeout_s / 3


class Silent:
    """Nobody asked to be told."""

    watchdog = Watchdog()

    def tell(self, *states: str) -> None:
        """Say nothing."""

    def reloading(self) -> None:
        """Say nothing."""

    def close(self) -> None:
        """There is nothing to let go of."""


class Systemd:
    """The other end of NOTIFY_SOCKET."""

    def __init__(self, address: str, watchdog: Watchdog) -> None:
        self.watchdog = watchdog
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._socket.setblocking(False)

    def __repr__(self) -> str:
        return f"systemd at {self._address!r}, watchdog {self.watchdog.timeout_s:g} s"

    def tell(self, *states: str) -> None:
        """Send the states in one datagram.

        A full or vanished socket costs this message and nothing else: the manager's own clocks decide
        what a missing one means, and a daemon that died of a failed notification would be absurd.
        """
        lines = (state.replace("\n", " ") for state in states)
        try:
            self._socket.sendto("\n".join(lines).encode(), self._address)
        except OSError:
            return

    def reloading(self) -> None:
        """Say that a reload begins; `READY=1` says that it is over.

        The manager wants the moment too, by a clock of its own choice, to tell this reload from the last.
        """
        usec = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
        self.tell("RELOADING=1", f"MONOTONIC_USEC={usec}")

    def close(self) -> None:
        """Say no more."""
        self._socket.close()


def systemd_from(environ: MutableMapping[str, str], pid: int) -> Systemd | Silent:
    """Take our variables out of the environment, so that no child speaks in our name."""
    address = environ.pop("NOTIFY_SOCKET", "")
    usec = environ.pop("WATCHDOG_USEC", "")
    for_pid = environ.pop("WATCHDOG_PID", "")
    if not address.startswith(("/", "@")):
        return Silent()
    meant_for_us = for_pid in ("", str(pid))
    timeout_s = int(usec) / 1e6 if usec.isdecimal() and meant_for_us else 0.0
    return Systemd(address, Watchdog(timeout_s))
