"""The few shapes of ASGI that we use, so that nothing else here holds a `dict[str, Any]`."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, TypedDict

__all__ = ["Body", "Receive", "Request", "Response", "Scope", "Send"]

Lines = list[tuple[bytes, bytes]]


class Scope(TypedDict):
    """One request's head."""

    type: str
    method: str
    path: str
    query_string: bytes
    headers: Lines
    state: dict[str, Any]


class Request(TypedDict):
    """`http.request` with a piece of the body, or `http.disconnect`."""

    type: str
    body: bytes
    more_body: bool


class Response(TypedDict):
    """`http.response.start`"""

    type: str
    status: int
    headers: Lines


class Body(TypedDict):
    """`http.response.body`"""

    type: str
    body: bytes
    more_body: bool


Receive = Callable[[], Coroutine[Any, Any, Request]]
Send = Callable[[Response | Body], Coroutine[Any, Any, None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
