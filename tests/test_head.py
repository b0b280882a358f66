import pickle
import traceback

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import NO_KEY, HeadWriter, JoinKey, KeyLine, UnusableKey, join_key
from actors.net.origin import parse_origin, parse_proxy
from state.settings.secret import Secret

WRITER = HeadWriter(parse_origin("https://api.example.com/v1"), agent="failoverd")


def test_a_head_is_what_was_asked_for_and_what_is_ours_to_say():
    head = WRITER.write(b"POST", b"/chat/completions", ((b"content-type", b"application/json"),), 17)
    assert head == (
        b"POST /v1/chat/completions HTTP/1.1\r\n"
        b"host: api.example.com\r\n"
        b"user-agent: failoverd\r\n"
        b"content-type: application/json\r\n"
        b"accept-encoding: gzip, deflate\r\n"
        b"content-length: 17\r\n"
    )


def test_the_key_is_the_last_line():
    assert join_key(JoinKey.BEARER, Secret("sk-123")).end_of_head() == b"authorization: Bearer sk-123\r\n\r\n"
    assert join_key(JoinKey.X_API_KEY, Secret("sk-123")).end_of_head() == b"x-api-key: sk-123\r\n\r\n"
    assert join_key(JoinKey.X_GOOG_API_KEY, Secret("sk-1")).end_of_head() == b"x-goog-api-key: sk-1\r\n\r\n"
    assert join_key(JoinKey.API_KEY, Secret("sk-123")).end_of_head() == b"api-key: sk-123\r\n\r\n"
    assert NO_KEY.end_of_head() == b"\r\n"


def test_a_get_without_a_body_has_no_length_and_who_asks_for_plain_bytes_is_obeyed():
    head = WRITER.write(b"GET", b"/models", ((b"accept-encoding", b"identity"),), 0)
    assert b"content-length" not in head
    assert head.count(b"accept-encoding") == 1


def test_a_plain_proxy_is_told_the_whole_url_and_its_password_a_tunnel_neither():
    proxy = parse_proxy("http://user:word@proxy.test")
    plain = HeadWriter(parse_origin("http://a.test:8080/v1"), agent="x", through=proxy)
    assert plain.write(b"GET", b"/models", (), 0).startswith(b"GET http://a.test:8080/v1/models HTTP/1.1\r\n")
    assert b"proxy-authorization: Basic dXNlcjp3b3Jk\r\n" in plain.write(b"GET", b"/models", (), 0)
    tunnelled = HeadWriter(parse_origin("https://a.test/v1"), agent="x", through=proxy)
    assert tunnelled.write(b"GET", b"/models", (), 0).startswith(b"GET /v1/models HTTP/1.1\r\n")
    assert b"proxy-authorization" not in tunnelled.write(b"GET", b"/models", (), 0)


@pytest.mark.parametrize(
    "target",
    [b"", b"models", b"http://evil.test/", b"/a b", b"/a\r\nx: y", b"/a\0", b"/a#b", b"/\xc3\xbc", b"/a\\b",
     b"/..", b"/../x", b"/a/../../x", b"/a/./b", b"/%2e%2e/x", b"/a/.%2E", b"/a/..?b", b"/<a>", b'/"'],
)  # fmt: skip
def test_a_target_that_could_lead_elsewhere_is_refused(target):
    with pytest.raises(ExchangeFailed, match="below the provider's URL"):
        WRITER.write(b"GET", target, (), 0)


@pytest.mark.parametrize(
    "target",
    [b"/", b"/models/gemini-2.5-flash:streamGenerateContent?alt=sse", b"/a..b", b"/...", b"/a%20b", b"//x"],
)
def test_a_target_below_the_url_is_fine_and_stays_below_it(target):
    assert WRITER.write(b"GET", target, (), 0).startswith(b"GET /v1" + target + b" HTTP/1.1\r\n")


@pytest.mark.parametrize("name", [b"host", b"authorization", b"x-api-key", b"content-length", b"transfer-encoding",
                                  b"connection", b"Host", b"a b", b"a:b", b"", b"a\r\nhost", b"proxy-authorization"])  # fmt: skip
def test_headers_that_are_ours_or_none_are_refused(name):
    with pytest.raises(ExchangeFailed, match="not the caller's to set"):
        WRITER.write(b"POST", b"/x", ((name, b"evil"),), 0)


@pytest.mark.parametrize(
    "value", [b"a\r\nhost: evil", b"a\nb", b"a\rb", b"a\0b", b"\r\n", b"a\r\n\r\nGET / HTTP/1.1"]
)
def test_a_value_with_a_line_break_is_refused(value):
    with pytest.raises(ExchangeFailed) as raised:
        WRITER.write(b"POST", b"/x", ((b"x-title", value),), 0)
    assert raised.value.fault == Fault.ILLEGAL_REQUEST


@pytest.mark.parametrize("method", [b"HEAD", b"CONNECT", b"get", b"GET /evil HTTP/1.1\r\nx:", b""])
def test_only_methods_whose_answers_can_be_read_are_spoken(method):
    with pytest.raises(ExchangeFailed, match="method"):
        WRITER.write(method, b"/x", (), 0)


values = st.text("ab :\r\n\0é", max_size=8).map(str.encode)
names = st.sampled_from([b"x-title", b"accept", b"a"]) | values
targets = st.text("ab/.%?\r\n ", max_size=8).map(str.encode)


@settings(max_examples=1000)
@given(st.lists(st.tuples(names, values), max_size=3), targets)
def test_whatever_is_asked_for_a_head_has_exactly_its_own_lines(headers, target):
    try:
        head = WRITER.write(b"POST", b"/" + target, tuple(headers), 1)
    except ExchangeFailed:
        return
    assert len(head.splitlines()) == head.count(b"\r\n") == 5 + len(headers)
    assert b"\0" not in head
    assert head.endswith(b"\r\n")


@pytest.mark.parametrize(
    ("key", "why"),
    [
        ("", "empty"),
        ("sk-hunter2\n", "line break"),
        ("sk-hunter2\r\nhost: evil", "line break"),
        (" sk-hunter2", "white space"),
        ("sk hunter2", "white space"),
        ("sk-hunter2\x00", "control"),
        ("sk-hunter2\x7f", "control"),
        ("sk-hunter2\u200b", "ASCII"),
        ("sk-hunter2é", "ASCII"),
    ],
)
def test_a_key_that_no_header_can_carry_is_refused_without_being_shown(key, why):
    with pytest.raises(UnusableKey, match=why) as raised:
        join_key(JoinKey.BEARER, Secret(key))
    told = "".join(traceback.TracebackException.from_exception(raised.value, capture_locals=True).format())
    inside = told[told.index("join_key(how") :] if "join_key(how" in told else told
    assert "hunter2" not in inside.partition("in join_key")[2]
    assert "hunter2" not in str(raised.value) + repr(raised.value)


def test_a_joined_key_shows_itself_to_nobody():
    line = join_key(JoinKey.BEARER, Secret("sk-hunter2"))
    assert repr(line) == str(line) == f"{line}" == "***"
    with pytest.raises(TypeError):
        pickle.dumps(line)
    assert not hasattr(line, "__dict__")
    assert isinstance(line, KeyLine)
