"""Every kind of refusal with every way to say how long to wait, through a real door and over a real socket."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from msgspec import Struct

from state.config import RetryConfig
from state.failures import Failure, Kind
from tests.doorstep import Doorstep, Ear, real_doorstep
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import LAST_CHUNK, STREAM_HEAD, answer, chunk

pytestmark = pytest.mark.anyio

WAIT_S = 3000
SLACK_S = 120
"""Hints name moments by the second, and a machine may be busy."""
NO_RETRY = RetryConfig(retries=0, stated_wait_s_max=0.0)


class Refusal(Struct, frozen=True):
    status: str
    error: dict[str, str]
    waits: bool = False
    """Whether a wait that is stated with it means anything."""


REFUSALS: dict[Kind, Refusal] = {
    Kind.RATE_LIMIT: Refusal("429 Slow", {"code": "rate_limit_exceeded", "message": "Rate limit reached."}, waits=True),
    Kind.QUOTA: Refusal("429 Enough", {"code": "insufficient_quota", "message": "You exceeded your current quota."}, waits=True),
    Kind.AUTH: Refusal("401 No", {"code": "invalid_api_key", "message": "Incorrect API key provided."}),
    Kind.NOT_FOUND: Refusal("404 No", {"code": "model_not_found", "message": "The model does not exist."}),
    Kind.UNAVAILABLE: Refusal("503 Oh", {"code": "overloaded", "message": "The server is overloaded."}, waits=True),
    Kind.CONTEXT_LENGTH: Refusal("400 No", {"code": "context_length_exceeded", "message": "This is too long."}),
    Kind.CONTENT_POLICY: Refusal("400 No", {"code": "content_policy_violation", "message": "This is not allowed."}),
    Kind.BAD_REQUEST: Refusal("400 No", {"code": "invalid_request_error", "message": "`temperature` is too hot."}),
}  # fmt: skip


def moment() -> datetime:
    return datetime.fromtimestamp(time.time() + WAIT_S, UTC)


HEADERS: dict[str, Callable[[], str]] = {
    "seconds": lambda: f"retry-after: {WAIT_S}",
    "milliseconds": lambda: f"retry-after-ms: {WAIT_S * 1000}",
    "an HTTP date": lambda: f"retry-after: {formatdate(time.time() + WAIT_S, usegmt=True)}",
    "a duration": lambda: "x-ratelimit-remaining-requests: 0\r\nx-ratelimit-reset-requests: 50m0s",
    "Unix seconds": lambda: f"x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {moment().timestamp():.0f}",
    "Unix milliseconds": lambda: (
        f"x-ratelimit-remaining: 0\r\nx-ratelimit-reset: {moment().timestamp() * 1000:.0f}"
    ),
    "RFC 3339": lambda: (
        "anthropic-ratelimit-requests-remaining: 0\r\n"
        f"anthropic-ratelimit-requests-reset: {moment():%Y-%m-%dT%H:%M:%SZ}"
    ),
}
WORDS: dict[str, Callable[[], str]] = {
    "seconds": lambda: f"Please try again in {WAIT_S}s.",
    "a duration": lambda: "Please try again in 50m0s.",
    "milliseconds": lambda: f"Please try again in {WAIT_S * 1000}ms.",
    "words": lambda: "Please wait 50 minutes before trying again.",
    "a moment": lambda: f"It resets at {moment():%Y-%m-%dT%H:%M:%SZ}.",
}


def in_header(refusal: Refusal, said: str) -> bytes:
    body = json.dumps({"error": refusal.error}).encode()
    return answer(body, said, status=refusal.status)


def worded(refusal: Refusal, said: str) -> bytes:
    return json.dumps({"error": {**refusal.error, "message": f"{refusal.error['message']} {said}"}}).encode()


def in_words(refusal: Refusal, said: str) -> bytes:
    return answer(worded(refusal, said), status=refusal.status)


def in_a_200(refusal: Refusal, said: str) -> bytes:
    return answer(worded(refusal, said))


def in_a_stream(refusal: Refusal, said: str) -> bytes:
    return STREAM_HEAD + chunk(b"data: " + worded(refusal, said) + b"\n\n") + LAST_CHUNK


def in_a_field(refusal: Refusal, said: str) -> bytes:
    """As Google says it."""
    detail = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": said}
    return answer(
        json.dumps({"error": {**refusal.error, "details": [detail]}}).encode(), status=refusal.status
    )


HINTS: list[tuple[Callable[[Refusal, str], bytes], str, Callable[[], str]]] = [
    *((in_header, name, say) for name, say in HEADERS.items()),
    *((place, name, say) for place in (in_words, in_a_200, in_a_stream) for name, say in WORDS.items()),
    (in_a_field, "seconds", lambda: f"{WAIT_S}s"),
    (in_a_field, "fractions", lambda: f"{WAIT_S}.25s"),
]


async def failure_of(step: Doorstep, *, streamed: bool) -> Failure:
    tried = await step.attempt(step.case(stream=streamed), Ear() if streamed else None, as_last_resort=True)
    assert isinstance(tried.attempted.outcome, Failure)
    return tried.attempted.outcome


@pytest.mark.parametrize("kind", REFUSALS)
async def test_a_refusal_is_understood_however_it_states_its_wait(kind: Kind):
    refusal, reply = REFUSALS[kind], b""

    async def refuses(line: Line) -> None:
        while True:
            await line.hear()
            await line.say(reply)

    async with serving(refuses) as server:
        for place, name, say in HINTS:
            reply = place(refusal, say())
            for streamed in (False, True) if place is not in_a_stream else (True,):
                async with real_doorstep(server.url, retry=NO_RETRY) as step:
                    failure = await failure_of(step, streamed=streamed)
                assert failure.kind is kind, (place.__name__, name, failure)
                if refusal.waits:
                    assert failure.wait_s is not None, (place.__name__, name, failure)
                    assert abs(failure.wait_s - WAIT_S) < SLACK_S, (place.__name__, name, failure)


@pytest.mark.parametrize("kind", [kind for kind, refusal in REFUSALS.items() if not refusal.waits])
async def test_without_a_hint_a_refusal_is_the_same_refusal(kind: Kind):
    async def refuses(line: Line) -> None:
        await line.hear()
        await line.say(in_header(REFUSALS[kind], "x-hint: none"))

    async with serving(refuses) as server:
        async with real_doorstep(server.url, retry=NO_RETRY) as step:
            failure = await failure_of(step, streamed=False)
    assert (failure.kind, failure.wait_s) == (kind, None)
