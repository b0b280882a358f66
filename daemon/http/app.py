"""One HTTP request from its head to its last byte.

    head --guards--> route --body--> case --router--> answer | stream
      |                |                |                |
      +--421 403 401   +--404 405       +--400 404       +--an error in OpenAI's shape

A client that hangs up cancels what it asked: its upstream connection is closed at once.
"""

from collections.abc import Callable

from actors.case import Case, Client, Closed, Sink, Trouble
from actors.kernel.cutoff import CutOff
from daemon.api.caller import Caller
from daemon.api.calling import opened
from daemon.api.cast import Cast
from daemon.api.refusal import Refusal, unknown
from daemon.http.answers import (
    Answer,
    as_json,
    as_text,
    conflict,
    error_event,
    is_deaf,
    refused,
    unanswered,
    whole,
)
from daemon.http.asgi import Receive, Scope, Send
from daemon.http.bodies import Bodies, Gone
from daemon.http.catalogue import health, model_called, models
from daemon.http.guards import Refused, Via, why_refused
from daemon.http.head import Head, read_head
from daemon.http.outlet import Outlet
from daemon.http.presence import Presence
from daemon.http.routes import Ask, Look, find
from daemon.http.stream import DONE, Stream, piece
from daemon.http.wishes import options_of
from state.events import Verdict
from state.routing.names import Unknown
from state.settings.secret import Secret

__all__ = ["App", "Office"]


class Office:
    """What all doors of HTTP share."""

    def __init__(self, cast: Cast, metrics: Callable[[], bytes]) -> None:
        self.cast = cast
        self.metrics = metrics
        self.bodies = Bodies()

    @property
    def token(self) -> Secret | None:
        """Asked for each time: a reload can change it."""
        return self.cast.resolved().http_token


class App:
    """The ASGI callable of one door."""

    def __init__(self, office: Office, via: Via) -> None:
        self._office = office
        self._via = via

    def __repr__(self) -> str:
        return f"<http by {self._via}>"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        head = read_head(scope["headers"])
        route = find(scope["method"], scope["path"])
        asks = isinstance(route, Ask)
        out = why_refused(head, self._via, self._office.token, has_body=asks)
        if out is not None:
            await _send(send, refused(out))
        elif isinstance(route, Ask):
            await self._ask(route, head, scope["state"].get("client", _NOBODY), receive, send)
        elif isinstance(route, Refused):
            await _send(send, refused(route))
        else:
            await _send(send, self._look(route, scope))

    # Looking.

    def _look(self, look: Look, scope: Scope) -> Answer:
        cast = self._office.cast
        names, switchboard = cast.router.names, cast.router.switchboard
        pools, board, now_ms = switchboard.config.pool, switchboard.keeper.board, cast.clock.now_ms()
        match look:
            case Look.MODELS:
                return as_json(models(names, pools, board, now_ms))
            case Look.MODEL:
                name = scope["path"].partition("/models/")[2]
                model = model_called(name, names, pools, board, now_ms)
                return refused(unknown(model)) if isinstance(model, Unknown) else as_json(model)
            case Look.HEALTH:
                found = health(names, pools, board, now_ms, cast.journal.health.degraded)
                is_asked = scope["query_string"] == b"ready"
                return as_json(found, 503 if is_asked and not found.ready else 200)
            case Look.METRICS:
                return as_text(self._office.metrics())

    # Asking.

    async def _ask(self, ask: Ask, head: Head, client: Client, receive: Receive, send: Send) -> None:
        bodies = self._office.bodies
        body = await bodies.read(receive)
        if isinstance(body, Gone):
            return
        if isinstance(body, Refused):
            await _send(send, refused(body))
            return
        try:
            case = self._open(ask, head, body, client)
            if isinstance(case, Refusal):
                await _send(send, refused(case))
            elif case.stream:
                await self._stream(case, head, receive, send)
            else:
                await self._answer(case, head, receive, send)
        finally:
            bodies.let_go(body)

    def _open(self, ask: Ask, head: Head, body: bytes, client: Client) -> Case | Refusal:
        return opened(
            self._office.cast.router, ask.decode(body), client, options=lambda said: options_of(head, said)
        )

    async def _answer(self, case: Case, head: Head, receive: Receive, send: Send) -> None:
        closed = await self._serve(case, None, receive)
        if closed is not None:
            await _send(send, _whole(case, closed, head))

    async def _stream(self, case: Case, head: Head, receive: Receive, send: Send) -> None:
        cast, outlet = self._office.cast, Outlet(send)
        stream = Stream(case, outlet, lambda: cast.router.trail_of(case.id), cast.clock)
        closed = await self._serve(case, stream, receive)
        if closed is None:
            outlet.close()
        elif stream.has_begun:
            await outlet.wait_empty()
            last = DONE if closed.verdict is Verdict.OK else error_event(case, closed)
            await send(piece(last, more=False))
        else:
            await _send(send, _whole(case, closed, head))

    async def _serve(self, case: Case, sink: Sink | None, receive: Receive) -> Closed | None:
        """None: the client left, and nobody is there to be answered."""
        cast = self._office.cast
        with CutOff() as cut_off:
            presence = Presence(receive, cut_off.cut)
            try:
                with cast.under_way.one(case.id, Caller(client=case.client, name="http"), cut_off.cut):
                    return await cast.router.serve(case, sink)
            finally:
                presence.close()
        return None if presence.has_left else _CANCELLED


def _whole(case: Case, closed: Closed, head: Head) -> Answer:
    if closed.verdict is not Verdict.OK:
        return unanswered(case, closed, is_deaf=is_deaf(head.user_agent))
    return conflict(case, closed) if closed.answer is None else whole(case, closed)


_CANCELLED = Closed(verdict=Verdict.CANCELLED, trouble=Trouble(message="cancelled by its name"))
_NOBODY = Client()


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send(piece(answer.body, more=False))
