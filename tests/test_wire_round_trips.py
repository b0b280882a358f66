"""What is said in one dialect is understood as it was meant: conversations there, answers back."""

import json
from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.call import Answer
from actors.wire.gather import gathered, scattered
from state.config import Api
from state.events import Usage
from tests.wire import mirrors
from tests.wire.calls import (
    TRANSLATING,
    WEATHER,
    answer,
    call,
    chat,
    dialect,
    gap,
    heard,
    read,
    sent,
    text_of,
)
from tests.wire.grammar import ANSWERS, conversations

READS: dict[Api, Callable[[Any], list[dict[str, Any]]]] = {
    Api.ANTHROPIC: mirrors.from_anthropic,
    Api.GEMINI: mirrors.from_gemini,
    Api.OLLAMA: mirrors.from_ollama,
    Api.OPENAI: lambda body: list(body["messages"]),
}
SAYS = {
    Api.ANTHROPIC: mirrors.say_anthropic,
    Api.GEMINI: mirrors.say_gemini,
    Api.OLLAMA: mirrors.say_ollama,
    Api.OPENAI: mirrors.say_openai,
}
STREAMS = {
    Api.ANTHROPIC: mirrors.stream_anthropic,
    Api.GEMINI: mirrors.stream_gemini,
    Api.OLLAMA: mirrors.stream_ollama,
    Api.OPENAI: mirrors.stream_openai,
}
each_api = pytest.mark.parametrize("api", SAYS)


def as_ollama_keeps_it(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Ollama has one text and beside it the pictures, without their media types."""
    kept = []
    for message in messages:
        texts = [part["text"] for part in message["parts"] if part["type"] == "text"]
        urls = [part["image_url"]["url"] for part in message["parts"] if part["type"] == "image_url"]
        pictures = [{"type": "image_url", "image_url": {"url": url.rpartition(",")[2]}} for url in urls]
        text = [{"type": "text", "text": "\n".join(texts)}] if texts else []
        kept.append({**message, "parts": text + pictures})
    return kept


@settings(max_examples=500, deadline=None)
@given(messages=conversations())
def test_a_conversation_arrives_as_it_was_said(messages: list[dict[str, Any]]) -> None:
    request, meant = chat(messages), mirrors.normal(messages)
    for api, understand in READS.items():
        understood = mirrors.normal(understand(sent(call(api, request))))
        assert understood == (as_ollama_keeps_it(meant) if api is Api.OLLAMA else meant), api


@settings(max_examples=500, deadline=None)
@given(said=ANSWERS)
def test_an_answer_comes_back_as_it_was_said(said: dict[str, Any]) -> None:
    for api, say in SAYS.items():
        assert meaning(answer(call(api), say(said))["choices"][0]["message"]) == of_said(said), api


@settings(max_examples=500, deadline=None)
@given(said=ANSWERS)
def test_a_stream_adds_up_to_the_answer(said: dict[str, Any]) -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    for api, stream in STREAMS.items():
        chunks, failed = read(call(api, request, stream=True), *stream(said))
        assert failed is None
        whole = msgspec.json.decode(gathered(chunk.payload for chunk in chunks))
        assert meaning(whole["choices"][0]["message"]) == of_said(said), api
        assert whole["choices"][0]["finish_reason"] == ("tool_calls" if said["calls"] else "stop")
        assert text_of(chunks) == (said["content"] or "")
        assert whole["usage"]["total_tokens"] == 20


@each_api
def test_who_does_not_stream_gets_the_usage_of_a_stream(api: Api) -> None:
    """A provider may be asked to stream so that its silence is noticed, whatever the caller wants."""
    said = {"content": "Hi", "calls": [], "thought": ""}
    chunks, failed = read(call(api, chat(), stream=True), *STREAMS[api](said))
    assert failed is None
    assert msgspec.json.decode(gathered(chunk.payload for chunk in chunks))["usage"]["total_tokens"] == 20


def test_choices_that_come_by_turns_are_told_apart() -> None:
    def chunk(index: int, text: str, finish: str | None = None) -> bytes:
        choice = {"index": index, "delta": {"content": text}, "finish_reason": finish}
        return msgspec.json.encode({"id": "c", "choices": [choice]})

    payloads = [chunk(1, "b"), chunk(0, "a"), chunk(1, "B", "stop"), chunk(0, "A", "length")]
    whole = msgspec.json.decode(gathered(payloads))
    told = [(one["index"], one["message"]["content"], one["finish_reason"]) for one in whole["choices"]]
    assert told == [(0, "aA", "length"), (1, "bB", "stop")]


@settings(max_examples=100, deadline=None)
@given(said=ANSWERS)
def test_a_whole_answer_can_be_streamed_to_those_who_want_a_stream(said: dict[str, Any]) -> None:
    for api, say in SAYS.items():
        got = heard(call(api), say(said))
        assert isinstance(got, Answer)
        chunks = scattered(got.body, wants_usage=True)
        whole, again = (
            msgspec.json.decode(body) for body in (got.body, gathered(one.payload for one in chunks))
        )
        assert meaning(again["choices"][0]["message"]) == meaning(whole["choices"][0]["message"])
        assert again["usage"] == whole["usage"]
        assert text_of(chunks) == (said["content"] or "")


@each_api
def test_usage_is_counted_alike_everywhere(api: Api) -> None:
    said = {"content": "Hi", "calls": [], "thought": ""}
    got = heard(call(api), SAYS[api](said))
    assert isinstance(got, Answer)
    cached = 0 if api is Api.OLLAMA else 4
    assert got.usage == Usage(tokens_in=15, tokens_out=5, tokens_cached=cached)
    reader = dialect(call(api)).reader(call(api))
    for message in STREAMS[api](said):
        reader.feed(msgspec.json.encode(message))
    assert reader.usage == got.usage


@settings(max_examples=100, deadline=None)
@given(said=ANSWERS)
def test_what_a_lane_said_can_be_said_back_to_any_other(said: dict[str, Any]) -> None:
    """The app repeats the answer as it got it, and the next lane may be another one."""
    for author in SAYS:
        message = answer(call(author), SAYS[author](said))["choices"][0]["message"]
        results = [{"role": "tool", "tool_call_id": one, "content": "done"} for one, _, _ in said["calls"]]
        request = chat(
            [{"role": "user", "content": "Go"}, message, *results, {"role": "user", "content": "On"}]
        )
        for api in TRANSLATING:
            assert gap(api, request) == ""
            understood = mirrors.normal(READS[api](without_thoughts(sent(call(api, request)))))
            assert understood[1]["calls"] == [
                (one, name, json.loads(args)) for one, name, args in said["calls"]
            ]


@given(arguments=st.from_regex(r'\{"a": ?(-?[1-9][0-9]{0,30}|1\.10|1e5|"\\u00e9")\}', fullmatch=True))
def test_arguments_are_not_rewritten_on_their_way(arguments: str) -> None:
    """Numbers beyond a float's precision and the model's own spelling survive."""
    made = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": arguments}}
    messages = [
        {"role": "user", "content": "Go"},
        {"role": "assistant", "content": None, "tool_calls": [made]},
        {"role": "tool", "tool_call_id": "c1", "content": "ok"},
    ]
    for api in TRANSLATING:
        ready = call(api, chat(messages, tools=[WEATHER]))
        assert arguments.encode() in dialect(ready).build(ready).body


def meaning(message: dict[str, Any]) -> tuple[Any, ...]:
    calls = [
        (made["id"], made["function"]["name"], json.loads(made["function"]["arguments"]))
        for made in message.get("tool_calls") or ()
    ]
    return message["content"], calls, message.get("reasoning_content", "")


def of_said(said: dict[str, Any]) -> tuple[Any, ...]:
    return (
        said["content"],
        [(one, name, json.loads(args)) for one, name, args in said["calls"]],
        said["thought"],
    )


def without_thoughts(body: dict[str, Any]) -> dict[str, Any]:
    """A thought is given back to its author alone; here only the words are compared."""
    for turn in body["messages"] if isinstance(body.get("messages"), list) else ():
        if isinstance(turn["content"], list):
            turn["content"] = [block for block in turn["content"] if block["type"] != "thinking"]
    return body
