"""Responses out of bytes, without a socket: cut anywhere, they are the same."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.net.faults import ExchangeFailed, Fault
from actors.net.response import INTERIM_MAX, ResponseReader
from tests.fakeserver.answers import JSON, LAST_CHUNK, STREAM_HEAD, answer, chunk, head

ANSWERS = [
    answer(),
    answer(b"", "connection: close"),
    STREAM_HEAD + chunk(b"data: a\n\n") + chunk(b"data: b\n\n") + LAST_CHUNK,
    STREAM_HEAD + chunk(b"data: a\n\n") + b"0\r\ntrailer: x\r\n\r\n",
    head(status="100 Continue") + head(status="103 Early Hints") + answer(),
    b"HTTP/1.0 200 OK\r\n\r\n" + JSON,
    head(status="204 No Content"),
]


def read(
    reader: ResponseReader, *pieces: bytes
) -> tuple[int, tuple[tuple[bytes, bytes], ...], bytes, bool, bool]:
    reader.expect()
    for piece in pieces:
        reader.feed(piece)
    body = b"".join(reader.pieces)
    return reader.status, tuple(reader.headers), body, reader.is_complete, reader.keeps_alive


def fault_of(*pieces: bytes) -> Fault:
    with pytest.raises(ExchangeFailed) as raised:
        read(ResponseReader(), *pieces)
    assert raised.value.heard
    return raised.value.fault


@settings(max_examples=500)
@given(st.sampled_from(ANSWERS), st.lists(st.integers(0, 500)))
def test_wherever_a_response_is_cut_it_reads_the_same(stream, cuts):
    edges = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    whole = read(ResponseReader(), stream)
    assert read(ResponseReader(), *[stream[a:b] for a, b in pairwise(edges) if b > a]) == whole


@settings(max_examples=500)
@given(st.binary(max_size=300) | st.tuples(st.sampled_from(ANSWERS), st.integers(0, 300), st.binary(max_size=3)).map(
    lambda made: made[0][: made[1]] + made[2] + made[0][made[1] :]
))  # fmt: skip
def test_no_bytes_at_all_raise_anything_but_a_fault(stream):
    reader = ResponseReader()
    reader.expect()
    try:
        reader.feed(stream)
    except ExchangeFailed as failed:
        assert failed.fault in (Fault.MALFORMED, Fault.HEAD_TOO_LARGE)  # noqa: PT017 - or none at all


def test_one_reader_reads_one_response_after_the_other():
    reader = ResponseReader()
    assert read(reader, answer(b"one", "x-first: 1"))[2:] == (b"one", True, True)
    status, headers, body, is_complete, keeps_alive = read(reader, answer(b"two", status="404 Not Found"))
    assert (status, body, is_complete, keeps_alive) == (404, b"two", True, True)
    assert b"x-first" not in dict(headers)


def test_names_are_told_in_lower_case_and_values_as_they_are():
    assert read(ResponseReader(), head("X-Request-ID: AbC", "content-length: 0"))[1] == (
        (b"x-request-id", b"AbC"),
        (b"content-length", b"0"),
    )


@pytest.mark.parametrize(
    ("response", "keeps_alive"),
    [
        (answer(), True),
        (answer(JSON, "connection: close"), False),
        (b"HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n", False),
        (b"HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 0\r\n\r\n", True),
        (answer() + answer(), False),
        (answer() + b"garbage", False),
    ],
)
def test_a_connection_is_kept_only_if_the_server_means_to_and_said_no_more_than_it_was_asked(
    response, keeps_alive
):
    assert read(ResponseReader(), response)[3:] == (True, keeps_alive)


def test_a_body_without_a_length_ends_with_the_connection():
    reader = ResponseReader()
    assert read(reader, b"HTTP/1.1 200 OK\r\n\r\n" + JSON)[3] is False
    assert reader.ends_with_connection
    measured = ResponseReader()
    read(measured, answer()[:-1])
    assert not measured.ends_with_connection


@pytest.mark.parametrize(
    ("header", "granted_ms"),
    [("timeout=5, max=100", 4_000), ("max=7, Timeout=60", 59_000), ("timeout=0", 0), ("timeout=x", None),
     ("timeout=99999999", None), ("", None)],
)  # fmt: skip
def test_a_server_that_says_how_long_it_stays_is_believed_for_a_second_less(header, granted_ms):
    reader = ResponseReader()
    read(reader, answer(JSON, f"keep-alive: {header}"))
    assert reader.granted_ms == granted_ms


def test_interim_heads_are_skipped_but_not_for_ever():
    interim = head("link: x", status="103 Early Hints")
    assert read(ResponseReader(), interim * INTERIM_MAX + answer(b"x"))[2] == b"x"
    assert fault_of(interim * (INTERIM_MAX + 1)) == Fault.MALFORMED


@pytest.mark.parametrize("first", [b"HTTP/1.1 200 OK\r\nx: ", STREAM_HEAD + b"0\r\nx: ", STREAM_HEAD + b"1;"])
def test_what_is_neither_body_nor_end_has_a_bound_however_slowly_it_comes(first):
    assert fault_of(first, *[b"y" * 1000] * 66) == Fault.HEAD_TOO_LARGE


def test_framing_between_pieces_of_body_adds_up_to_nothing():
    many = STREAM_HEAD + (b"1;" + b"x" * 1000 + b"\r\na\r\n") * 200 + LAST_CHUNK
    assert read(ResponseReader(), *[many[at : at + 997] for at in range(0, len(many), 997)])[2:4] == (
        b"a" * 200,
        True,
    )
