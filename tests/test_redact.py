import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.settings.redact import MASK, Redactor, encodings_of

KEY = "hunter2/very+secret=value&more"


@pytest.mark.parametrize(
    "spelling",
    [
        KEY,
        KEY.upper(),
        quote(KEY, safe=""),
        json.dumps(KEY),
        KEY.encode().hex(),
        KEY.encode().hex().upper(),
        base64.b64encode(KEY.encode()).decode(),
        base64.urlsafe_b64encode(b"x" + KEY.encode()).decode(),
        base64.b64encode(b"ab" + KEY.encode() + b"c").decode(),
        KEY[::-1],
        "".join(f"%{byte:02X}" for byte in KEY.encode()),
        "".join(f"\\u{ord(char):04x}" for char in KEY),
        json.dumps(json.dumps("".join(f"\\u{ord(char):04x}" for char in KEY))),
        "".join(f"\\x{ord(char):02x}" for char in KEY),
        "".join(f"&#{ord(char)};" for char in KEY),
        "".join(f"&#x{ord(char):X};" for char in KEY),
        "h%75nt&#101;r2/very+s\\u0065cret=v&#x61;lue&amp;more",
        "\u200b".join(KEY),
        KEY[:5] + "\x1b[31m" + KEY[5:],
        json.dumps(KEY[:5] + "\x1b[31m\u200b\u2060" + KEY[5:]),
        KEY.encode().hex(":"),
        KEY.encode().hex(" "),
        ", ".join(f"0x{byte:02x}" for byte in KEY.encode()),
    ],
)
def test_a_known_secret_is_masked_in_every_spelling(spelling):
    line = Redactor([KEY])(f"the provider said {spelling}, how odd")
    assert MASK in line
    assert not any(text.casefold() in line.casefold() for text in encodings_of(KEY))
    assert spelling not in line


@pytest.mark.parametrize("chars", range(8, len(KEY)))
def test_a_secret_that_was_cut_off_is_masked_as_well(chars):
    assert Redactor([KEY])(f"the provider said {KEY[:chars]}") == "the provider said ***"
    escaped = quote(KEY[:chars], safe="")
    assert Redactor([KEY])(f"the provider said {escaped}") == "the provider said ***"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("Authorization: Bearer abc.def-ghi", "Authorization: Bearer ***"),
        ('{"authorization": "Bearer abcdefgh"}', '{"authorization": "Bearer ***"}'),
        ("x-goog-api-key: q1w2e3r4t5", "x-goog-api-key: ***"),
        ("GET /v1beta/models?key=q1w2e3r4t5&alt=sse", "GET /v1beta/models?key=***&alt=sse"),
        ("Incorrect API key provided: sk-proj-abcdefghijklmnop.", "Incorrect API key provided: ***."),
        ("key AIzaSyA1234567890abcdefghijk is bad", "key *** is bad"),
        ("proxy http://me:pass@proxy:3128 refused", "proxy http***@proxy:3128 refused"),
    ],
)
def test_what_looks_like_a_key_is_masked_though_nobody_named_it(line, shown):
    assert Redactor()(line) == shown.replace("http***", "http://***")


@pytest.mark.parametrize("depth", range(4))
def test_a_slash_may_be_escaped_as_php_does_it(depth):
    line = "refused: to/ken+5772/w".replace("/", "\\" * depth + "/")
    assert Redactor(["to/ken+5772/w"])(line) == "refused: ***"


def test_a_secret_that_itself_looks_escaped_is_masked_before_it_is_changed():
    redact = Redactor(["to%41ken5772"])
    assert redact("first to%41ken5772, then %74o%2541ken5772") == "first ***, then ***"


@pytest.mark.parametrize(
    "line",
    [
        "lane gemini/key1/gemini-2.5-flash quarantined for 300 s: timeout",
        "monkey: banana; the key to success is patience",
        "skipped 3 lanes, disk-space is fine",
        "100 % of C:\\temp &amp; %41 \\u0041 are no secrets",
    ],
)
def test_ordinary_lines_pass_unchanged(line):
    assert Redactor(["another-secret"])(line) == line


def test_a_redactor_does_not_show_what_it_knows():
    assert repr(Redactor([KEY])) == "Redactor(***)"


@given(
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=8, max_size=60),
    around=st.text(),
)
@settings(max_examples=500)
def test_no_secret_survives_wherever_it_stands(secret, around):
    assert secret not in Redactor([secret])(f"{around}{secret}{around}").replace(MASK, "")
