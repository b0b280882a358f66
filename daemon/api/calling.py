"""Asking for an answer: chat, image, embed. The body goes through as it came; what happened comes with it."""

from collections.abc import Callable

import msgspec
from msgspec import Raw, Struct

from actors.case import Case, Client, Sink
from actors.router.opening import decode_options
from actors.router.router import Router
from actors.wire.canonical import ChatRequest, Request
from actors.wire.complaint import BadRequest
from actors.wire.intake import decode_chat, decode_embed, decode_image
from daemon.api.refusal import Refusal, bad_request, refusal_of, unknown
from daemon.api.report import Report, report_of
from daemon.verdicts import ErrorKind
from state.events import Verdict
from state.routing.asking import Options
from state.routing.names import Unknown

__all__ = ["Streamed", "open_chat", "open_embed", "open_image", "opened", "serve"]

_encode = msgspec.json.Encoder().encode


class Streamed(Struct, frozen=True, kw_only=True):
    """The result of a chat that was streamed: the text is with its caller already."""

    object: str = "chat.completion.streamed"
    failover: Report


def open_chat(router: Router, body: bytes | Raw, client: Client, *, flat: bool = False) -> Case | Refusal:
    """A conversation that wants its next message; or what is wrong with it."""
    return opened(router, decode_chat(body, flat=flat), client)


def open_image(router: Router, body: bytes | Raw, client: Client, *, flat: bool = False) -> Case | Refusal:
    """Words that want to be a picture."""
    return opened(router, decode_image(body, flat=flat), client)


def open_embed(router: Router, body: bytes | Raw, client: Client, *, flat: bool = False) -> Case | Refusal:
    """Texts that want to be vectors."""
    return opened(router, decode_embed(body, flat=flat), client)


async def serve(router: Router, case: Case, sink: Sink | None = None) -> Raw | Streamed | Refusal:
    """The answer with its report; of a stream, which goes into the sink, the report alone."""
    closed = await router.serve(case, sink if case.stream else None)
    if closed.verdict is not Verdict.OK:
        return refusal_of(closed, case.id)
    if closed.answer is None and closed.trouble is not None:
        return Refusal(kind=ErrorKind.CALLER_ERROR, message=closed.trouble.message, request_id=case.id)
    report = report_of(case, closed)
    if closed.answer is None:
        return Streamed(failover=report)
    # Spliced in as bytes: the answer is the provider's and is not taken apart.
    return Raw(closed.answer.body.rstrip()[:-1] + b',"failover":' + _encode(report) + b"}")


def opened(
    router: Router,
    request: Request | BadRequest,
    client: Client,
    options: Callable[[Raw | None], Options | BadRequest] = decode_options,
) -> Case | Refusal:
    """A request that was decoded, as a case. `options`: how what it asks of us is read."""
    if isinstance(request, BadRequest):
        return bad_request(request)
    asked = options(request.failover)
    if isinstance(asked, BadRequest):
        return bad_request(asked)
    stream = isinstance(request, ChatRequest) and request.stream
    case = router.open(request, asked, client, stream=stream)
    return unknown(case) if isinstance(case, Unknown) else case
