"""Where a stream leaves: each piece goes to the socket when it is written. What can't, rests here.

write(piece) --> socket                       the flow runs
write(piece) --> rest --> socket, later       the flow is paused until the rest is gone
"""

from collections import deque

from anyio import Event as Wakeup

from actors.case import Flow
from daemon.http.asgi import Body, Response, Send
from daemon.http.errand import Errand

__all__ = ["Outlet"]


class Outlet:
    """One response on its way out."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._rest: deque[Response | Body] = deque()
        self._errand: Errand[None] | None = None
        self._flow: Flow | None = None
        self._emptied = Wakeup()

    def __repr__(self) -> str:
        return f"<outlet: {'choked' if self.is_choked else 'open'}, {len(self._rest)} pieces wait>"

    @property
    def is_choked(self) -> bool:
        """Whether the other end has not read what was sent."""
        return self._errand is not None

    def feeds_from(self, flow: Flow) -> None:
        """Whom to tell to rest."""
        self._flow = flow
        if self.is_choked:
            flow.pause()

    def write(self, message: Response | Body) -> None:
        """Now, or as soon as there is room again; never waits."""
        self._rest.append(message)
        if self._errand is None:
            self._go_on()

    async def wait_empty(self) -> None:
        """Until all has left, or the connection is gone."""
        while self._errand is not None:
            self._emptied = Wakeup()
            await self._emptied.wait()

    def close(self) -> None:
        """Nobody reads on: what has not left stays."""
        self._rest.clear()
        if self._errand is not None:
            self._errand.give_up()

    def _go_on(self) -> None:
        was_choked = self._errand is not None
        self._errand = None
        while self._rest:
            errand = Errand(self._send(self._rest.popleft()), self._sent)
            if not errand.run():
                self._errand = errand
                if not was_choked and self._flow is not None:
                    self._flow.pause()
                return
        if was_choked:
            self._emptied.set()
            if self._flow is not None:
                self._flow.resume()

    def _sent(self, _: None) -> None:
        """One piece is gone. If it had to wait, the others follow."""
        if self._errand is not None:
            self._go_on()
