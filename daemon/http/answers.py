"""What goes back: answers as they came, errors in OpenAI's shape, and in the headers how it went.

x-request-id           for `failoverctl explain`
x-failover-lane        who answered
x-failover-attempts    how many were asked
x-failover-trail       each of them, and what came of it: alpha/key1/small=timeout, beta/key1/small=answered
retry-after            when to come back
x-should-retry: false  every lane has been tried: to ask the same again at once would only double the load
"""

import math
from collections.abc import Sequence
from functools import lru_cache

import msgspec
from msgspec import Struct, structs

from actors.case import Attempted, Case, Closed
from daemon.api.refusal import AttemptSaid, Refusal, refusal_of
from daemon.http.guards import Refused
from daemon.verdicts import ENDINGS, ErrorKind
from state.events import Answered, Cancelled, Interrupted
from state.failures import Failure
from state.words import LaneId

__all__ = [
    "Answer",
    "as_json",
    "as_text",
    "conflict",
    "error_event",
    "is_deaf",
    "lane_headers",
    "refused",
    "unanswered",
    "whole",
]

Headers = list[tuple[bytes, bytes]]

HEADER_BYTES_MAX = 2048
"""Of the trail: some proxies and clients take no more than 8 KiB of headers in all."""

FAILED_DEPENDENCY = 424
"""What this depended on has failed: as true as the other, and nobody asks again."""
_DEAF = (b"ai/", b"ai-sdk/")
"""Vercel's AI SDK."""

JSON = (b"content-type", b"application/json")
_METRICS = (b"content-type", b"text/plain; version=0.0.4; charset=utf-8")
_NO_RETRY = (b"x-should-retry", b"false")
_COME_AGAIN = frozenset({ErrorKind.OVERLOADED, ErrorKind.DRAINING})
"""Here nothing was tried, and a client that comes back later does the right thing."""

_encode = msgspec.json.Encoder().encode


class Answer(Struct, frozen=True, gc=False):
    """A whole response."""

    status: int
    headers: Headers
    body: bytes


class Explained(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a program may want to know beside the message."""

    request_id: str = ""
    retry_after_s: float | None = None
    attempts: tuple[AttemptSaid, ...] = ()
    partial: str = ""


class Error(Struct, frozen=True, kw_only=True):
    """OpenAI's error object; every client library finds its way in it."""

    message: str
    type: str
    param: str | None = None
    code: str
    failover: Explained | msgspec.UnsetType = msgspec.UNSET


class ErrorBody(Struct, frozen=True):
    error: Error


def whole(case: Case, closed: Closed) -> Answer:
    """The answer as its provider gave it."""
    assert closed.answer is not None, "a verdict `ok` without a stream has an answer"
    body = closed.answer.body
    headers = [JSON, (b"content-length", b"%d" % len(body)), *lane_headers(case, closed.lane, closed.trail)]
    return Answer(200, headers, body)


def unanswered(case: Case, closed: Closed, *, is_deaf: bool = False) -> Answer:
    """A verdict that is no answer. `is_deaf`: the client would ask again whatever the headers say."""
    refusal = refusal_of(closed, case.id)
    answer = refused(refusal)
    answer.headers.extend(lane_headers(case, closed.lane, closed.trail))
    if is_deaf and refusal.kind not in _COME_AGAIN and answer.status >= 500:
        return structs.replace(answer, status=FAILED_DEPENDENCY)
    return answer


def is_deaf(user_agent: bytes) -> bool:
    """Whether a client asks again after any status from 500 on, and does not read `x-should-retry`: with it,
    every exhausted failover would be gone through three times.
    """
    return user_agent.startswith(_DEAF)


def conflict(case: Case, closed: Closed) -> Answer:
    """It was answered before, and nobody has kept the answer."""
    message = "it was answered before" if closed.trouble is None else closed.trouble.message
    refusal = Refusal(kind=ErrorKind.CALLER_ERROR, message=message, request_id=case.id)
    return refused(Refused(409, refusal))


def refused(refusal: Refusal | Refused) -> Answer:
    """An error before or instead of an answer."""
    own: Headers = []
    if isinstance(refusal, Refused):
        status, own, refusal = refusal.status, list(refusal.headers), refusal.refusal
    else:
        status = ENDINGS[refusal.kind].http
    body = _encode(ErrorBody(_error(refusal, status)))
    headers = [JSON, (b"content-length", b"%d" % len(body)), *own]
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", b"%d" % max(1, math.ceil(refusal.retry_after_s))))
    if refusal.kind not in _COME_AGAIN:
        headers.append(_NO_RETRY)
    return Answer(status, headers, body)


def error_event(case: Case, closed: Closed) -> bytes:
    """The end of a stream that has begun and cannot be finished: what client libraries raise as an error."""
    refusal = refusal_of(closed, case.id)
    return b"data: %b\n\n" % _encode(ErrorBody(_error(refusal, ENDINGS[refusal.kind].http)))


def as_json(value: Struct, status: int = 200) -> Answer:
    """Something of our own."""
    body = _encode(value)
    return Answer(status, [JSON, (b"content-length", b"%d" % len(body))], body)


def as_text(body: bytes) -> Answer:
    """Metrics, as Prometheus reads them."""
    return Answer(200, [_METRICS, (b"content-length", b"%d" % len(body))], body)


def lane_headers(
    case: Case, lane: LaneId | None, trail: Sequence[Attempted], *, streams: bool = False
) -> Headers:
    """How it went until now. The lane whose answer is streaming stands at the end of the trail."""
    steps = [b"%b=%b" % (_inert(line.lane), _outcome(line)) for line in trail]
    headers = [(b"x-request-id", case.id.encode())]
    if lane is not None:
        said = _inert(lane)
        headers.append((b"x-failover-lane", said))
        if streams:
            steps.append(said + b"=streaming")
    headers.append((b"x-failover-attempts", b"%d" % len(steps)))
    if steps:
        headers.append((b"x-failover-trail", b", ".join(steps)[:HEADER_BYTES_MAX]))
    return headers


def _error(refusal: Refusal, status: int) -> Error:
    explained = Explained(
        request_id=refusal.request_id,
        retry_after_s=refusal.retry_after_s,
        attempts=refusal.attempts,
        partial=refusal.partial,
    )
    return Error(
        message=refusal.message,
        type=_TYPES.get(status, "invalid_request_error" if status < 500 else "server_error"),
        param=refusal.field or None,
        code=refusal.kind,
        failover=msgspec.UNSET if explained == _NOTHING else explained,
    )


_NOTHING = Explained()
_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    429: "rate_limit_error",
}


def _outcome(line: Attempted) -> bytes:
    match line.outcome:
        case Answered():
            return b"answered"
        case Failure(kind=kind):
            return kind.encode()
        case Cancelled():
            return b"cancelled"
        case Interrupted():
            return b"interrupted"


@lru_cache(maxsize=4096)
def _inert(lane: LaneId) -> bytes:
    """Some models' names are a provider's own: in a header they are visible ASCII and nothing else."""
    return bytes(byte if 0x21 <= byte <= 0x7E else 0x3F for byte in str(lane).encode("ascii", "replace"))
