"""A door to HTTP: an actor around a server library that is made to be embedded.

doorstep --open--> listening socket --> uvicorn --> app
   |--taken--> told, and tried again: the other door serves meanwhile
"""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Protocol, cast

import uvicorn
from anyio import Event as Wakeup
from anyio import create_task_group

from actors.kernel.actor import Life
from actors.kernel.deadlines import move_on_at
from actors.seams import Clock, Listener
from daemon.http.app import App
from daemon.http.connection import Connection
from daemon.news import DoorTaken

__all__ = ["HttpServer"]

AGAIN_MS = 30_000
"""So often we look whether an address that is taken has become free."""
KEEP_ALIVE_S = 75
"""Longer than what connection pools of clients keep: who closes first should be who can ask again."""


class Doorstep(Protocol):
    """Where clients knock. It outlives the lives of its server."""

    def open(self) -> socket.socket: ...
    def close(self) -> None: ...


class HttpServer:
    """One life of a door."""

    def __init__(
        self,
        app: App,
        doorstep: Doorstep,
        *,
        clock: Clock,
        listener: Listener,
        grace_s: float,
    ) -> None:
        self._app = app
        self._doorstep = doorstep
        self._clock = clock
        self._listener = listener
        self._grace_s = grace_s

    def __repr__(self) -> str:
        return f"<http server, {self._doorstep!r}>"

    async def live(self, life: Life[None]) -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(self._read_mail, life)
            listening = await self._open(life)
            if listening is not None:
                with listening:
                    await self._serve(listening, life)
            tasks.cancel_scope.cancel()

    async def _open(self, life: Life[None]) -> socket.socket | None:
        """None: asked to stop before the address became free."""
        while not life.is_stopping:
            try:
                # Of its own, because the library closes what it is given.
                return self._doorstep.open().dup()
            except OSError as error:
                if not life.is_ready:
                    life.ready()
                    self._listener.tell(DoorTaken(repr(self._doorstep), error.strerror or str(error)))
            with move_on_at(self._clock, self._clock.now_ms() + AGAIN_MS):
                await life.wait_stopping()
        return None

    async def _serve(self, listening: socket.socket, life: Life[None]) -> None:
        server = _Server(self._app, self._clock, self._grace_s)
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(server.serve, [listening])
                await server.listens.wait()
                if not life.is_ready:
                    life.ready()
                await life.wait_stopping()
                self._doorstep.close()
                # Asked to stop before it is cancelled: requests under way come to their end.
                server.should_exit = True
        finally:
            server.abandon()

    async def _read_mail(self, life: Life[None]) -> None:
        async for _ in life:
            pass  # nobody writes to it but the supervisor, who asks whether it is there


class _Server(uvicorn.Server):
    """Signals are not its business, and it tells when it listens."""

    def __init__(self, app: App, clock: Clock, grace_s: float) -> None:
        super().__init__(
            uvicorn.Config(
                cast("Any", app),
                interface="asgi3",
                # Called as the class would be, see `uvicorn.Server.startup`.
                http=cast("Any", partial(Connection, clock=clock)),
                ws="none",
                lifespan="off",
                log_config=None,
                log_level="error",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_keep_alive=KEEP_ALIVE_S,
                timeout_graceful_shutdown=max(1, round(grace_s)),
            )
        )
        self.servers = []
        self.listens = Wakeup()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listens.set()

    def abandon(self) -> None:
        """Let go of whatever is left, also when it was not asked to stop but died."""
        for server in self.servers:
            server.close()
        for connection in list(self.server_state.connections):
            cast("Connection", connection).transport.abort()
