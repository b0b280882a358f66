"""One client's connection: bytes in, messages understood, answers out; it waits for nobody but its client.

    bytes --Frames--> Hearing --> Service.take(incoming) --> answered at once, or a Call that runs
                                                                 | its stream, its answer
    bytes <------------------------ send <-----------------------+

choked        the client does not read: nothing more is read from it, its streams pause; after 30 s it is cut
half closed   the client sends no more: its answers still go out, then we leave
hung up       every call of it is cancelled
"""

import asyncio
from functools import partial
from typing import Protocol, cast

from actors.case import Flow
from actors.seams import Clock
from daemon.api.caller import Caller
from daemon.rpc.calls import Address, Call
from daemon.rpc.framing import Frames
from daemon.rpc.hangup import HangupWatch
from daemon.rpc.hearing import Hearing
from daemon.rpc.messages import Asked, Key, Told
from daemon.rpc.outlet import Outlet
from daemon.rpc.scopes import Peer, Scope

__all__ = ["Connection", "Service"]

FRAMES_AT_ONCE = 50
"""Then others get to run: a megabyte of empty objects is hundreds of thousands of messages."""


class Service(Protocol):
    """Who answers."""

    clock: Clock
    inbox: memoryview
    """Where bytes arrive: one place for all, because each piece is taken in before the next one comes."""
    slow_reader_s: float

    @property
    def frame_bytes_max(self) -> int:
        """The largest message that is taken."""
        ...

    def take(self, connection: "Connection", incoming: Asked | Told, address: Address) -> None:
        """Answer at once, or begin to work on it."""
        ...

    def came(self, connection: "Connection") -> None:
        """It has begun."""
        ...

    def gone(self, connection: "Connection") -> None:
        """It has ended."""
        ...


class Connection(asyncio.BufferedProtocol):
    """Made when somebody connects; it ends with its last answer, or when the client hangs up."""

    def __init__(self, service: Service, peer: Peer, scopes: frozenset[Scope], caller: Caller) -> None:
        self.peer = peer
        self.scopes = scopes
        self.caller = caller
        self.calls: set[Call] = set()
        self.by_key: dict[Key, Call] = {}
        self._service = service
        self._frames = Frames(service.frame_bytes_max)
        self._hearing = Hearing(self, partial(service.take, self), service.frame_bytes_max)
        self._has_more = False
        """Messages wait here for their turn."""
        self._is_half_closed = False
        self._is_last = False
        """With the last answer we leave."""
        self._is_leaving = False

    def __repr__(self) -> str:
        return f"<connection of {self.peer}: {len(self.calls)} calls>"

    # What the loop tells.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        clock, slow_reader_s = self._service.clock, self._service.slow_reader_s
        self._outlet = Outlet(self._transport, clock, slow_reader_s, self.abort)
        fd = transport.get_extra_info("socket").fileno()
        self._hangup = HangupWatch(fd, clock, self.abort)
        self._service.came(self)

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - what we take at once is for us to say
        return self._service.inbox

    def buffer_updated(self, nbytes: int) -> None:
        self._frames.feed(self._service.inbox[:nbytes])
        if self._has_more:
            return
        self._read()
        # uvloop would go on to read 32 such pieces before it let anybody else have a turn.
        if nbytes == len(self._service.inbox) and self._listens:
            self._has_more = True
            self._transport.pause_reading()
            self._read_soon()

    def eof_received(self) -> bool:
        """True keeps the way out open: who has ended its sending still wants its answers."""
        self._is_half_closed = self._is_last = True
        if not self._has_more:
            self._read_last()
        if not self._is_leaving:
            self._hangup.start()
        return True

    def pause_writing(self) -> None:
        self._outlet.choke()
        for flow in self._flows():
            flow.pause()
        self._transport.pause_reading()

    def resume_writing(self) -> None:
        self._outlet.relieve()
        for flow in self._flows():
            flow.resume()
        if self._is_leaving:
            return
        if self._has_more:
            self._read_soon()
        elif not self._is_half_closed:
            self._transport.resume_reading()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - gone is gone
        self._is_leaving = True
        self._hangup.stop()
        self._outlet.stop()
        for call in list(self.calls):
            call.cancel()
        self._service.gone(self)

    # Reading.

    def _read(self) -> None:
        """So many messages and no more; the rest after everybody else has had a turn."""
        self._outlet.gather()
        self._has_more = self._read_some()
        self._outlet.release()
        if self._hearing.has_had_enough:
            self._close()
        elif self._has_more:
            self._transport.pause_reading()
            if not self._outlet.is_choked:
                self._read_soon()
        elif self._is_half_closed:
            self._read_last()
        elif self._is_last:
            self._leave_if_done()

    def _read_some(self) -> bool:
        """Whether there may be more."""
        for _ in range(FRAMES_AT_ONCE):
            found = self._frames.next()
            if found is None:
                return False
            self._hearing.hear(found)
            if self._hearing.has_had_enough:
                return False
            if self._outlet.is_enough:
                return True
        return True

    def _read_soon(self) -> None:
        asyncio.get_running_loop().call_soon(self._read_on)

    def _read_on(self) -> None:
        if self._is_leaving or self._outlet.is_choked or not self._has_more:
            return
        self._read()
        self._listen_again()

    def _listen_again(self) -> None:
        if self._listens:
            self._transport.resume_reading()

    @property
    def _listens(self) -> bool:
        """Whether nothing speaks against taking in more."""
        return not (self._has_more or self._outlet.is_choked or self._is_half_closed or self._is_leaving)

    def _read_last(self) -> None:
        """What was still without its end."""
        last = self._frames.end()
        if last is not None:
            self._hearing.hear(last)
        if self._hearing.has_had_enough:
            self._close()
        else:
            self._leave_if_done()

    # Calls and their answers.

    @property
    def is_choked(self) -> bool:
        return self._outlet.is_choked

    def send(self, data: bytes) -> None:
        self._outlet.send(data)

    def began(self, call: Call) -> None:
        self.calls.add(call)
        if call.key is not None:
            self.by_key[call.key] = call

    def ended(self, call: Call) -> None:
        self.calls.discard(call)
        self.free(call)
        if self._is_last and not self._has_more:
            self._leave_if_done()

    def free(self, call: Call) -> None:
        if call.key is not None and self.by_key.get(call.key) is call:
            del self.by_key[call.key]

    def call_of(self, key: Key) -> Call | None:
        return self.by_key.get(key)

    def _flows(self) -> list[Flow]:
        return [call.flow for call in self.calls if call.flow is not None]

    # Leaving.

    def leave(self) -> None:
        """With the last answer; what is asked until then is answered, too."""
        self._is_last = True
        self._leave_if_done()

    def abort(self) -> None:
        """At once."""
        self._is_leaving = True
        self._transport.abort()

    def _leave_if_done(self) -> None:
        if not self.calls and not self._is_leaving and not self._outlet.is_gathering:
            self._close()

    def _close(self) -> None:
        """What is written is still sent, to a client that reads."""
        self._is_leaving = True
        self._hangup.stop()
        self._outlet.close()
