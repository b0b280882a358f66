"""Every framing, cut at every position: the messages are the same, and nothing grows without a bound."""

import json
from collections.abc import Callable
from itertools import pairwise
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.wire.jsonarray import ArraySplitter
from actors.wire.ndjson import LineSplitter
from actors.wire.splitting import Oversized, Splitter
from actors.wire.sse import SseEvent, SseSplitter

M = TypeVar("M")

LAW = settings(max_examples=500, deadline=None)


def events_of(*pieces: bytes) -> list[SseEvent]:
    splitter = SseSplitter()
    return [event for piece in pieces for event in splitter.feed(piece)] + splitter.finish()


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(stream) + 1) for place in places), len(stream)]
    return [stream[start:end] for start, end in pairwise(edges)]


def run(splitter: Splitter[M], pieces: list[bytes]) -> list[M]:
    return [message for piece in pieces for message in splitter.feed(piece)] + splitter.finish()


# --- events ---------------------------------------------------------------------------------------------


def test_an_event_has_its_data_and_its_name():
    assert events_of(b"event: message_start\ndata: {}\n\ndata: [DONE]\n\n") == [
        SseEvent(b"{}", b"message_start"),
        SseEvent(b"[DONE]"),
    ]


def test_several_data_lines_are_one_event():
    assert events_of(b"data: a\ndata:b\ndata\ndata:  c\n\n") == [SseEvent(b"a\nb\n\n c")]


@pytest.mark.parametrize("newline", [b"\n", b"\r", b"\r\n"])
def test_all_three_ways_to_end_a_line_are_understood(newline):
    stream = b"data: 1\n\ndata: 2\n\n".replace(b"\n", newline)
    assert events_of(stream) == [SseEvent(b"1"), SseEvent(b"2")]


def test_comments_ids_retries_and_unknown_fields_say_nothing():
    assert events_of(b": ping\n\n:\n\nid: 7\nretry: 10\nfoo: bar\n\ndata: x\n\n") == [SseEvent(b"x")]


def test_a_name_without_data_is_no_event_and_does_not_stick_to_the_next():
    assert events_of(b"event: lonely\n\ndata: x\n\n") == [SseEvent(b"x")]


def test_a_byte_order_mark_is_no_part_of_the_first_line():
    assert events_of(b"\xef\xbb\xbfdata: x\n\n") == [SseEvent(b"x")]
    assert events_of(b"\xef", b"\xbb", b"\xbfdata: x\n\ndata: \xef\xbb\xbf\n\n") == [
        SseEvent(b"x"),
        SseEvent(b"\xef\xbb\xbf"),
    ]


def test_the_line_separators_of_unicode_separate_nothing():
    text = "a\u2028b\u2029c\u0085d\x0be\x0cf\x1cg".encode()
    assert events_of(b"data: " + text + b"\n\n") == [SseEvent(text)]
    assert run(LineSplitter(), [text + b"\n"]) == [text]


def test_an_event_is_given_as_soon_as_its_blank_line_is_there():
    splitter = SseSplitter()
    assert splitter.feed(b"data: x\r\n\r") == [SseEvent(b"x")]
    assert splitter.feed(b"\n") == []
    assert splitter.feed(b"") == []
    assert splitter.feed(b"data: y\r\n") == []
    assert splitter.feed(b"\r\n") == [SseEvent(b"y")]


def test_the_last_event_counts_even_if_nobody_closed_it():
    assert events_of(b"data: x\n\ndata: y") == [SseEvent(b"x"), SseEvent(b"y")]
    assert events_of(b"data: y\n") == [SseEvent(b"y")]


def test_a_line_that_never_ends_is_refused_at_the_bound():
    splitter = SseSplitter(bytes_max=100)
    splitter.feed(b"d" * 100)
    with pytest.raises(Oversized, match="a line of an event stream of more than 100 bytes"):
        splitter.feed(b"d")


def test_an_event_that_never_ends_is_refused_at_the_bound():
    splitter = SseSplitter(bytes_max=100)
    with pytest.raises(Oversized, match="an event of more than 100 bytes"):
        for _ in range(51):
            splitter.feed(b"data: x\n")


def test_empty_data_lines_count_towards_the_bound_too():
    splitter = SseSplitter(bytes_max=100)
    with pytest.raises(Oversized):
        splitter.feed(b"data\n" * 101)


def test_the_bound_is_for_one_event_not_for_the_stream():
    assert len(events_of(*[b"data: " + b"x" * 90 + b"\n\n"] * 50)) == 50
    splitter = SseSplitter(bytes_max=100)
    for _ in range(50):
        assert splitter.feed(b"data: " + b"x" * 90 + b"\n\n")


def expected_events(stream: bytes) -> list[SseEvent]:
    """The standard's own words, on a stream that lies there in one piece."""
    text = stream.decode("latin-1").removeprefix("\xef\xbb\xbf")
    lines = [*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""]
    events, data, name = [], list[str](), ""
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if data:
                events.append(SseEvent("\n".join(data).encode("latin-1"), name.encode("latin-1")))
            data, name = [], ""
        elif field == "data":
            data.append(value)
        elif field == "event":
            name = value
    return events


sse_scraps = st.sampled_from(
    [b"data: ", b"data:", b"data", b"event: ", b":", b"\n", b"\r", b"\r\n", b"\n\n", b"\xef\xbb\xbf", b"x",
     b'{"a": "b"}', "\u2028".encode(), b" ", b"\0"]
)  # fmt: skip
places = st.lists(st.integers(0, 10_000), max_size=20)


@LAW
@given(st.lists(sse_scraps, max_size=40).map(b"".join), places)
def test_wherever_an_event_stream_is_cut_its_events_are_the_same(stream, places):
    assert run(SseSplitter(), cut(stream, places)) == expected_events(stream)
    assert run(SseSplitter(), [bytes([byte]) for byte in stream]) == expected_events(stream)


# --- lines ----------------------------------------------------------------------------------------------


def test_blank_lines_and_carriage_returns_are_no_messages():
    assert run(LineSplitter(), [b'{"a":1}\r\n\r\n\n  \n{"b":2}']) == [b'{"a":1}', b'{"b":2}']


def test_a_line_beyond_the_bound_is_refused_whether_it_has_ended_or_not():
    with pytest.raises(Oversized, match="a line of more than 10 bytes"):
        LineSplitter(bytes_max=10).feed(b"x" * 11)
    with pytest.raises(Oversized, match="a line of more than 10 bytes"):
        LineSplitter(bytes_max=10).feed(b"x" * 11 + b"\n")


@LAW
@given(st.lists(st.sampled_from([b"x", b"\n", b"\r\n", b" ", "\u2028".encode()])).map(b"".join), places)
def test_wherever_lines_are_cut_they_are_the_same(stream, places):
    expected = [line.strip(b" \t\r") for line in stream.split(b"\n")]
    assert run(LineSplitter(), cut(stream, places)) == [line for line in expected if line]


# --- one long array -------------------------------------------------------------------------------------


def elements_of(*pieces: bytes) -> list[bytes]:
    return run(ArraySplitter(), list(pieces))


def test_an_element_is_given_when_it_closes_not_when_the_next_one_comes():
    splitter = ArraySplitter()
    assert splitter.feed(b'[{"a": [1, {"b": "]}"}]}') == [b'{"a": [1, {"b": "]}"}]}']
    assert splitter.feed(b',\r\n{"c"') == []
    assert splitter.feed(b':"\\') == []
    assert splitter.feed(b'"}"}') == [b'{"c":"\\"}"}']
    assert splitter.feed(b"\n]") == []
    assert splitter.finish() == []


def test_an_object_without_an_array_around_it_is_given_too():
    assert elements_of(b'{"error": {"code": 429}}') == [b'{"error": {"code": 429}}']


def test_what_is_no_json_comes_out_for_the_decoder_to_refuse():
    assert elements_of(b"<html>", b"</html>") == [b"<html></html>"]
    assert elements_of(b"oops [1]") == [b"oops", b"1"]
    assert elements_of(b"]]}}") == []


def test_a_cut_element_comes_out_at_the_end_as_it_is():
    assert elements_of(b'[{"a":1},{"b":') == [b'{"a":1}', b'{"b":']


@pytest.mark.parametrize("endless", [b'[{"a":"', b"[", b"[1234", b"{"])
def test_an_element_that_never_ends_is_refused_at_the_bound(endless):
    splitter = ArraySplitter(bytes_max=100)
    splitter.feed(endless)
    with pytest.raises(Oversized, match="an element of a streamed array"):
        for _ in range(101):
            splitter.feed(b" ")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(st.sampled_from('a"\\[]{},\u2028é\n'), max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@LAW
@given(st.lists(json_values, max_size=5), st.sampled_from([None, 2]), st.booleans(), places)
def test_wherever_an_array_is_cut_its_elements_are_the_same(values, indent, ascii_only, places):
    stream = json.dumps(values, indent=indent, ensure_ascii=ascii_only).encode()
    found = elements_of(*cut(stream, places))
    assert [json.loads(element) for element in found] == values
    assert elements_of(*[bytes([byte]) for byte in stream]) == found


anything = st.binary(max_size=60) | st.lists(
    sse_scraps | st.sampled_from([b"[", b"]", b'"', b"\\", b","])
).map(b"".join)


@pytest.mark.parametrize("make", [SseSplitter, LineSplitter, ArraySplitter])
@settings(max_examples=200, deadline=None)
@given(stream=anything, places=places)
def test_no_bytes_at_all_can_upset_a_splitter(make: Callable[[], Splitter[M]], stream, places):
    assert run(make(), cut(stream, places)) == run(make(), [stream])
