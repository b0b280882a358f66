"""Where messages end: three framings, any pieces, hostile bytes, and never more memory than was allowed."""

from itertools import pairwise

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from daemon.rpc.framing import Broken, Flaw, Frame, Frames, Framing
from daemon.rpc.value import DEPTH_MAX

BYTES_MAX = 1_000
PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}'


def cut(*pieces: bytes, bytes_max: int = BYTES_MAX, ends: bool = True) -> list[Frame | Broken]:
    """What comes out when these pieces come in, and then the end."""
    frames = Frames(bytes_max)
    found = []
    for piece in pieces:
        frames.feed(piece)
        while (each := frames.next()) is not None:
            found.append(each)
    last = frames.end() if ends else None
    return [*found, last] if last is not None else found


def header(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def test_a_line_is_a_message():
    assert cut(PING + b"\n" + PING + b"\r\n") == [Frame(PING), Frame(PING)]


def test_a_header_says_how_long_its_message_is():
    assert cut(header(PING) + header(b"[]")) == [Frame(PING, Framing.HEADER), Frame(b"[]", Framing.HEADER)]


def test_other_headers_beside_the_length_are_fine():
    head = b"content-type: application/vscode-jsonrpc; charset=utf-8\r\nCONTENT-LENGTH:  2\r\n\r\n"
    assert cut(head + b"{}") == [Frame(b"{}", Framing.HEADER)]


def test_a_bare_value_ends_with_its_last_bracket():
    assert cut(PING, ends=False) == [Frame(PING)]
    assert cut(PING + PING + b"[1]", ends=False) == [Frame(PING), Frame(PING), Frame(b"[1]")]


def test_brackets_and_quotes_inside_of_text_mean_nothing():
    body = rb'{"a":"}]\"{","b":["\\",{"c":"\\\""}]}'
    assert cut(body + PING, ends=False) == [Frame(body), Frame(PING)]


def test_the_framings_can_take_turns():
    found = cut(PING + b"\n" + header(PING) + PING + b"  \n\n" + PING + b"\n")
    assert [each.framing for each in found] == [Framing.LINE, Framing.HEADER, Framing.LINE, Framing.LINE]


def test_a_file_that_was_written_for_reading_can_be_sent_as_it_is():
    body = b'{\n  "jsonrpc": "2.0",\n  "id": 1,\n  "method": "ping",\n  "params": [\n  ]\n}'
    assert cut(body + b"\n" + PING + b"\n", ends=False) == [Frame(body), Frame(PING)]


def test_a_typo_is_answered_and_not_waited_for():
    typo = b'{"jsonrpc":"2.0","id":1,"method":"ping"'
    assert cut(typo + b"\n" + PING + b"\n", ends=False) == [Frame(typo), Frame(PING)]


def test_a_newline_inside_of_a_text_breaks_it():
    assert cut(b'{"a":"b\n' + PING + b"\n", ends=False) == [Frame(b'{"a":"b'), Frame(PING)]


def test_what_is_no_value_ends_with_its_line():
    assert cut(b"hello\n42\n\n  \n" + PING) == [Frame(b"hello"), Frame(b"42"), Frame(PING)]


def test_what_waits_at_the_end_is_a_message_after_all_or_never_will_be():
    assert cut(b"42") == [Frame(b"42")]
    assert cut(PING[:-1]) == [Broken(Flaw.CUT)]
    assert cut(header(PING)[:-1]) == [Broken(Flaw.CUT)]
    assert cut(b"  \n ") == []


def test_a_message_that_is_too_large_is_left_out_and_the_next_is_not():
    large = b'{"a":"%b"}' % (b"x" * BYTES_MAX)
    pieces = [large[at : at + 100] for at in range(0, len(large), 100)]
    assert cut(large + b"\n" + PING + b"\n") == [Broken(Flaw.TOO_LARGE), Frame(PING)]
    assert cut(*pieces, b"\n" + PING + b"\n") == [Broken(Flaw.TOO_LARGE), Frame(PING)]
    assert cut(header(large) + header(PING)) == [
        Broken(Flaw.TOO_LARGE, Framing.HEADER),
        Frame(PING, Framing.HEADER),
    ]
    assert cut(b"x" * 5000 + b"\n" + PING) == [Broken(Flaw.TOO_LARGE), Frame(PING)]


def test_what_is_too_large_is_not_kept():
    frames = Frames(BYTES_MAX)
    for _ in range(1_000):
        frames.feed(b'{"a":"' + b"x" * 1_000)
        while frames.next() is not None:
            pass
    assert repr(frames) == "<frames: 0 bytes wait>"


def test_a_million_brackets_are_refused_at_the_first_thousand():
    assert cut(b"[" * 1_000_000, bytes_max=2_000_000) == [Broken(Flaw.TOO_DEEP)]
    deep = b"[" * (DEPTH_MAX + 1) + b"]" * (DEPTH_MAX + 1)
    assert cut(deep + b"\n" + PING, bytes_max=10_000) == [Broken(Flaw.TOO_DEEP), Frame(PING)]


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n",
        b"Content-Length: " + b"9" * 400 + b"\r\n\r\n",
        b"Content-Type: application/json\r\n\r\n",
        b"Content-Length: 2\r\n" + b"x" * 5_000,
    ],
)
def test_a_header_that_states_no_length_ends_the_conversation(head):
    assert cut(head + b"{}\n" + PING, PING) == [Broken(Flaw.BAD_HEADER, Framing.HEADER)]


def test_whoever_speaks_http_is_told_where():
    assert cut(b"POST / HTTP/1.1\r\nhost: x\r\n\r\n" + PING) == [Broken(Flaw.HTTP)]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**31), 2**31) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)
MESSAGES = st.dictionaries(st.text(max_size=4), VALUES, max_size=4) | st.lists(VALUES, max_size=4)
SAID = st.tuples(MESSAGES, st.sampled_from(["line", "bare", "header", "spread"]))


def said(message: object, how: str) -> bytes:
    body = msgspec.json.encode(message)
    match how:
        case "line":
            return body + b"\n"
        case "header":
            return header(body)
        case "spread":
            return msgspec.json.format(body, indent=2) + b"\n"
        case _:
            return body


def in_pieces(whole: bytes, cuts: list[int]) -> list[bytes]:
    places = sorted({0, len(whole), *(each % (len(whole) + 1) for each in cuts)})
    return [whole[start:end] for start, end in pairwise(places)]


@settings(max_examples=500)
@given(st.lists(SAID, max_size=6), st.lists(st.integers(0, 10_000), max_size=12))
def test_every_message_arrives_whole_however_it_is_framed_and_cut(messages, cuts):
    whole = b"".join(said(message, how) for message, how in messages)
    found = cut(*in_pieces(whole, cuts), bytes_max=100_000)
    assert [msgspec.json.decode(each.body) for each in found if isinstance(each, Frame)] == [
        msgspec.json.decode(msgspec.json.encode(message)) for message, _ in messages
    ]


GRAVEL = st.lists(
    st.sampled_from([b"{", b"}", b"[", b"]", b'"', b"\\", b"\n", b"\r\n", b",", b":", b"1", b" ", PING])
    | st.sampled_from([b"Content-Length: ", b"Content-Length: 4\r\n\r\n", b"\xff", b"\x00", b"x", b"GET "]),
    max_size=40,
).map(b"".join)


@settings(max_examples=1_000)
@given(GRAVEL, st.lists(st.integers(0, 10_000), max_size=12))
@example(b'{"a":1}\n{', [3, 7])
@example(b'"\\\n"{}', [2])
def test_what_comes_out_does_not_depend_on_the_pieces(whole, cuts):
    assert cut(*in_pieces(whole, cuts)) == cut(whole)


@settings(max_examples=500)
@given(st.binary(max_size=400) | GRAVEL)
def test_whatever_comes_in_nothing_is_raised_and_the_next_line_is_heard(noise):
    found = cut(noise, b"\n" * 2, bytes_max=2_000)
    for each in found:
        assert isinstance(each, Frame | Broken)
