"""The JSON-RPC server: lets clients in one by one, and on the way out serves what it has begun.

    Doorstep --accept--> who is it? --> Connection --> Clerk
                |
                short of descriptors: one is kept in reserve, with it the client is let in and turned away

It owns the connections: when it dies they end, and their calls with them. The doorstep outlives it.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Self

from anyio import CancelScope, create_task_group

from actors.case import Client
from actors.kernel.actor import Life
from actors.seams import Clock, Listener
from daemon.api.caller import Caller
from daemon.api.refusal import Refusal
from daemon.doorstep import Doorstep
from daemon.news import ShortOfSockets
from daemon.rpc.clerk import Clerk
from daemon.rpc.connection import Connection
from daemon.rpc.framing import Framing
from daemon.rpc.identity import peer_of
from daemon.rpc.replies import error, framed
from daemon.rpc.scopes import Peer, Scope, scopes_of
from daemon.verdicts import ErrorKind
from state.config import DaemonConfig

__all__ = ["Server"]

CONNECTIONS_MAX = 1_024
CONNECTIONS_PER_UID_MAX = 512
"""Half of all is enough for anybody."""
SHED_MS = 100
"""A rest after turning somebody away: a loop that runs on would only burn."""
_SHORT = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})


class Server:
    """One life of it."""

    def __init__(
        self,
        clerk: Clerk,
        doorstep: Doorstep,
        settings: Callable[[], DaemonConfig],
        *,
        clock: Clock,
        listener: Listener,
    ) -> None:
        self._clerk = clerk
        self._doorstep = doorstep
        self._settings = settings
        self._clock = clock
        self._listener = listener

    async def live(self, life: Life[None]) -> None:
        listening = self._doorstep.open()
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(self._let_in, listening)
                life.ready()
                async for _ in life:
                    pass  # nobody writes to it but the supervisor, who asks whether it is there
                tasks.cancel_scope.cancel()
            self._doorstep.close()
            await self._clerk.drain()
        finally:
            with CancelScope(shield=True):
                await self._clerk.end()

    async def _let_in(self, listening: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with _Spare(listening) as spare:
            while True:
                try:
                    client, _ = await loop.sock_accept(listening)
                except OSError as trouble:
                    if trouble.errno not in _SHORT:
                        raise
                    spare.turn_away(listening)
                    self._listener.tell(ShortOfSockets(str(self._doorstep.path), str(trouble)))
                    await self._clock.sleep_until(self._clock.now_ms() + SHED_MS)
                    continue
                await self._welcome(client)

    async def _welcome(self, client: socket.socket) -> None:
        try:
            peer = peer_of(client)
        except OSError:
            client.close()  # gone before we looked
            return
        refusal = self._objection(peer)
        if refusal is not None:
            _turn_away(client, refusal)
            return
        scopes = scopes_of(peer, self._settings(), os.geteuid())
        caller = Caller(client=Client(uid=peer.uid), name=f"uid {peer.uid}", sees_all=Scope.READ in scopes)
        connection = Connection(self._clerk, peer, scopes, caller)
        try:
            await asyncio.get_running_loop().connect_accepted_socket(lambda: connection, client)
        except OSError:
            client.close()

    def _objection(self, peer: Peer) -> Refusal | None:
        connections = self._clerk.connections
        if len(connections) >= CONNECTIONS_MAX:
            return _full(f"{CONNECTIONS_MAX} connections are open, as many as may be")
        mine = sum(connection.peer.uid == peer.uid for connection in connections)
        if mine >= CONNECTIONS_PER_UID_MAX:
            return _full(f"uid {peer.uid} has {mine} connections open, as many as one may have")
        return None


class _Spare:
    """A descriptor in reserve: without it, a client whom we can't let in would be offered to us for ever."""

    def __init__(self, listening: socket.socket) -> None:
        self._fd = os.dup(listening.fileno())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._fd)

    def turn_away(self, listening: socket.socket) -> None:
        """Let one in and show it out."""
        os.close(self._fd)
        try:
            client, _ = listening.accept()
        except OSError:
            pass  # somebody else has taken the place, or the client has left
        else:
            _turn_away(client, _full("the daemon has no descriptors left"))
        self._fd = os.dup(listening.fileno())


def _full(message: str) -> Refusal:
    return Refusal(kind=ErrorKind.OVERLOADED, message=message, retry_after_s=1.0)


def _turn_away(client: socket.socket, refusal: Refusal) -> None:
    """With a word, if it can be had without waiting."""
    with client:
        client.setblocking(False)
        with suppress(OSError):  # it may not want to hear it
            client.send(framed(error(b"null", refusal), Framing.LINE))
