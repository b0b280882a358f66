"""The requests of one connection that are on their way: their answers, their streams, their end.

asked --> Call --result | error--> Alone     goes out at once
                                   Together  waits for the rest of its batch

A call is answered exactly once, also when it is cancelled or its connection has gone (then to nobody).
"""

from collections.abc import Callable
from typing import Protocol

import msgspec
from msgspec import Raw, Struct

from actors.case import Flow
from actors.wire.chunks import Chunk
from daemon.api.caller import Caller
from daemon.api.refusal import Refusal
from daemon.rpc.framing import Framing
from daemon.rpc.messages import Key
from daemon.rpc.replies import chunk_head, error, framed, notification, result, together
from daemon.verdicts import ErrorKind
from state.words import LaneId

__all__ = ["CANCELLED", "Address", "Alone", "Call", "Line", "Together"]

CANCELLED = Refusal(kind=ErrorKind.CANCELLED, message="cancelled by the caller")

TOGETHER_BYTES_MAX = 32 * 1024 * 1024
"""Of the answers of one batch: they lie in our memory until the last one is there."""
_TOO_MUCH = Refusal(
    kind=ErrorKind.OVERLOADED, message="the answers to this batch are too large together: ask one by one"
)

_encode = msgspec.json.Encoder().encode


class Line(Protocol):
    """Where bytes leave."""

    @property
    def is_choked(self) -> bool:
        """Whether more has been written than the other end has read for now."""
        ...

    def send(self, data: bytes) -> None: ...

    def call_of(self, key: Key) -> "Call | None":
        """What is on its way under that id."""
        ...

    def free(self, call: "Call") -> None:
        """Its id may be used again."""
        ...


class Address(Protocol):
    """Where an answer goes."""

    framing: Framing

    @property
    def is_full(self) -> bool:
        """Whether no more than an excuse can be delivered."""
        ...

    def deliver(self, answer: bytes) -> None: ...


class Alone:
    """To whoever asked one thing."""

    def __init__(self, line: Line, framing: Framing) -> None:
        self.framing = framing
        self._line = line

    @property
    def is_full(self) -> bool:
        return False

    def deliver(self, answer: bytes) -> None:
        self._line.send(framed(answer, self.framing))


class Together:
    """To whoever asked many things at once: the answers leave when the last one is there."""

    def __init__(self, line: Line, framing: Framing, awaited: int) -> None:
        self.framing = framing
        self._line = line
        self._awaited = awaited
        self._answers: list[bytes] = []
        self._bytes = 0

    @property
    def is_full(self) -> bool:
        return self._bytes > TOGETHER_BYTES_MAX

    def deliver(self, answer: bytes) -> None:
        self._answers.append(answer)
        self._bytes += len(answer)
        if len(self._answers) == self._awaited:
            self._line.send(framed(together(self._answers), self.framing))


class Call:
    """One request on its way. It is also where its stream goes: each piece straight to the socket."""

    __slots__ = ("_address", "_cancel", "_head", "_is_over", "_line", "caller", "flow", "id", "key")

    def __init__(
        self, line: Line, address: Address, caller: Caller, *, id_: bytes | None, key: Key | None
    ) -> None:
        """`id_` is None for a notification: whatever becomes of it, nobody is told."""
        self.id = id_
        self.key = key
        self.caller = caller
        self.flow: Flow | None = None
        self._line = line
        self._address = address
        self._head = b""
        self._is_over = False
        self._cancel: Callable[[], object] | None = None

    def __repr__(self) -> str:
        return f"<call {'notified' if self.id is None else self.id.decode()}>"

    # Its end.

    def answer(self, outcome: Struct | Raw | Refusal) -> None:
        """The one answer."""
        if self._is_over:
            return
        self._is_over = True
        if self.id is None:
            return
        # Before the answer leaves: many clients use one id for all that they ask, one after the other.
        self._line.free(self)
        if self._address.is_full:
            outcome = _TOO_MUCH
        if isinstance(outcome, Refusal):
            self._address.deliver(error(self.id, outcome))
        else:
            self._address.deliver(result(self.id, outcome))

    def runs_as(self, cancel: Callable[[], object]) -> None:
        """How to stop the work on it."""
        self._cancel = cancel

    def cancel(self) -> None:
        """Stop the work; whoever asked is told that it was."""
        if self._cancel is not None:
            self._cancel()
        self.answer(CANCELLED)

    # Its stream.

    def begin(self, lane: LaneId, flow: Flow) -> None:
        """The commit point."""
        self.flow = flow
        self.notify("chat.begin", "lane", _encode(str(lane)))
        if self._line.is_choked:
            flow.pause()

    def chunk(self, chunk: Chunk) -> None:
        if self._is_over or self.id is None:
            return
        if not self._head:
            self._head = chunk_head(self.id)
        self._line.send(framed(b"%b%b}}" % (self._head, chunk.payload), self._address.framing))

    def keep_alive(self) -> None:
        self.notify("chat.keep_alive")

    def notify(self, method: str, member: str = "", value: bytes = b"") -> None:
        """Say something before the answer."""
        if self._is_over or self.id is None:
            return
        self._line.send(framed(notification(method, self.id, member, value), self._address.framing))

    # Its surroundings.

    @property
    def is_choked(self) -> bool:
        """Whether who listens does not keep up."""
        return self._line.is_choked

    def neighbour(self, key: Key) -> "Call | None":
        """Another call of the same connection."""
        return self._line.call_of(key)
