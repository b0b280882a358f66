"""What a dialect cannot say is said to be so, before anything is sent: one table for all of them."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from state.config import Api
from tests.wire.calls import HELLO, PNG, TRANSLATING, URLS, WEATHER, chat, embed, gap, image

ANTHROPIC, GEMINI, OLLAMA = Api.ANTHROPIC, Api.GEMINI, Api.OLLAMA
NONE: dict[Api, str] = {}
NO = "has no counterpart there"


def everywhere(why: str) -> dict[Api, str]:
    return dict.fromkeys(TRANSLATING, why)


def user(*parts: Any) -> list[Any]:
    return [{"role": "user", "content": list(parts)}]


def linked(url: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


TEXT = {"type": "text", "text": "What is it?"}
SOUND = {"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}
PAPER = {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERi0="}}
STRICT = {"type": "function", "function": {"name": "f", "strict": True}}
SCHEMA = {"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "object"}, "strict": True}}
CALLED = {"id": "c", "type": "function", "function": {"name": "f", "arguments": "not json"}}

TABLE: list[tuple[str, dict[str, Any], dict[Api, str]]] = [
    ("nothing special", {}, NONE),
    ("settings", {"temperature": 0.5, "top_p": 0.9, "max_tokens": 5, "stop": ["a"], "top_k": 3}, NONE),
    ("inert values", {"n": 1, "logprobs": False, "frequency_penalty": 0, "presence_penalty": 0.0}, NONE),
    ("nulls", {"seed": None, "logit_bias": None, "audio": None, "anything": None}, NONE),
    ("advice", {"user": "u", "metadata": {"a": "b"}, "store": True, "prompt_cache_key": "k"}, NONE),
    ("tools", {"tools": [WEATHER], "tool_choice": "auto", "parallel_tool_calls": True}, NONE),
    ("plain text", {"response_format": {"type": "text"}}, NONE),
    ("schema", {"response_format": SCHEMA}, NONE),
    ("embedded picture", {"messages": user(TEXT, linked(PNG))}, NONE),
    ("seed", {"seed": 1}, {ANTHROPIC: f"`seed` {NO}"}),
    ("penalty", {"frequency_penalty": 0.1}, {ANTHROPIC: f"`frequency_penalty` {NO}"}),
    ("hot", {"temperature": 1.5}, {ANTHROPIC: "`temperature` goes up to 1 there"}),
    ("blank stop", {"stop": "\n"}, {ANTHROPIC: "`stop` must not be white space there"}),
    ("many stops", {"stop": list("abcdef")}, {GEMINI: "`stop` can have up to 5 texts there"}),
    ("choices", {"n": 2}, everywhere(f"`n` {NO}")),
    ("logprobs", {"logprobs": True}, everywhere(f"`logprobs` {NO}")),
    ("unknown", {"chat_template_kwargs": {}}, everywhere(f"`chat_template_kwargs` {NO}")),
    ("ollama's own", {"keep_alive": "5m"}, {ANTHROPIC: f"`keep_alive` {NO}", GEMINI: f"`keep_alive` {NO}"}),
    (
        "gemini's own",
        {"safety_settings": []},
        {ANTHROPIC: f"`safety_settings` {NO}", OLLAMA: f"`safety_settings` {NO}"},
    ),
    (
        "json without schema",
        {"response_format": {"type": "json_object"}},
        {ANTHROPIC: "`response_format` needs a schema there"},
    ),
    (
        "json and tools",
        {"response_format": SCHEMA, "tools": [WEATHER]},
        {GEMINI: "`response_format` cannot be combined with tools there"},
    ),
    ("strict tools", {"tools": [STRICT]}, {OLLAMA: "`tools` are strict, which is not promised there"}),
    (
        "must call",
        {"tools": [WEATHER], "tool_choice": "required"},
        {OLLAMA: "`tool_choice` is the model's own there"},
    ),
    (
        "one at a time",
        {"tools": [WEATHER], "parallel_tool_calls": False},
        {
            GEMINI: "`parallel_tool_calls` cannot be forbidden there",
            OLLAMA: "`parallel_tool_calls` cannot be forbidden there",
        },
    ),
    (
        "odd effort",
        {"reasoning_effort": "heroic"},
        everywhere("`reasoning_effort` is not a step that is known there"),
    ),
    (
        "linked picture",
        {"messages": user(TEXT, linked("https://example.com/a.png"))},
        {OLLAMA: "`messages[0]` holds a link; there it must be embedded"},
    ),
    (
        "picture of a kind",
        {"messages": user(linked("data:image/heic;base64,AAAA"))},
        {
            ANTHROPIC: "`messages[0]` holds image/heic; there it can be image/jpeg, image/png, image/gif, image/webp, application/pdf",
            OLLAMA: "`messages[0]` holds image/heic; there it can be image/jpeg, image/png, image/webp",
        },
    ),
    (
        "data URL as text",
        {"messages": user(linked("data:image/png,AAAA"))},
        everywhere("`messages[0].image_url` must be an http(s) URL or a data URL in base64"),
    ),
    (
        "local file",
        {"messages": user(linked("file:///etc/passwd"))},
        everywhere("`messages[0].image_url` must be an http(s) URL or a data URL in base64"),
    ),
    (
        "empty data URL",
        {"messages": user(linked("data:image/png;base64,"))},
        everywhere("`messages[0].image_url` is a data URL without data"),
    ),
    (
        "long link",
        {"messages": user(linked("https://example.com/" + "a" * 9000))},
        everywhere("`messages[0].image_url` has a URL that is too long"),
    ),
    (
        "picture between texts",
        {"messages": user(TEXT, linked(PNG), TEXT)},
        {OLLAMA: "`messages[0]` has a picture between texts; there it stands beside them"},
    ),
    (
        "sound",
        {"messages": user(SOUND)},
        {
            ANTHROPIC: "`messages[0]` holds audio/wav; there it can be image/jpeg, image/png, image/gif, image/webp, application/pdf",
            OLLAMA: "`messages[0]` holds audio/wav; there it can be image/jpeg, image/png, image/webp",
        },
    ),
    (
        "paper",
        {"messages": user(PAPER)},
        {OLLAMA: "`messages[0]` holds application/pdf; there it can be image/jpeg, image/png, image/webp"},
    ),
    (
        "file by id",
        {"messages": user({"type": "file", "file": {"file_id": "file-1"}})},
        everywhere("`messages[0].file` is named by an id that means something at OpenAI only"),
    ),
    (
        "unknown part",
        {"messages": user({"type": "video_url"})},
        everywhere("`messages[0].content[0].type` is not as it should be: invalid value 'video_url'"),
    ),
    (
        "unknown field",
        {"messages": [{"role": "user", "content": "x", "mood": "good"}]},
        everywhere("`messages[0]` is not as it should be: object contains unknown field `mood`"),
    ),
    (
        "name",
        {"messages": [{"role": "user", "name": "Ann", "content": "x"}]},
        everywhere(f"`messages[0].name` {NO}"),
    ),
    (
        "instruction amid",
        {"messages": [*HELLO, {"role": "system", "content": "x"}]},
        {
            ANTHROPIC: "`messages[1].role` gives an instruction amid the conversation; there it stands before",
            GEMINI: "`messages[1].role` gives an instruction amid the conversation; there it stands before",
        },
    ),
    (
        "instruction alone",
        {"messages": [{"role": "system", "content": "x"}]},
        everywhere("`messages` holds instructions alone, and nobody says anything"),
    ),
    ("empty message", {"messages": [{"role": "user", "content": ""}]}, everywhere("`messages[0]` is empty")),
    (
        "assistant first",
        {"messages": [{"role": "assistant", "content": "x"}, *HELLO]},
        {ANTHROPIC: "`messages` must begin with the user there"},
    ),
    (
        "arguments that are none",
        {"messages": [*HELLO, {"role": "assistant", "tool_calls": [CALLED]}]},
        everywhere("`messages[1].tool_calls` has arguments that are not a JSON object"),
    ),
    (
        "result of nothing",
        {"messages": [*HELLO, {"role": "tool", "tool_call_id": "z", "content": "x"}]},
        {GEMINI: "`messages[1].tool_call_id` belongs to no call before it"},
    ),
    (
        "wrong type",
        {"temperature": "hot"},
        everywhere("`temperature` is not as it should be: expected a number, got a string"),
    ),
    (
        "no tokens at all",
        {"max_tokens": 0},
        everywhere("`max_tokens` is not as it should be: expected a whole number >= 1"),
    ),
    (
        "allowed tools",
        {"tools": [WEATHER], "tool_choice": {"type": "allowed_tools"}},
        everywhere("`tool_choice.type` is not as it should be: invalid enum value 'allowed_tools'"),
    ),
]


@pytest.mark.parametrize(("fields", "said"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_what_cannot_be_said_is_not_left_out_in_silence(fields: dict[str, Any], said: dict[Api, str]) -> None:
    request = chat(**fields)
    assert {api: why for api in TRANSLATING if (why := gap(api, request))} == said
    assert gap(Api.OPENAI, request) == "", "OpenAI's own shape can say everything"


@pytest.mark.parametrize(
    ("model", "fields", "why"),
    [
        (
            "gemini-2.0-flash",
            {"messages": user(linked("https://example.com/a.png"))},
            "`messages[0]` holds a link; there it must be embedded",
        ),
        (
            "gemini-2.5-flash",
            {"reasoning_effort": "xhigh"},
            "`reasoning_effort` is not a step that is known there",
        ),
        ("gemini-3-pro", {"reasoning_effort": "xhigh"}, ""),
        (
            "gemini-3-pro",
            {"reasoning_effort": "none"},
            "`reasoning_effort` is not a step that is known there",
        ),
        ("gemini-3-pro", {"response_format": SCHEMA, "tools": [WEATHER]}, ""),
    ],
)
def test_what_gemini_can_say_depends_on_its_generation(model: str, fields: dict[str, Any], why: str) -> None:
    assert gap(GEMINI, chat(**fields), model) == why


def test_more_than_anybody_means_to_send_is_told_so() -> None:
    said = [
        gap(GEMINI, chat(HELLO * 10_001)),
        gap(GEMINI, chat(user(*[TEXT] * 1001))),
        gap(GEMINI, chat(tools=[WEATHER] * 513)),
        gap(GEMINI, chat(user(linked("data:image/png;base64," + "A" * (33 << 20))))),
    ]
    assert said == [
        "`messages` is not as it should be: expected a list of length <= 10000",
        "`messages[0].content` is not as it should be: expected a list of length <= 1000",
        "`tools` is not as it should be: expected a list of length <= 512",
        "`messages[0].image_url` is larger than 32 MiB",
    ]


VECTORS = {
    Api.OPENAI: "",
    Api.AZURE: "",
    Api.POLLINATIONS: "",
    GEMINI: "",
    OLLAMA: "",
    ANTHROPIC: "`model` is asked for what is not chat, and chat is all there is there",
}


@pytest.mark.parametrize("api", URLS)
def test_who_can_embed(api: Api) -> None:
    assert gap(api, embed("x", dimensions=8, encoding_format="base64", user="u")) == VECTORS[api]


def test_token_numbers_mean_something_to_one_model_only() -> None:
    why = "`input` must be text: the numbers of tokens mean something to their own model only"
    assert gap(GEMINI, embed([1, 2])) == gap(OLLAMA, embed([[1], [2]])) == why
    assert gap(OLLAMA, embed("x", task="query")) == f"`task` {NO}"


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, ""),
        ({"size": "1024x768", "n": 1, "seed": 4, "response_format": "b64_json", "user": "u"}, ""),
        ({"size": "auto"}, ""),
        ({"n": 2}, "`n` can only be 1 there"),
        ({"size": "large"}, "`size` must be like 1024x1024"),
        ({"size": "0x9"}, "`size` must be like 1024x1024"),
        ({"size": "99999x9"}, "`size` must be like 1024x1024"),
        (
            {"response_format": "url"},
            "`response_format` cannot be a URL there: the picture itself comes back",
        ),
        ({"quality": "hd"}, f"`quality` {NO}"),
        ({"prompt": "ä" * 800}, "`prompt` is too long for a URL, in which it has to stand there"),
    ],
)
def test_who_can_draw(fields: dict[str, Any], why: str) -> None:
    request = image(**{"prompt": "a cat", **fields})
    assert gap(Api.POLLINATIONS, request) == why
    assert gap(Api.OPENAI, request) == ""
    assert all(gap(api, request) for api in TRANSLATING)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["role", "content", "type", "text", "tool_calls", "id"]), inner, max_size=4
            )
        ),
        max_leaves=12,
    )
)
def test_no_message_is_too_strange(message: Any) -> None:
    request = chat([message], tools=[message], tool_choice=message, response_format=message, stop=message)
    for api in TRANSLATING:
        assert isinstance(gap(api, request), str)
