"""The way in: so many requests at the same time, and of one client only a part of them.

Over it a request is refused at once, with a time to come back: a queue here would only hide the overload.
"""

from collections import Counter

from actors.case import Client
from state.config import DaemonConfig

__all__ = ["Entrance"]

RETRY_AFTER_S = 1.0


class Entrance:
    """Counts who is inside."""

    def __init__(self, settings: DaemonConfig) -> None:
        self._settings = settings
        self._inside: Counter[Client] = Counter()
        self.in_flight = 0

    def __repr__(self) -> str:
        return f"<entrance: {self.in_flight} inside, of {len(self._inside)} clients>"

    def adopt(self, settings: DaemonConfig) -> None:
        """A reload. Who is inside stays."""
        self._settings = settings

    def enter(self, client: Client) -> str:
        """Come in; or why not."""
        if self.in_flight >= self._settings.in_flight_max:
            return f"{self.in_flight} requests are in flight, as many as may be"
        of_client = self._inside.get(client, 0)
        if of_client >= self._settings.in_flight_per_client_max:
            return f"{of_client} requests of this client are in flight, as many as one may have"
        self._inside[client] = of_client + 1
        self.in_flight += 1
        return ""

    def leave(self, client: Client) -> None:
        self.in_flight -= 1
        left = self._inside[client] - 1
        if left:
            self._inside[client] = left
        else:
            del self._inside[client]
