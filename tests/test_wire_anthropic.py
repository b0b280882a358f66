"""Anthropic's Messages API: what goes out, what comes back, and its stream."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.answer import Flaw
from actors.wire.anthropic import ANTHROPIC
from actors.wire.call import Answer, Reply
from actors.wire.gather import gathered
from state.config import Api, ModelConfig
from state.events import Usage
from state.failures import Evidence, Where
from tests.wire.calls import (
    PNG,
    WEATHER,
    answer,
    call,
    chat,
    dialect,
    evidence,
    heard,
    provider,
    read,
    sent,
    text_of,
)

A = Api.ANTHROPIC
FORMAT = "anthropic-claude-v1"


def saying(*blocks: Any, stop: str | None = "end_turn", **fields: Any) -> dict[str, Any]:
    usage = {"input_tokens": 10, "output_tokens": 5}
    return {
        "type": "message",
        "role": "assistant",
        "content": list(blocks),
        "stop_reason": stop,
        "usage": usage,
        **fields,
    }


def text(said: str) -> dict[str, Any]:
    return {"type": "text", "text": said}


def test_where_and_how_it_goes() -> None:
    made = dialect(call(A)).build(call(A))
    assert (made.method, made.url) == ("POST", "https://api.anthropic.com/v1/messages")
    assert ("anthropic-version", "2023-06-01") in made.headers
    assert made.key is not None
    assert (made.key.header, made.key.prefix) == ("x-api-key", "")
    newer = dialect(call(A)).build(call(A, api_version="2027-01-01"))
    assert ("anthropic-version", "2027-01-01") in newer.headers


def test_a_whole_conversation() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "developer",
            "content": [{"type": "text", "text": "Be kind.", "cache_control": {"type": "ephemeral"}}],
        },
        {
            "role": "user",
            "content": [text("What?"), {"type": "image_url", "image_url": {"url": PNG, "detail": "low"}}],
        },
        {
            "role": "user",
            "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}],
        },
        {
            "role": "assistant",
            "content": "Let me look.",
            "tool_calls": [
                {"id": "toolu_1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                {"id": "functions.f:1", "type": "function", "function": {"name": "f", "arguments": ""}},
            ],
        },
        {"role": "tool", "tool_call_id": "toolu_1", "name": "f", "content": "one"},
        {"role": "tool", "tool_call_id": "functions.f:1", "content": [text("two")]},
        {"role": "user", "content": "And?"},
    ]
    body = sent(call(A, chat(messages)))
    foreign = body["messages"][2]["content"][2]["id"]
    assert body == {
        "model": "claude-sonnet-4-5",
        "max_tokens": 8192,
        "system": [text("Be brief."), {**text("Be kind."), "cache_control": {"type": "ephemeral"}}],
        "messages": [
            {
                "role": "user",
                "content": [
                    text("What?"),
                    {
                        "type": "image",
                        "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="},
                    },
                ],
            },
            {
                "role": "user",
                "content": [{"type": "image", "source": {"type": "url", "url": "https://example.com/a.png"}}],
            },
            {
                "role": "assistant",
                "content": [
                    text("Let me look."),
                    {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}},
                    {"type": "tool_use", "id": foreign, "name": "f", "input": {}},
                ],
            },
            {
                "role": "user",
                "content": [
                    {"type": "tool_result", "tool_use_id": "toolu_1", "content": "one"},
                    {"type": "tool_result", "tool_use_id": foreign, "content": [text("two")]},
                ],
            },
            {"role": "user", "content": [text("And?")]},
        ],
    }
    assert foreign.isalnum(), "an id of another provider is made fit"


def test_wishes() -> None:
    fields: dict[str, Any] = {
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 40,
        "stop": "END",
        "user": "u1",
        "reasoning_effort": "minimal",
    }
    body = sent(call(A, chat(**fields), stream=True))
    del body["messages"], body["model"], body["max_tokens"]
    assert body == {
        "temperature": 0.0,
        "top_p": 0.9,
        "top_k": 40,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u1"},
        "output_config": {"effort": "low"},
        "stream": True,
    }
    assert sent(call(A, chat(reasoning_effort="none")))["thinking"] == {"type": "disabled"}


@pytest.mark.parametrize(
    ("fields", "most", "limit"),
    [
        ({}, None, 8192),
        ({}, 64_000, 64_000),
        ({"max_tokens": 5}, None, 5),
        ({"max_tokens": 5, "max_completion_tokens": 6}, 64_000, 6),
        ({"max_tokens": 100_000}, 64_000, 64_000),
        ({"max_tokens": 100_000}, None, 100_000),
    ],
)
def test_there_is_always_a_limit_and_never_more_than_the_model_can(
    fields: Any, most: int | None, limit: int
) -> None:
    model = ModelConfig(name="claude", max_output=most)
    assert sent(call(A, chat(**fields), model=model))["max_tokens"] == limit


@pytest.mark.parametrize(
    ("fields", "choice"),
    [
        ({}, {"type": "auto"}),
        ({"tool_choice": "auto"}, {"type": "auto"}),
        ({"tool_choice": "none", "parallel_tool_calls": False}, {"type": "none"}),
        ({"tool_choice": "required"}, {"type": "any"}),
        (
            {"tool_choice": {"type": "function", "function": {"name": "get_weather"}}},
            {"type": "tool", "name": "get_weather"},
        ),
        ({"parallel_tool_calls": False}, {"type": "auto", "disable_parallel_tool_use": True}),
    ],
)
def test_tools_and_the_choice_between_them(fields: Any, choice: Any) -> None:
    body = sent(
        call(
            A,
            chat(
                tools=[WEATHER, {"type": "function", "function": {"name": "now", "strict": True}}], **fields
            ),
        )
    )
    function = WEATHER["function"]
    assert isinstance(function, dict)
    assert body["tools"] == [
        {
            "name": "get_weather",
            "description": function["description"],
            "input_schema": function["parameters"],
        },
        {"name": "now", "input_schema": {"type": "object", "properties": {}}, "strict": True},
    ]
    assert body["tool_choice"] == choice


def test_a_schema_for_the_answer() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert sent(call(A, chat(response_format=form)))["output_config"] == {
        "format": {"type": "json_schema", "schema": schema}
    }


def test_a_paper_goes_as_a_document() -> None:
    paper = {"type": "file", "file": {"file_data": "data:application/pdf;base64,JVBERi0="}}
    block = sent(call(A, chat([{"role": "user", "content": [paper]}])))["messages"][0]["content"][0]
    assert block == {
        "type": "document",
        "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="},
    }


def test_a_thought_goes_back_to_its_author_with_its_signature() -> None:
    said = answer(
        call(A),
        saying(
            {"type": "thinking", "thinking": "hm", "signature": "sig"},
            {"type": "redacted_thinking", "data": "xyz"},
            text("42"),
        ),
    )["choices"][0]["message"]
    assert said == {
        "role": "assistant",
        "content": "42",
        "reasoning_content": "hm",
        "reasoning_details": [
            {"type": "reasoning.text", "format": FORMAT, "text": "hm", "signature": "sig"},
            {"type": "reasoning.encrypted", "format": FORMAT, "data": "xyz"},
        ],
    }
    said["reasoning_details"].append(
        {"type": "reasoning.text", "format": "google-gemini-v1", "text": "no", "signature": "x"}
    )
    again = sent(call(A, chat([{"role": "user", "content": "?"}, said])))["messages"][1]["content"]
    assert again == [
        {"type": "thinking", "thinking": "hm", "signature": "sig"},
        {"type": "redacted_thinking", "data": "xyz"},
        text("42"),
    ]


def test_an_answer_in_openais_shape() -> None:
    tool = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {"a": 1}}
    usage = {
        "input_tokens": 10,
        "output_tokens": 5,
        "cache_read_input_tokens": 3,
        "cache_creation_input_tokens": 2,
    }
    got = heard(call(A), saying(text("It is "), text("so."), tool, stop="tool_use", usage=usage))
    assert isinstance(got, Answer)
    assert got.usage == Usage(tokens_in=15, tokens_out=5, tokens_cached=3)
    assert msgspec.json.decode(got.body) == {
        "id": "call-7",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "claude-sonnet-4-5",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "It is so.",
                    "tool_calls": [
                        {
                            "id": "toolu_1",
                            "type": "function",
                            "function": {"name": "f", "arguments": '{"a":1}'},
                        }
                    ],
                },
                "finish_reason": "tool_calls",
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": 15,
            "completion_tokens": 5,
            "total_tokens": 20,
            "prompt_tokens_details": {"cached_tokens": 3},
        },
    }


@pytest.mark.parametrize(
    ("stop", "finish"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("tool_use", "tool_calls"),
        ("something_new", "something_new"),
    ],
)
def test_why_it_stopped(stop: str, finish: str) -> None:
    assert answer(call(A), saying(text("Hi"), stop=stop))["choices"][0]["finish_reason"] == finish


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (saying(), Flaw.EMPTY),
        (saying(text(" ")), Flaw.EMPTY),
        (
            saying({"type": "thinking", "thinking": "hm", "signature": "s"}, stop="max_tokens"),
            Flaw.ALL_THOUGHT,
        ),
        (saying(text("Hi"), stop=None), Flaw.NO_FINISH),
        (saying(text("I"), stop="refusal"), f"{Flaw.FILTERED} (refusal)"),
        (saying(text("I"), stop="pause_turn"), f"{Flaw.ERROR} (pause_turn)"),
        ({}, Flaw.NO_FINISH),
    ],
)
def test_what_nobody_could_use_is_no_answer(body: Any, flaw: str) -> None:
    got = evidence(call(A), body)
    assert (got.where, got.exception, got.body) == (Where.BODY_200, flaw, "")


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            529,
            Where.RESPONSE,
        ),
        (
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}},
            200,
            Where.BODY_200,
        ),
        (b"<html>", 200, Where.BODY_200),
    ],
)
def test_the_providers_own_words_are_the_evidence(body: Any, status: int, where: Where) -> None:
    got = evidence(call(A), body, status)
    assert (got.where, got.status) == (where, status)
    assert got.body == (body if isinstance(body, bytes) else msgspec.json.encode(body)).decode()


# -- streams

START = {
    "type": "message_start",
    "message": {**saying(stop=None), "usage": {"input_tokens": 10, "output_tokens": 1}},
}


def block(index: int, begun: Any, *deltas: Any) -> list[Any]:
    return [
        {"type": "content_block_start", "index": index, "content_block": begun},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def spoken(*pieces: str) -> list[Any]:
    return block(0, text(""), *({"type": "text_delta", "text": piece} for piece in pieces))


def end(stop: str = "end_turn") -> list[Any]:
    delta = {"stop_reason": stop, "stop_sequence": None}
    return [
        {"type": "message_delta", "delta": delta, "usage": {"output_tokens": 5}},
        {"type": "message_stop"},
    ]


def test_a_stream_of_everything() -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    messages = [
        START,
        {"type": "ping"},
        *block(
            0,
            {"type": "thinking", "thinking": "", "signature": ""},
            {"type": "thinking_delta", "thinking": "h"},
            {"type": "thinking_delta", "thinking": "m"},
            {"type": "signature_delta", "signature": "sig"},
        ),
        *block(1, {"type": "redacted_thinking", "data": "xyz"}),
        *block(
            2, text(""), {"type": "text_delta", "text": "Let me "}, {"type": "text_delta", "text": "see."}
        ),
        *block(
            3,
            {"type": "tool_use", "id": "t1", "name": "f", "input": {}},
            {"type": "input_json_delta", "partial_json": ""},
            {"type": "input_json_delta", "partial_json": '{"a"'},
            {"type": "input_json_delta", "partial_json": ": 1}"},
        ),
        *block(4, {"type": "tool_use", "id": "t2", "name": "g", "input": {}}),
        {"type": "something_new", "index": 9},
        *end("tool_use"),
    ]
    chunks, failed = read(call(A, request, stream=True), *messages)
    assert failed is None
    assert msgspec.json.decode(gathered(chunk.payload for chunk in chunks)) == {
        "id": "call-7",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": "claude-sonnet-4-5",
        "choices": [
            {
                "index": 0,
                "message": {
                    "role": "assistant",
                    "content": "Let me see.",
                    "reasoning_content": "hm",
                    "reasoning_details": [
                        {"type": "reasoning.text", "format": FORMAT, "text": "hm", "signature": "sig"},
                        {"type": "reasoning.encrypted", "format": FORMAT, "data": "xyz"},
                    ],
                    "tool_calls": [
                        {"id": "t1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}},
                        {"id": "t2", "type": "function", "function": {"name": "g", "arguments": "{}"}},
                    ],
                },
                "logprobs": None,
                "finish_reason": "tool_calls",
            }
        ],
        "usage": {"prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15},
    }
    assert text_of(chunks) == "Let me see."


def test_the_first_chunk_says_the_role_and_no_other() -> None:
    chunks, _ = read(call(A, stream=True), START, *spoken("a", "b"), *end())
    deltas = [msgspec.json.decode(chunk.payload)["choices"][0]["delta"] for chunk in chunks]
    assert deltas == [{"role": "assistant", "content": "a"}, {"content": "b"}, {}]


@pytest.mark.parametrize(
    ("messages", "flaw"),
    [
        ([START, *spoken("Hi")], Flaw.CUT),
        ([START, *spoken("Hi"), {"type": "message_stop"}], Flaw.CUT),
        ([START, *end()], Flaw.EMPTY),
        ([START, *spoken("I can"), *end("refusal")], f"{Flaw.FILTERED} (refusal)"),
        (
            [
                START,
                *block(0, {"type": "thinking"}, {"type": "thinking_delta", "thinking": "h"}),
                *end("max_tokens"),
            ],
            Flaw.ALL_THOUGHT,
        ),
        ([START, b"{", b"{"], Flaw.GARBLED),
    ],
)
def test_a_stream_that_nobody_could_use_is_no_answer(messages: list[Any], flaw: str) -> None:
    failed = read(call(A, stream=True), *messages)[1]
    assert failed is not None
    assert (failed.where, failed.exception, failed.body) == (Where.STREAM, flaw, "")


def test_an_error_in_the_stream_is_evidence() -> None:
    error = {"type": "error", "error": {"details": None, "type": "overloaded_error", "message": "Overloaded"}}
    failed = read(call(A, stream=True), START, *spoken("Hi"), error)[1]
    assert failed is not None
    assert failed.body == msgspec.json.encode(error).decode()
    assert read(call(A, stream=True), START, *spoken("Hi"), *end(), error)[1] is None


def test_a_beginning_is_continued_without_a_seam() -> None:
    """White space at the end of a prefill is refused there: it is cut, and not said twice."""
    made = call(A, stream=True, prefill="Once upon ")
    assert ANTHROPIC.continues(made.provider, made.model)
    assert sent(made)["messages"][-1] == {"role": "assistant", "content": "Once upon"}
    assert text_of(read(made, START, *spoken(" a", " time"), *end())[0]) == "a time"
    assert text_of(read(made, START, *spoken("a", " time"), *end())[0]) == "a time"
    assert text_of(read(made, START, *spoken(" ", "a time"), *end())[0]) == "a time"
    blank = sent(call(A, stream=True, prefill=" \n"))
    assert len(blank["messages"]) == 1


def test_the_usage_of_a_broken_stream_is_what_was_counted_so_far() -> None:
    made = call(A, stream=True)
    reader = dialect(made).reader(made)
    assert reader.usage.estimated
    reader.feed(msgspec.json.encode(START))
    assert reader.usage == Usage(tokens_in=10, tokens_out=1)


def test_a_probe_asks_for_the_models() -> None:
    made = ANTHROPIC.probe(provider(A))
    assert (made.method, made.url) == ("GET", "https://api.anthropic.com/v1/models?limit=1000")
    assert ("anthropic-version", "2023-06-01") in made.headers
    assert ANTHROPIC.models(b'{"data":[{"id":"claude-a","type":"model"}],"has_more":false}') == ("claude-a",)
    assert ANTHROPIC.models(b"<html>") is None


@given(
    st.binary(max_size=200)
    | st.sampled_from([msgspec.json.encode(one) for one in (START, saying(text("x")), *spoken("x"), *end())])
)
def test_no_bytes_from_a_provider_are_too_strange(body: bytes) -> None:
    assert isinstance(ANTHROPIC.parse(call(A), Reply(200, (), body)), Answer | Evidence)
    reader = ANTHROPIC.reader(call(A, stream=True))
    for message in (body, body, body):
        reader.feed(message)
    reader.end()
    ANTHROPIC.models(body)
