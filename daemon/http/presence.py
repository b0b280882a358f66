"""Whether the client is still there: ASGI tells it to whoever goes on receiving when the body is through."""

from collections.abc import Callable

from daemon.http.asgi import Receive, Request
from daemon.http.errand import Errand

__all__ = ["Presence"]


class Presence:
    """Watches one client until it is closed."""

    def __init__(self, receive: Receive, left: Callable[[], object]) -> None:
        self._receive = receive
        self._left = left
        self._is_closed = False
        self.has_left = False
        self._watch()

    def close(self) -> None:
        """It does not matter any more."""
        self._is_closed = True
        self._errand.give_up()

    def _watch(self) -> None:
        self._errand = Errand(self._receive(), self._heard)
        self._errand.run()

    def _heard(self, message: Request) -> None:
        if message["type"] == "http.disconnect":
            self.has_left = True
            self._left()
        elif not self._is_closed:
            self._watch()
