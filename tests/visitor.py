"""A client as an ASGI server shows it: what it sends, how slowly it reads, when it leaves. No sockets.

hotel = Hotel(House("a", a=[says("hello")]))
visit = await hotel.visit("POST", "/v1/chat/completions", CHAT)
"""

from typing import Any

import msgspec
from anyio import Event

from actors.jobs.jobs import Jobs
from daemon.api.cast import Cast
from daemon.http.app import App, Office
from daemon.http.asgi import Body, Request, Response, Scope
from daemon.http.guards import Via
from daemon.wishes import Wishes
from state.settings.resolved import Resolved
from state.settings.secret import Secret
from tests.house_of_doors import House

__all__ = ["CHAT", "STREAM", "Hotel", "Visit"]

HELLO = [{"role": "user", "content": "Hello"}]
CHAT = {"model": "auto", "messages": HELLO}
STREAM = {**CHAT, "stream": True}


class Visit:
    """One request, from the client's side."""

    def __init__(
        self, method: str, path: str, body: bytes, headers: dict[str, str], *, query: str = ""
    ) -> None:
        self.scope: Scope = {
            "type": "http",
            "method": method,
            "path": path,
            "query_string": query.encode(),
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
            "state": {},
        }
        self.pieces = [body]
        self.left = Event()
        self.sent: list[Response | Body] = []
        self.reads = Event()
        self.reads.set()

    # What the server is given.

    async def receive(self) -> Request:
        if self.pieces:
            body = self.pieces.pop(0)
            return {"type": "http.request", "body": body, "more_body": bool(self.pieces)}
        await self.left.wait()
        return {"type": "http.disconnect", "body": b"", "more_body": False}

    async def send(self, message: Response | Body) -> None:
        if not self.reads.is_set():
            await self.reads.wait()
        self.sent.append(message)

    # What the client does.

    def stops_reading(self) -> None:
        self.reads = Event()

    def reads_on(self) -> None:
        self.reads.set()

    def leaves(self) -> None:
        self.left.set()

    # What it got.

    @property
    def has_head(self) -> bool:
        return bool(self.sent)

    @property
    def status(self) -> int:
        status: int = self._head["status"]
        return status

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self._head["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self._messages[1:])

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def lines(self) -> list[str]:
        """Of a stream: its events and comments."""
        return [line for line in self.body.decode().split("\n\n") if line]

    @property
    def is_whole(self) -> bool:
        return self._messages[-1].get("more_body") is False

    @property
    def _head(self) -> dict[str, Any]:
        head = self._messages[0]
        assert head["type"] == "http.response.start"
        return head

    @property
    def _messages(self) -> list[dict[str, Any]]:
        return [{**message} for message in self.sent]


class Hotel:
    """A house with its door to HTTP open."""

    def __init__(self, house: House, via: Via = Via.LOOPBACK, token: str = "") -> None:
        resolved = Resolved(
            config=house.config,
            source="here",
            secrets={},
            http_token=Secret(token) if token else None,
        )
        self.house = house
        self.cast = Cast(
            house.router,
            {},
            {},
            house.journal,
            Jobs(
                house.router,
                house.journal,
                config=lambda: house.config,
                clock=house.clock,
                rng=house.rng,
                listener=house.listener,
            ),
            clock=house.clock,
            wishes=Wishes(),
            resolved=lambda: resolved,
            load=lambda: resolved,
            version="1",
        )
        self.office = Office(self.cast, lambda: b"up 1\n")
        self.app = App(self.office, via)

    def arrives(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes = b"",
        *,
        query: str = "",
        **headers: str | None,
    ) -> Visit:
        """A client at the door; headers are named with underscores, None leaves one out."""
        is_json = isinstance(body, dict)
        given = {
            "host": "localhost:4747",
            **({"content-type": "application/json"} if is_json else {}),
            **{name.replace("_", "-"): value for name, value in headers.items()},
        }
        raw = msgspec.json.encode(body) if isinstance(body, dict) else body
        said = {name: value for name, value in given.items() if value is not None}
        return Visit(method, path, raw, said, query=query)

    async def serve(self, visit: Visit) -> Visit:
        await self.app(visit.scope, visit.receive, visit.send)
        return visit

    async def visit(
        self,
        method: str,
        path: str,
        body: dict[str, Any] | bytes = b"",
        *,
        query: str = "",
        **headers: str | None,
    ) -> Visit:
        """In and out again; time passes as far as it takes."""
        visit = self.arrives(method, path, body, query=query, **headers)
        return await self.house.clock.until_done(self.serve(visit))

    async def chat(self, body: dict[str, Any] | None = None, **headers: str | None) -> Visit:
        visit = self.arrives("POST", "/v1/chat/completions", body or CHAT, query="", **headers)
        return await self.house.clock.until_done(self.serve(visit))

    async def stream(self, **headers: str | None) -> Visit:
        return await self.chat(STREAM, **headers)
