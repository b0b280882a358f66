"""Mock servers that others wrote: what they take for OpenAI, Anthropic and Gemini, we speak and understand."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from actors.provider.door import Tried
from actors.wire.canonical import ChatRequest
from state.config import Api, ModelConfig, RetryConfig, TimeoutConfig
from state.events import Answered
from state.failures import Failure, Kind
from state.words import LaneId
from tests.doorstep import Ear, real_doorstep
from tests.impostors import Impostor, Scene, aimock, llmock
from tests.wire.calls import MODELS, WEATHER, chat

pytestmark = [pytest.mark.anyio, pytest.mark.stranger]

TEXT = "Hello from a stranger, in more than one piece."
PATIENT = TimeoutConfig(connect_s=60, first_token_s=60, gap_s=60, total_s=60)
NO_RETRY = RetryConfig(retries=0, stated_wait_s_max=0.0)
PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg=="
OSLO = {"name": "get_weather", "arguments": {"city": "Oslo"}}
BERGEN = {"name": "get_weather", "arguments": {"city": "Bergen, \u00e9\u2028\U0001f327"}}


def replies(**reply: Any) -> dict[str, Any]:
    return {"type": "reply", **reply}


def breaks(kind: str, after_chunks: int = 2) -> dict[str, Any]:
    return {"type": "stream_fault", "kind": kind, "after_chunks": after_chunks, "stall_seconds": 600}


def refuses(status: int) -> Scene:
    return Scene(
        f"what is refused with {status}",
        ({"type": "fail", "status": status},),
        {"response": {"error": {"message": "no", "type": "refused"}, "status": status}},
    )


SAYS = {"response": {"content": TEXT}, "chunkSize": 7}
SLOWLY = {**SAYS, "latency": 20}
"""Or the end of it overtakes its beginning."""
GREETING = Scene("a greeting", (replies(text=TEXT),), SAYS)
TOOL = Scene("the weather in Oslo", (replies(tool_calls=[OSLO]),), {"response": {"toolCalls": [OSLO]}})
TOOLS = Scene(
    "the weather in two places",
    (replies(tool_calls=[OSLO, BERGEN]),),
    {"response": {"toolCalls": [OSLO, BERGEN]}},
)
LENGTH = Scene(
    "what is too long",
    (replies(text=TEXT, finish_reason="length"),),
    {"response": {"content": TEXT, "finishReason": "length"}},
)
CUT = Scene(
    "a stream that is cut", (replies(text=TEXT), breaks("truncate")), {**SLOWLY, "truncateAfterChunks": 3}
)
HANGUP = Scene("a hang-up", (replies(text=TEXT), breaks("disconnect")), {**SLOWLY, "truncateAfterChunks": 4})
REFUSALS = {
    400: {Kind.BAD_REQUEST},
    401: {Kind.AUTH},
    404: {Kind.NOT_FOUND},
    429: {Kind.RATE_LIMIT, Kind.QUOTA},
    500: {Kind.UNAVAILABLE},
    503: {Kind.UNAVAILABLE},
}
SCENES = (GREETING, TOOL, TOOLS, LENGTH, CUT, HANGUP, *map(refuses, REFUSALS))


@pytest.fixture(scope="module", params=["llmock", "aimock"])
def mock(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Impostor]:
    if request.param == "llmock":
        with llmock() as impostor:
            yield impostor
    else:
        with aimock(SCENES, script=tmp_path_factory.mktemp("aimock") / "script.json") as impostor:
            yield impostor


each_api = pytest.mark.parametrize("api", [Api.OPENAI, Api.ANTHROPIC, Api.GEMINI])
each_way = pytest.mark.parametrize("way", ["whole", "streamed", "gathered"])
"""Gathered: the caller wants it whole, and we have it streamed to us."""


async def perform(
    mock: Impostor,
    api: Api,
    scene: Scene,
    request: ChatRequest | None = None,
    ear: Ear | None = None,
    **settings: Any,
) -> Tried:
    """Ask for the scene, through a real door and its dialect, over a real connection."""
    mock.play(scene)
    request = request or chat([{"role": "user", "content": scene.question}], stream=ear is not None)
    given = {"retry": NO_RETRY, "timeout": PATIENT, "models": (ModelConfig(name=MODELS[api]),), **settings}
    async with real_doorstep(mock.urls[api], api=api, **given) as step:
        case = step.case(request, stream=ear is not None, deadline_s=600)
        return await step.attempt(case, ear, lane=LaneId("p", "key1", MODELS[api]))


async def choice_of(
    mock: Impostor, api: Api, way: str, scene: Scene, messages: Any = None, **fields: Any
) -> Any:
    """What a caller makes of the answer, however it came."""
    ear = Ear() if way == "streamed" else None
    messages = messages or [{"role": "user", "content": scene.question}]
    request = chat(messages, stream=ear is not None, **fields)
    got = await perform(mock, api, scene, request, ear, stream_upstream=way == "gathered")
    assert got.attempted.outcome == Answered()
    if ear is None:
        assert got.answer is not None
        (choice,) = msgspec.json.decode(got.answer.body)["choices"]
        return choice
    return heard_by(ear)


def heard_by(ear: Ear) -> Any:
    """The deltas put together by hand, as a caller would."""
    text, finish, calls = "", None, dict[int, dict[str, Any]]()
    for chunk in ear.chunks:
        for choice in msgspec.json.decode(chunk.payload)["choices"]:
            finish = choice.get("finish_reason") or finish
            text += choice["delta"].get("content") or ""
            for call in choice["delta"].get("tool_calls", ()):
                made = calls.setdefault(
                    call["index"], {"type": "function", "function": {"name": "", "arguments": ""}}
                )
                made["id"] = call.get("id", made.get("id"))
                for field, more in call["function"].items():
                    made["function"][field] += more
    message = {"content": text, "tool_calls": [calls[index] for index in sorted(calls)]}
    return {"message": message, "finish_reason": finish}


def failure(got: Tried) -> Failure:
    outcome = got.attempted.outcome
    assert isinstance(outcome, Failure)
    return outcome


@each_api
@each_way
async def test_a_question_is_answered_to_the_letter(mock: Impostor, api: Api, way: str):
    choice = await choice_of(mock, api, way, GREETING, max_tokens=200, temperature=0.5)
    assert choice["message"]["content"] == TEXT
    assert choice["finish_reason"] == "stop"


@each_api
async def test_a_stream_comes_in_pieces_and_says_what_it_used(mock: Impostor, api: Api):
    ear = Ear()
    got = await perform(mock, api, GREETING, ear=ear)
    assert got.attempted.outcome == Answered()
    assert got.spoken == ear.text == TEXT
    assert sum(1 for chunk in ear.chunks if chunk.text) > 1
    assert got.attempted.first_token_ms is not None
    assert got.attempted.usage is not None


@each_api
@each_way
async def test_a_tool_is_called(mock: Impostor, api: Api, way: str):
    choice = await choice_of(mock, api, way, TOOL, tools=[WEATHER], tool_choice="required")
    (call,) = choice["message"]["tool_calls"]
    assert call["id"]
    assert (call["type"], call["function"]["name"]) == ("function", "get_weather")
    assert json.loads(call["function"]["arguments"]) == OSLO["arguments"]
    assert choice["finish_reason"] == "tool_calls"


@each_api
@each_way
async def test_two_tools_are_called_at_once(mock: Impostor, api: Api, way: str):
    choice = await choice_of(mock, api, way, TOOLS, tools=[WEATHER])
    calls = choice["message"]["tool_calls"]
    assert len({call["id"] for call in calls}) == 2
    assert [json.loads(call["function"]["arguments"]) for call in calls] == [
        OSLO["arguments"],
        BERGEN["arguments"],
    ]


@each_api
@each_way
async def test_a_conversation_with_a_tool_and_a_picture_goes_on(mock: Impostor, api: Api, way: str):
    called = {
        "id": "call_1",
        "type": "function",
        "function": {"name": "get_weather", "arguments": '{"city":"Oslo"}'},
    }
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "What is the weather?"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"sky":"grey"}'},
        {"role": "assistant", "content": "Grey."},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": GREETING.question},
                {"type": "image_url", "image_url": {"url": PIXEL}},
            ],
        },
    ]
    choice = await choice_of(mock, api, way, GREETING, messages, tools=[WEATHER])
    assert choice["message"]["content"] == TEXT


@each_api
@each_way
async def test_an_answer_that_reached_its_length_says_so(mock: Impostor, api: Api, way: str):
    assert (await choice_of(mock, api, way, LENGTH))["finish_reason"] == "length"


@each_api
@pytest.mark.parametrize("streamed", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("status", REFUSALS)
async def test_what_they_refuse_with_is_understood(mock: Impostor, api: Api, streamed: bool, status: int):  # noqa: FBT001 - a parameter
    got = await perform(mock, api, refuses(status), ear=Ear() if streamed else None)
    assert failure(got).kind in REFUSALS[status]


@each_api
@pytest.mark.parametrize("scene", [CUT, HANGUP], ids=lambda scene: scene.question)
async def test_a_stream_that_breaks_is_no_answer(mock: Impostor, api: Api, scene: Scene):
    ear = Ear()
    got = await perform(mock, api, scene, ear=ear)
    assert failure(got).kind is Kind.BAD_RESPONSE
    assert got.spoken == ear.text
    assert TEXT.startswith(ear.text)


@each_api
async def test_a_stream_that_stalls_is_given_up(api: Api):
    scene = Scene("anything", (replies(text=TEXT), breaks("stall", after_chunks=4)), {})
    clocks = TimeoutConfig(connect_s=60, first_token_s=60, total_s=60, gap_s=0.2)
    with llmock() as mock:
        got = await perform(mock, api, scene, ear=Ear(), timeout=clocks)
    assert failure(got).kind is Kind.TIMEOUT


@each_api
async def test_a_chunk_that_cannot_be_read_ends_nothing(api: Api):
    with llmock() as mock:
        ear = Ear()
        scene = Scene("anything", (replies(text=TEXT), breaks("malformed", after_chunks=3)), {})
        got = await perform(mock, api, scene, ear=ear)
    assert got.attempted.outcome == Answered()
    assert 0 < len(ear.text) < len(TEXT)


@each_api
@pytest.mark.parametrize(
    ("chaos", "kind"),
    [
        ({"dropRate": 1}, Kind.UNAVAILABLE),
        ({"malformedRate": 1}, Kind.BAD_RESPONSE),
        ({"disconnectRate": 1}, Kind.NETWORK),
    ],
    ids=["drop", "malformed", "disconnect"],
)
async def test_their_chaos_is_understood(api: Api, chaos: dict[str, int], kind: Kind, tmp_path: Path):
    scene = Scene("chaos", (), {**SAYS, "chaos": chaos})
    with aimock([scene], script=tmp_path / "script.json") as mock:
        for ear in (None, Ear()):
            got = await perform(mock, api, scene, ear=ear)
            assert failure(got).kind is kind
