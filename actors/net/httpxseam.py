"""Both ways across to httpx, and the only file that knows it.

    HttpxFace      our transport, for whoever speaks httpx: an `httpx.AsyncBaseTransport`
    OverHttpx      any `httpx.AsyncBaseTransport`, for our attempts: `httpx.MockTransport`, one of HTTP/2, ...

The daemon's own requests do not pass here: to make httpx's objects costs more than the rest of a request,
and to import it half of a cold start.
"""

import asyncio
from collections.abc import AsyncIterator

import httpx

from actors.net.clocks import Clocks, Watch
from actors.net.exchange import Exchange
from actors.net.faults import FAULTS, ExchangeFailed, Fault
from actors.net.head import NO_KEY, Header, HeadWriter, KeyLine
from actors.net.origin import Origin
from actors.net.transport import NO_CLOCKS, Transport
from actors.seams import Clock

__all__ = ["HttpxFace", "OverHttpx"]

_OURS_TO_SAY = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"connection", b"user-agent", b"accept-encoding"}
)
_NO_LONGER_TRUE = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})
"""Of a response whose body was inflated on the way."""

_FAULT_OF: tuple[tuple[type[httpx.RequestError], Fault], ...] = (
    (httpx.ConnectTimeout, Fault.CONNECT_TIMEOUT),
    (httpx.PoolTimeout, Fault.BUSY),
    (httpx.TimeoutException, Fault.TOTAL_TIMEOUT),
    (httpx.ConnectError, Fault.UNREACHABLE),
    (httpx.NetworkError, Fault.RESET),
    (httpx.ProxyError, Fault.PROXY),
    (httpx.RemoteProtocolError, Fault.MALFORMED),
    (httpx.DecodingError, Fault.BAD_ENCODING),
    (httpx.RequestError, Fault.ILLEGAL_REQUEST),
)
"""The first that fits."""


class HttpxFace(httpx.AsyncBaseTransport):
    """Our transport as httpx wants them. Requests go below the transport's own URL or nowhere."""

    def __init__(
        self, transport: Transport, origin: Origin, *, key: KeyLine = NO_KEY, clocks: Clocks = NO_CLOCKS
    ) -> None:
        self._transport = transport
        self._origin = origin
        self._key = key
        self._clocks = clocks

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        body = await request.aread()
        lowered = [(name.lower(), value) for name, value in request.headers.raw]
        try:
            exchange = await self._transport.send(
                request.method.encode(),
                self._target(request.url),
                tuple(header for header in lowered if header[0] not in _OURS_TO_SAY),
                body,
                key=self._key,
                clocks=self._clocks,
            )
        except ExchangeFailed as failed:
            raise _as_httpx(failed) from None
        headers = exchange.headers
        if exchange.header(b"content-encoding") is not None:
            headers = tuple(header for header in headers if header[0] not in _NO_LONGER_TRUE)
        return httpx.Response(exchange.status, headers=headers, stream=_Body(exchange))

    async def aclose(self) -> None:
        self._transport.close()

    def _target(self, url: httpx.URL) -> bytes:
        """The path below the prefix, of a URL that is below the origin's."""
        origin, prefix = self._origin, self._origin.prefix.encode()
        is_here = (url.scheme, url.host, url.port) in (
            (origin.scheme, origin.host, origin.port),
            (origin.scheme, origin.host, None if origin.has_usual_port else origin.port),
        )
        if not is_here or url.userinfo or not url.raw_path.startswith(prefix + b"/"):
            raise ExchangeFailed(Fault.ILLEGAL_REQUEST, "it is not for this provider")
        return url.raw_path[len(prefix) :]


class _Body(httpx.AsyncByteStream):
    """The rest of an exchange."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange = exchange

    async def __aiter__(self) -> AsyncIterator[bytes]:
        try:
            async for piece in self._exchange:
                yield piece
        except ExchangeFailed as failed:
            raise _as_httpx(failed) from None

    async def aclose(self) -> None:
        self._exchange.close()


class OverHttpx:
    """A `Transport` over somebody else's: the clocks and the key are ours, the connections its own."""

    def __init__(self, origin: Origin, transport: httpx.AsyncBaseTransport, *, clock: Clock) -> None:
        self._origin = origin
        self._transport = transport
        self._clock = clock
        self._heads = HeadWriter(origin, agent="failoverd")
        self._pumps: set[_Pump] = set()

    def __repr__(self) -> str:
        return f"<transport to {self._origin} over httpx>"

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
        head = self._heads.write(method, target, headers, len(body)) + key.end_of_head()
        request = httpx.Request(
            method.decode(),
            f"{self._origin}{target.decode()}",
            headers=[(name, value) for name, _, value in (line.partition(b": ") for line in _lines(head))],
            content=body,
        )
        del head  # what is raised from here carries this frame
        pump = _Pump(self._transport, request, self._clock, clocks)
        self._pumps.add(pump)
        pump.task.add_done_callback(lambda _: self._pumps.discard(pump))
        try:
            await pump.exchange.wait_opened()
        except BaseException:
            pump.exchange.close()
            raise
        return pump.exchange

    def warm(self) -> None:
        """Its connections are its own."""

    def close(self) -> None:
        for pump in list(self._pumps):
            pump.fail(Fault.CLOSED)


class _Pump:
    """The source of an exchange that is read from an httpx transport, by a task."""

    def __init__(
        self, transport: httpx.AsyncBaseTransport, request: httpx.Request, clock: Clock, clocks: Clocks
    ) -> None:
        self.exchange = Exchange(self)
        self._by_byte = clocks.by_byte
        self._flows = asyncio.Event()
        self._flows.set()
        self._watch = Watch(clock, self.fail)
        self._watch.start(clocks, clock.now_ms())
        self.task = asyncio.ensure_future(self._run(transport, request))
        self.task.add_done_callback(lambda _: self._watch.close())

    def pause(self) -> None:
        if self._flows.is_set():
            self._flows.clear()
            self._watch.hold()

    def resume(self) -> None:
        if not self._flows.is_set():
            self._flows.set()
            self._watch.go_on()

    def heard(self) -> None:
        self._watch.heard()

    def abort(self) -> None:
        self.task.cancel()

    def fail(self, fault: Fault) -> None:
        self.exchange.failed(ExchangeFailed(fault, heard=self.exchange.status > 0))
        self.task.cancel()

    async def _run(self, transport: httpx.AsyncBaseTransport, request: httpx.Request) -> None:
        try:
            response = await transport.handle_async_request(request)
            try:
                await self._read(response)
            finally:
                await response.aclose()
        except httpx.RequestError as error:
            fault = next(fault for kind, fault in _FAULT_OF if isinstance(error, kind))
            self.exchange.failed(ExchangeFailed(fault, heard=self.exchange.status > 0))
        except Exception as error:  # noqa: BLE001 - whatever it is, who reads must not wait for ever
            self.exchange.failed(error)
        else:
            self.exchange.ended()

    async def _read(self, response: httpx.Response) -> None:
        headers = tuple((name.lower(), value) for name, value in response.headers.raw)
        self.exchange.opened(response.status_code, headers)
        assert isinstance(response.stream, httpx.AsyncByteStream)
        async for piece in response.stream:
            if self._by_byte:
                self._watch.heard()
            self.exchange.arrived(piece)
            await self._flows.wait()


def _lines(head: bytes) -> list[bytes]:
    """The header lines of a request's head."""
    return head.split(b"\r\n")[1:-2]


def _as_httpx(failed: ExchangeFailed) -> Exception:
    """The same failure in httpx's own words."""
    error: Exception = getattr(httpx, FAULTS[failed.fault].httpx)(failed.says)
    return error
