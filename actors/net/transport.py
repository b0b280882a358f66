"""What carries requests to one provider: its origin, its connections, its keys' last station.

    send -> gate -> idle connection or dial -> exchange          close: all of it ends, now
                          ^       |
                          |       +-- dies before a byte came, as idle ones do: once more on a fresh one
    warm -----------------+

Where it sends is fixed when it is made. It follows no redirect, asks no environment for a proxy, verifies
every certificate, and repeats nothing that a server may have begun to do.
"""

import asyncio
from typing import Protocol

from actors.net.clocks import Clocks
from actors.net.connection import ROOM_BYTES, Connection
from actors.net.dial import Dialler
from actors.net.exchange import BODY_BYTES_MAX, Exchange
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import NO_KEY, Header, HeadWriter, KeyLine
from actors.net.origin import Origin, Proxy
from actors.net.pool import Gate, Idle
from actors.net.tls import TrustStore
from actors.seams import Clock

__all__ = ["CONNECTIONS", "HttpTransport", "Transport"]

CONNECTIONS = 64

STALE_MS = 1_000
"""An idle connection that the server has left behind dies within a round trip of being used. One that
lives longer has delivered the request, and what died then was the work on it."""

NO_CLOCKS = Clocks()


class Transport(Protocol):
    """What an attempt needs of a provider's network; `actors.net.httpxseam` makes one of any of httpx's."""

    async def send(
        self,
        method: bytes,
        target: bytes,
        headers: tuple[Header, ...] = (),
        body: bytes = b"",
        *,
        key: KeyLine = NO_KEY,
        clocks: Clocks = NO_CLOCKS,
    ) -> Exchange:
        """Send a request to a target below the provider's URL; return when the response's head is there.

        Raises `ExchangeFailed`, and nothing else. Cancelling closes the connection.
        """
        ...

    def warm(self) -> None:
        """Have a connection ready for a request that may come."""
        ...

    def close(self) -> None:
        """End every exchange and close every connection."""
        ...


class HttpTransport:
    """HTTP/1.1 over connections of our own."""

    def __init__(
        self,
        origin: Origin,
        *,
        clock: Clock,
        trust: TrustStore,
        proxy: Proxy | None = None,
        ca_file: str = "",
        allow_private: bool = False,
        connections: int = CONNECTIONS,
        body_bytes_max: int = BODY_BYTES_MAX,
        agent: str = "failoverd",
    ) -> None:
        self._origin = origin
        self._clock = clock
        self._body_bytes_max = body_bytes_max
        self._heads = HeadWriter(origin, agent=agent, through=proxy)
        self._dialler = Dialler(origin, trust, proxy=proxy, ca_file=ca_file, allow_private=allow_private)
        self._gate = Gate(connections, clock)
        self._idle = Idle(clock)
        self._open: set[Connection] = set()
        self._dials: set[asyncio.Task[Connection]] = set()
        self._warming: asyncio.Task[None] | None = None
        self._room = memoryview(bytearray(ROOM_BYTES))
        self._is_closed = False

    def __repr__(self) -> str:
        state = "closed" if self._is_closed else f"{len(self._open)} connections, {self._gate!r}"
        return f"<transport to {self._origin}, {state}>"

    async def send(
        self,
        method: bytes,
        target: bytes,
        headers: tuple[Header, ...] = (),
        body: bytes = b"",
        *,
        key: KeyLine = NO_KEY,
        clocks: Clocks = NO_CLOCKS,
    ) -> Exchange:
        head = self._heads.write(method, target, headers, len(body))
        is_second = False
        while True:
            if not self._gate.enter_nowait():
                await self._gate.enter(clocks.deadline_ms)
            began_ms = self._clock.now_ms()
            if is_second:
                # Those that lay there longer than the one found dead are dead too; and whoever dials while
                # others are idle makes one connection too many.
                self._idle.close()
            idle = self._idle.take(began_ms)
            connection = idle or await self._dialled_inside(clocks, began_ms)
            exchange = Exchange(connection, bytes_max=self._body_bytes_max)
            try:
                # From here on the connection holds the place, and gives it back however the exchange ends.
                connection.begin(exchange, clocks, began_ms, head=head, key=key, body=body)
                await exchange.wait_opened()
            except ExchangeFailed as failed:
                is_second = True
                if not (idle and _was_stale(failed) and self._clock.now_ms() < began_ms + STALE_MS):
                    raise
            except BaseException:
                exchange.close()
                raise
            else:
                return exchange

    def warm(self) -> None:
        if self._is_closed or self._idle or self._warming or not self._gate.enter_nowait():
            return
        self._warming = asyncio.ensure_future(self._warm())

    def close(self) -> None:
        self._is_closed = True
        self._dialler.close()
        for dial in self._dials:
            dial.cancel()
        self._idle.close()
        for connection in list(self._open):
            connection.close()

    # What connections say: this is their home.

    def freed(self, connection: Connection, *, is_reusable: bool) -> None:
        if is_reusable and not self._is_closed:
            self._idle.keep(connection)
        self._gate.leave()

    def lost(self, connection: Connection) -> None:
        self._open.discard(connection)
        self._idle.forget(connection)

    # How connections come to be.

    async def _dialled_inside(self, clocks: Clocks, began_ms: int) -> Connection:
        """A fresh connection, by who has a place; without one, the place is given back."""
        try:
            return await self._dialled(clocks, began_ms)
        except BaseException:
            self._gate.leave()
            raise

    async def _dialled(self, clocks: Clocks, began_ms: int) -> Connection:
        """A task of its own, because the clock that cancels it is not the one that cancels who waits."""
        by_ms, fault = clocks.connected_by(began_ms)
        dial = asyncio.ensure_future(self._dialler.dial(self._make))
        self._dials.add(dial)

        def call_off() -> None:
            dial.cancel()

        overdue = self._clock.call_at(by_ms, call_off)
        try:
            await asyncio.wait((dial,))
        except BaseException:
            dial.cancel()
            dial.add_done_callback(_abort_orphan)
            raise
        finally:
            overdue.cancel()
            self._dials.discard(dial)
        if dial.cancelled():
            raise ExchangeFailed(Fault.CLOSED if self._is_closed else fault)
        connection = dial.result()
        if self._is_closed:  # it arrived in the moment of closing
            connection.abort()
            raise ExchangeFailed(Fault.CLOSED)
        if not connection.is_usable:  # gone again before we could say a word
            raise ExchangeFailed(Fault.NO_ANSWER)
        self._open.add(connection)  # not before: cancelled in the making, uvloop closes one without a word
        return connection

    def _make(self) -> Connection:
        return Connection(self, self._clock, self._room)

    async def _warm(self) -> None:
        try:
            self._idle.keep(await self._dialled(NO_CLOCKS, self._clock.now_ms()))
        except ExchangeFailed:
            pass  # who needs the connection will learn why there is none
        finally:
            self._warming = None
            self._gate.leave()


def _abort_orphan(dial: asyncio.Task[Connection]) -> None:
    """Who waited for it has left, perhaps in the very moment in which it arrived."""
    if not dial.cancelled() and dial.exception() is None:
        dial.result().abort()


def _was_stale(failed: ExchangeFailed) -> bool:
    return not failed.heard and failed.fault in (Fault.RESET, Fault.NO_ANSWER)
