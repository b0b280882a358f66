"""Providers repeat the key that they were shown, in odd ways and in every place; nothing of it goes further."""

import base64
import json
import logging
from collections.abc import Callable
from urllib.parse import quote

import msgspec
import pytest

from state.config import ProbeConfig, RetryConfig
from state.events import AttemptClosed, ProbeClosed
from state.failures import SAID_CHARS_MAX, Failure
from tests.doorstep import DONE, Doorstep, Ear, real_doorstep, said
from tests.fakeserver import Line, Script, serving
from tests.fakeserver.answers import LAST_CHUNK, STREAM_HEAD, answer, chunk

pytestmark = pytest.mark.anyio

KEY = "hunter2/Very+Secret=canary-0123456789_abcdef"

SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it is": lambda key: key,
    "shouted": str.upper,
    "percent-encoded": lambda key: quote(key, safe=""),
    "percent-encoded to the last letter": lambda key: "".join(f"%{byte:02x}" for byte in key.encode()),
    "percent-encoded twice": lambda key: quote(quote(key, safe=""), safe=""),
    "in JSON escapes": lambda key: "".join(f"\\u{ord(char):04x}" for char in key),
    "in JSON in JSON": lambda key: json.dumps(json.dumps("".join(f"\\u{ord(char):04x}" for char in key))),
    "in C escapes": lambda key: "".join(f"\\x{ord(char):02x}" for char in key),
    "in HTML, decimal": lambda key: "".join(f"&#{ord(char)};" for char in key),
    "in HTML, hexadecimal": lambda key: "".join(f"&#x{ord(char):x};" for char in key),
    "one letter escaped": lambda key: key.replace("y", "%79").replace("c", "&#99;"),
    "with marks that nobody sees": "\u200b".join,
    "in colours": lambda key: key[:9] + "\x1b[31m" + key[9:],
    "in base64": lambda key: base64.b64encode(key.encode()).decode(),
    "in base64 behind the scheme": lambda key: base64.b64encode(f"Bearer {key}".encode()).decode(),
    "in base64 for URLs": lambda key: base64.urlsafe_b64encode(b"x" + key.encode()).decode(),
    "in hex": lambda key: key.encode().hex(),
    "in hex with colons": lambda key: key.encode().hex(":"),
    "in octal": lambda key: "".join(f"\\{ord(char):03o}" for char in key),
    "in braces": lambda key: "".join(f"\\u{{{ord(char):x}}}" for char in key),
    "in eight digits": lambda key: "".join(f"\\U{ord(char):08x}" for char in key),
    "as in mail": lambda key: "".join(f"={ord(char):02X}" for char in key),
    "in base32": lambda key: base64.b32encode(key.encode()).decode(),
    "in base64 in base64": lambda key: base64.b64encode(base64.b64encode(key.encode())).decode(),
    "in UTF-16 in hex": lambda key: key.encode("utf-16-le").hex(),
    "as a list of numbers": lambda key: str(list(key.encode())),
    "letter by letter": " ".join,
    "with dashes": "-".join,
    "in wide letters": lambda key: "".join(chr(ord(char) + 0xFEE0) for char in key),
    "with a plus lost": lambda key: key.replace("+", " "),
    "backwards": lambda key: key[::-1],
    "cut off": lambda key: ("x" * (SAID_CHARS_MAX - 24 - len(" was refused: "))) + " was refused: " + key,
}


def an_error(text: str) -> bytes:
    return json.dumps(
        {"error": {"message": f"The key {text} is no good", "code": "invalid_api_key"}}
    ).encode()


def unescaped_error(text: str) -> bytes:
    """As a server writes it that puts JSON together by hand."""
    return b'{"error":{"message":"' + text.replace('"', "'").encode() + b'"}}'


PLACES: dict[str, Callable[[str], bytes]] = {
    "an error": lambda text: answer(an_error(text), status="401 Unauthorized"),
    "an error made by hand": lambda text: answer(unescaped_error(text), status="500 Oh"),
    "bare text": lambda text: answer(text.encode(), status="403 Forbidden", kind="text/plain"),
    "a page": lambda text: answer(f"<html><body>{text}</body></html>".encode(), status="502 Bad", kind="text/html"),
    "an error in a 200": lambda text: answer(an_error(text)),
    "a page with a 200": lambda text: answer(f"<html><title>{text}</title></html>".encode(), kind="text/html"),
    "the code": lambda text: answer(json.dumps({"error": {"code": text}}).encode(), status="400 Bad"),
    "a header": lambda text: answer(b"{}", f"x-error: {quote(text)}", f"retry-after: {quote(text)}", status="429 Slow"),
    "the first event": lambda text: STREAM_HEAD + chunk(b"data: " + an_error(text) + b"\n\n") + LAST_CHUNK,
    "a late event": lambda text: (
        STREAM_HEAD + chunk(said("hel")) + chunk(b"event: error\ndata: " + an_error(text) + b"\n\n") + LAST_CHUNK
    ),
}  # fmt: skip
NO_RETRY = RetryConfig(retries=0, stated_wait_s_max=0.0)


def echoing(place: Callable[[str], bytes], spell: Callable[[str], str]) -> Script:
    async def script(line: Line) -> None:
        while True:
            asked = await line.hear()
            key = asked.headers["authorization"].removeprefix("Bearer ")
            await line.say(place(spell(key)))

    return script


def all_that_is_told(step: Doorstep) -> str:
    return (
        repr(vars(step))
        + msgspec.json.encode(step.events).decode()
        + repr(step.door)
        + repr(step.ledger.state)
    )


def hints_of(spelled: str) -> list[str]:
    """The spelling itself, and any ten letters of the key in a row."""
    tens = [KEY[at : at + 10] for at in range(len(KEY) - 10)]
    return [spelled[-40:], *tens, *(ten[::-1] for ten in tens)]


@pytest.mark.parametrize("place", PLACES)
async def test_no_failure_repeats_the_key(place: str, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    for spelling, spell in SPELLINGS.items():
        async with serving(echoing(PLACES[place], spell)) as server:
            for stream in (False, True):
                async with real_doorstep(f"{server.url}/v1", secret=KEY, retry=NO_RETRY) as step:
                    ear = Ear() if stream else None
                    tried = await step.attempt(step.case(stream=stream), ear)
                    told = all_that_is_told(step) + repr(tried) + caplog.text
                (closed,) = step.of(AttemptClosed)
                assert isinstance(closed.outcome, Failure)
                for hint in hints_of(spell(KEY)):
                    assert hint.casefold() not in told.casefold(), (spelling, closed.outcome.said)


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_no_probe_repeats_the_key(spelling: str):
    spell = SPELLINGS[spelling]
    async with serving(echoing(PLACES["an error"], spell)) as server:
        async with real_doorstep(f"{server.url}/v1", secret=KEY, probe=ProbeConfig(enabled=False)) as step:
            told = await step.probe(step.ledger.id)
            assert isinstance(told, ProbeClosed)
            assert told.failure is not None
            for hint in hints_of(spell(KEY)):
                assert hint.casefold() not in all_that_is_told(step).casefold(), told.failure.said


async def test_what_is_no_secret_is_still_told():
    script = echoing(PLACES["an error"], lambda key: "of yours")
    async with serving(script) as server:
        async with real_doorstep(f"{server.url}/v1", secret=KEY) as step:
            await step.attempt()
    assert isinstance(step.closed.outcome, Failure)
    assert step.closed.outcome.said == "The key of yours is no good"


async def test_a_lane_shows_its_own_key_and_no_other():
    async def obliges(line: Line) -> None:
        while True:
            await line.hear()
            await line.say(STREAM_HEAD, chunk(said("a", "stop")), chunk(DONE), LAST_CHUNK)

    async with serving(obliges) as server:
        async with real_doorstep(f"{server.url}/v1", secret=KEY) as step:
            await step.stream(Ear())
    (asked,) = server.asked
    assert [name for name, value in asked.headers.items() if KEY in value] == ["authorization"]
    assert KEY not in asked.target
    assert KEY.encode() not in asked.body
