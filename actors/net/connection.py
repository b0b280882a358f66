"""One connection to a provider: a request out, its response in, one exchange at a time.

    idle --begin--> busy --response complete--> idle --begin--> ...
     |               |
     +---------------+--lost, broken, aborted, overdue--> gone

It owns its socket, and tells its home when an exchange is over and when it is gone itself, once each. All
that happens on it happens in callbacks of the event loop: no task belongs to a connection.
"""

import asyncio
from typing import Protocol, cast

from actors.net.clocks import NEVER_MS, Clocks, Watch
from actors.net.exchange import Exchange
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import KeyLine
from actors.net.response import ResponseReader
from actors.seams import Clock

__all__ = ["ROOM_BYTES", "Connection", "Home"]

ROOM_BYTES = 64 << 10
"""What one receive can bring. All connections of a transport receive into the same room, one after the
other: it is emptied before the loop turns to the next. Stock asyncio would take 256 KiB for each receive."""

JOINED_BODY_BYTES_MAX = 64 << 10
"""A larger body is handed over beside its head instead of being copied behind it."""


class Home(Protocol):
    """Where a connection belongs."""

    def freed(self, connection: "Connection", *, is_reusable: bool) -> None:
        """An exchange on it is over."""
        ...

    def lost(self, connection: "Connection") -> None:
        """It is gone."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Made by a dialler, kept by its home."""

    def __init__(self, home: Home, clock: Clock, room: memoryview) -> None:
        self.is_usable = False
        self.born_ms = clock.now_ms()
        self.good_until_ms = NEVER_MS
        """While it is idle: when it is let go, which its home decides."""
        self._home = home
        self._room = room
        self._watch = Watch(clock, self._fail)
        self._reader = ResponseReader()
        self._transport: asyncio.Transport | None = None
        self._exchange: Exchange | None = None
        self._by_byte = True
        self._is_paused = False

    def __repr__(self) -> str:
        state = "gone" if not self.is_usable else "idle" if self._exchange is None else "busy"
        return f"<connection, {state}>"

    @property
    def granted_ms(self) -> int | None:
        """How long the server keeps it without traffic, if it said so."""
        return self._reader.granted_ms

    def begin(
        self, exchange: Exchange, clocks: Clocks, began_ms: int, *, head: bytes, key: KeyLine, body: bytes
    ) -> None:
        """Send a request; from here on the exchange is told what comes."""
        assert self._exchange is None, "one exchange at a time"
        assert self._transport is not None, "a connection is made before it is used"
        self._exchange = exchange
        self._by_byte = clocks.by_byte
        self._reader.expect()
        self._watch.start(clocks, began_ms)
        if len(body) <= JOINED_BODY_BYTES_MAX:
            self._transport.write(head + key.end_of_head() + body)
        else:
            self._transport.write(head + key.end_of_head())
            self._transport.write(body)

    # What its exchange asks for.

    def pause(self) -> None:
        if self.is_usable and not self._is_paused and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()
            self._watch.hold()

    def resume(self) -> None:
        if self.is_usable and self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
            self._watch.go_on()

    def heard(self) -> None:
        self._watch.heard()

    def close(self) -> None:
        """Close the socket now; an exchange on it fails."""
        self._fail(Fault.CLOSED)

    def abort(self) -> None:
        """Close the socket now, whatever is going on; the exchange is not told, it asked for this."""
        if not self.is_usable:
            return
        self.is_usable = False
        was_busy = self._exchange is not None
        self._exchange = None
        self._watch.close()
        if self._transport is not None:
            self._transport.abort()
        if was_busy:
            self._home.freed(self, is_reusable=False)
        self._home.lost(self)

    # What the event loop says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self.is_usable = True

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - a guess; the room is what it is
        return self._room

    def buffer_updated(self, nbytes: int) -> None:
        exchange = self._exchange
        if exchange is None:
            self.abort()  # nobody asked: a farewell such as "408 Request Timeout", or worse
            return
        reader = self._reader
        is_opened = reader.status > 0
        failure: ExchangeFailed | None = None
        try:
            reader.feed(self._room[:nbytes])
        except ExchangeFailed as error:
            failure = error
        if reader.status and not is_opened:
            exchange.opened(reader.status, tuple(reader.headers))
        if reader.pieces and self._exchange is exchange:
            piece = reader.pieces[0] if len(reader.pieces) == 1 else b"".join(reader.pieces)
            reader.pieces.clear()
            if self._by_byte and not reader.is_complete:
                self._watch.heard()
            exchange.arrived(piece)
        if self._exchange is not exchange:
            return  # closed by its reader, who did not like what came
        if failure is not None:
            self._end_badly(failure)
        elif reader.is_complete:
            self._end_well()

    def eof_received(self) -> None:
        self._input_over(None)

    def connection_lost(self, error: Exception | None) -> None:
        self._input_over(error)

    # How exchanges end.

    def _input_over(self, error: Exception | None) -> None:
        reader = self._reader
        if self._exchange is None:
            self.abort()
        elif error is None and reader.status and reader.ends_with_connection:
            self._end_well()
        elif error is not None:
            self._fail(Fault.RESET)
        else:
            self._fail(Fault.TRUNCATED if reader.has_begun else Fault.NO_ANSWER)

    def _end_well(self) -> None:
        exchange = self._exchange
        assert exchange is not None
        assert self._transport is not None
        self._exchange = None
        self.resume()
        self._watch.stop()
        is_reusable = self._reader.keeps_alive and self._transport.get_write_buffer_size() == 0
        self._home.freed(self, is_reusable=is_reusable)
        if not is_reusable:
            self.abort()
        exchange.ended()

    def _fail(self, fault: Fault) -> None:
        self._end_badly(ExchangeFailed(fault, heard=self._reader.has_begun))

    def _end_badly(self, failure: ExchangeFailed) -> None:
        exchange = self._exchange
        self.abort()
        if exchange is not None:
            exchange.failed(failure)
