"""Ollama's own API: what goes out, what comes back, its stream of lines and its vectors."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.answer import Flaw
from actors.wire.call import Answer, Reply
from actors.wire.gather import gathered
from actors.wire.ollama import OLLAMA
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
    embed,
    evidence,
    heard,
    provider,
    read,
    sent,
    text_of,
)

LOCAL = Api.OLLAMA
MADE = {"function": {"name": "f", "arguments": {"a": 1}}}


def saying(content: str = "", *, done: bool = True, reason: str = "stop", **message: Any) -> dict[str, Any]:
    said: dict[str, Any] = {
        "model": "llama3.2:3b",
        "message": {"role": "assistant", "content": content, **message},
    }
    said["done"] = done
    return {**said, "done_reason": reason, "prompt_eval_count": 10, "eval_count": 5} if done else said


def test_where_it_goes() -> None:
    made = dialect(call(LOCAL)).build(call(LOCAL))
    assert (made.method, made.url) == ("POST", "http://127.0.0.1:11434/api/chat")
    behind = call(LOCAL, url="https://host.example/ollama/")
    assert dialect(behind).build(behind).url == "https://host.example/ollama/api/chat"


def test_a_whole_conversation() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": [{"type": "text", "text": "What?"}, {"type": "image_url", "image_url": {"url": PNG}}],
        },
        {
            "role": "assistant",
            "content": None,
            "reasoning_content": "hm",
            "tool_calls": [
                {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
            ],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "one"},
        {"role": "developer", "content": "Be kind."},
        {"role": "user", "content": "And?"},
    ]
    assert sent(call(LOCAL, chat(messages))) == {
        "model": "llama3.2:3b",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": "What?", "images": ["iVBORw0KGgo="]},
            {
                "role": "assistant",
                "content": "",
                "thinking": "hm",
                "tool_calls": [{"id": "c1", "function": {"name": "f", "arguments": {"a": 1}}}],
            },
            {"role": "tool", "content": "one", "tool_call_id": "c1", "tool_name": "f"},
            {"role": "system", "content": "Be kind."},
            {"role": "user", "content": "And?"},
        ],
        "stream": False,
    }


def test_wishes() -> None:
    fields: dict[str, Any] = {
        "temperature": 0,
        "top_p": 0.9,
        "top_k": 40,
        "max_tokens": 100,
        "stop": "END",
        "seed": 7,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.2,
        "keep_alive": "10m",
        "reasoning_effort": "low",
        "tools": [WEATHER],
    }
    body = sent(call(LOCAL, chat(**fields), stream=True, model=ModelConfig(name="m", context=16384)))
    del body["messages"]
    assert body == {
        "model": "m",
        "stream": True,
        "tools": [WEATHER],
        "options": {
            "temperature": 0.0,
            "top_p": 0.9,
            "top_k": 40,
            "seed": 7,
            "stop": ["END"],
            "num_predict": 100,
            "frequency_penalty": 0.2,
            "presence_penalty": 0.1,
            "num_ctx": 16384,
        },
        "think": "low",
        "keep_alive": "10m",
    }


def test_the_form_of_the_answer() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    assert sent(call(LOCAL, chat(response_format=form)))["format"] == schema
    assert sent(call(LOCAL, chat(response_format={"type": "json_object"})))["format"] == "json"
    assert "format" not in sent(call(LOCAL, chat(response_format={"type": "text"})))
    assert sent(call(LOCAL, chat(reasoning_effort="none")))["think"] is False


def test_tools_that_must_not_be_called_are_not_shown() -> None:
    assert "tools" not in sent(call(LOCAL, chat(tools=[WEATHER], tool_choice="none")))


def test_an_answer_in_openais_shape() -> None:
    got = heard(call(LOCAL), saying("Let me see.", thinking="hm", tool_calls=[MADE, {**MADE, "id": "own"}]))
    assert isinstance(got, Answer)
    assert (got.usage, got.finish) == (Usage(tokens_in=10, tokens_out=5), "tool_calls")
    function = {"name": "f", "arguments": '{"a":1}'}
    assert msgspec.json.decode(got.body)["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Let me see.",
        "tool_calls": [
            {"id": "call-7-0", "type": "function", "function": function},
            {"id": "own", "type": "function", "function": function},
        ],
        "reasoning_content": "hm",
    }


def test_old_versions_give_no_reason() -> None:
    body = saying("Hi")
    del body["done_reason"], body["prompt_eval_count"], body["eval_count"]
    got = heard(call(LOCAL), body)
    assert isinstance(got, Answer)
    assert (got.finish, got.usage) == ("stop", Usage(tokens_in=9, tokens_out=1, estimated=True))


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (saying(), Flaw.EMPTY),
        (saying(reason="load"), Flaw.EMPTY),
        (saying(thinking="hm", reason="length"), Flaw.ALL_THOUGHT),
        (saying("Hi", done=False), Flaw.NO_FINISH),
        ({}, Flaw.NO_FINISH),
    ],
)
def test_what_nobody_could_use_is_no_answer(body: Any, flaw: str) -> None:
    got = evidence(call(LOCAL), body)
    assert (got.where, got.exception, got.body) == (Where.BODY_200, flaw, "")


@pytest.mark.parametrize(
    ("status", "where"), [(404, Where.RESPONSE), (500, Where.RESPONSE), (200, Where.BODY_200)]
)
def test_the_servers_own_words_are_the_evidence(status: int, where: Where) -> None:
    got = evidence(call(LOCAL), {"error": "model 'x' not found"}, status)
    assert (got.where, got.status, got.body) == (where, status, '{"error":"model \'x\' not found"}')


# -- streams


def test_a_stream_of_everything() -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    messages = [
        saying(thinking="hm", done=False),
        saying("Let me ", done=False),
        saying("see.", done=False),
        saying(tool_calls=[MADE], done=False),
        saying(tool_calls=[MADE], done=False),
        saying(),
    ]
    chunks, failed = read(call(LOCAL, request, stream=True), *messages)
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
    function = {"name": "f", "arguments": '{"a":1}'}
    assert whole["choices"][0]["message"] == {
        "role": "assistant",
        "content": "Let me see.",
        "reasoning_content": "hm",
        "tool_calls": [{"id": f"call-7-{at}", "type": "function", "function": function} for at in range(2)],
    }
    assert whole["choices"][0]["finish_reason"] == "tool_calls"
    assert whole["usage"]["total_tokens"] == 15


@pytest.mark.parametrize(
    ("messages", "flaw"),
    [
        ([saying("Hi", done=False)], Flaw.CUT),
        ([saying()], Flaw.EMPTY),
        ([saying(thinking="hm", done=False), saying(reason="length")], Flaw.ALL_THOUGHT),
        ([b"{", b"{"], Flaw.GARBLED),
    ],
)
def test_a_stream_that_nobody_could_use_is_no_answer(messages: list[Any], flaw: str) -> None:
    failed = read(call(LOCAL, stream=True), *messages)[1]
    assert failed is not None
    assert (failed.where, failed.exception, failed.body) == (Where.STREAM, flaw, "")


def test_an_error_in_the_stream_is_evidence() -> None:
    failed = read(call(LOCAL, stream=True), saying("Hi", done=False), {"error": "runner crashed"})[1]
    assert failed is not None
    assert failed.body == '{"error":"runner crashed"}'
    assert read(call(LOCAL, stream=True), saying("Hi"), {"error": "late"})[1] is None


def test_a_beginning_is_continued() -> None:
    made = call(LOCAL, stream=True, prefill="Once upon ")
    assert OLLAMA.continues(made.provider, made.model)
    assert sent(made)["messages"][-1] == {"role": "assistant", "content": "Once upon "}
    assert text_of(read(made, saying("a time"))[0]) == "a time"


# -- vectors, models


def test_vectors() -> None:
    made = call(LOCAL, embed(["a", "b"], dimensions=2), model="nomic-embed-text")
    assert dialect(made).build(made).url == "http://127.0.0.1:11434/api/embed"
    assert sent(made) == {
        "model": "nomic-embed-text",
        "input": ["a", "b"],
        "truncate": False,
        "dimensions": 2,
    }
    got = answer(made, {"embeddings": [[0.5], [1]], "prompt_eval_count": 6})
    assert [one["embedding"] for one in got["data"]] == [[0.5], [1.0]]
    assert got["usage"]["prompt_tokens"] == 6
    assert evidence(made, {"embeddings": [[0.5]]}).exception == Flaw.TOO_FEW
    assert evidence(made, {"error": "too long"}).body == '{"error":"too long"}'


def test_a_probe_asks_for_the_models() -> None:
    assert OLLAMA.probe(provider(LOCAL)).url == "http://127.0.0.1:11434/api/tags"
    assert OLLAMA.models(b'{"models":[{"name":"llava:7b","model":"llava:7b"},{"model":"b"}]}') == (
        "llava:7b",
        "b",
    )
    assert OLLAMA.models(b"Ollama is running") is None


@given(
    st.binary(max_size=200)
    | st.sampled_from([msgspec.json.encode(one) for one in (saying("x"), saying(tool_calls=[MADE]))])
)
def test_no_bytes_from_a_server_are_too_strange(body: bytes) -> None:
    for request in (chat(), embed()):
        assert isinstance(OLLAMA.parse(call(LOCAL, request), Reply(200, (), body)), Answer | Evidence)
    reader = OLLAMA.reader(call(LOCAL, stream=True))
    for message in (body, body, body):
        reader.feed(message)
    reader.end()
    OLLAMA.models(body)
