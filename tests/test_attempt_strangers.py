"""Mock servers that others wrote: what they take for OpenAI, Anthropic and Gemini, we speak and understand."""

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.provider.door import Tried
from state.config import Api, ModelConfig, RetryConfig, TimeoutConfig
from state.events import Answered
from state.failures import Failure, Kind
from state.words import LaneId
from tests.doorstep import Ear, real_doorstep
from tests.fakeserver.strange_ports import free_port
from tests.strangers import absent
from tests.wire.calls import MODELS, WEATHER, chat

pytestmark = [pytest.mark.anyio, pytest.mark.stranger]

HOME = Path(__file__).parent.parent / ".strangers"
START_S = 30.0

LLMOCK = {Api.OPENAI: "/v1", Api.ANTHROPIC: "/anthropic/v1", Api.GEMINI: "/gemini/v1beta"}
AIMOCK = {Api.OPENAI: "/v1", Api.ANTHROPIC: "", Api.GEMINI: ""}
"""Where each of them keeps which provider."""

TEXT = "Hello from a stranger, in more than one piece."
FIXTURES = {
    "fixtures": [
        {
            "match": {"userMessage": "weather"},
            "response": {"toolCalls": [{"name": "get_weather", "arguments": {"city": "Oslo"}}]},
        },
        {"match": {}, "response": {"content": TEXT}},
    ]
}

Urls = dict[Api, str]


@contextmanager
def running(words: Sequence[str | Path], port: int, paths: dict[Api, str]) -> Iterator[Urls]:
    if not Path(words[0]).exists():
        absent(f"{words[0]} is not installed; .ci/strangers installs it")
    environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    process = subprocess.Popen(words, env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        by_s = time.monotonic() + START_S
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, "it died at once"
                assert time.monotonic() < by_s, "it does not listen"
                time.sleep(0.05)
        yield {api: f"http://127.0.0.1:{port}{path}" for api, path in paths.items()}
    finally:
        process.kill()
        process.wait()


@contextmanager
def llmock(*flags: str) -> Iterator[Urls]:
    port = free_port()
    words: list[str | Path] = [HOME / "llmock/bin/llmock", "serve", "--port", str(port), *flags]
    with running(words, port, LLMOCK) as urls:
        yield urls


@contextmanager
def aimock(fixtures: Path, *flags: str) -> Iterator[Urls]:
    port = free_port()
    fixtures.write_text(json.dumps(FIXTURES))
    words: list[str | Path] = [
        HOME / "aimock/node_modules/.bin/llmock",
        "-p",
        str(port),
        "-f",
        str(fixtures),
        *flags,
    ]
    with running(words, port, AIMOCK) as urls:
        yield urls


@pytest.fixture(scope="module", params=["llmock", "aimock"])
def mock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Urls]:
    if request.param == "llmock":
        with llmock("--tool-mode", "auto") as urls:
            yield urls
    else:
        with aimock(tmp_path_factory.mktemp("aimock") / "fixtures.json") as urls:
            yield urls


each_api = pytest.mark.parametrize("api", LLMOCK)


async def ask(urls: Urls, api: Api, request: Any, ear: Ear | None = None, **settings: Any) -> Tried:
    given = {"retry": RetryConfig(retries=0, stated_wait_s_max=0.0), **settings}
    async with real_doorstep(urls[api], api=api, models=(ModelConfig(name=MODELS[api]),), **given) as step:
        return await step.attempt(
            step.case(request, stream=ear is not None), ear, lane=LaneId("p", "key1", MODELS[api])
        )


@each_api
async def test_a_question_is_answered(mock: Urls, api: Api):
    got = await ask(mock, api, chat([{"role": "user", "content": "hi there"}], max_tokens=200))
    assert got.attempted.outcome == Answered()
    assert got.answer is not None
    answer = msgspec.json.decode(got.answer.body)
    assert len(answer["choices"][0]["message"]["content"]) > 20
    assert answer["choices"][0]["finish_reason"] == "stop"


@each_api
async def test_a_question_is_answered_in_a_stream(mock: Urls, api: Api):
    ear = Ear()
    got = await ask(mock, api, chat([{"role": "user", "content": "hi there"}], stream=True), ear)
    assert got.attempted.outcome == Answered()
    assert len(ear.text) > 20
    assert got.spoken == ear.text
    assert sum(1 for chunk in ear.chunks if chunk.text) > 1
    assert got.attempted.first_token_ms is not None


@each_api
async def test_who_does_not_stream_is_served_over_a_stream(mock: Urls, api: Api):
    got = await ask(mock, api, chat([{"role": "user", "content": "hi there"}]), stream_upstream=True)
    assert got.attempted.outcome == Answered()
    assert got.answer is not None
    assert len(msgspec.json.decode(got.answer.body)["choices"][0]["message"]["content"]) > 20


@each_api
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
async def test_a_tool_is_called(mock: Urls, api: Api, streamed: bool):  # noqa: FBT001 - a parameter
    request = chat(
        [{"role": "user", "content": "What is the weather in Oslo?"}],
        tools=[WEATHER],
        tool_choice="required",
        stream=streamed,
    )
    got = await ask(mock, api, request, stream_upstream=streamed)
    assert got.attempted.outcome == Answered()
    assert got.answer is not None
    choice = msgspec.json.decode(got.answer.body)["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
    assert "city" in json.loads(call["function"]["arguments"])
    assert choice["finish_reason"] == "tool_calls"


@each_api
@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        ("429", {Kind.RATE_LIMIT, Kind.QUOTA}),
        ("503", {Kind.UNAVAILABLE}),
        ("500", {Kind.UNAVAILABLE}),
        ("401", {Kind.AUTH}),
        ("400", {Kind.BAD_REQUEST}),
        ("404", {Kind.NOT_FOUND}),
    ],
)
async def test_what_they_refuse_with_is_understood(api: Api, status: str, kinds: set[Kind]):
    with llmock("--error-rate", f"{status}=1.0") as urls:
        for ear in (None, Ear()):
            got = await ask(urls, api, chat(stream=ear is not None), ear)
            assert isinstance(got.attempted.outcome, Failure)
            assert got.attempted.outcome.kind in kinds


@each_api
@pytest.mark.parametrize(
    ("fault", "kinds"),
    [
        ("disconnect", {Kind.BAD_RESPONSE, Kind.NETWORK}),
        ("truncate", {Kind.BAD_RESPONSE}),
        ("stall", {Kind.TIMEOUT}),
    ],
)
async def test_their_broken_streams_are_no_answers(api: Api, fault: str, kinds: set[Kind]):
    clocks = TimeoutConfig(first_token_s=1.0, gap_s=1.0)
    with llmock("--stream-fault", f"{fault}=1.0", "--stream-stall-seconds", "20") as urls:
        got = await ask(urls, api, chat(stream=True), Ear(), timeout=clocks)
    assert isinstance(got.attempted.outcome, Failure)
    assert got.attempted.outcome.kind in kinds


@each_api
async def test_a_single_chunk_of_theirs_that_cannot_be_read_ends_nothing_but_the_last_one(api: Api):
    """Which one it is they leave to chance."""
    ear = Ear()
    with llmock("--stream-fault", "malformed=1.0") as urls:
        outcome = (await ask(urls, api, chat(stream=True), ear)).attempted.outcome
    assert isinstance(outcome, Answered) or (
        isinstance(outcome, Failure) and outcome.said == "the stream ended without a finish reason"
    )


@each_api
@pytest.mark.parametrize(
    ("chaos", "kinds"),
    [
        ("--chaos-drop", {Kind.UNAVAILABLE}),
        ("--chaos-malformed", {Kind.BAD_RESPONSE}),
        ("--chaos-disconnect", {Kind.NETWORK}),
        ("--chaos-ratelimit", {Kind.RATE_LIMIT}),
    ],
)
async def test_the_chaos_of_the_other_is_understood(api: Api, chaos: str, kinds: set[Kind], tmp_path: Path):
    with aimock(tmp_path / "fixtures.json", chaos, "1.0") as urls:
        for ear in (None, Ear()):
            got = await ask(urls, api, chat(stream=ear is not None), ear)
            assert isinstance(got.attempted.outcome, Failure)
            assert got.attempted.outcome.kind in kinds
