"""OpenAI's dialect: passed on as it came, but for what belongs to us; and read with a mere glance."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.accents import ACCENTS
from actors.wire.answer import Flaw
from actors.wire.call import Answer, Reply
from actors.wire.canonical import ChatRequest
from actors.wire.chunks import Kind
from actors.wire.intake import decode_chat
from actors.wire.openai import OPENAI
from state.config import Api
from state.events import Usage
from state.failures import Evidence, Where
from tests.wire.calls import (
    HELLO,
    WEATHER,
    answer,
    call,
    chat,
    dialect,
    embed,
    evidence,
    gap,
    heard,
    image,
    provider,
    read,
    sent,
)

SAID: dict[str, Any] = {
    "id": "chatcmpl-1",
    "object": "chat.completion",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "Hi"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 2, "total_tokens": 11},
}


def saying(message: dict[str, Any], finish: str | None = "stop") -> dict[str, Any]:
    return {**SAID, "choices": [{"index": 0, "message": message, "finish_reason": finish}]}


def delta(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {
        "id": "c",
        "object": "chat.completion.chunk",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }


# -- out


def test_only_the_model_is_replaced() -> None:
    body = b'{"model":"auto" , "messages": [ {"role":"user","content":"\\u00e9"} ],"weird":{"a" : 1.10},"seed":12345678901234567890}'
    request = decode_chat(body)
    assert isinstance(request, ChatRequest)
    made = call(Api.OPENAI, request)
    assert dialect(made).build(made).body == (
        b'{"model":"gpt-5-mini","messages":[ {"role":"user","content":"\\u00e9"} ],"weird":{"a" : 1.10},'
        b'"seed":12345678901234567890}'
    )


def test_a_megabyte_of_picture_is_not_opened() -> None:
    url = "data:image/png;base64," + "A" * 1_000_000
    request = chat([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}])
    made = call(Api.OPENAI, request)
    assert url.encode() in dialect(made).build(made).body
    assert gap(Api.OPENAI, request) == ""
    assert not vars(request), "nothing was decoded"


def test_where_and_how_it_goes() -> None:
    made = dialect(call(Api.OPENAI)).build(call(Api.OPENAI))
    assert (made.method, made.url) == ("POST", "https://api.example.com/v1/chat/completions")
    assert made.headers == (("content-type", "application/json"), ("accept", "application/json"))
    assert made.key is not None
    assert (made.key.header, made.key.prefix) == ("authorization", "Bearer ")
    assert repr(made) == "POST to https://api.example.com, 69 bytes"


@pytest.mark.parametrize(
    ("url", "goes_to"),
    [
        ("http://127.0.0.1:1234", "http://127.0.0.1:1234/v1/chat/completions"),
        ("http://127.0.0.1:1234/", "http://127.0.0.1:1234/v1/chat/completions"),
        ("https://openrouter.ai/api/v1/", "https://openrouter.ai/api/v1/chat/completions"),
        ("https://text.pollinations.ai/openai", "https://text.pollinations.ai/openai/chat/completions"),
        ("https://gw.example/v1?tenant=a", "https://gw.example/v1/chat/completions?tenant=a"),
    ],
)
def test_any_url_will_do(url: str, goes_to: str) -> None:
    assert dialect(made := call(Api.OPENAI, url=url)).build(made).url == goes_to


def test_a_stream_asks_for_its_usage_whoever_wants_it() -> None:
    made = call(Api.OPENAI, chat(stream_options={"include_obfuscation": False}), stream=True)
    body = sent(made)
    assert body["stream"] is True
    assert body["stream_options"] == {"include_obfuscation": False, "include_usage": True}
    assert ("accept", "text/event-stream") in dialect(made).build(made).headers


def test_what_is_not_streamed_says_nothing_of_streams() -> None:
    """An upstream that answers in one piece for a caller who wants a stream."""
    body = sent(call(Api.OPENAI, chat(stream=True, stream_options={"include_usage": True})))
    assert body == {"model": "gpt-5-mini", "messages": HELLO}


@pytest.mark.parametrize(
    ("url", "fields", "become"),
    [
        ("https://api.openai.com/v1", {"max_tokens": 5}, {"max_completion_tokens": 5}),
        (
            "https://api.openai.com/v1",
            {"max_tokens": 5, "max_completion_tokens": 6},
            {"max_completion_tokens": 6},
        ),
        (
            "https://api.mistral.ai/v1",
            {"max_completion_tokens": 5, "seed": 1},
            {"max_tokens": 5, "random_seed": 1},
        ),
        ("https://api.deepseek.com", {"max_completion_tokens": 5}, {"max_tokens": 5}),
        ("https://api.groq.com/openai/v1", {"max_tokens": 5}, {"max_tokens": 5}),
        ("https://api.openai.com.evil.example/v1", {"max_tokens": 5}, {"max_tokens": 5}),
    ],
)
def test_fields_go_by_the_name_that_the_server_knows(url: str, fields: Any, become: Any) -> None:
    assert sent(call(Api.OPENAI, chat(**fields), url=url)) == {
        "model": "gpt-5-mini",
        "messages": HELLO,
        **become,
    }


def test_mistral_is_not_asked_for_the_usage_of_streams() -> None:
    body = sent(call(Api.OPENAI, chat(stream=True), stream=True, url="https://api.mistral.ai/v1"))
    assert body == {"model": "gpt-5-mini", "messages": HELLO, "stream": True}


ECHOED = [
    {"role": "user", "content": "Go"},
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "hm",
        "refusal": None,
        "tool_calls": [
            {
                "id": "functions.f:0",
                "type": "function",
                "function": {"name": "f", "arguments": "{}"},
                "extra_content": {"google": {"thought_signature": "s"}},
            }
        ],
    },
    {"role": "tool", "tool_call_id": "functions.f:0", "content": "ok"},
]


def test_strict_servers_get_no_echo_of_another_lane() -> None:
    """An app repeats an answer with all that was in it; a server that knows less would refuse it."""
    said = sent(call(Api.OPENAI, chat(ECHOED), url="https://api.groq.com/openai/v1"))["messages"]
    assert said[1] == {
        "role": "assistant",
        "content": None,
        "tool_calls": [
            {"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": "{}"}}
        ],
    }
    assert sent(call(Api.OPENAI, chat(ECHOED)))["messages"] == ECHOED, "others may want it"


def test_mistral_gets_ids_of_nine_characters() -> None:
    said = sent(call(Api.OPENAI, chat(ECHOED), url="https://api.mistral.ai/v1"))["messages"]
    given = said[1]["tool_calls"][0]["id"]
    assert len(given) == 9
    assert given.isalnum()
    assert said[2]["tool_call_id"] == given


@pytest.mark.parametrize(
    "messages", ["[1]", '[{"tool_calls":7}]', '[{"tool_call_id":{}}]', '[{"audio":1},2]']
)
def test_messages_that_make_no_sense_are_for_the_server_to_judge(messages: str) -> None:
    request = decode_chat(b'{"model":"m","messages":%b}' % messages.encode())
    assert isinstance(request, ChatRequest)
    made = call(Api.OPENAI, request, url="https://api.mistral.ai/v1")
    assert messages.encode() in dialect(made).build(made).body


@pytest.mark.parametrize("accent", ACCENTS, ids=lambda accent: accent.host)
def test_every_accent_leaves_ordinary_messages_alone(accent: Any) -> None:
    host = f"res{accent.host}" if accent.host.startswith(".") else accent.host
    made = call(Api.OPENAI, url=f"https://{host}{accent.path or '/v1'}")
    assert b'"messages":[{"role":"user","content":"Hello"}]' in dialect(made).build(made).body


@pytest.mark.parametrize(
    ("url", "continues", "last"),
    [
        ("https://openrouter.ai/api/v1", True, {"role": "assistant", "content": "Once upon"}),
        ("https://api.mistral.ai/v1", True, {"role": "assistant", "content": "Once upon", "prefix": True}),
        (
            "https://api.deepseek.com/beta",
            True,
            {"role": "assistant", "content": "Once upon", "prefix": True},
        ),
        ("https://api.deepseek.com", False, {"role": "assistant", "content": "Once upon"}),
        ("https://api.openai.com/v1", False, {"role": "assistant", "content": "Once upon"}),
        ("http://127.0.0.1:8000/v1", False, {"role": "assistant", "content": "Once upon"}),
    ],
)
def test_an_answer_can_be_continued_where_the_server_says_so(url: str, *, continues: bool, last: Any) -> None:
    made = call(Api.OPENAI, url=url, prefill="Once upon")
    assert OPENAI.continues(made.provider, made.model) is continues
    assert sent(made)["messages"] == [*HELLO, last]


# -- back


def test_an_answer_goes_on_byte_for_byte() -> None:
    body = msgspec.json.format(msgspec.json.encode(SAID), indent=3)
    assert heard(call(Api.OPENAI), body) == Answer(
        body=body, usage=Usage(tokens_in=9, tokens_out=2), finish="stop"
    )


@pytest.mark.parametrize(
    ("usage", "counted"),
    [
        ({"prompt_tokens": 9, "completion_tokens": 2}, Usage(tokens_in=9, tokens_out=2)),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}},
            Usage(tokens_in=9, tokens_out=2, tokens_cached=4),
        ),
        (
            {"prompt_tokens": 9, "completion_tokens": 2, "prompt_cache_hit_tokens": 3},
            Usage(tokens_in=9, tokens_out=2, tokens_cached=3),
        ),
        ({"prompt_tokens": -1, "completion_tokens": None}, Usage()),
        (None, Usage(tokens_in=9, tokens_out=1, estimated=True)),
        ({}, Usage(tokens_in=9, tokens_out=1, estimated=True)),
        ("many", Usage(tokens_in=9, tokens_out=1, estimated=True)),
        ({"prompt_tokens": 1.5}, Usage(tokens_in=9, tokens_out=1, estimated=True)),
    ],
)
def test_an_odd_count_costs_no_answer(usage: Any, counted: Usage) -> None:
    got = heard(call(Api.OPENAI), {**SAID, "usage": usage})
    assert isinstance(got, Answer)
    assert got.usage == counted


SPOKEN = [
    {"content": "Hi"},
    {
        "content": None,
        "tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}],
    },
    {"content": None, "refusal": "I will not."},
    {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
    {"content": None, "audio": {"id": "a"}},
    {"content": "", "images": [{"type": "image_url", "image_url": {"url": "data:"}}]},
]


@pytest.mark.parametrize("message", SPOKEN)
def test_whatever_can_be_used_is_an_answer(message: Any) -> None:
    assert answer(call(Api.OPENAI), saying(message))["choices"][0]["message"] == message


@pytest.mark.parametrize(
    ("body", "flaw"),
    [
        (saying({"content": ""}), Flaw.EMPTY),
        (saying({"content": " \n"}), Flaw.EMPTY),
        (saying({"content": None, "tool_calls": []}), Flaw.EMPTY),
        (saying({"content": None, "reasoning_content": "hm"}), Flaw.EMPTY),
        (saying({"content": "", "reasoning_content": "hm"}, "length"), Flaw.ALL_THOUGHT),
        (saying({"content": "Hi"}, None), Flaw.NO_FINISH),
        (saying({"content": "Hi"}, ""), Flaw.NO_FINISH),
        (saying({"content": "Hi"}, "error"), Flaw.ERROR),
        (saying({"content": "I can"}, "content_filter"), Flaw.FILTERED),
        ({"choices": [{"finish_reason": "stop"}]}, Flaw.EMPTY),
    ],
)
def test_what_nobody_could_use_is_no_answer(body: Any, flaw: str) -> None:
    got = evidence(call(Api.OPENAI), body)
    assert (got.where, got.status, got.exception, got.body) == (Where.BODY_200, 200, flaw, "")
    assert (got.provider, got.api) == ("openai", "openai")


def test_an_answer_cut_at_the_callers_own_limit_is_honest_about_it() -> None:
    assert (
        answer(call(Api.OPENAI), saying({"content": "Once upon"}, "length"))["choices"][0]["finish_reason"]
        == "length"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"code": 502, "message": "Upstream error"}},
        {"choices": [], "error": {"code": 502, "message": "Upstream error"}},
        {**SAID, "choices": [{**SAID["choices"][0], "error": {"code": 502, "message": "Upstream error"}}]},
        {"object": "error", "message": "Upstream error"},
        {"detail": "Upstream error"},
        b"<html><body>Upstream error</body></html>",
        b"Upstream error",
        b"",
    ],
)
def test_the_providers_own_words_are_the_evidence(body: Any) -> None:
    got = evidence(call(Api.OPENAI), body)
    assert got.where is Where.BODY_200
    assert got.body == (body if isinstance(body, bytes) else msgspec.json.encode(body)).decode()


def test_a_models_words_are_not_evidence() -> None:
    """An answer about quotas that is cut must not cost the lane its quota."""
    whole = msgspec.json.encode(saying({"content": "insufficient_quota means that you have no credits"}))
    for cut in range(1, len(whole)):
        got = evidence(call(Api.OPENAI), whole[:cut])
        assert (got.exception, got.body) == (Flaw.NOT_JSON, "")


def test_broken_text_is_no_answer() -> None:
    body = msgspec.json.encode(SAID).replace(b"chatcmpl", b"chat\xff")
    assert evidence(call(Api.OPENAI), body).exception == Flaw.NOT_JSON


@pytest.mark.parametrize("status", [204, 301, 400, 401, 404, 429, 500, 503, 529, 999])
def test_any_other_status_is_a_refusal(status: int) -> None:
    got = evidence(call(Api.OPENAI), {"error": {"message": "no"}}, status)
    if status == 204:
        assert got.where is Where.BODY_200
    else:
        assert (got.where, got.status, got.exception) == (Where.RESPONSE, status, "")
        assert got.headers == (("content-type", "application/json"),)
    assert got.body == '{"error":{"message":"no"}}'


def test_evidence_is_bounded() -> None:
    assert len(evidence(call(Api.OPENAI), b"x" * 1_000_000, 500).body) == 64 << 10


def test_json_that_was_promised_must_be_json() -> None:
    made = call(Api.OPENAI, chat(response_format={"type": "json_object"}))
    assert isinstance(heard(made, saying({"content": ' {"a": 1}\n'})), Answer)
    assert isinstance(heard(made, saying({"content": '{"a": '}, "length")), Answer), "the caller's own limit"
    for text in ("Sure! Here it is", "```json\n{}\n```", '{"a": 1', "[" * 5000):
        assert evidence(made, saying({"content": text})).exception == Flaw.NOT_THE_JSON


def test_all_choices_that_were_asked_for_must_come() -> None:
    made = call(Api.OPENAI, chat(n=2))
    assert evidence(made, SAID).exception == Flaw.TOO_FEW
    two = {**SAID, "choices": [{**SAID["choices"][0], "index": at} for at in range(2)]}
    assert isinstance(heard(made, two), Answer)


def test_content_in_pieces_becomes_one_text() -> None:
    """Mistral's thinking models answer in a list."""
    pieces = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "hm "}, {"type": "text", "text": "so"}]},
        {"type": "text", "text": "It is "},
        {"type": "text", "text": "42."},
    ]
    message = answer(call(Api.OPENAI), saying({"role": "assistant", "content": pieces}))["choices"][0][
        "message"
    ]
    assert message == {"role": "assistant", "content": "It is 42.", "reasoning_content": "hm so"}


# -- streams


def test_chunks_go_on_byte_for_byte() -> None:
    request = chat(stream=True, stream_options={"include_usage": True})
    messages = [
        delta(role="assistant", content=""),
        delta(reasoning_content="hm"),
        delta(content="Hi"),
        delta(content=" there", odd_field=1),
        delta("stop"),
        {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 2}},
    ]
    chunks, failed = read(call(Api.OPENAI, request, stream=True), *messages, b"[DONE]")
    assert failed is None
    assert [chunk.payload for chunk in chunks] == [msgspec.json.encode(message) for message in messages]
    assert [chunk.kind for chunk in chunks] == ["opening", "thought", "text", "text", "closing", "closing"]
    assert [chunk.is_visible for chunk in chunks] == [False, False, True, True, False, False]


def test_the_usage_is_not_shown_to_those_who_did_not_ask() -> None:
    usage = {"prompt_tokens": 9, "completion_tokens": 2}
    made = call(Api.OPENAI, chat(stream=True), stream=True)
    reader = dialect(made).reader(made)
    for message in (delta(content="Hi"), delta("stop")):
        reader.feed(msgspec.json.encode(message))
    assert reader.feed(msgspec.json.encode({"choices": [], "usage": usage})) == []
    assert reader.usage == Usage(tokens_in=9, tokens_out=2)


def test_white_space_commits_nobody() -> None:
    chunks, _ = read(call(Api.OPENAI, stream=True), delta(content="\n\n"), delta(content="Hi"))
    assert [(chunk.text, chunk.is_visible) for chunk in chunks] == [("\n\n", False), ("Hi", True)]


def test_a_finish_without_done_is_complete_and_done_without_a_finish_is_not() -> None:
    made = call(Api.OPENAI, stream=True)
    assert read(made, delta(content="Hi"), delta("stop"))[1] is None
    for messages in ([delta(content="Hi")], [delta(content="Hi"), b"[DONE]"], [b"[DONE]"], []):
        failed = read(made, *messages)[1]
        assert failed is not None
        assert (failed.where, failed.exception, failed.body) == (Where.STREAM, Flaw.CUT, "")


@pytest.mark.parametrize(
    ("messages", "flaw"),
    [
        ([delta(role="assistant", content=""), delta("stop")], Flaw.EMPTY),
        ([delta(content=" "), delta("stop")], Flaw.EMPTY),
        ([delta(reasoning_content="hm"), delta("length")], Flaw.ALL_THOUGHT),
        ([delta(content="I can"), delta("content_filter")], Flaw.FILTERED),
        ([delta(content="I can"), delta("error")], Flaw.ERROR),
    ],
)
def test_a_stream_that_nobody_could_use_is_no_answer(messages: list[Any], flaw: str) -> None:
    failed = read(call(Api.OPENAI, stream=True), *messages)[1]
    assert failed is not None
    assert (failed.where, failed.exception) == (Where.STREAM, flaw)


@pytest.mark.parametrize(
    "message",
    [
        {"error": {"code": 502, "message": "gone"}},
        {"choices": [], "error": {"code": 502, "message": "gone"}},
        {
            "choices": [{"index": 0, "delta": {"content": ""}, "finish_reason": "error"}],
            "error": {"message": "gone"},
        },
        {"choices": [{"index": 0, "error": {"message": "gone"}, "finish_reason": "error"}]},
        {"object": "error", "message": "gone", "code": 50001},
        {"detail": "gone"},
    ],
)
def test_an_error_in_the_stream_is_evidence(message: Any) -> None:
    chunks, failed = read(call(Api.OPENAI, stream=True), delta(content="Hi"), message, delta("stop"))
    assert len(chunks) == 1
    assert failed is not None
    assert (failed.where, failed.body) == (Where.STREAM, msgspec.json.encode(message).decode())


def test_an_event_named_error_is_evidence_whatever_it_says() -> None:
    made = call(Api.OPENAI, stream=True)
    got = dialect(made).reader(made).feed(b"Internal Server Error", b"error")
    assert isinstance(got, Evidence)
    assert got.body == "Internal Server Error"


def test_after_the_finish_nothing_can_go_wrong() -> None:
    assert (
        read(call(Api.OPENAI, stream=True), delta(content="Hi"), delta("stop"), {"error": "late"})[1] is None
    )


@pytest.mark.parametrize(
    "noise",
    [b'{"choi', b"\xff\xfe", b"nonsense", b'"text"', b'{"choices":{}}', b"[" * 5000, b'{"id":"\xff"}'],
)
def test_one_chunk_may_be_noise_a_second_may_be_the_answer(noise: bytes) -> None:
    made = call(Api.OPENAI, stream=True)
    chunks, failed = read(made, delta(content="Hi"), noise, delta("stop"))
    assert failed is None
    assert len(chunks) == 2
    failed = read(made, delta(content="Hi"), noise, noise, delta("stop"))[1]
    assert failed is not None
    assert (failed.exception, failed.body) == (Flaw.GARBLED, "")


def test_blank_messages_are_nothing() -> None:
    made = call(Api.OPENAI, stream=True)
    reader = dialect(made).reader(made)
    assert [reader.feed(message) for message in (b"", b"  \n", b"{}", b"null")] == [[], [], [], []]
    assert reader.skipped == 1


def test_chunks_without_choices_are_not_passed_on() -> None:
    """Azure opens with one, and clients that look at `choices[0]` break on it."""
    first: dict[str, Any] = {"choices": [], "prompt_filter_results": [{}]}
    assert read(call(Api.OPENAI, stream=True), first)[0] == []


def test_from_the_first_call_on_nobody_else_can_continue() -> None:
    made = call(Api.OPENAI, stream=True)
    reader = dialect(made).reader(made)
    reader.feed(msgspec.json.encode(delta(content="Let me see", tool_calls=[])))
    before = reader.in_tool
    got = reader.feed(
        msgspec.json.encode(delta(tool_calls=[{"index": 0, "id": "c", "function": {"name": "f"}}]))
    )
    assert (before, reader.in_tool) == (False, True)
    assert isinstance(got, list)
    assert (got[0].kind, got[0].is_visible) == (Kind.TOOL, True)


@pytest.mark.parametrize("said", [{"refusal": "I will not."}, {"audio": {"id": "a"}}, {"images": [{"a": 1}]}])
def test_whatever_can_be_used_is_visible(said: Any) -> None:
    chunks, failed = read(call(Api.OPENAI, stream=True), delta(**said), delta("stop"))
    assert failed is None
    assert [chunk.is_visible for chunk in chunks] == [True, False]


def test_words_beside_a_call_are_not_forgotten() -> None:
    said = delta(content="Let me see", tool_calls=[{"index": 0, "id": "c", "function": {"name": "f"}}])
    chunks, _ = read(call(Api.OPENAI, stream=True), said)
    assert [(chunk.kind, chunk.text) for chunk in chunks] == [("tool", "Let me see")]


def test_several_choices_are_finished_when_each_is() -> None:
    made = call(Api.OPENAI, chat(n=2, stream=True), stream=True)
    one, two = (
        {"choices": [{"index": at, "delta": {"content": "x"}, "finish_reason": "stop"}]} for at in range(2)
    )
    assert read(made, one)[1] is not None
    assert read(made, two, one)[1] is None


def test_an_event_of_several_lines_becomes_one_line() -> None:
    message = b'{"choices":\n[{"delta":{"content":"a\\nb"}}]}'
    chunks, _ = read(call(Api.OPENAI, stream=True), message)
    assert [chunk.payload for chunk in chunks] == [b'{"choices": [{"delta":{"content":"a\\nb"}}]}']
    assert chunks[0].text == "a\nb"


def test_thoughts_in_pieces_are_told_from_the_answer() -> None:
    pieces = [
        delta(content=[{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]),
        delta(content="42"),
    ]
    chunks, _ = read(call(Api.OPENAI, stream=True), *pieces)
    assert [(chunk.kind, chunk.text) for chunk in chunks] == [("thought", ""), ("text", "42")]
    seen = msgspec.json.decode(chunks[0].payload)["choices"][0]["delta"]
    assert seen == {"content": "", "reasoning_content": "hm"}


@given(
    st.binary(max_size=300)
    | st.sampled_from([msgspec.json.encode(SAID), msgspec.json.encode(delta(content="x"))])
)
def test_no_bytes_from_a_provider_are_too_strange(body: bytes) -> None:
    for request in (chat(), embed(), image()):
        made = call(Api.OPENAI, request)
        assert isinstance(OPENAI.parse(made, Reply(200, (), body)), Answer | Evidence)
    made = call(Api.OPENAI, stream=True)
    reader = dialect(made).reader(made)
    for message in (body, body, body):
        reader.feed(message)
    reader.end()
    OPENAI.models(body)


# -- vectors, pictures, models


def test_vectors_are_asked_for_and_passed_on() -> None:
    made = call(
        Api.OPENAI, embed(["a", "b"], encoding_format="base64", dimensions=8), model="text-embedding-3-small"
    )
    assert dialect(made).build(made).url == "https://api.example.com/v1/embeddings"
    assert sent(made) == {
        "model": "text-embedding-3-small",
        "input": ["a", "b"],
        "encoding_format": "base64",
        "dimensions": 8,
    }
    body = {
        "object": "list",
        "data": [{"embedding": [0.5]}, {"embedding": "AAAA"}],
        "usage": {"prompt_tokens": 3},
    }
    assert heard(made, body) == Answer(body=msgspec.json.encode(body), usage=Usage(tokens_in=3))
    for short in ([{"embedding": [0.5]}], [{"embedding": [0.5]}, {"embedding": []}], []):
        assert evidence(made, {**body, "data": short}).exception == Flaw.TOO_FEW
    assert evidence(made, {"error": {"message": "no"}}).body == '{"error":{"message":"no"}}'


def test_pictures_are_asked_for_and_passed_on() -> None:
    made = call(Api.OPENAI, image("a cat", size="1024x1024"), model="gpt-image-1")
    assert dialect(made).build(made).url == "https://api.example.com/v1/images/generations"
    assert sent(made) == {"model": "gpt-image-1", "prompt": "a cat", "size": "1024x1024"}
    body = {"created": 1, "data": [{"b64_json": "AAAA"}], "usage": {"input_tokens": 3, "output_tokens": 4}}
    assert heard(made, body) == Answer(
        body=msgspec.json.encode(body), usage=Usage(tokens_in=3, tokens_out=4, images=1)
    )
    assert evidence(made, {"created": 1, "data": [{"b64_json": ""}]}).exception == Flaw.NO_IMAGE
    elsewhere = call(Api.OPENAI, image(), image_url="https://pictures.example.com/v1")
    assert dialect(elsewhere).build(elsewhere).url == "https://pictures.example.com/v1/images/generations"


@pytest.mark.parametrize(
    ("body", "names"),
    [
        (b'{"object":"list","data":[{"id":"a"},{"id":"b"}]}', ("a", "b")),
        (b'{"models":[{"name":"a"}],"data":[{"id":"b"}]}', ("a",)),
        (b'[{"name":"openai"},{"name":"mistral"}]', ("openai", "mistral")),
        (b'["a","b"]', ("a", "b")),
        (b'{"error":"no"}', None),
        (b"<html>", None),
    ],
)
def test_model_lists_are_read_as_they_come(body: bytes, names: tuple[str, ...] | None) -> None:
    assert OPENAI.models(body) == names


def test_a_probe_asks_for_the_models() -> None:
    made = OPENAI.probe(provider(Api.OPENAI))
    assert (made.method, made.url, made.body) == ("GET", "https://api.example.com/v1/models", b"")
    assert made.key is not None


def test_an_open_conversation_can_be_passed_on_too() -> None:
    request = chat(tools=[WEATHER])
    assert isinstance(request, ChatRequest)
    assert request.conversation is request.conversation, "decoded once"
