"""How large an answer may be, as the config says, however it comes."""

import gzip
import json
import random

import pytest

from state.config import RetryConfig
from state.events import Answered
from state.failures import Failure
from tests.doorstep import DONE, HELLO, Ear, real_doorstep, said
from tests.fakeserver import Line, Script, serving
from tests.fakeserver.answers import answer

pytestmark = pytest.mark.anyio

MIB = 1 << 20
LETTERS = random.Random(7).randbytes(MIB).hex()
"""Such as do not look like a bomb when they are packed."""
EXCESS = 128 << 10
"""So much that a stream has not come to its finish when it is too large."""


def whole_of(size: int) -> bytes:
    """An answer of so many bytes."""
    body = json.loads(HELLO)
    body["choices"][0]["message"]["content"] = ""
    empty = json.dumps(body)
    body["choices"][0]["message"]["content"] = LETTERS[: size - len(empty)]
    return json.dumps(body).encode()


def stream_of(size: int) -> bytes:
    ends = said("", "stop") + DONE
    return said(LETTERS[: size - len(said("x")) + 1 - len(ends)]) + ends


def obliging(size: int, *, compressed: bool) -> Script:
    async def script(line: Line) -> None:
        asked = await line.hear()
        if b'"stream":true' in asked.body:
            kind, body = "text/event-stream", stream_of(size)
        else:
            kind, body = "application/json", whole_of(size)
        assert len(body) == size
        if compressed:
            await line.say(answer(gzip.compress(body, 1), "content-encoding: gzip", kind=kind))
        else:
            await line.say(answer(body, kind=kind))

    return script


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "compressed"])
@pytest.mark.parametrize("mode", ["whole", "streamed", "gathered"])
@pytest.mark.parametrize(("size", "fits"), [(MIB, True), (MIB + EXCESS, False)], ids=["in bounds", "beyond"])
async def test_an_answer_may_be_as_large_as_the_config_says(
    mode: str, *, compressed: bool, size: int, fits: bool
):
    async with serving(obliging(size, compressed=compressed)) as server:
        async with real_doorstep(
            server.url, answer_mib_max=1, stream_upstream=mode == "gathered", retry=RetryConfig(retries=0)
        ) as step:
            ear = Ear() if mode == "streamed" else None
            await step.attempt(step.case(stream=ear is not None), ear)
    outcome = step.closed.outcome
    if fits:
        assert outcome == Answered()
    else:
        assert isinstance(outcome, Failure)
        assert outcome.rule == "body-too-large"
