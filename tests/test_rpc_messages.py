"""What a message says: the specification's examples, ids of every kind, and errors that name what is wrong."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.rpc.messages import BATCH_MAX, Asked, Batch, Ignored, Told, Wrong, read
from daemon.verdicts import ErrorKind


def asked(id_: bytes, key: object, method: str = "ping") -> Asked:
    return Asked(id_, key, method, None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("written", "id_", "key"),
    [
        (b"1", b"1", 1),
        (b"-7", b"-7", -7),
        (b'"a"', b'"a"', "a"),
        (b'"\\u00e9"', '"é"'.encode(), "é"),
        (b"1.5", b"1.5", 1.5),
        (b"18446744073709551616", b"18446744073709551616", 2**64),
        (b"null", b"null", None),
    ],
)
def test_an_id_comes_back_as_the_value_that_it_was(written, id_, key):
    assert read(b'{"jsonrpc":"2.0","method":"ping","id":%b}' % written) == asked(id_, key)


def test_without_an_id_nobody_wants_an_answer():
    assert read(b'{"jsonrpc":"2.0","method":"ping"}') == Told("ping", None)


def test_of_two_members_of_one_name_the_last_counts():
    assert read(b'{"jsonrpc":"2.0","method":"x","id":1,"id":2,"method":"ping"}') == asked(b"2", 2)


def test_params_are_not_looked_into():
    found = read(b'{"jsonrpc":"2.0","method":"ping","id":1,"params":{"a":1e999}}')
    assert isinstance(found, Asked)
    assert found.params is not None
    assert bytes(found.params) == b'{"a":1e999}'


def test_params_of_null_are_none():
    assert read(b'{"jsonrpc":"2.0","method":"ping","id":1,"params":null}') == asked(b"1", 1)


WRONG = [
    (b'{"jsonrpc":"2.0","method":"ping","id":1e999}', "`id` must be a string or a number"),
    (b'{"jsonrpc":"2.0","method":"ping","id":true}', "`id` must be a string or a number"),
    (b'{"jsonrpc":"2.0","method":"ping","id":[1]}', "`id` must be a string or a number"),
    (b'{"jsonrpc":"2.0","method":"ping","id":%b}' % (b"1" * 5_000), "`id` must be a string or a number"),
    (b'{"jsonrpc":"2.0","method":"ping","id":"%b"}' % (b"x" * 257), "`id` is longer than 256 characters"),
    (b'{"jsonrpc":"1.0","method":"ping"}', '`jsonrpc` must be "2.0"'),
    (b'{"method":"ping"}', '`jsonrpc` must be "2.0"'),
    (b'{"jsonrpc":"2.0"}', "`method` is missing"),
    (b'{"jsonrpc":"2.0","method":1}', "`method` must be a string"),
    (b'{"jsonrpc":"2.0","method":"ping","params":"x"}', "`params` must be an object or a list"),
    (b"42", "a request is a JSON object, or a list of such"),
    (b"[]", "the batch is empty"),
    (b"[%b1]" % (b"1," * 9_999), f"the batch has 10,000 requests, and {BATCH_MAX} may be"),
]


@pytest.mark.parametrize(("body", "why"), WRONG, ids=[why for _, why in WRONG])
def test_what_is_no_request_is_told_why(body, why):
    assert read(body) == Wrong(b"null", ErrorKind.INVALID_REQUEST, why)


def test_an_id_that_can_be_read_is_answered_to():
    found = read(b'{"jsonrpc":"2.0","method":1,"id":"x"}')
    assert found == Wrong(b'"x"', ErrorKind.INVALID_REQUEST, "`method` must be a string")


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"jsonrpc": "2.0", "method": "foobar, "params": "bar", "baz]', "JSON is malformed"),
        (b"hello", "JSON is malformed"),
        (b'{"jsonrpc":"2.0","method":"\xff","id":1}', "it is not valid UTF-8"),
        (b"[" * 2_000 + b"]" * 2_000, "it is nested too deeply"),
        (b'{"a":' * 5_000, "it is nested too deeply"),
    ],
)
def test_what_is_no_json_is_told_so(body, why):
    found = read(body)
    assert isinstance(found, Wrong)
    assert (found.id, found.kind) == (b"null", ErrorKind.PARSE_ERROR)
    assert found.why.startswith(why)


def test_a_batch_is_told_one_by_one():
    body = b'[{"jsonrpc":"2.0","method":"ping","id":1},1,{"jsonrpc":"2.0","method":"ping"},{"foo":"bar"}]'
    assert read(body) == Batch(
        (
            asked(b"1", 1),
            Wrong(b"null", ErrorKind.INVALID_REQUEST, "a request is a JSON object, or a list of such"),
            Told("ping", None),
            Wrong(b"null", ErrorKind.INVALID_REQUEST, '`jsonrpc` must be "2.0"'),
        )
    )


def test_a_large_batch_of_nothings_fails_at_the_first():
    found = read(b"[%b{}]" % (b"{}," * 100_000))
    assert isinstance(found, Wrong)
    assert found.why.startswith("the batch holds what is no request: Object missing required field `jsonrpc`")


def test_a_large_batch_of_requests_is_a_batch():
    text = b'{"jsonrpc":"2.0","id":1,"method":"ping","params":["%b"]}' % (b"x" * 50_000)
    found = read(b"[%b,%b]" % (text, text))
    assert isinstance(found, Batch)
    assert [type(item) for item in found.items] == [Asked, Asked]
    many = read(b"[%b1]" % (b'{"jsonrpc":"2.0","method":"ping"},' * 5_000))
    assert isinstance(many, Wrong)


def test_a_batch_in_a_batch_is_no_request():
    found = read(b"[[]]")
    assert isinstance(found, Batch)
    assert isinstance(found.items[0], Wrong)


def test_answers_of_theirs_are_not_answered():
    assert read(b'{"jsonrpc":"2.0","id":1,"result":null}') == Ignored()
    assert read(b'{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":""}}') == Ignored()


@settings(max_examples=500)
@given(st.binary(max_size=200))
def test_nothing_that_comes_raises(body):
    read(body)
