"""A client's connection: uvicorn's own, with the bounds that it leaves to a proxy in front of it.

    a request that is not whole in time          the connection is closed
    a head beyond all bounds                     431, closed
    a client that does not read for a while      cut, and what it asked is cancelled

And who it is: on a Unix socket the kernel knows.
"""

from asyncio import AbstractEventLoop, Event, Transport
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from actors.case import Client
from actors.seams import Alarm, Clock
from daemon.http.cycle import Cycle
from daemon.rpc.identity import peer_of

__all__ = ["CONNECTIONS_MAX", "Connection"]

HEAD_BYTES_MAX = 64 * 1024
REQUEST_MS = 30_000
"""From its first byte, or from the connection's, until it is whole."""
UNREAD_MS = 30_000
"""A client that has read nothing of what waits for it in this time will not."""
CONNECTIONS_MAX = 4096

_TOO_LARGE = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"


class Connection(HttpToolsProtocol):
    """One client."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: AbstractEventLoop | None = None,
        *,
        clock: Clock,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._clock = clock
        self._in_head = False
        self._in_request = True
        self._head_bytes = 0
        self._too_late: Alarm | None = None
        self._unread: Alarm | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > CONNECTIONS_MAX:
            transport.abort()
            return
        self.app_state = {"client": _client(transport)}
        self._too_late = self._clock.call_at(self._clock.now_ms() + REQUEST_MS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        self._in_time()
        self._has_read()
        super().connection_lost(exc)

    # What comes in.

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._in_head:
            self._head_bytes += len(data)
            if self._head_bytes > HEAD_BYTES_MAX and not self.transport.is_closing():
                self.transport.write(_TOO_LARGE)
                self.transport.close()
        if self._in_request and self._too_late is None:
            self._too_late = self._clock.call_at(self._clock.now_ms() + REQUEST_MS, self.transport.abort)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_head = self._in_request = True
        self._head_bytes = 0

    def on_headers_complete(self) -> None:
        self._in_head = False
        path, _, query = self.url.partition(b"?")
        if not path.startswith(b"/") or b"%" in path or b"#" in self.url:
            super().on_headers_complete()  # a form of address that takes more than this to read
            return
        parser, scope = self.parser, self.scope
        version = parser.get_http_version()
        scope["http_version"] = version
        scope["method"] = parser.get_method().decode("ascii")
        scope["path"] = path.decode("ascii", "replace")
        scope["query_string"] = query
        before = cast("Cycle | None", self.cycle)
        self.cycle = Cycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # it came before the answer to the one before it
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_request = False
        self._in_time()

    def _in_time(self) -> None:
        if self._too_late is not None:
            self._too_late.cancel()
            self._too_late = None

    # What goes out.

    def pause_writing(self) -> None:
        super().pause_writing()
        self._await_reading()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._has_read()

    def _await_reading(self) -> None:
        waiting = self.transport.get_write_buffer_size()

        def look_again() -> None:
            if self.transport.get_write_buffer_size() < waiting:
                self._await_reading()
            else:
                self.transport.abort()

        self._unread = self._clock.call_at(self._clock.now_ms() + UNREAD_MS, look_again)

    def _has_read(self) -> None:
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None


def _client(transport: Transport) -> Client:
    """Who it is, as far as anybody but itself says so."""
    connection = transport.get_extra_info("socket")
    if connection is None or transport.get_extra_info("peername"):
        return Client()
    try:
        return Client(uid=peer_of(connection).uid)
    except OSError:
        return Client()
