"""A server whose every connection plays a script; raw bytes over real sockets."""

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

from msgspec import Struct


class Asked(Struct, frozen=True):
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


class Line:
    """One accepted connection, from the server's side."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: "FakeServer"
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._server = server

    async def hear(self) -> Asked:
        """The next request, whole. A client that leaves instead ends the script."""
        try:
            head = await self._reader.readuntil(b"\r\n\r\n")
            first, *lines = head[:-4].decode("latin-1").split("\r\n")
            headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
            body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        except (asyncio.IncompleteReadError, OSError):
            raise Hungup from None
        method, target, _ = first.split(" ")
        asked = Asked(method, target, headers, body)
        self._server.asked.append(asked)
        return asked

    async def hear_head(self) -> None:
        """Only that, of a request whose body is not worth waiting for."""
        try:
            await self._reader.readuntil(b"\r\n\r\n")
        except (asyncio.IncompleteReadError, OSError):
            raise Hungup from None

    async def say(self, *parts: bytes) -> None:
        """Send, one packet a part."""
        try:
            for part in parts:
                if self._writer.is_closing():  # uvloop has its own error for this
                    raise Hungup
                self._writer.write(part)
                await self._writer.drain()
        except OSError:
            raise Hungup from None

    async def drip(self, data: bytes, every_s: float = 0.01) -> None:
        """One byte after the other."""
        for byte in data:
            await self.say(bytes([byte]))
            await asyncio.sleep(every_s)

    async def flood(self, data: bytes) -> None:
        """The same again and again, until the client has had enough."""
        while True:
            await self.say(data)

    async def wait_left(self) -> None:
        """Return when the client has closed the connection."""
        with suppress(OSError):
            while await self._reader.read(65536):
                pass

    async def sleep(self) -> None:
        """Do nothing until the client leaves."""
        await self.wait_left()
        raise Hungup

    def reset(self) -> None:
        """Not a polite end: RST."""
        sock = self._writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()


class Hungup(Exception):
    """The client left, which ends the script."""


Script = Callable[[Line], Awaitable[None]]


class FakeServer(Struct):
    """What a test sees of it."""

    port: int
    asked: list[Asked]
    accepted: int = 0
    open: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@asynccontextmanager
async def serving(
    script: Script, *, tls: ssl.SSLContext | None = None, port: int = 0
) -> AsyncIterator[FakeServer]:
    """Play the script on each connection that is made; when it ends, the connection is closed."""
    fake = FakeServer(0, [])
    lines: set[asyncio.Task[None]] = set()

    async def play(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fake.accepted += 1
        fake.open += 1
        try:
            with suppress(Hungup, OSError):
                await script(Line(reader, writer, fake))
                writer.close()
                await writer.wait_closed()
        finally:
            fake.open -= 1
            writer.transport.abort()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = asyncio.ensure_future(play(reader, writer))
        lines.add(line)
        line.add_done_callback(lines.discard)

    server = await asyncio.start_server(accept, "127.0.0.1", port, ssl=tls, limit=1 << 20)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for line in lines:
            line.cancel()
        await asyncio.gather(*lines, return_exceptions=True)
        await asyncio.sleep(0)  # in which the sockets are closed
