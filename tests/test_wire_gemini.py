"""Gemini's own API: what goes out, what comes back, its stream and its vectors."""

import base64
from array import array
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.answer import Flaw
from actors.wire.call import Answer, Reply
from actors.wire.gather import gathered
from actors.wire.gemini import GEMINI
from actors.wire.gemini_answer import FINISH
from actors.wire.gemini_request import generation
from state.config import Api
from state.events import Usage
from state.failures import Evidence, Where
from tests.wire.calls import (
    PNG,
    WEATHER,
    answer,
    call,
    chat,
    dialect,
    embed,
    evidence,
    heard,
    provider,
    read,
    sent,
    text_of,
)

G = Api.GEMINI
COUNT = {"promptTokenCount": 10, "candidatesTokenCount": 4, "thoughtsTokenCount": 3, "totalTokenCount": 17}


def saying(*parts: Any, reason: str | None = "STOP") -> dict[str, Any]:
    candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
    if reason is not None:
        candidate["finishReason"] = reason
    return {"candidates": [candidate], "usageMetadata": COUNT}


@pytest.mark.parametrize(
    ("settings", "goes_to"),
    [
        ({}, "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"),
        (
            {"api_version": "v1"},
            "https://generativelanguage.googleapis.com/v1/models/gemini-2.5-flash:generateContent",
        ),
        (
            {"url": "https://gw.example/gemini/v1"},
            "https://gw.example/gemini/v1/models/gemini-2.5-flash:generateContent",
        ),
        (
            {"model": "tunedModels/x"},
            "https://generativelanguage.googleapis.com/v1beta/tunedModels/x:generateContent",
        ),
        (
            {"stream": True},
            "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
        ),
    ],
)
def test_where_it_goes(settings: dict[str, Any], goes_to: str) -> None:
    made = dialect(one := call(G, **settings)).build(one)
    assert (made.method, made.url) == ("POST", goes_to)
    assert made.key is not None
    assert (made.key.header, made.key.prefix) == ("x-goog-api-key", "")


def test_a_whole_conversation() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "developer", "content": "Be kind."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": PNG}}],
        },
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.jpg?x=1"}}],
        },
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                {"id": "c2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
            ],
        },
        {"role": "tool", "tool_call_id": "c2", "content": "two"},
        {
            "role": "tool",
            "tool_call_id": "c1",
            "content": [{"type": "text", "text": "o"}, {"type": "text", "text": "ne"}],
        },
        {"role": "user", "content": "And?"},
    ]
    assert sent(call(G, chat(messages))) == {
        "contents": [
            {
                "role": "user",
                "parts": [
                    {"text": "What?"},
                    {"inlineData": {"mimeType": "image/png", "data": "iVBORw0KGgo="}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"fileData": {"fileUri": "https://example.com/a.jpg?x=1", "mimeType": "image/jpeg"}}
                ],
            },
            {
                "role": "model",
                "parts": [
                    {"text": "Let me look."},
                    {"functionCall": {"id": "c1", "name": "f", "args": {"a": 1}}},
                    {"functionCall": {"id": "c2", "name": "g", "args": {}}},
                ],
            },
            {
                "role": "user",
                "parts": [
                    {"functionResponse": {"id": "c2", "name": "g", "response": {"output": "two"}}},
                    {"functionResponse": {"id": "c1", "name": "f", "response": {"output": "o\nne"}}},
                ],
            },
            {"role": "user", "parts": [{"text": "And?"}]},
        ],
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "Be kind."}]},
    }


def test_wishes() -> None:
    fields: dict[str, Any] = {
        "temperature": 0,
        "top_p": 0.9,
        "top_k": 40,
        "max_tokens": 100,
        "stop": ["A", "B"],
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    }
    body = sent(call(G, chat(**fields)))
    assert body["safetySettings"] == fields["safety_settings"]
    assert body["generationConfig"] == {
        "temperature": 0.0,
        "topP": 0.9,
        "topK": 40,
        "maxOutputTokens": 100,
        "stopSequences": ["A", "B"],
        "seed": 7,
        "presencePenalty": 0.1,
        "frequencyPenalty": 0.2,
    }


@pytest.mark.parametrize(
    ("model", "effort", "thinking"),
    [
        ("gemini-2.5-flash", "none", {"thinkingBudget": 0}),
        ("gemini-2.5-flash", "high", {"thinkingBudget": 24576}),
        ("gemini-3-pro", "minimal", {"thinkingLevel": "MINIMAL"}),
        ("gemini-3.1-pro", "high", {"thinkingLevel": "HIGH"}),
    ],
)
def test_how_hard_to_think(model: str, effort: str, thinking: dict[str, Any]) -> None:
    body = sent(call(G, chat(reasoning_effort=effort), model=model))
    assert body["generationConfig"] == {"thinkingConfig": thinking}


@pytest.mark.parametrize(
    ("model", "number"),
    [
        ("gemini-2.5-flash", 2),
        ("gemini-1.5-pro-002", 1),
        ("models/gemini-3-pro", 3),
        ("gemini-flash-latest", 99),
        ("gemma-3-27b", 99),
        ("gemini-20261231", 99),
    ],
)
def test_the_generation_of_a_model(model: str, number: int) -> None:
    assert generation(model) == number


@pytest.mark.parametrize(
    ("fields", "calling"),
    [
        ({}, {"mode": "AUTO"}),
        ({"tool_choice": "none"}, {"mode": "NONE"}),
        ({"tool_choice": "required"}, {"mode": "ANY"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
            {"mode": "ANY", "allowedFunctionNames": ["get_weather"]},
        ),
        ({"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]}, {"mode": "VALIDATED"}),
    ],
)
def test_the_choice_between_tools(fields: Any, calling: Any) -> None:
    assert sent(call(G, chat(**{"tools": [WEATHER], **fields})))["toolConfig"] == {
        "functionCallingConfig": calling
    }


def test_schemas_go_as_json_schema() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"$ref": "#/$defs/A"}},
        "$defs": {"A": {"type": "integer"}},
    }
    tool = {"type": "function", "function": {"name": "f", "description": "does f", "parameters": schema}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert sent(call(G, chat(tools=[tool])))["tools"] == [
        {"functionDeclarations": [{"name": "f", "description": "does f", "parametersJsonSchema": schema}]}
    ]
    config = sent(call(G, chat(response_format=form)))["generationConfig"]
    assert config == {"responseMimeType": "application/json", "responseJsonSchema": schema}
    config = sent(call(G, chat(response_format={"type": "json_object"})))["generationConfig"]
    assert config == {"responseMimeType": "application/json"}


def test_sound_and_paper_go_along() -> None:
    parts = [
        {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "mp3"}},
        {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}},
    ]
    assert sent(call(G, chat([{"role": "user", "content": parts}])))["contents"][0]["parts"] == [
        {"inlineData": {"mimeType": "audio/mp3", "data": "AAAA"}},
        {"inlineData": {"mimeType": "application/pdf", "data": "JVBERi0="}},
    ]


SIGNED = {"functionCall": {"name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"}
PARALLEL = {"functionCall": {"name": "g", "args": {}}}


def test_a_thoughts_signature_makes_the_round() -> None:
    said = answer(call(G), saying(SIGNED, PARALLEL))["choices"][0]["message"]
    assert said == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {
                "id": "call-7-0",
                "type": "function",
                "function": {"name": "f", "arguments": '{"a":1}'},
                "extra_content": {"google": {"thought_signature": "c2ln"}},
            },
            {"id": "call-7-1", "type": "function", "function": {"name": "g", "arguments": "{}"}},
        ],
    }
    results = [{"role": "tool", "tool_call_id": f"call-7-{at}", "content": "ok"} for at in range(2)]
    body = sent(call(G, chat([{"role": "user", "content": "?"}, said, *results]), model="gemini-3-pro"))
    assert body["contents"][1]["parts"] == [
        {"functionCall": {"id": "call-7-0", "name": "f", "args": {"a": 1}}, "thoughtSignature": "c2ln"},
        {"functionCall": {"id": "call-7-1", "name": "g", "args": {}}},
    ]


def test_a_call_that_another_model_made_is_marked_as_foreign() -> None:
    """From the third generation on, a call without a signature is refused."""
    made = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    foreign = [made, {**made, "id": "d", "extra_content": {"odd": 1}}]
    messages = [{"role": "user", "content": "?"}, {"role": "assistant", "tool_calls": foreign}]
    parts = sent(call(G, chat(messages), model="gemini-3-pro"))["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == ["skip_thought_signature_validator", None]
    parts = sent(call(G, chat(messages), model="gemini-2.5-flash"))["contents"][1]["parts"]
    assert [part.get("thoughtSignature") for part in parts] == [None, None]


def test_an_answer_in_openais_shape() -> None:
    got = heard(
        call(G),
        saying({"text": "hm", "thought": True}, {"text": "It is "}, {"text": "so."}, {"inlineData": {}}),
    )
    assert isinstance(got, Answer)
    assert (got.usage, got.finish) == (Usage(tokens_in=10, tokens_out=7), "stop")
    assert msgspec.json.decode(got.body)["choices"] == [
        {
            "index": 0,
            "message": {"role": "assistant", "content": "It is so.", "reasoning_content": "hm"},
            "finish_reason": "stop",
            "logprobs": None,
        }
    ]


def test_stopping_to_call_tools_is_said_in_openais_word() -> None:
    assert answer(call(G), saying(SIGNED))["choices"][0]["finish_reason"] == "tool_calls"
    assert (
        answer(call(G), saying({"text": "x"}, reason="MAX_TOKENS"))["choices"][0]["finish_reason"] == "length"
    )


@pytest.mark.parametrize(
    "reason", [*(reason for reason, finish in FINISH.items() if finish == "content_filter")]
)
def test_what_a_filter_stopped_is_no_answer(reason: str) -> None:
    assert (
        evidence(call(G), saying({"text": "I can"}, reason=reason)).exception == f"{Flaw.FILTERED} ({reason})"
    )


@pytest.mark.parametrize(
    "reason", ["MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL", "OTHER", "SOMETHING_NEW"]
)
def test_what_went_wrong_inside_is_no_answer(reason: str) -> None:
    assert evidence(call(G), saying({"text": "I can"}, reason=reason)).exception == f"{Flaw.ERROR} ({reason})"


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (saying(), Flaw.EMPTY),
        (saying({"text": "hm", "thought": True}, reason="MAX_TOKENS"), Flaw.ALL_THOUGHT),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}]}, Flaw.ALL_THOUGHT),
        (saying({"text": "Hi"}, reason=None), Flaw.NO_FINISH),
        (saying({"text": "Hi"}, reason="FINISH_REASON_UNSPECIFIED"), Flaw.NO_FINISH),
    ],
)
def test_what_nobody_could_use_is_no_answer(body: Any, flaw: str) -> None:
    got = evidence(call(G), body)
    assert (got.where, got.exception, got.body) == (Where.BODY_200, flaw, "")


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({"error": {"code": 429, "message": "quota", "status": "RESOURCE_EXHAUSTED"}}, 429, Where.RESPONSE),
        ([{"error": {"code": 429, "message": "quota"}}], 429, Where.RESPONSE),
        ({"error": {"code": 503, "message": "overloaded"}}, 200, Where.BODY_200),
        ({"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}, 200, Where.BODY_200),
        ({"usageMetadata": COUNT}, 200, Where.BODY_200),
    ],
)
def test_the_providers_own_words_are_the_evidence(body: Any, status: int, where: Where) -> None:
    got = evidence(call(G), body, status)
    assert (got.where, got.status, got.body) == (where, status, msgspec.json.encode(body).decode())


# -- streams


def test_a_stream_of_everything() -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    messages = [
        saying({"text": "hm", "thought": True}, reason=None),
        saying({"text": "Let me "}, {"text": "see."}, reason=None),
        saying(SIGNED, PARALLEL, reason=None),
        saying({"text": ""}),
    ]
    chunks, failed = read(call(G, request, stream=True), *messages)
    assert failed is None
    assert [chunk.kind for chunk in chunks] == [
        "thought",
        "text",
        "text",
        "tool",
        "tool",
        "closing",
        "closing",
    ]
    whole = msgspec.json.decode(gathered(chunk.payload for chunk in chunks))
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning_content": "hm",
        "tool_calls": answer(call(G), saying(SIGNED, PARALLEL))["choices"][0]["message"]["tool_calls"],
    }
    assert whole["usage"] == {"prompt_tokens": 10, "completion_tokens": 7, "total_tokens": 17}


@pytest.mark.parametrize(
    ("messages", "flaw"),
    [
        ([saying({"text": "Hi"}, reason=None)], Flaw.CUT),
        ([saying({"text": "I can"}, reason=None), saying(reason="SAFETY")], f"{Flaw.FILTERED} (SAFETY)"),
        ([saying({"text": "I can"}, reason="RECITATION")], f"{Flaw.FILTERED} (RECITATION)"),
        ([saying(reason="STOP")], Flaw.EMPTY),
        ([saying({"text": "hm", "thought": True}, reason="MAX_TOKENS")], Flaw.ALL_THOUGHT),
    ],
)
def test_a_stream_that_nobody_could_use_is_no_answer(messages: list[Any], flaw: str) -> None:
    failed = read(call(G, stream=True), *messages)[1]
    assert failed is not None
    assert (failed.where, failed.exception, failed.body) == (Where.STREAM, flaw, "")


@pytest.mark.parametrize("message", [{"error": {"code": 503}}, {"promptFeedback": {"blockReason": "SAFETY"}}])
def test_an_error_in_the_stream_is_evidence(message: Any) -> None:
    failed = read(call(G, stream=True), message)[1]
    assert failed is not None
    assert failed.body == msgspec.json.encode(message).decode()


def test_after_the_finish_nothing_can_go_wrong() -> None:
    assert read(call(G, stream=True), saying({"text": "Hi"}), {"error": {"code": 503}})[1] is None
    assert read(call(G, stream=True), saying({"text": "Hi"}), {"usageMetadata": COUNT})[1] is None


def test_the_second_generation_continues_a_beginning() -> None:
    made = call(G, stream=True, prefill="Once upon ")
    assert GEMINI.continues(made.provider, made.model)
    assert sent(made)["contents"][-1] == {"role": "model", "parts": [{"text": "Once upon "}]}
    newer = call(G, model="gemini-3-pro")
    assert not GEMINI.continues(newer.provider, newer.model)
    assert text_of(read(made, saying({"text": "a time"}))[0]) == "a time"


# -- vectors, models


def test_vectors() -> None:
    made = call(G, embed(["a", "b"], dimensions=2), model="gemini-embedding-001")
    assert dialect(made).build(made).url.endswith("/v1beta/models/gemini-embedding-001:batchEmbedContents")
    one = {"model": "models/gemini-embedding-001", "outputDimensionality": 2}
    assert sent(made)["requests"] == [
        {**one, "content": {"parts": [{"text": "a"}]}},
        {**one, "content": {"parts": [{"text": "b"}]}},
    ]
    body = {"embeddings": [{"values": [0.5, -1]}, {"values": [0.25, 2]}]}
    assert answer(made, body) == {
        "object": "list",
        "data": [
            {"object": "embedding", "index": 0, "embedding": [0.5, -1.0]},
            {"object": "embedding", "index": 1, "embedding": [0.25, 2.0]},
        ],
        "model": "gemini-embedding-001",
        "usage": {"prompt_tokens": 3, "completion_tokens": 0, "total_tokens": 3},
    }
    assert evidence(made, {"embeddings": [{"values": [0.5]}]}).exception == Flaw.TOO_FEW


def test_vectors_are_packed_for_those_who_want_them_so() -> None:
    """OpenAI's own library asks for base64 unless it is told not to."""
    made = call(G, embed("a", encoding_format="base64"), model="gemini-embedding-001")
    packed = answer(made, {"embeddings": [{"values": [0.5, -1.0]}]})["data"][0]["embedding"]
    assert array("f", base64.b64decode(packed)).tolist() == [0.5, -1.0]


def test_a_probe_asks_for_the_models() -> None:
    made = GEMINI.probe(provider(G))
    assert made.url == "https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000"
    assert GEMINI.models(b'{"models":[{"name":"models/gemini-a"},{"name":"tunedModels/b"}]}') == (
        "gemini-a",
        "tunedModels/b",
    )
    assert GEMINI.models(b"[]") is None


@given(
    st.binary(max_size=200)
    | st.sampled_from([msgspec.json.encode(one) for one in (saying(SIGNED), saying(), saying(reason=None))])
)
def test_no_bytes_from_a_provider_are_too_strange(body: bytes) -> None:
    for request in (chat(), embed()):
        assert isinstance(GEMINI.parse(call(G, request), Reply(200, (), body)), Answer | Evidence)
    reader = GEMINI.reader(call(G, stream=True))
    for message in (body, body, body):
        reader.feed(message)
    reader.end()
    GEMINI.models(body)
