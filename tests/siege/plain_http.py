"""HTTP as its specification has it, by hand: what is cut or does not add up is noticed, and nothing is forgiven."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

__all__ = ["Response", "posted"]


class Response:
    """A head, and a body that is still on its way."""

    def __init__(self, status: int, headers: dict[str, str], reader: asyncio.StreamReader) -> None:
        self.status = status
        self.headers = headers
        self._reader = reader

    async def pieces(self) -> AsyncIterator[bytes]:
        """To its end; a body without one is an error."""
        if self.headers.get("transfer-encoding") != "chunked":
            yield await self._reader.readexactly(int(self.headers["content-length"]))
            return
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            yield (await self._reader.readexactly(size + 2))[:-2]
        assert await self._reader.readexactly(2) == b"\r\n"


@asynccontextmanager
async def posted(path: Path, target: str, body: object) -> AsyncIterator[Response]:
    """Whoever leaves this leaves the connection."""
    reader, writer = await asyncio.open_unix_connection(path, limit=1 << 20)
    try:
        sent = json.dumps(body).encode()
        head = f"POST {target} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        writer.write(f"{head}content-length: {len(sent)}\r\n\r\n".encode() + sent)
        said = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        lines = (line.partition(": ") for line in said[1:] if line)
        yield Response(int(said[0].split(" ")[1]), {name.lower(): value for name, _, value in lines}, reader)
    finally:
        writer.transport.abort()
