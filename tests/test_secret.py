"""What counts as a secret, and that nobody can print one."""

import copy
import json
import pickle
import re
import traceback
from pathlib import Path

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

import daemon
from state.settings.problems import Fault
from state.settings.quoting import UNSAID, looks_secret, quoted
from state.settings.references import FromCredential, FromEnvironment, FromFile, refer
from state.settings.secret import Secret, accept
from tests.configs import KEY

ROOT = Path(daemon.__file__).parent.parent

MAY_REVEAL = {
    "actors/provider/access.py",  # looks for it in what a provider says
    "actors/net/head.py",  # puts it into the header that it is for
    "daemon/configfile.py",  # keeps them out of what it says is wrong
    "daemon/http/guards.py",  # compares it with what a client shows
    "daemon/run.py",  # tells the redaction what to black out
}


@pytest.mark.parametrize(
    "show", [repr, str, format, "{}".format, "{!r:>3}".format, lambda secret: f"{secret}"]
)
def test_shown_it_is_three_stars(show):
    assert show(Secret(KEY)) == "***"


def test_inside_of_anything_it_is_three_stars():
    assert repr({"key": [Secret(KEY)]}) == "{'key': [***]}"


def test_a_width_does_not_tell_its_length():
    assert f"{Secret(KEY):>5}" == "  ***"


def test_it_has_no_attributes_to_list():
    with pytest.raises(TypeError):
        vars(Secret(KEY))


def test_pickled_or_copied_it_is_three_stars():
    assert KEY.encode() not in pickle.dumps(Secret(KEY))
    assert pickle.loads(pickle.dumps(Secret(KEY))) == Secret("***")
    assert copy.deepcopy(Secret(KEY)) == Secret("***")


@pytest.mark.parametrize(
    "encode", [msgspec.json.encode, msgspec.msgpack.encode, msgspec.to_builtins, json.dumps]
)
def test_encoders_refuse_it_and_do_not_say_what_it_was(encode):
    with pytest.raises(TypeError) as refused:
        encode({"key": Secret(KEY)})

    assert KEY not in "".join(traceback.format_exception(refused.value))


def test_an_encoder_that_takes_anything_gets_three_stars():
    assert msgspec.json.encode({"key": Secret(KEY)}, enc_hook=str) == b'{"key":"***"}'


def test_two_are_equal_if_their_texts_are_and_no_text_is_equal_to_either():
    assert Secret(KEY) == Secret(KEY) != Secret("another-key")
    assert Secret(KEY) != KEY
    assert Secret("***") != "***"
    assert len({Secret(KEY), Secret(KEY)}) == 1


def test_a_fingerprint_tells_secrets_apart_for_who_knows_the_salt():
    assert Secret(KEY).fingerprint(b"salt") == Secret(KEY).fingerprint(b"salt")
    assert Secret(KEY).fingerprint(b"salt") != Secret(KEY).fingerprint(b"pepper")
    assert Secret(KEY).fingerprint(b"salt") != Secret("another-key").fingerprint(b"salt")


def test_few_reveal_it():
    callers = {
        str(path.relative_to(ROOT))
        for layer in ("state", "actors", "daemon")
        for path in (ROOT / layer).rglob("*.py")
        if re.search(r"\.reveal\b", path.read_text())
    }

    assert callers <= MAY_REVEAL


@pytest.mark.parametrize(
    ("text", "reference"),
    [
        ("env:GEMINI_API_KEY", FromEnvironment("GEMINI_API_KEY")),
        ("file:/etc/failoverd/keys/gemini", FromFile("/etc/failoverd/keys/gemini")),
        ("file:/nix/store/0c2x9q7vj8k1m3n5p7r9s1t3v5x7z9b1-keys/gemini", FromFile("/nix/store/0c2x9q7vj8k1m3n5p7r9s1t3v5x7z9b1-keys/gemini")),
        ("file:keys/gemini", FromFile("keys/gemini")),
        ("credential:gemini", FromCredential("gemini")),
    ],
)  # fmt: skip
def test_a_reference_says_where_a_secret_is(text, reference):
    assert refer(text) == reference


@pytest.mark.parametrize(
    "text", [KEY, "gemini", f"env:{KEY}", f"file:{KEY}", f"credential:{KEY}", "", ":", "ENV:A"]
)
def test_what_is_no_reference_may_be_a_key_and_is_not_repeated(text):
    fault = refer(text)

    assert isinstance(fault, Fault)
    assert fault.reason == "holds a key itself, or something like one"
    assert KEY not in str(fault)


@pytest.mark.parametrize("content", [b"a-key-of-mine", b"a-key-of-mine\n", b"a-key-of-mine\r\n"])
def test_a_newline_at_the_end_is_no_part_of_a_key(content):
    assert accept(content) == Secret("a-key-of-mine")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "is empty"),
        (b"\n", "is empty"),
        (b"  \n", "is empty"),
        (b"one\ntwo", "holds more than one line"),
        (b"a-key-of-mine\n\n", "holds more than one line"),
        (b"one\rtwo", "holds more than one line"),
        (b" a-key-of-mine", "holds white space at character 1"),
        (b"a-key of-mine", "holds white space at character 6"),
        (b"a-key\tof-mine", "holds white space at character 6"),
        (b"a-key\x00of-mine", "holds a character that is not plain ASCII at character 6"),
        (
            b"\xef\xbb\xbfa-key-of-mine",
            "holds an invisible character (U+FEFF, byte order mark) at character 1",
        ),
        (
            "a-key\u200bof-mine".encode(),
            "holds an invisible character (U+200B, zero-width space) at character 6",
        ),
        (
            "a-key\u00a0of-mine".encode(),
            "holds an invisible character (U+00A0, no-break space) at character 6",
        ),
        ("a-kéy-of-mine".encode(), "holds a character that is not plain ASCII at character 4"),
        (b"a-key-\xff-mine", "holds bytes that are not text"),
        (b'"a-key-of-mine"', "stands in quotation marks"),
        (b"short", "is shorter than 6 characters, which is no key"),
        (b"k" * 8193, "holds more than 8192 bytes, which is no key"),
    ],
)
def test_what_no_provider_would_take_is_no_key(content, reason):
    fault = accept(content)

    assert isinstance(fault, Fault)
    assert fault.reason == reason


@given(st.binary(max_size=64))
@settings(max_examples=500)
def test_any_bytes_are_one_line_of_visible_ascii_or_a_fault(content):
    match accept(content):
        case Secret() as secret:
            assert re.fullmatch(r"[!-~]{6,}", secret.reveal())
        case Fault() as fault:
            assert str(fault).isprintable()


@pytest.mark.parametrize(
    "text",
    [
        KEY,
        f"Bearer {KEY}",
        "sk-ant-api03-abcdefgh1234",
        "AIzaSyD-1234567890",
        "gsk_0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "eyJhbGciOiJIUzI1NiJ9.e30.x",
        "tY7-kP2_wQ9xR4-vB6nM1",
    ],
)
def test_a_key_looks_like_one(text):
    assert looks_secret(text)
    assert quoted(text) == UNSAID


@pytest.mark.parametrize(
    "text",
    [
        "gemini-2.5-flash-lite",
        "meta-llama/llama-4-maverick-17b-128e-instruct-fp8",
        "accounts/fireworks/models/llama-v3p3-70b-instruct",
        "DeepSeek-R1-Distill-Qwen-32B",
        "claude-haiku-4-5-20251001",
        "/etc/failoverd/keys/gemini-2",
        "GEMINI_API_KEY_2",
        "HF_API_KEY_2",
        "task-force-2000-extra",
    ],
)
def test_a_name_does_not(text):
    assert quoted(text) == text


@given(st.text(max_size=300))
@settings(max_examples=500)
@example("\x1b[2J\r\n\u202e")
def test_what_is_quoted_is_short_and_inert(text):
    assert quoted(text).isprintable()
    assert len(quoted(text)) <= 6 * 100 + 3
