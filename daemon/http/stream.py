"""A streamed answer on its way to its caller: from the lane's socket to the caller's, without a stop.

nothing said yet          the head waits: until there is a first word, an error can still be a clean one
a failover takes long     head, and a comment now and then, so that nobody takes us for dead
the first word            head with the lane in it, then chunk by chunk
the end                   [DONE], or an error that client libraries raise
"""

from collections.abc import Sequence

from actors.case import Attempted, Case, Flow
from actors.rescue import Relay
from actors.seams import Alarm, Clock
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

    def __init__(self, case: Case, outlet: Outlet, clock: Clock) -> None:
        self.has_begun = False
        """Whether the head has left: from here on an error is a part of the stream."""
        self._case = case
        self._outlet = outlet
        self._clock = clock
        self._alarm: Alarm | None = None
        self._said_ms = case.opened_ms

    def __repr__(self) -> str:
        return f"<stream of {self._case.id}, {'begun' if self.has_begun else 'silent'}>"

    def begin(self, lane: LaneId, flow: Flow) -> None:
        # Whoever is played back has nobody behind him.
        self._begin(lane, flow.trail if isinstance(flow, Relay) else ())
        self._outlet.feeds_from(flow)

    def chunk(self, chunk: Chunk) -> None:
        self.rest()
        self._outlet.write(piece(b"data: %b\n\n" % chunk.payload))

    def keep_alive(self) -> None:
        """A lane has failed, and another one is asked."""
        if self._alarm is None:
            self._said_ms = self._clock.now_ms() if self.has_begun else self._said_ms
            self._wait()

    def rest(self) -> None:
        """No more comments: somebody speaks, or it is over."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _wait(self) -> None:
        self._alarm = self._clock.call_at(self._said_ms + SILENT_MS, self._comment)

    def _comment(self) -> None:
        self._said_ms = self._clock.now_ms()
        if not self._outlet.is_choked:
            self._begin(None, ())
            self._outlet.write(piece(_COMMENT))
        self._wait()

    def _begin(self, lane: LaneId | None, trail: Sequence[Attempted]) -> None:
        if self.has_begun:
            return
        self.has_begun = True
        headers = [*_KIND, *lane_headers(self._case, lane, trail, streams=True)]
        self._outlet.write({"type": "http.response.start", "status": 200, "headers": headers})
