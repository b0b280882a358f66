"""An app's line to the daemon: JSON-RPC over its Unix socket, a line for each message."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import anyio
import msgspec
from anyio.abc import UNIXSocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import UNSET, Raw, Struct, UnsetType

__all__ = ["HungUp", "Phone", "WrongAnswer", "dial"]

LINE_BYTES_MAX = 4 * 1024 * 1024


class HungUp(Exception):
    """The daemon went away."""


class WrongAnswer(Exception):
    """The daemon answered with an error."""


class _Fault(Struct, frozen=True):
    message: str


class _Message(Struct, frozen=True):
    id: int | UnsetType | None = UNSET
    method: str = ""
    params: Raw = Raw(b"{}")
    result: Raw = Raw(b"null")
    error: _Fault | None = None


class Phone:
    """One connection; one question at a time."""

    def __init__(self, stream: UNIXSocketStream) -> None:
        self._stream = stream
        self._incoming = BufferedByteReceiveStream(stream)
        self._ids = 0

    async def ask(self, method: str, params: Mapping[str, object] | None = None) -> tuple[list[bytes], bytes]:
        """The params of all notifications on the way, and the result."""
        self._ids += 1
        asked = {"jsonrpc": "2.0", "id": self._ids, "method": method, "params": params or {}}
        notices: list[bytes] = []
        try:
            await self._stream.send(msgspec.json.encode(asked) + b"\n")
            while True:
                line = await self._incoming.receive_until(b"\n", LINE_BYTES_MAX)
                message = msgspec.json.decode(line, type=_Message)
                if message.method:
                    notices.append(bytes(message.params))
                elif message.id == self._ids and message.error is not None:
                    raise WrongAnswer(message.error.message)
                elif message.id == self._ids:
                    return notices, bytes(message.result)
        except (anyio.EndOfStream, anyio.IncompleteRead, anyio.BrokenResourceError) as error:
            raise HungUp(method) from error


@asynccontextmanager
async def dial(path: str) -> AsyncIterator[Phone]:
    """Connected to the daemon at this socket."""
    async with await anyio.connect_unix(path) as stream:
        yield Phone(stream)
