"""The providers' own libraries read what we write, and write what we read.

Requests are validated against the types of their parameters, and nothing may be lost on the way through
them; responses are built from their response types. Marked: the libraries are large, and not ours.
"""

import importlib
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings

from actors.wire.call import Answer, Call
from actors.wire.gather import gathered
from state.config import Api, ModelConfig
from tests.strangers import absent
from tests.wire import mirrors
from tests.wire.calls import PNG, WEATHER, answer, call, chat, embed, heard, image, read, sent
from tests.wire.grammar import ANSWERS, conversations

pytestmark = pytest.mark.stranger

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
PICTURES = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What is it?"},
            {"type": "image_url", "image_url": {"url": PNG}},
        ],
    }
]
LINKED = [
    {"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}
]
TOOLS = [
    {"role": "user", "content": "Weather?"},
    {
        "role": "assistant",
        "content": "Let me look.",
        "tool_calls": [
            {
                "id": f"c{at}",
                "type": "function",
                "function": {"name": "get_weather", "arguments": '{"city": "Graz"}'},
            }
            for at in range(2)
        ],
    },
    *({"role": "tool", "tool_call_id": f"c{at}", "content": "Sunny."} for at in range(2)),
]
CHOICES: list[Any] = ["none", "auto", "required", {"type": "function", "function": {"name": "get_weather"}}]
FORM = {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA}}
EVERYTHING: dict[str, Any] = {
    "max_tokens": 100,
    "stop": ["A", "B"],
    "tools": [WEATHER],
    "reasoning_effort": "low",
    "user": "u1",
}


def stranger(module: str) -> Any:
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        absent(f"{module} is not installed; .ci/tools.txt names it")


def as_seen_by(annotation: Any, value: Any) -> Any:
    """The value as a library's own types understand it: what they do not know is gone."""
    return exhausted(adapter(annotation).validate_python(value))


@cache
def adapter(annotation: Any) -> Any:
    """Kept, because what it validates lazily needs it until the end."""
    return stranger("pydantic").TypeAdapter(annotation)


def exhausted(value: Any) -> Any:
    """Their iterables are validated only while one walks through them."""
    if isinstance(value, dict):
        return {name: exhausted(inner) for name, inner in value.items()}
    if isinstance(value, str | bytes | int | float | None):
        return value
    return [exhausted(inner) for inner in value]


def plain(model: Any) -> Any:
    """What a library's model looks like on the wire."""
    return msgspec.json.decode(model.model_dump_json(by_alias=True, exclude_none=True))


def requests(api: Api, *, stream: bool) -> Iterator[Call]:
    """All that can be said, one after the other."""
    for messages in (PICTURES, TOOLS, *([LINKED] if api is not Api.OLLAMA else [])):
        yield call(api, chat(messages), stream=stream)
    yield call(api, chat(TOOLS, **EVERYTHING), stream=stream)
    yield call(api, chat(response_format=FORM), stream=stream)
    for choice in CHOICES if api is not Api.OLLAMA else ["auto"]:
        yield call(api, chat(TOOLS, tools=[WEATHER], tool_choice=choice), stream=stream)


streaming = pytest.mark.parametrize("stream", [False, True])


# -- requests


@streaming
def test_openai_knows_all_that_we_send(*, stream: bool) -> None:
    params = stranger("openai.types.chat.completion_create_params")
    kind = params.CompletionCreateParamsStreaming if stream else params.CompletionCreateParamsNonStreaming
    for made in requests(Api.OPENAI, stream=stream):
        body = sent(made)
        assert as_seen_by(kind, body) == body


@streaming
def test_anthropic_knows_all_that_we_send(*, stream: bool) -> None:
    params = stranger("anthropic.types.message_create_params")
    kind = params.MessageCreateParamsStreaming if stream else params.MessageCreateParamsNonStreaming
    for made in requests(Api.ANTHROPIC, stream=stream):
        body = sent(made)
        assert as_seen_by(kind, body) == body
    cached = {"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}
    body = sent(call(Api.ANTHROPIC, chat([{"role": "user", "content": [cached]}]), stream=stream))
    assert as_seen_by(kind, body) == body


def gemini_sees(body: dict[str, Any]) -> dict[str, Any]:
    """Its REST body has no type of its own; its members have, and they refuse what they do not know."""
    types = stranger("google.genai.types")
    kinds = {
        "contents": types.Content,
        "systemInstruction": types.Content,
        "tools": types.Tool,
        "toolConfig": types.ToolConfig,
        "safetySettings": types.SafetySetting,
        "generationConfig": types.GenerationConfig,
    }

    def seen(name: str, value: Any) -> Any:
        if isinstance(value, list):
            return [seen(name, one) for one in value]
        return plain(kinds[name].model_validate_json(msgspec.json.encode(value)))

    return {name: seen(name, value) for name, value in body.items()}


@streaming
@pytest.mark.parametrize("model", ["gemini-2.5-flash", "gemini-3-pro"])
def test_gemini_knows_all_that_we_send(model: str, *, stream: bool) -> None:
    for made in requests(Api.GEMINI, stream=stream):
        body = sent(msgspec.structs.replace(made, model=ModelConfig(name=model)))
        assert gemini_sees(body) == body
    safety = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}]
    body = sent(call(Api.GEMINI, chat(safety_settings=safety, temperature=1, top_p=0.5, top_k=3, seed=1)))
    assert gemini_sees(body) == body


@streaming
def test_ollama_knows_all_that_we_send(*, stream: bool) -> None:
    types = stranger("ollama._types")
    for made in requests(Api.OLLAMA, stream=stream):
        body = sent(made)
        seen = types.ChatRequest.model_validate(body).model_dump(exclude_none=True)
        assert {**seen, "messages": body["messages"]} == body
        for message in body["messages"]:
            pictures = [types.Image(value=data) for data in message.pop("images", ())]
            seen = types.Message.model_validate({**message, "images": pictures}).model_dump()
            assert seen["content"] == message["content"]
            assert seen["images"] == [picture.value for picture in pictures]
    body = sent(
        call(Api.OLLAMA, chat(temperature=1, top_k=3, seed=1, max_tokens=5, stop="x", keep_alive="5m"))
    )
    assert types.Options.model_validate(body["options"]).model_dump(exclude_none=True) == body["options"]


@settings(max_examples=100, deadline=None)
@given(messages=conversations())
def test_any_conversation_is_known_to_all_of_them(messages: Any) -> None:
    anthropic = stranger("anthropic.types.message_create_params").MessageCreateParamsNonStreaming
    openai = stranger("openai.types.chat.completion_create_params").CompletionCreateParamsNonStreaming
    request = chat(messages)
    for kind, api in ((anthropic, Api.ANTHROPIC), (openai, Api.OPENAI)):
        body = sent(call(api, request))
        assert as_seen_by(kind, body) == body
    body = sent(call(Api.GEMINI, request))
    assert gemini_sees(body) == body
    stranger("ollama._types").ChatRequest.model_validate(sent(call(Api.OLLAMA, request)))


def test_vectors_and_pictures_are_known() -> None:
    openai = stranger("openai.types")
    body = sent(call(Api.OPENAI, embed(["a"], encoding_format="base64", dimensions=8)))
    assert as_seen_by(openai.EmbeddingCreateParams, body) == body
    body = sent(call(Api.OPENAI, image("a cat", size="1024x1024", n=1)))
    assert (
        as_seen_by(stranger("openai.types.image_generate_params").ImageGenerateParamsNonStreaming, body)
        == body
    )
    body = sent(call(Api.OLLAMA, embed(["a"], dimensions=8)))
    assert stranger("ollama._types").EmbedRequest.model_validate(body).model_dump(exclude_none=True) == body
    for one in sent(call(Api.GEMINI, embed(["a"])))["requests"]:
        stranger("google.genai.types").Content.model_validate(one["content"])


# -- answers


SAID = {"content": "It is sunny.", "calls": [("c1", "f", '{"a": 1}')], "thought": "hm"}


def theirs(api: Api, body: Any) -> Any:
    """The same response, as the library's own type would have written it."""
    match api:
        case Api.ANTHROPIC:
            return plain(stranger("anthropic.types").Message.model_validate(body))
        case Api.GEMINI:
            return plain(stranger("google.genai.types").GenerateContentResponse.model_validate(body))
        case Api.OLLAMA:
            return plain(stranger("ollama").ChatResponse.model_validate(body))
        case _:
            return plain(stranger("openai.types.chat").ChatCompletion.model_validate(body))


def their_events(api: Api, messages: list[Any]) -> list[Any]:
    match api:
        case Api.ANTHROPIC:
            types = stranger("anthropic.types")
            kind = adapter(types.RawMessageStreamEvent)
            return [plain(kind.validate_python(message)) for message in messages if message["type"] != "ping"]
        case Api.GEMINI:
            return [theirs(api, message) for message in messages]
        case Api.OLLAMA:
            return [theirs(api, message) for message in messages]
        case _:
            kind = stranger("openai.types.chat").ChatCompletionChunk
            return [plain(kind.model_validate(message)) for message in messages]


SAYS: dict[Api, tuple[Any, Any]] = {
    Api.OPENAI: (mirrors.say_openai, mirrors.stream_openai),
    Api.ANTHROPIC: (mirrors.say_anthropic, mirrors.stream_anthropic),
    Api.GEMINI: (mirrors.say_gemini, mirrors.stream_gemini),
    Api.OLLAMA: (mirrors.say_ollama, mirrors.stream_ollama),
}
each_api = pytest.mark.parametrize("api", SAYS)


@each_api
def test_responses_of_their_own_types_are_understood(api: Api) -> None:
    say, stream = SAYS[api]
    message = answer(call(api), theirs(api, say(SAID)))["choices"][0]["message"]
    assert message["content"] == "It is sunny."
    assert msgspec.json.decode(message["tool_calls"][0]["function"]["arguments"]) == {"a": 1}
    chunks, failed = read(call(api, stream=True), *their_events(api, stream(SAID)))
    assert failed is None
    whole = msgspec.json.decode(gathered(chunk.payload for chunk in chunks))["choices"][0]["message"]
    assert whole["content"] == "It is sunny."
    assert msgspec.json.decode(whole["tool_calls"][0]["function"]["arguments"]) == {"a": 1}


@each_api
@settings(max_examples=100, deadline=None)
@given(said=ANSWERS)
def test_openais_library_can_read_every_answer(api: Api, said: Any) -> None:
    types = stranger("openai.types.chat")
    say, stream = SAYS[api]
    got = heard(call(api), say(said))
    assert isinstance(got, Answer)
    whole = types.ChatCompletion.model_validate_json(got.body)
    assert whole.choices[0].message.content == said["content"]
    made = call(api, chat(stream=True, stream_options={"include_usage": True}), stream=True)
    chunks = [
        types.ChatCompletionChunk.model_validate_json(one.payload) for one in read(made, *stream(said))[0]
    ]
    assert "".join(one.choices[0].delta.content or "" for one in chunks if one.choices) == (
        said["content"] or ""
    )
    assert chunks[-1].usage.total_tokens == 20


def test_openais_library_can_read_every_list() -> None:
    types = stranger("openai.types")
    for encoding in ("float", "base64"):
        for api, body in (
            (Api.GEMINI, {"embeddings": [{"values": [0.5]}]}),
            (Api.OLLAMA, {"embeddings": [[0.5]]}),
        ):
            got = heard(call(api, embed("a", encoding_format=encoding)), body)
            assert isinstance(got, Answer)
            seen = msgspec.json.decode(got.body)
            if encoding == "float":
                assert types.CreateEmbeddingResponse.model_validate(seen).data[0].embedding == [0.5]
    got = heard(call(Api.POLLINATIONS, image()), b"\xff\xd8\xff")
    assert isinstance(got, Answer)
    assert types.ImagesResponse.model_validate_json(got.body).data[0].b64_json == "/9j/"
