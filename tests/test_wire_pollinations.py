"""Pollinations: OpenAI's dialect for text, a URL for pictures."""

import base64
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.wire.answer import Flaw
from actors.wire.call import Answer
from actors.wire.pollinations import POLLINATIONS
from state.config import Api
from state.events import Usage
from state.failures import Where
from tests.wire.calls import call, chat, dialect, evidence, gap, heard, image

P = Api.POLLINATIONS
JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF"


def test_text_is_openais() -> None:
    made = call(P, chat(stream=True), model="openai", stream=True)
    assert dialect(made).build(made).url == "https://text.pollinations.ai/openai/chat/completions"
    assert b"stream_options" not in dialect(made).build(made).body


def test_a_picture_is_asked_for_by_its_url() -> None:
    made = call(P, image("a cat/dog? 100% ünder #1", size="1024x768", seed=4))
    wire = dialect(made).build(made)
    assert (wire.method, wire.body, wire.headers) == ("GET", b"", (("accept", "image/*"),))
    assert wire.url == (
        "https://image.pollinations.ai/prompt/a%20cat%2Fdog%3F%20100%25%20%C3%BCnder%20%231"
        "?model=flux&nologo=true&private=true&width=1024&height=768&seed=4"
    )


@given(st.text(min_size=1, max_size=300).filter(lambda text: bool(text.strip())))
def test_no_prompt_leads_anywhere_else(prompt: str) -> None:
    try:
        request = image(prompt)
    except UnicodeEncodeError:
        return
    if gap(P, request):
        return
    made = call(P, request, image_url="http://127.0.0.1:9/prompt/")
    parts = urlsplit(dialect(made).build(made).url)
    assert (parts.netloc, parts.fragment) == ("127.0.0.1:9", "")
    assert parts.path.startswith("/prompt/")
    assert "/" not in parts.path.removeprefix("/prompt/")
    assert ".." not in parts.path
    assert unquote(parts.path.removeprefix("/prompt/")) == prompt
    assert set(parse_qs(parts.query)) == {"model", "nologo", "private"}


@pytest.mark.parametrize(
    "picture", [JPEG, b"\x89PNG\r\n\x1a\n...", b"RIFF\x00\x00\x00\x00WEBPVP8 ", b"GIF89a"]
)
def test_the_picture_comes_back_in_openais_shape(picture: bytes) -> None:
    got = heard(call(P, image()), picture)
    assert isinstance(got, Answer)
    assert got.usage == Usage(images=1)
    body = msgspec.json.decode(got.body)
    assert body["created"] == 1_700_000_000
    assert base64.b64decode(body["data"][0]["b64_json"]) == picture


@pytest.mark.parametrize("body", [b"", b"Queue full", b'{"error":"no"}', b"RIFF\x00\x00\x00\x00WAVE"])
def test_what_is_no_picture_is_no_answer(body: bytes) -> None:
    got = evidence(call(P, image()), body)
    assert (got.where, got.exception) == (Where.BODY_200, Flaw.NO_IMAGE)
    assert evidence(call(P, image()), body, 402).where is Where.RESPONSE


def test_a_probe_asks_for_the_models() -> None:
    assert POLLINATIONS.probe(call(P).provider).url == "https://text.pollinations.ai/openai/models"
    assert POLLINATIONS.models(b'[{"name":"openai","type":"chat"}]') == ("openai",)
