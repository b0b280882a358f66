"""What is taken in, what is refused, and how kindly it is said."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.canonical import ChatRequest
from actors.wire.complaint import BadRequest
from actors.wire.intake import STEERING, decode_chat, decode_embed, decode_image
from state.config import Capability
from tests.wire.calls import HELLO, PNG, WEATHER, chat, embed, image


def refusal(body: bytes) -> str:
    got = decode_chat(body)
    assert isinstance(got, BadRequest), got
    return str(got)


def with_field(name: str, value: str = "1") -> bytes:
    return b'{"model":"m","messages":[{}],"%b":%b}' % (name.encode(), value.encode())


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "the body is not as it should be: input data was truncated"),
        (b"[]", "the body is not as it should be: expected an object, got a list"),
        (b'{"model"', "the body is not as it should be: input data was truncated"),
        (b'{"model":"\xff"}', "the body is not valid UTF-8 (at byte 10)"),
        (b'{"a":' * 5000, "the body is nested too deeply"),
        (b'{"messages":[{}]}', "`model` is missing: name a pool, a model, or `auto`"),
        (b'{"model":7}', "`model` is not as it should be: expected a string, got a whole number"),
        (b'{"model":""}', "`model` must have 1 to 256 characters"),
        (b'{"model":"m"}', "`messages` is missing: a list of messages is needed"),
        (b'{"model":"m","messages":"Hi"}', "`messages` must be a list of messages"),
        (b'{"model":"m","messages":[ ]}', "`messages` is empty: there is nothing to answer"),
        (
            with_field("stream", '"yes"'),
            "`stream` is not as it should be: expected true or false, got a string",
        ),
        (with_field("n", "0"), "`n` must be between 1 and 32"),
        (with_field("n", "33"), "`n` must be between 1 and 32"),
    ],
)
def test_a_wrong_body_is_told_what_is_wrong_with_it(body: bytes, said: str) -> None:
    assert refusal(body) == said


def test_a_complaint_does_not_repeat_a_megabyte() -> None:
    assert len(refusal(with_field("stream", '"%s"' % ("x" * 1_000_000)))) < 400
    messages = [{"role": "x" * 1_000_000}]
    assert len(str(chat(messages).conversation)) < 400


def test_too_many_fields_are_not_taken_in() -> None:
    body = msgspec.json.encode({"model": "m", "messages": HELLO, **{f"f{at}": 1 for at in range(200)}})
    assert refusal(body) == "the body has more than 128 fields"


SPELLINGS = {
    "api_base": "apibase",
    "API-BASE": "apibase",
    "apiBase": "apibase",
    "ａｐｉ_ｋｅｙ": "apikey",
    "Api_Key": "apikey",
    "extra_headers": "extraheaders",
    "Headers": "headers",
    "base_url": "baseurl",
}


@pytest.mark.parametrize("name", [*SPELLINGS, *sorted(STEERING)])
def test_a_request_cannot_choose_where_it_goes(name: str) -> None:
    why = "cannot be set by a request: where it goes is for the operator to decide"
    assert refusal(with_field(name)) == f"`{name}` {why}"
    assert refusal(with_field("extra_body", f'{{"{name}":1}}')) == f"`extra_body.{name}` {why}"
    escaped = "".join(f"\\u{ord(char):04x}" for char in name)
    assert refusal(with_field(escaped)) == f"`{name}` {why}"


@pytest.mark.parametrize("decode", [decode_chat, decode_embed, decode_image])
def test_no_call_can_choose_where_it_goes(decode: object) -> None:
    assert callable(decode)
    body = b'{"model":"m","input":"x","prompt":"x","messages":[{}],"base_url":"http://169.254.169.254"}'
    assert isinstance(decode(body), BadRequest)


def test_fields_of_extra_body_become_the_requests_own() -> None:
    request = chat(extra_body={"top_k": 4})
    assert set(request.fields) == {"model", "messages", "top_k"}
    assert (
        refusal(with_field("extra_body", '{"extra_body":{}}')) == "`extra_body.extra_body` cannot be nested"
    )
    assert refusal(with_field("extra_body", "7")).startswith("`extra_body` is not as it should be")


def test_what_is_asked_of_us_is_not_passed_on() -> None:
    request = chat(failover={"include": ["ollama"]})
    assert "failover" not in request.fields
    assert request.failover is not None
    assert bytes(request.failover) == b'{"include":["ollama"]}'


def test_the_last_of_two_like_named_fields_counts_for_everybody() -> None:
    request = decode_chat(b'{"model":"a","model":"b","messages":[{}]}')
    assert isinstance(request, ChatRequest)
    assert request.model == "b"
    assert bytes(request.fields["model"]) == b'"b"'


def test_unknown_fields_are_kept() -> None:
    assert bytes(chat(chat_template_kwargs={"a": 1}).fields["chat_template_kwargs"]) == b'{"a":1}'


def test_the_needs_of_a_request_are_seen_without_opening_its_messages() -> None:
    assert chat().needs == {Capability.CHAT}
    assert chat(tools=[]).needs == {Capability.CHAT}
    assert chat(tools=[WEATHER]).needs == {Capability.CHAT, Capability.TOOLS}
    assert chat(response_format={"type": "json_object"}).needs == {Capability.CHAT, Capability.JSON}
    assert chat(response_format={"type": "text"}).needs == {Capability.CHAT}
    assert chat(picture_of(PNG)).needs == {Capability.CHAT, Capability.VISION}
    assert "conversation" not in vars(chat(picture_of(PNG)))
    assert embed().needs == {Capability.EMBEDDINGS}
    assert image().needs == {Capability.IMAGE}


def picture_of(url: str) -> list[object]:
    return [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]


@given(st.text())
def test_words_about_pictures_are_no_pictures(text: str) -> None:
    for said in (
        text,
        '"image_url":',
        'image_url": {',
        "\\" + '"image_url":' + text,
        text + '\\"image_url" :',
    ):
        assert chat([{"role": "user", "content": said}]).image_count == 0


def test_pictures_are_counted_however_they_are_spaced() -> None:
    body = b'{"model":"m","messages":[{"content":[{"image_url"  :\n{"url":"a"},"type":"image_url"},{"image_url":"b"}]}]}'
    request = decode_chat(body)
    assert isinstance(request, ChatRequest)
    assert request.image_count == 2


def test_base64_is_not_counted_as_words() -> None:
    small, large = (chat(picture_of(PNG + "A" * size)).tokens_estimated for size in (0, 1_000_000))
    assert small == large
    assert 1000 < small < 1100
    assert chat([{"role": "user", "content": "a word " * 400}]).tokens_estimated == pytest.approx(700, abs=20)


@pytest.mark.parametrize(
    ("options", "wants"),
    [({"include_usage": True}, True), ({"include_usage": False}, False), (None, False), ({}, False)],
)
def test_the_last_chunk_is_for_those_who_asked_for_it(options: object, *, wants: bool) -> None:
    assert chat(stream=True, stream_options=options).wants_usage is wants


@pytest.mark.parametrize("messages", ["[]", "[ ]", '[{"role":"user","content":"a]"}]', '[ {} , {"b":[]} ]'])
def test_a_message_can_be_added_without_opening_the_others(messages: str) -> None:
    request = ChatRequest("m", {"messages": msgspec.Raw(messages.encode())})
    more = request.with_message(b'{"role":"assistant"}')
    assert msgspec.json.decode(more.fields["messages"]) == [
        *msgspec.json.decode(messages),
        {"role": "assistant"},
    ]


@pytest.mark.parametrize(
    ("given_input", "count", "texts"),
    [
        ("one", 1, ("one",)),
        (["one", "two"], 2, ("one", "two")),
        ([1, 2, 3], 1, None),
        ([[1, 2], [3]], 2, None),
    ],
)
def test_the_vectors_owed_are_counted(given_input: object, count: int, texts: tuple[str, ...] | None) -> None:
    request = embed(given_input)
    assert (request.count, request.texts) == (count, texts)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"model":"m"}', "`input` is missing: a text or a list of texts is needed"),
        (b'{"model":"m","input":""}', "`input` is empty: there is nothing to embed"),
        (b'{"model":"m","input":[]}', "`input` is empty: there is nothing to embed"),
        (
            b'{"model":"m","input":7}',
            "`input` is not as it should be: expected a string or a list, got a whole number",
        ),
        (
            b'{"model":"m","input":[%b"x"]}' % (b'"x",' * 2048),
            "`input` holds 2049 texts; at most 2048 go into one call",
        ),
    ],
)
def test_a_wrong_embeddings_request_is_told_so(body: bytes, said: str) -> None:
    assert str(decode_embed(body)) == said


def test_a_picture_needs_words() -> None:
    assert (
        str(decode_image(b'{"model":"m","prompt":" "}'))
        == "`prompt` is empty: say what the image should show"
    )
    assert "`prompt`" in str(decode_image(b'{"model":"m"}'))


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_bytes_are_too_strange(body: bytes) -> None:
    for decode in (decode_chat, decode_embed, decode_image):
        decode(body)
        decode(b'{"model":"m","messages":[{}],"input":"x","prompt":"x","k":%b}' % body)
