"""What is kept of a provider's own words: enough to understand, nothing that acts, no keys."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from state.classify import classify
from state.classify.said import inert
from state.failures import SAID_CHARS_MAX, Evidence

NOW_MS = 1_785_000_000_000


def said(body: object) -> str:
    text = body if isinstance(body, str) else json.dumps(body)
    return classify(Evidence(status=500, body=text), NOW_MS).said


def test_the_message_is_kept_and_the_wrapping_is_not():
    assert said({"error": {"message": "No luck today", "code": "no_luck", "param": None}}) == "No luck today"


def test_the_innermost_words_come_last():
    raw = json.dumps({"error": {"message": "the upstream is asleep"}})
    body = {"error": {"message": "Provider returned error", "code": 502, "metadata": {"raw": raw}}}
    assert said(body) == "Provider returned error the upstream is asleep"


def test_a_body_without_a_message_is_kept_as_it_is():
    assert said("upstream connect error") == "upstream connect error"


def test_of_a_page_its_words_are_kept():
    page = "<html><head><title>502 Bad Gateway</title><script>evil()</script></head><body><p>Sorry &amp; bye</p></body></html>"
    assert said(page) == "502 Bad Gateway Sorry & bye"


def test_terminals_are_not_told_what_to_do():
    assert inert("\x1b[31mred\x1b[0m \x1b]0;title\x07and\r\nnext\u202e line\u200b\x00") == "red and next line"


def test_keys_are_masked():
    keys = [
        "sk-proj-abcdefgh1234567890",
        "AIzaSyA1234567890abcdefghijk",
        "gsk_1234567890abcdefghij",
        "Bearer abc.def.ghi123",
        "https://x.y/z?key=abcdef123456",
    ]
    assert [inert(f"your key {key} is wrong") for key in keys] == [
        "your key *** is wrong",
        "your key *** is wrong",
        "your key *** is wrong",
        "your key Bearer *** is wrong",
        "your key https://x.y/z?key=*** is wrong",
    ]


def test_ordinary_words_are_not_masked():
    text = "task-oriented key-value-store-for-everyone sk-learn-contrib-packages-and-more"
    assert inert(text) == text


@settings(max_examples=500)
@given(st.text(max_size=4000))
def test_whatever_is_said_ends_as_one_printable_line(text: str):
    line = inert(text)
    assert len(line) <= SAID_CHARS_MAX
    assert line.isprintable()
    assert inert(line) == line
