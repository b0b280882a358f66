"""Who may come in by HTTP: above all, no web page."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.http.guards import BODY_BYTES_MAX, Via, why_refused
from daemon.http.head import read_head
from state.settings.secret import Secret

TOKEN = Secret("correct-horse")
JSON = {"content-type": "application/json"}


def status(
    via: Via = Via.LOOPBACK, token: Secret | None = None, *, has_body: bool = True, **lines: str | None
) -> int:
    """What comes of a request with this head; 200: it comes in."""
    given = {
        "host": "localhost:4747",
        **JSON,
        **{name.replace("_", "-"): value for name, value in lines.items()},
    }
    head = read_head([(name.encode(), value.encode()) for name, value in given.items() if value is not None])
    refused = why_refused(head, via, token, has_body=has_body)
    return 200 if refused is None else refused.status


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:4747",
        "LOCALHOST:1",
        "127.0.0.1:4747",
        "127.8.8.8",
        "[::1]:4747",
        "app.localhost",
        "localhost.:4747",
    ],
)
def test_a_host_that_can_only_mean_this_machine_is_ours(host):
    assert status(host=host) == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4747",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "192.168.1.2:4747",
        "",
        "[::2]",
        "0.0.0.0",
        "localhost@evil.example",
    ],
)
@pytest.mark.parametrize("via", [Via.LOOPBACK, Via.UNIX])
def test_a_name_that_somebody_else_made_point_here_is_not(host, via):
    # On a Unix socket an empty name is one word like any other.
    assert status(via, host=host) == (200 if via is Via.UNIX and host == "" else 421)


def test_a_request_without_a_host_comes_in_over_the_unix_socket_alone():
    assert (status(Via.UNIX, host=None), status(host=None)) == (200, 421)


def test_over_the_unix_socket_clients_make_up_a_word():
    assert (status(Via.UNIX, host="failoverd"), status(host="failoverd")) == (200, 421)


def test_beyond_loopback_the_token_stands_for_the_name():
    shown = "Bearer correct-horse"
    assert status(Via.NETWORK, TOKEN, host="gpu-box.lan:4747", authorization=shown) == 200
    assert status(Via.NETWORK, TOKEN, host="gpu-box.lan:4747") == 401


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost:3000",
        "null",
        "file://",
        "http://localhost:4747.evil.example",
    ],
)
@pytest.mark.parametrize("via", list(Via))
def test_a_page_from_elsewhere_stays_out(origin, via):
    assert status(via, TOKEN, origin=origin, authorization="Bearer correct-horse") == 403


def test_a_page_of_our_own_would_come_in():
    assert status(origin="http://localhost:4747") == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "Cross-Site"])
def test_a_browser_that_says_it_asks_for_a_page_from_elsewhere_is_believed(site):
    """An image or a script needs no Origin."""
    assert status(sec_fetch_site=site, has_body=False) == 403


@pytest.mark.parametrize("site", ["none", "same-origin"])
def test_an_address_typed_by_the_user_is_no_page(site):
    assert status(sec_fetch_site=site, has_body=False) == 200


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        None,
        "",
        "application/json5",
        "text/plain, application/json",
    ],
)
def test_what_a_browser_sends_unasked_is_refused(kind):
    assert status(content_type=kind) == 415


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_json_is_taken(kind):
    assert status(content_type=kind) == 200


def test_a_compressed_body_is_refused():
    assert (status(content_encoding="gzip"), status(content_encoding="identity")) == (415, 200)


def test_a_body_beyond_all_bounds_is_refused_by_its_length():
    assert status(content_length=str(BODY_BYTES_MAX + 1)) == 413
    assert status(content_length=str(BODY_BYTES_MAX)) == 200


@pytest.mark.parametrize(
    "shown",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        "Basic correct-horse",
        "correct-horse",
        "Bearer correct-hors\u00e9",
    ],
)
def test_whoever_has_not_the_token_stays_out(shown):
    assert status(Via.LOOPBACK, TOKEN, authorization=shown) == 401


def test_over_the_unix_socket_the_file_mode_is_enough():
    assert status(Via.UNIX, TOKEN) == 200


def test_a_line_that_says_two_things_is_refused():
    lines = [(b"host", b"localhost"), (b"host", b"evil.example"), (b"content-type", b"application/json")]
    refused = why_refused(read_head(lines), Via.LOOPBACK, None, has_body=True)
    assert refused is not None
    assert refused.status == 400


@settings(max_examples=500)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([b"host", b"origin", b"authorization", b"content-length", b"x-failover-a"]),
            st.binary(max_size=40),
        ),
        max_size=8,
    ),
    st.sampled_from(Via),
)
def test_no_head_breaks_the_guard(lines, via):
    why_refused(read_head(lines), via, TOKEN, has_body=True)
