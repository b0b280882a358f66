"""One request and its response, as its reader sees it: first the head, then pieces as they arrive.

                     opened, arrived..., ended | failed
    source (a connection) ------------------------> exchange ---> one reader
                          <------------------------     read(): all of it
                            pause, resume, abort        async for: piece by piece
                                                        forward_to(sink): a plain call for each piece

A piece reaches the reader in the turn of the loop in which the network brought it. A reader that lags makes
the source pause; what has arrived is read before an error is raised.
"""

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Protocol, Self

from actors.net.backlog import Backlog
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import Header
from actors.net.inflate import Inflater

__all__ = ["BODY_BYTES_MAX", "Exchange", "Sink", "Source"]

BODY_BYTES_MAX = 32 << 20
"""A dozen large pictures in base64, or half a day of tokens."""

INFLATED_PER_TURN_BYTES = 1 << 20
"""Who reads a compressed body lets others run after this much of it: three milliseconds."""

Sink = Callable[[bytes], None]
"""Takes a piece at once, never waits. Where it cannot, its owner calls `pause` on the exchange."""


class Source(Protocol):
    """Where a response comes from."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def heard(self) -> None:
        """The reader saw a sign of life; see `Clocks.by_byte`."""
        ...

    def abort(self) -> None:
        """Nobody wants the rest."""
        ...


class Exchange:
    """A response under way. Whoever has one closes it, and the best way is `with`."""

    __slots__ = (
        "_backlog",
        "_bytes_left",
        "_error",
        "_inflater",
        "_is_over",
        "_paused",
        "_sink",
        "_source",
        "_waiter",
        "_yielded_bytes",
        "headers",
        "status",
    )

    def __init__(self, source: Source, *, bytes_max: int = BODY_BYTES_MAX) -> None:
        self.status = 0
        """0 until the head is there."""
        self.headers: tuple[Header, ...] = ()
        """Names in lower case."""
        self._source: Source | None = source
        self._bytes_left = bytes_max
        self._inflater: Inflater | None = None
        self._backlog = Backlog()
        self._yielded_bytes = 0
        self._paused = False
        self._is_over = False
        self._error: Exception | None = None
        self._sink: Sink | None = None
        self._waiter: asyncio.Future[None] | None = None

    def __repr__(self) -> str:
        state = "failed" if self._error else "over" if self._is_over else "under way"
        return f"<exchange {self.status or 'without a head yet'}, {state}>"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # What its reader does.

    def header(self, name: bytes) -> bytes | None:
        """The first header of that name, in lower case."""
        return next((value for known, value in self.headers if known == name), None)

    def texts(self) -> tuple[tuple[str, str], ...]:
        """All headers as text, for those who read and do not count bytes."""
        return tuple([(name.decode("latin-1"), value.decode("latin-1")) for name, value in self.headers])

    async def wait_opened(self) -> None:
        """Return when status and headers are there."""
        while not self.status:
            if self._error is not None:
                raise self._error
            await self._news()

    async def read(self) -> bytes:
        """The whole body."""
        if self._is_over and self._error is None and self._inflater is None:
            return self._backlog.take_all()
        whole: list[bytes] = []
        await self.forward_to(whole.append)
        return whole[0] if len(whole) == 1 else b"".join(whole)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        if self._yielded_bytes >= INFLATED_PER_TURN_BYTES:
            self._yielded_bytes = 0
            await asyncio.sleep(0)
        while True:
            piece = self._next()
            if piece:
                return piece
            if self._is_over:
                if self._error is not None:
                    raise self._error
                raise StopAsyncIteration
            await self._news()

    async def forward_to(self, sink: Sink) -> None:
        """Call `sink` with each piece as it arrives; return when the body has ended.

        No task is woken for a piece. Compressed bodies take the slower way through this task.
        """
        if self._inflater is not None:
            async for piece in self:
                self._pour(sink, piece)
                while self._paused:
                    await self._news()
            return
        self._sink = sink
        self._drain(sink)
        while self._backlog or not self._is_over:
            await self._news()
        if self._error is not None:
            raise self._error

    def heard(self) -> None:
        """What arrived was a sign of life; only needed where bytes alone are none."""
        if self._source is not None:
            self._source.heard()

    def pause(self) -> None:
        """Let no more arrive for now: the sink is full."""
        self._paused = True
        self._steer()

    def resume(self) -> None:
        self._paused = False
        if self._sink is not None:
            self._drain(self._sink)
        self._steer()
        self._wake()

    def close(self) -> None:
        """Be done with it. A response that was not over is cut off, its connection with it."""
        if not self._is_over:
            self._break_off(ExchangeFailed(Fault.CLOSED, heard=self.status > 0))

    # What its source does.

    def opened(self, status: int, headers: tuple[Header, ...]) -> None:
        self.headers = headers
        try:
            self._prepare(dict(headers))
        except ExchangeFailed as error:
            self._break_off(error)
            return
        self.status = status
        self._wake()

    def arrived(self, piece: bytes) -> None:
        if self._inflater is None:
            self._bytes_left -= len(piece)
            if self._bytes_left < 0:
                self._break_off(ExchangeFailed(Fault.BODY_TOO_LARGE, heard=True))
                return
            if self._sink is not None and not self._backlog and not self._paused:
                self._pour(self._sink, piece)
                return
        if self._backlog.add(piece):
            self._steer()
        self._wake()

    def ended(self) -> None:
        self._is_over = True
        self._source = None
        self._wake()

    def failed(self, error: Exception) -> None:
        self._error = error
        self.ended()

    # How it flows, breaks and waits.

    def _prepare(self, fields: dict[bytes, bytes]) -> None:
        """For the body that these headers announce."""
        length = fields.get(b"content-length", b"")
        if length.isdigit() and int(length[:20]) > self._bytes_left:
            raise ExchangeFailed(Fault.BODY_TOO_LARGE, heard=True)
        coding = fields.get(b"content-encoding", b"").strip().lower()
        if coding not in (b"", b"identity"):
            self._inflater = Inflater(coding)

    def _drain(self, sink: Sink) -> None:
        while self._backlog and not self._paused:
            self._pour(sink, self._take())

    def _pour(self, sink: Sink, piece: bytes) -> None:
        try:
            sink(piece)
        except Exception as error:  # noqa: BLE001 - it belongs to who awaits `forward_to`, not to the loop
            self._break_off(error)

    def _break_off(self, error: Exception) -> None:
        """It is we who end it: nobody reads what is left."""
        self._backlog.clear()
        self._paused = False
        source = self._source
        self.failed(error)
        if source is not None:
            source.abort()

    def _next(self) -> bytes:
        """The next piece for the reader; none if nothing is there."""
        if self._inflater is None:
            return self._take() if self._backlog else b""
        try:
            return self._inflate(self._inflater)
        except ExchangeFailed as error:
            self._inflater = None
            self._break_off(error)
            return b""

    def _inflate(self, inflater: Inflater) -> bytes:
        while not (step := inflater.step()):
            if self._backlog:
                inflater.feed(self._take())
                continue
            if self._is_over and self._error is None:
                inflater.finish()
            return b""
        self._yielded_bytes += len(step)
        self._bytes_left -= len(step)
        if self._bytes_left < 0:
            raise ExchangeFailed(Fault.BODY_TOO_LARGE, heard=True)
        return step

    def _take(self) -> bytes:
        piece, has_caught_up = self._backlog.take()
        if has_caught_up:
            self._steer()
        return piece

    def _steer(self) -> None:
        if self._source is None:
            return
        if self._paused or self._backlog.lags:
            self._source.pause()
        else:
            self._source.resume()

    def _wake(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _news(self) -> asyncio.Future[None]:
        """Done as soon as anything happens here."""
        assert self._waiter is None or self._waiter.cancelled(), "an exchange has one reader"
        self._waiter = asyncio.get_running_loop().create_future()
        return self._waiter
