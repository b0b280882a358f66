"""One HTTP request from its head to its last byte.

    head --guards--> route --body--> case --router--> answer | stream
      |                |                |                |
      +--421 403 401   +--404 405       +--400 404       +--an error in OpenAI's shape

A client that hangs up cancels what it asked: its upstream connection is closed at once.
"""

from collections.abc import Callable

from anyio import CancelScope

from actors.case import Case, Client, Closed, Sink
from actors.journal import Journal
from actors.router import Router
from actors.seams import Clock
from actors.wire.canonical import ChatRequest
from actors.wire.complaint import BadRequest
from daemon.api.refusal import Refusal, bad_request, unknown
from daemon.http.answers import Answer, as_json, as_text, conflict, error_event, refused, unanswered, whole
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
from state.names import Unknown
from state.secret import Secret

__all__ = ["App", "Office"]


class Office:
    """What all doors of HTTP share."""

    def __init__(
        self,
        router: Router,
        journal: Journal,
        clock: Clock,
        *,
        token: Callable[[], Secret | None],
        metrics: Callable[[], bytes],
    ) -> None:
        """The token can change with a reload, so it is asked for each time."""
        self.router = router
        self.journal = journal
        self.clock = clock
        self.token = token
        self.metrics = metrics
        self.bodies = Bodies()


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
        out = why_refused(head, self._via, self._office.token(), has_body=asks)
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
        office = self._office
        names, keeper = office.router.names, office.router.switchboard.keeper
        pools, now_ms = office.router.switchboard.config.pool, office.clock.now_ms()
        match look:
            case Look.MODELS:
                return as_json(models(names, pools, keeper.board, now_ms))
            case Look.MODEL:
                name = scope["path"].partition("/models/")[2]
                model = model_called(name, names, pools, keeper.board, now_ms)
                return refused(unknown(model)) if isinstance(model, Unknown) else as_json(model)
            case Look.HEALTH:
                found = health(names, pools, keeper.board, now_ms, office.journal.health.degraded)
                is_asked = scope["query_string"] == b"ready"
                return as_json(found, 503 if is_asked and not found.ready else 200)
            case Look.METRICS:
                return as_text(office.metrics())

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
                await self._stream(case, receive, send)
            else:
                await self._answer(case, receive, send)
        finally:
            bodies.let_go(body)

    def _open(self, ask: Ask, head: Head, body: bytes, client: Client) -> Case | Refusal:
        request = ask.decode(body)
        if isinstance(request, BadRequest):
            return bad_request(request)
        options = options_of(head, request.failover)
        if isinstance(options, BadRequest):
            return bad_request(options)
        stream = isinstance(request, ChatRequest) and request.stream
        case = self._office.router.open(request, options, client, stream=stream)
        return unknown(case) if isinstance(case, Unknown) else case

    async def _answer(self, case: Case, receive: Receive, send: Send) -> None:
        closed = await self._serve(case, None, receive)
        if closed is None:
            return
        if closed.verdict is not Verdict.OK:
            await _send(send, unanswered(case, closed))
        elif closed.answer is None:
            await _send(send, conflict(case, closed))
        else:
            await _send(send, whole(case, closed))

    async def _stream(self, case: Case, receive: Receive, send: Send) -> None:
        outlet = Outlet(send)
        stream = Stream(case, outlet, self._office.clock)
        try:
            closed = await self._serve(case, stream, receive)
        finally:
            stream.rest()
        if closed is None:
            outlet.close()
            return
        if stream.has_begun:
            last = DONE if closed.verdict is Verdict.OK else error_event(case, closed)
            await outlet.wait_empty()
            await send(piece(last, more=False))
        elif closed.verdict is Verdict.OK:
            await _send(send, conflict(case, closed))
        else:
            await _send(send, unanswered(case, closed))

    async def _serve(self, case: Case, sink: Sink | None, receive: Receive) -> Closed | None:
        """None: the client left, and nobody is there to be answered."""
        with CancelScope() as scope:
            presence = Presence(receive, scope.cancel)
            try:
                return await self._office.router.serve(case, sink)
            finally:
                presence.close()
        return None


_NOBODY = Client()


async def _send(send: Send, answer: Answer) -> None:
    await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
    await send(piece(answer.body, more=False))
