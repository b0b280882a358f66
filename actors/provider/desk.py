"""One life of a provider, as its attempts see it: what they work with, and who of them is inside.

    enter --> inside --> leave          close: all who are inside are ended, as nobody's fault

A desk belongs to one life and to one config: after a reload the next life has a desk of its own, while
this one's attempts come to their ends.
"""

from typing import Protocol

from anyio import Event

from actors.provider.access import Access
from actors.provider.ledger import Ledger
from actors.seams import Clock, Rng

__all__ = ["Desk", "Guest"]


class Guest(Protocol):
    """Whoever is inside."""

    def abort(self) -> None:
        """End, as nobody's fault."""
        ...


class Desk:
    """Made by a life of the provider's actor."""

    def __init__(self, access: Access, ledger: Ledger, clock: Clock, rng: Rng) -> None:
        self.access = access
        self.ledger = ledger
        self.clock = clock
        self.rng = rng
        self.is_stale = False
        """The config has changed since: what a key is told here says nothing of the key that is there now."""
        self._inside: set[Guest] = set()
        self._emptied: Event | None = None

    def __repr__(self) -> str:
        return f"<desk of {self.ledger.id}: {self.in_flight} inside>"

    @property
    def in_flight(self) -> int:
        return len(self._inside)

    def enter(self, guest: Guest) -> None:
        self._inside.add(guest)

    def leave(self, guest: Guest) -> None:
        self._inside.remove(guest)
        if self._emptied is not None and not self._inside:
            self._emptied.set()

    async def wait_empty(self) -> None:
        """Until all who are inside have left."""
        while self._inside:
            self._emptied = Event()
            await self._emptied.wait()

    def close(self) -> None:
        """End all who are inside, and every connection."""
        for guest in list(self._inside):
            guest.abort()
        self.access.close()
