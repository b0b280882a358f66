"""One response on its way to the socket: uvicorn's own cycle, with the head kept back until there is a body.

    start --> head is put together
    body  --> head and body, one write        a client that has the head alone would be woken for nothing
    body  --> ...

Heads are looked at whole: a line break or NUL inside of a value shows in one count instead of two searches
for each line.
"""

from collections.abc import Sequence
from typing import cast

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from daemon.http.asgi import Body, Request, Response

__all__ = ["Cycle"]

JOINED_BODY_BYTES_MAX = 64 << 10
"""A larger body is handed over beside its head instead of being copied behind it."""

_CLOSE = (b"connection", b"close")
_CHUNKED = (b"transfer-encoding", b"chunked")
_WITHOUT_BODY = frozenset({204, 304})


_TAKEN = bytearray()
"""Stands where a body has been; nothing is ever added to it."""


class Cycle(RequestResponseCycle):
    """What the app gets to send by. A header of ours is in lower case, and a whole body's length is told."""

    _head = b""

    async def send(self, message: Response | Body) -> None:  # type: ignore[override]
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        if message["type"] == "http.response.start":
            start = cast("Response", message)
            self._head = self._written(start["status"], start["headers"])
            self.response_started = True
            self.waiting_for_100_continue = False
            return
        body = cast("Body", message)
        self._write(body["body"], is_last=not body["more_body"])
        if not body["more_body"]:
            self.response_complete = True
            self.message_event.set()
            if not self.keep_alive:
                self.transport.close()
            self.on_response()

    async def receive(self) -> Request:  # type: ignore[override]
        """A body that came with its head is not waited for."""
        if not self.more_body and not (self.response_complete or self.disconnected):
            body, self.body = self.body, _TAKEN
            if body is not _TAKEN:
                self.waiting_for_100_continue = False
                self.message_event.clear()
                self.flow.resume_reading()
                return {"type": "http.request", "body": bytes(body), "more_body": False}
        return cast("Request", await super().receive())

    def _written(self, status: int, headers: Sequence[tuple[bytes, bytes]]) -> bytes:
        has_length = False
        for header in headers:
            if header[0] == b"content-length":
                has_length = True
            elif header == _CLOSE:
                self.keep_alive = False
        lines = [*self.default_headers, *(header for header in headers if header != _CLOSE)]
        if not self.keep_alive:
            lines.append(_CLOSE)
        self.chunked_encoding = not has_length and self._has_body and status not in _WITHOUT_BODY
        if self.chunked_encoding:
            lines.append(_CHUNKED)
        head = b"".join([b"%b: %b\r\n" % line for line in lines])
        if not head.count(b"\n") == head.count(b"\r") == len(lines) or b"\0" in head:
            raise ValueError("a line break or NUL inside of a header")
        return b"%b%b\r\n" % (STATUS_LINE[status], head)

    def _write(self, body: bytes, *, is_last: bool) -> None:
        head, self._head = self._head, b""
        if not self._has_body:
            body = b""
        elif self.chunked_encoding:
            body = (b"%x\r\n%b\r\n" % (len(body), body) if body else b"") + (b"0\r\n\r\n" if is_last else b"")
        if len(body) <= JOINED_BODY_BYTES_MAX:
            self.transport.write(head + body)
        else:
            self.transport.write(head)
            self.transport.write(body)

    @property
    def _has_body(self) -> bool:
        return self.scope["method"] != "HEAD"
