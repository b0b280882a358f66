"""Conversations, as a grammar: what apps say to models, with tools, pictures and several turns."""

import json
from typing import Any

from hypothesis import strategies as st

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), min_size=1, max_size=12)
NAMES = st.text("abcXYZ019_-", min_size=1, max_size=12)
IDS = NAMES
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**53), 2**53),
    st.floats(allow_nan=False, allow_infinity=False),
    WORDS,
    st.just([]),
    st.just({"nested": {"list": [1, "two", None]}}),
)
ARGUMENTS = st.dictionaries(NAMES, VALUES, max_size=3).map(json.dumps)
"""A JSON object as a model writes it: with its own spacing and escapes."""

TEXTS = WORDS.map(lambda text: {"type": "text", "text": text})
PICTURES = st.builds(
    lambda kind, data: {"type": "image_url", "image_url": {"url": f"data:image/{kind};base64,{data}"}},
    st.sampled_from(["png", "jpeg", "webp"]),
    st.sampled_from(["iVBORw0KGgo=", "R0lGODlh", "UklGRg=="]),
)

SYSTEM: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"role": st.sampled_from(["system", "developer"]), "content": WORDS}
)
USER: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {
        "role": st.just("user"),
        "content": WORDS
        | st.lists(TEXTS, min_size=1, max_size=2)
        | st.builds(
            lambda text, pictures: [text, *pictures], TEXTS, st.lists(PICTURES, min_size=1, max_size=2)
        ),
    }
)
SAID: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {"role": st.just("assistant"), "content": WORDS}
)


@st.composite
def tool_turn(draw: st.DrawFn) -> list[dict[str, Any]]:
    """The assistant calls tools, perhaps several at once, and each gives its result."""
    ids = draw(st.lists(IDS, min_size=1, max_size=3, unique=True))
    calls = [
        {"id": one, "type": "function", "function": {"name": draw(NAMES), "arguments": draw(ARGUMENTS)}}
        for one in ids
    ]
    asked = {"role": "assistant", "content": draw(st.none() | WORDS), "tool_calls": calls}
    results = [
        {"role": "tool", "tool_call_id": one, "content": draw(WORDS)} for one in draw(st.permutations(ids))
    ]
    return [asked, *results]


@st.composite
def conversations(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Instructions, then the user begins, then anybody."""
    messages: list[dict[str, Any]] = draw(st.lists(SYSTEM, max_size=2))
    messages.append(draw(USER))
    taken: set[str] = set()
    for turn in draw(
        st.lists(tool_turn() | USER.map(lambda one: [one]) | SAID.map(lambda one: [one]), max_size=4)
    ):
        ids = {made["id"] for message in turn for made in message.get("tool_calls", ())}
        if not ids & taken:
            taken |= ids
            messages += turn
    return messages


ANSWERS = st.builds(
    lambda text, calls, thought: {"content": text, "calls": calls, "thought": thought},
    st.none() | WORDS.filter(lambda text: not text.isspace()),
    st.lists(st.tuples(IDS, NAMES, ARGUMENTS), max_size=3, unique_by=lambda made: made[0]),
    st.just("") | WORDS,
).filter(lambda said: said["content"] is not None or said["calls"])
"""What a model may say: text, calls, and a thought before them."""
