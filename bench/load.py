"""Our own callers, for what wrk cannot do: Unix sockets, JSON-RPC, streams, paces, and a thousand at once.

`python -m bench.load` reads an Errand as JSON from its input, runs it, and prints what the callers saw.

    Errand --> Caller, Caller, ...     each asks, takes the whole answer in, and asks again
                  |
                  Seen                 when it was asked, when its first word came, when it was over
"""

import asyncio
import itertools
import re
import sys
import time
from collections.abc import Callable, Iterable
from typing import cast

import httptools
import msgspec
import uvloop
from msgspec import Struct

__all__ = ["Errand", "Report"]

GIVES_UP_S = 60.0
"""Whoever has no answer by then does not get one."""
_ID = re.compile(rb'"id":(\d+)')


class Errand(Struct, frozen=True, kw_only=True):
    """What to ask, of whom, how often."""

    address: str
    """`HOST:PORT` or the path of a Unix socket."""
    request: bytes
    """As it goes over the wire; in JSON-RPC, what stands around the id."""
    callers: int = 1
    for_s: float = 2.0
    """New questions are asked for so long."""
    each_once: bool = False
    """A question per caller; `for_s` is the time over which they are spread."""
    pause_s: float = 0.0
    """Between an answer and the next question."""
    rpc: bool = False
    """All callers share one connection, and their questions are told apart by id."""


class Report(Struct, frozen=True, kw_only=True):
    """What was seen, in order of the endings."""

    seconds: float
    failed: int
    took_us: list[float]
    first_us: list[float]
    """Until the first byte of the body; of JSON-RPC, until the first chunk."""
    chunks: int
    attempts: list[int]
    """How many lanes were asked, where the answer says so; else 0."""

    @property
    def answered(self) -> int:
        return len(self.took_us)


class Seen:
    """Everything that all callers saw."""

    def __init__(self) -> None:
        self.failed = 0
        self.chunks = 0
        self.took_us: list[float] = []
        self.first_us: list[float] = []
        self.attempts: list[int] = []

    def answered(self, asked: float, first: float, attempts: int) -> None:
        now = time.perf_counter()
        self.took_us.append((now - asked) * 1e6)
        self.first_us.append((first - asked) * 1e6)
        self.attempts.append(attempts)


class HttpCaller(asyncio.Protocol):
    """One connection, one question at a time."""

    def __init__(self, errand: Errand, seen: Seen, asks_again: Callable[[], bool]) -> None:
        self._errand = errand
        self._seen = seen
        self._asks_again = asks_again
        self._parser = httptools.HttpResponseParser(self)
        self._first = 0.0
        self._attempts = 0
        self.is_over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - gone is gone
        if not self.is_over.done():
            self._seen.failed += 1
            self.is_over.set_result(None)

    def ask(self) -> None:
        self._first = 0.0
        self._attempts = 0
        self._asked = time.perf_counter()
        self._transport.write(self._errand.request)

    def close(self) -> None:
        self._transport.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name == b"x-failover-attempts":
            self._attempts = int(value)

    def on_body(self, piece: bytes) -> None:
        if not self._first:
            self._first = time.perf_counter()
        self._seen.chunks += piece.count(b'"delta"')

    def on_message_complete(self) -> None:
        if self._parser.get_status_code() == 200:
            self._seen.answered(self._asked, self._first, self._attempts)
        else:
            self._seen.failed += 1
        if not self._asks_again():
            if not self.is_over.done():
                self.is_over.set_result(None)
        elif self._errand.pause_s:
            asyncio.get_running_loop().call_later(self._errand.pause_s, self.ask)
        else:
            self.ask()


class RpcCallers(asyncio.Protocol):
    """Many callers on one connection; an answer makes room for the next question."""

    def __init__(self, errand: Errand, seen: Seen, asks_again: Callable[[], bool]) -> None:
        self._errand = errand
        self._seen = seen
        self._asks_again = asks_again
        self._ids = itertools.count()
        self._asked: dict[bytes, float] = {}
        self._first: dict[bytes, float] = {}
        self._rest = b""
        self.is_over = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - gone is gone
        self._seen.failed += len(self._asked)
        if not self.is_over.done():
            self.is_over.set_result(None)

    def ask(self) -> None:
        """All callers their first question."""
        self._transport.write(b"".join(self._next() for _ in range(self._errand.callers)))

    def close(self) -> None:
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        questions = b"".join(self._heard(line) for line in lines)
        if questions:
            self._transport.write(questions)
        elif not self._asked and not self.is_over.done():
            self.is_over.set_result(None)

    def _next(self) -> bytes:
        id_ = b"%d" % next(self._ids)
        self._asked[id_] = time.perf_counter()
        return self._errand.request.replace(b"@ID@", id_) + b"\n"

    def _heard(self, line: bytes) -> bytes:
        """What to ask next."""
        id_ = _id(line)
        if b'"method":"chat.' in line[:64]:
            self._first.setdefault(id_, time.perf_counter())
            self._seen.chunks += b'"chat.chunk"' in line[:64]
            return b""
        asked = self._asked.pop(id_)
        if b'"result":' in line[:64]:
            self._seen.answered(asked, self._first.pop(id_, asked), 0)
        else:
            self._seen.failed += 1
        return self._next() if self._asks_again() else b""


def _id(line: bytes) -> bytes:
    """The first in the line: ours are numbers, and stand before what a provider has written."""
    return _ID.search(line)[1]  # type: ignore[index]  # an answer without one is a bug that should be seen


async def _connect(address: str, make: Callable[[], asyncio.Protocol]) -> asyncio.Protocol:
    loop = asyncio.get_running_loop()
    if "/" in address:
        _, protocol = await loop.create_unix_connection(make, address)
    else:
        host, _, port = address.rpartition(":")
        _, protocol = await loop.create_connection(make, host, int(port))
    return protocol


async def _run(errand: Errand) -> Report:
    seen = Seen()
    ends = [float("inf")]

    def asks_again() -> bool:
        return not errand.each_once and time.perf_counter() < ends[0]

    make = RpcCallers if errand.rpc else HttpCaller
    count = 1 if errand.rpc else errand.callers
    callers = [
        cast(
            "HttpCaller | RpcCallers", await _connect(errand.address, lambda: make(errand, seen, asks_again))
        )
        for _ in range(count)
    ]
    began = time.perf_counter()
    ends[0] = began + errand.for_s
    _start(callers, errand.for_s if errand.each_once else 0.0)
    over = [caller.is_over for caller in callers]
    _, waiting = await asyncio.wait(over, timeout=errand.for_s + GIVES_UP_S)
    seconds = time.perf_counter() - began
    for caller in callers:
        caller.close()
    return Report(
        seconds=seconds,
        failed=seen.failed + len(waiting),
        took_us=seen.took_us,
        first_us=seen.first_us,
        chunks=seen.chunks,
        attempts=seen.attempts,
    )


def _start(callers: Iterable[HttpCaller | RpcCallers], over_s: float) -> None:
    """All at once, or evenly spread."""
    everybody = list(callers)
    loop = asyncio.get_running_loop()
    for at, caller in enumerate(everybody):
        if over_s:
            loop.call_later(over_s * at / len(everybody), caller.ask)
        else:
            caller.ask()


def main() -> None:
    errand = msgspec.json.decode(sys.stdin.buffer.read(), type=Errand)
    sys.stdout.buffer.write(msgspec.json.encode(uvloop.run(_run(errand))))


if __name__ == "__main__":
    main()
