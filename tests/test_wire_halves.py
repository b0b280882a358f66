"""Servers that count in UTF-16 cut their texts inside of letters; callers get whole ones."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.chunks import Chunk
from actors.wire.gather import gathered
from state.config import Api
from state.failures import Evidence
from tests.wire.calls import call, read, text_of

SAYS: dict[Api, Callable[[str], Any]] = {
    Api.OPENAI: lambda text: {"choices": [{"index": 0, "delta": {"content": text}}]},
    Api.ANTHROPIC: lambda text: {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": text},
    },
    Api.GEMINI: lambda text: {"candidates": [{"content": {"parts": [{"text": text}]}}]},
    Api.OLLAMA: lambda text: {"message": {"content": text}, "done": False},
}
ENDS: dict[Api, Any] = {
    Api.OPENAI: {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]},
    Api.ANTHROPIC: {"type": "message_delta", "delta": {"stop_reason": "end_turn"}},
    Api.GEMINI: {"candidates": [{"finishReason": "STOP"}]},
    Api.OLLAMA: {"message": {"content": ""}, "done": True, "done_reason": "stop"},
}
each_api = pytest.mark.parametrize("api", SAYS)

letters = st.sampled_from(
    ["a", " ", '"', "\\", "\\ud83c", "\u00e9", "\u2028", "\U0001f327", "\U0001f3fd", "\U00010000"]
)
texts = st.lists(letters, min_size=1, max_size=12).map("".join)


def pieces_of(text: str, units: int) -> list[str]:
    """As JavaScript cuts it: so many UTF-16 units to a piece."""
    encoded = text.encode("utf-16-le")
    cut = [encoded[at : at + 2 * units] for at in range(0, len(encoded), 2 * units)]
    return [piece.decode("utf-16-le", "surrogatepass") for piece in cut]


def streamed(api: Api, pieces: list[str]) -> tuple[list[Chunk], Evidence | None]:
    said = [json.dumps(SAYS[api](piece)).encode() for piece in ["I say: ", *pieces]]
    return read(call(api, stream=True), *said, ENDS[api])


@each_api
@settings(max_examples=100)
@given(text=texts, units=st.integers(1, 5))
def test_a_text_that_is_cut_inside_of_letters_arrives_whole(api: Api, text: str, units: int) -> None:
    chunks, flaw = streamed(api, pieces_of(text, units))
    assert flaw is None
    assert text_of(chunks) == "I say: " + text
    (choice,) = json.loads(gathered([chunk.payload for chunk in chunks]))["choices"]
    assert choice["message"]["content"] == "I say: " + text


@pytest.mark.parametrize("api", [Api.OPENAI, Api.ANTHROPIC])
def test_an_argument_that_is_cut_inside_of_a_letter_arrives_whole(api: Api) -> None:
    """The others send a call in one piece."""
    given = {"city": "Bergen \U0001f327\U0001f3fd"}
    pieces = pieces_of(json.dumps(given, ensure_ascii=False), 1)

    def part(piece: str) -> Any:
        if api is Api.ANTHROPIC:
            delta = {"type": "input_json_delta", "partial_json": piece}
            return {"type": "content_block_delta", "index": 0, "delta": delta}
        made = {"index": 0, "function": {"arguments": piece}}
        return {"choices": [{"index": 0, "delta": {"tool_calls": [made]}}]}

    block = {"type": "tool_use", "id": "toolu_1", "name": "f", "input": {}}
    opening = {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}}
    begins = {
        Api.ANTHROPIC: {"type": "content_block_start", "index": 0, "content_block": block},
        Api.OPENAI: {"choices": [{"index": 0, "delta": {"tool_calls": [opening]}}]},
    }
    ends = {
        Api.ANTHROPIC: {"type": "message_delta", "delta": {"stop_reason": "tool_use"}},
        Api.OPENAI: {"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]},
    }
    parts = [json.dumps(part(piece)).encode() for piece in pieces]
    chunks, flaw = read(call(api, stream=True), begins[api], *parts, ends[api])
    assert flaw is None
    (choice,) = json.loads(gathered([chunk.payload for chunk in chunks]))["choices"]
    (made,) = choice["message"]["tool_calls"]
    assert json.loads(made["function"]["arguments"]) == given


@each_api
def test_halves_that_find_no_other_half_are_noise(api: Api) -> None:
    _, flaw = streamed(api, ["a", "\udf27", "b", "\udf27", "c"])
    assert flaw is not None
    _, flaw = streamed(api, ["a", "\udf27", "b"])
    assert flaw is None
