"""The methods that ask for an answer, and the one that takes a question back."""

from collections.abc import Callable
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct

from actors.case import Case
from actors.wire.answer import UsageShape
from daemon.api.calling import Streamed, open_chat, open_embed, open_image, serve
from daemon.api.cast import Cast
from daemon.api.params import Params
from daemon.api.refusal import Refusal
from daemon.api.report import Report
from daemon.rpc.calls import Call
from daemon.rpc.messages import Key
from daemon.rpc.method import Method, Notice
from daemon.rpc.scopes import Scope
from state.routing.asking import Options

__all__ = ["ASKING"]

Model = Annotated[str, Meta(min_length=1, max_length=256)]


class ChatParams(Struct, frozen=True, kw_only=True):
    """OpenAI's chat completions body, passed on as it is; and what is asked of failoverd, in `failover` or
    beside the other fields.
    """

    model: Model
    """A pool, a model, a lane, or `auto`."""
    messages: Annotated[list[dict[str, Any]], Meta(min_length=1)]
    stream: bool = False
    """Pieces come as `chat.chunk` notifications, then the result."""
    failover: Options | bool | None = None


class ImageParams(Struct, frozen=True, kw_only=True):
    """OpenAI's image generation body."""

    model: Model
    prompt: Annotated[str, Meta(min_length=1)]
    n: int | None = None
    size: str | None = None
    failover: Options | bool | None = None


class EmbedParams(Struct, frozen=True, kw_only=True):
    """OpenAI's embeddings body."""

    model: Model
    input: str | list[Any]
    failover: Options | bool | None = None


class ChatResult(Struct, frozen=True, kw_only=True):
    """OpenAI's chat completion as the provider wrote it, or, of a stream, none of it; and what happened."""

    object: str
    failover: Report
    choices: list[dict[str, Any]] = []
    usage: UsageShape | None = None


class ImageResult(Struct, frozen=True, kw_only=True):
    """OpenAI's list of images, and what happened."""

    data: list[dict[str, Any]]
    failover: Report


class EmbedResult(Struct, frozen=True, kw_only=True):
    """OpenAI's list of vectors, and what happened."""

    data: list[dict[str, Any]]
    failover: Report


class CancelParams(Params, frozen=True):
    id: Key
    """Of the request on this connection; or the `request_id` that one of yours was given."""


class Cancelled(Struct, frozen=True):
    """Whether there was something to cancel."""

    cancelled: bool


async def chat(cast: Cast, body: bytes, call: Call) -> Raw | Streamed | Refusal:
    return await _ask(open_chat, cast, body, call)


async def image(cast: Cast, body: bytes, call: Call) -> Raw | Streamed | Refusal:
    return await _ask(open_image, cast, body, call)


async def embed(cast: Cast, body: bytes, call: Call) -> Raw | Streamed | Refusal:
    return await _ask(open_embed, cast, body, call)


def cancel(cast: Cast, params: CancelParams, call: Call) -> Cancelled:
    """What is under way on this connection comes first; else a request by its name, if it is one's own."""
    found = call.neighbour(params.id)
    if found is not None:
        found.cancel()
        return Cancelled(cancelled=True)
    return Cancelled(cancelled=isinstance(params.id, str) and cast.under_way.cancel(params.id, call.caller))


async def _ask(
    opens: Callable[..., Case | Refusal], cast: Cast, body: bytes, call: Call
) -> Raw | Streamed | Refusal:
    case = opens(cast.router, body, call.caller.client, flat=True)
    if isinstance(case, Refusal):
        return case
    with cast.under_way.one(case.id, call.caller, call.cancel):
        return await serve(cast.router, case, call)


ASKING = (
    Method(
        name="chat",
        says="Answer a conversation, by whichever lane of the pool works.",
        scope=Scope.CALL,
        takes=ChatParams,
        gives=ChatResult,
        works=chat,
        takes_raw=True,
        notices=(
            Notice("chat.begin", "lane", "The first visible word comes, from this lane.", str),
            Notice("chat.chunk", "chunk", "A `chat.completion.chunk`.", dict[str, Any]),
            Notice("chat.keep_alive", "", "Nothing to say yet, but somebody works on it.", None),
        ),
    ),
    Method(
        name="image",
        says="Make an image.",
        scope=Scope.CALL,
        takes=ImageParams,
        gives=ImageResult,
        works=image,
        takes_raw=True,
    ),
    Method(
        name="embed",
        says="Turn texts into vectors; never by another model than the one that began.",
        scope=Scope.CALL,
        takes=EmbedParams,
        gives=EmbedResult,
        works=embed,
        takes_raw=True,
    ),
    Method(
        name="cancel",
        says="Cancel a request: its upstream connection closes, and it is answered with -32800.",
        scope=Scope.CALL,
        takes=CancelParams,
        gives=Cancelled,
        answers=cancel,
        while_draining=True,
    ),
)
