"""A streamed answer on its way to its caller: from the lane's socket to the caller's, without a stop.

nothing said yet          the head waits: until there is a first word, an error can still be a clean one
a failover takes long     head, and a comment now and then, so that nobody takes us for dead
the first word            head with the lane in it, then chunk by chunk
the end                   [DONE], or an error that client libraries raise
"""

from collections.abc import Callable, Sequence

from actors.case import Attempted, Case, Flow
from actors.seams import Clock
from actors.wire.chunks import Chunk
from daemon.http.answers import lane_headers
from daemon.http.asgi import Body
from daemon.http.outlet import Outlet
from state.words import LaneId

__all__ = ["DONE", "Stream", "piece"]

SILENT_MS = 3_000
"""So long a failover may take before the caller hears of it: a clean error, with a status and with headers,
is only possible until then. The same again between comments."""

DONE = b"data: [DONE]\n\n"
_COMMENT = b": failover is under way\n\n"
_KIND = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
)


def piece(body: bytes, *, more: bool = True) -> Body:
    """A part of a response."""
    return {"type": "http.response.body", "body": body, "more_body": more}


class Stream:
    """The sink of one request."""

    def __init__(
        self, case: Case, outlet: Outlet, trail: Callable[[], Sequence[Attempted]], clock: Clock
    ) -> None:
        """`trail`: who has failed until now."""
        self.has_begun = False
        """Whether the head has left: from here on an error is a part of the stream."""
        self._case = case
        self._outlet = outlet
        self._trail = trail
        self._clock = clock
        self._said_ms = case.opened_ms

    def __repr__(self) -> str:
        return f"<stream of {self._case.id}, {'begun' if self.has_begun else 'silent'}>"

    def begin(self, lane: LaneId, flow: Flow) -> None:
        self._begin(lane)
        self._outlet.feeds_from(flow)

    def chunk(self, chunk: Chunk) -> None:
        self._outlet.write(piece(b"data: %b\n\n" % chunk.payload))

    def keep_alive(self) -> None:
        """It takes long. A lane that thinks is silent at its provider's too; a failover is our doing."""
        now_ms = self._clock.now_ms()
        if now_ms - self._said_ms < SILENT_MS or self._outlet.is_choked or not self._trail():
            return
        self._said_ms = now_ms
        self._begin(None)
        self._outlet.write(piece(_COMMENT))

    def _begin(self, lane: LaneId | None) -> None:
        if self.has_begun:
            return
        self.has_begun = True
        headers = [*_KIND, *lane_headers(self._case, lane, self._trail(), streams=True)]
        self._outlet.write({"type": "http.response.start", "status": 200, "headers": headers})
