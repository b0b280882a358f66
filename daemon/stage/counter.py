"""The counter of a pretend provider: one connection of HTTP, spoken just well enough for OpenAI's dialect."""

from collections.abc import Mapping

import anyio
import msgspec
from anyio.abc import SocketStream
from anyio.streams.buffered import BufferedByteReceiveStream
from msgspec import Struct

__all__ = ["Counter", "HungUp", "Order"]

HEAD_BYTES_MAX = 65_536
MODEL = "parrot"


class HungUp(Exception):
    """The conversation is over: nothing more is said on this connection."""


class Order(Struct, frozen=True):
    """One request."""

    path: str
    body: bytes

    @property
    def streams(self) -> bool:
        return b'"stream":true' in self.body.replace(b" ", b"")


class Counter:
    """Takes orders and hands out answers, one after the other."""

    def __init__(self, stream: SocketStream) -> None:
        self._stream = stream
        self._incoming = BufferedByteReceiveStream(stream)

    async def take(self) -> Order:
        """The next order. Raises HungUp when no more come."""
        try:
            head = await self._incoming.receive_until(b"\r\n\r\n", HEAD_BYTES_MAX)
            first, *lines = head.decode("latin-1").split("\r\n")
            sizes = [line.partition(":")[2] for line in lines if line.lower().startswith("content-length:")]
            body = await self._incoming.receive_exactly(int(sizes[0])) if sizes and int(sizes[0]) else b""
        except (
            anyio.IncompleteRead,
            anyio.EndOfStream,
            anyio.BrokenResourceError,
            anyio.ClosedResourceError,
        ):
            raise HungUp from None
        return Order(first.split(" ")[1], body)

    async def reply(
        self, body: Mapping[str, object], *, status: str = "200 OK", headers: tuple[str, ...] = ()
    ) -> None:
        """A whole answer."""
        encoded = msgspec.json.encode(body)
        lines = (
            f"HTTP/1.1 {status}",
            "content-type: application/json",
            *headers,
            f"content-length: {len(encoded)}",
        )
        head = "\r\n".join((*lines, "", ""))
        await self._send(head.encode() + encoded)

    def completion(self, text: str) -> Mapping[str, object]:
        """The body of an answer that is not streamed."""
        message = {"role": "assistant", "content": text}
        tokens = len(text) // 4
        return {
            "id": "pretended",
            "object": "chat.completion",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 8, "completion_tokens": tokens, "total_tokens": tokens + 8},
        }

    async def begin_stream(self) -> None:
        await self._send(
            b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        )

    async def chunk(self, delta: Mapping[str, str], *, finish: str | None = None) -> None:
        """One event of a stream."""
        event = {
            "id": "pretended",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": MODEL,
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
        }
        await self._send_part(b"data: " + msgspec.json.encode(event) + b"\n\n")

    async def end_stream(self) -> None:
        await self._send_part(b"data: [DONE]\n\n")
        await self._send(b"0\r\n\r\n")

    def hang_up(self) -> None:
        """Gone, without a word of goodbye."""
        raise HungUp

    async def wait_left(self) -> None:
        """Say nothing until the other side has had enough."""
        try:
            while True:
                await self._stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise HungUp from None

    async def _send_part(self, part: bytes) -> None:
        await self._send(b"%x\r\n%b\r\n" % (len(part), part))

    async def _send(self, piece: bytes) -> None:
        try:
            await self._stream.send(piece)
        except (anyio.BrokenResourceError, anyio.ClosedResourceError):
            raise HungUp from None
