"""From a name to a connection: addresses, proxies, certificates. Real sockets, both event loops."""

import asyncio
import socket
import ssl
from contextlib import closing
from pathlib import Path

import pytest
import trustme

from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.dial import Address, Dialler, _first_to_answer
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import JoinKey, join_key
from actors.net.origin import parse_origin, parse_proxy
from actors.net.tls import TrustStore, make_context
from actors.net.transport import HttpTransport
from state.settings.secret import Secret
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, answer
from tests.fakeserver.client import BOTH_LOOPS, outcome
from tests.fakeserver.misbehaviours import Delivered
from tests.fakeserver.server import FakeServer, Script
from tests.fakeserver.strange_ports import deaf_port, free_port

pytestmark = pytest.mark.anyio
WELL = Delivered(200, JSON)


@pytest.fixture(scope="module", params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def ca_file(authority, tmp_path_factory):
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return str(path)


def server_context(authority: trustme.CA, *names: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["h2", "http/1.1"])
    authority.issue_cert(*names).configure_cert(context)
    return context


def transport(url: str, *, proxy: str = "", ca_file: str = "", allow_private: bool = False) -> HttpTransport:
    return HttpTransport(
        parse_origin(url),
        clock=SystemClock(),
        trust=TrustStore(),
        proxy=parse_proxy(proxy),
        ca_file=ca_file,
        allow_private=allow_private,
    )


async def obliges(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(answer())


# --- addresses ------------------------------------------------------------------------------------------


async def test_a_name_is_looked_up_and_the_first_address_that_answers_is_taken():
    async with serving(obliges) as server:
        with closing(transport(f"http://localhost:{server.port}")) as carrier:
            assert await outcome(carrier) == WELL


async def test_a_name_that_does_not_exist_is_said_to_be_unresolved():
    with closing(transport("http://no-such-name.invalid")) as carrier:
        assert await outcome(carrier) == Fault.UNRESOLVED


@pytest.mark.parametrize("host", ["169.254.169.254", "[fe80::1]", "0.0.0.0", "[::ffff:169.254.169.254]"])
async def test_an_address_that_no_key_may_be_sent_to_is_refused_before_it_is_asked(host):
    with closing(transport(f"http://{host}:{free_port()}")) as carrier:
        with pytest.raises(ExchangeFailed, match="no key may be sent to") as raised:
            await carrier.send(b"GET", b"/x")
    assert raised.value.fault == Fault.FORBIDDEN_ADDRESS


async def test_who_allows_private_addresses_gets_what_he_asked_for():
    with closing(transport(f"http://0.0.0.0:{free_port()}", allow_private=True)) as carrier:
        assert await outcome(carrier) == Fault.UNREACHABLE


async def test_a_listener_that_is_silent_does_not_hold_up_the_address_behind_it():
    """The head start is a quarter of a second; the connect clock is nowhere near it."""
    with deaf_port() as deaf, socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        addresses = [
            Address(socket.AF_INET, ("127.0.0.1", deaf)),
            Address(socket.AF_INET, ("127.0.0.1", port)),
        ]
        sock = await asyncio.wait_for(_first_to_answer(addresses), 4)
        assert sock.getpeername()[1] == port
        sock.close()


async def test_a_refused_address_gives_way_to_the_next_at_once_and_the_first_refusal_is_told():
    refusing = [Address(socket.AF_INET, ("127.0.0.1", free_port())) for _ in range(2)]
    with pytest.raises(ConnectionRefusedError):
        await _first_to_answer(refusing)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        there = Address(socket.AF_INET, listener.getsockname())
        (await _first_to_answer([*refusing, there])).close()


async def test_all_who_dial_at_once_share_one_question_to_the_name_server():
    async with serving(obliges) as server:
        dialler = Dialler(parse_origin(f"http://localhost:{server.port}"), TrustStore())
        first, second = await asyncio.gather(dialler._addresses(), dialler._addresses())
        assert first is second


# --- TLS ------------------------------------------------------------------------------------------------


async def test_a_certificate_that_the_ca_file_vouches_for_is_trusted(authority, ca_file):
    async with serving(obliges, tls=server_context(authority, "localhost")) as server:
        with closing(transport(f"https://localhost:{server.port}/v1", ca_file=ca_file)) as carrier:
            assert await outcome(carrier) == WELL
            assert await outcome(carrier, body=bytes(1 << 20)) == WELL
            assert server.accepted == 1
            (connection,) = carrier._open
            assert connection._transport is not None
            tls = connection._transport.get_extra_info("ssl_object")
            assert tls.selected_alpn_protocol() == "http/1.1"
            assert tls.version() in ("TLSv1.2", "TLSv1.3")


async def test_a_certificate_that_nobody_vouches_for_is_not_trusted_and_nothing_is_sent(authority):
    async with serving(obliges, tls=server_context(authority, "localhost")) as server:
        with closing(transport(f"https://localhost:{server.port}")) as carrier:
            with pytest.raises(ExchangeFailed, match="no trusted TLS connection") as raised:
                await carrier.send(b"GET", b"/x", key=join_key(JoinKey.BEARER, Secret("sk-hunter2")))
            assert carrier._gate.is_untouched
    assert raised.value.fault == Fault.TLS
    assert server.asked == []


async def test_a_certificate_for_another_name_is_not_trusted(authority, ca_file):
    async with serving(obliges, tls=server_context(authority, "elsewhere.test")) as server:
        with closing(transport(f"https://localhost:{server.port}", ca_file=ca_file)) as carrier:
            assert await outcome(carrier) == Fault.TLS
    assert server.asked == []


async def test_a_certificate_for_an_address_is_good_for_that_address(authority, ca_file):
    async with serving(obliges, tls=server_context(authority, "127.0.0.1")) as server:
        with closing(transport(f"https://127.0.0.1:{server.port}", ca_file=ca_file)) as carrier:
            assert await outcome(carrier) == WELL


async def test_a_server_that_speaks_no_tls_is_not_trusted():
    async def speaks_plainly(line: Line) -> None:
        await line.say(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    async with serving(speaks_plainly) as server:
        with closing(transport(f"https://127.0.0.1:{server.port}")) as carrier:
            assert await outcome(carrier) == Fault.TLS


async def test_a_handshake_that_never_ends_is_given_up_by_the_connect_clock():
    async def listens(line: Line) -> None:
        await line.sleep()

    async with serving(listens) as server:
        with closing(transport(f"https://127.0.0.1:{server.port}")) as carrier:
            carrier_outcome = await outcome(carrier, Clocks(connect_ms=150))
            assert carrier_outcome == Fault.CONNECT_TIMEOUT
            assert carrier._gate.is_untouched


async def test_a_ca_file_that_cannot_be_read_is_the_operators_fault_and_said_so(tmp_path: Path):
    with closing(transport("https://localhost:1", ca_file=str(tmp_path / "none.pem"))) as carrier:
        with pytest.raises(ExchangeFailed, match="no trusted TLS connection could be made"):
            await carrier.send(b"GET", b"/x")


async def test_a_context_is_made_once_and_again_only_if_that_failed(tmp_path: Path, ca_file):
    store = TrustStore()
    one, two = await asyncio.gather(store.context(ca_file), store.context(ca_file))
    assert one is two
    missing = tmp_path / "ca.pem"
    with pytest.raises(OSError):
        await store.context(str(missing))
    missing.write_bytes(Path(ca_file).read_bytes())
    assert isinstance(await store.context(str(missing)), ssl.SSLContext)


def test_a_context_verifies_everything_and_ignores_the_environment(monkeypatch, tmp_path, ca_file):
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    for context in (make_context(""), make_context(ca_file)):
        assert context.verify_mode == ssl.CERT_REQUIRED
        assert context.check_hostname
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        assert context.keylog_filename is None


# --- proxies --------------------------------------------------------------------------------------------


async def test_no_proxy_is_taken_from_the_environment(monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{free_port()}")
    async with serving(obliges) as server:
        with closing(transport(server.url)) as carrier:
            assert await outcome(carrier) == WELL


async def test_a_plain_request_goes_through_its_proxy_with_its_whole_url():
    async with serving(obliges) as proxy:
        with closing(
            transport("http://model.test:8080/v1", proxy=f"http://user:word@127.0.0.1:{proxy.port}")
        ) as carrier:
            assert await outcome(carrier) == WELL
    (asked,) = proxy.asked
    assert asked.target == "http://model.test:8080/v1/chat/completions"
    assert asked.headers["host"] == "model.test:8080"
    assert asked.headers["proxy-authorization"] == "Basic dXNlcjp3b3Jk"


def tunnel_to(server: FakeServer, connects: list[tuple[str, dict[str, str]]]) -> Script:
    """A proxy that opens a tunnel to the server, whatever is asked for."""

    async def tunnel(line: Line) -> None:
        asked = await line.hear()
        connects.append((asked.target, asked.headers))
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        await line.say(b"HTTP/1.1 200 Connection established\r\n\r\n")

        async def back() -> None:
            while data := await reader.read(65536):
                await line.say(data)

        backwards = asyncio.ensure_future(back())
        try:
            while data := await line._reader.read(65536):
                writer.write(data)
        finally:
            backwards.cancel()
            writer.transport.abort()

    return tunnel


async def test_tls_goes_through_a_tunnel_and_the_proxy_sees_neither_key_nor_words(authority, ca_file):
    connects: list[tuple[str, dict[str, str]]] = []
    async with serving(obliges, tls=server_context(authority, "model.test")) as server:
        async with serving(tunnel_to(server, connects)) as proxy:
            url = f"http://user:word@127.0.0.1:{proxy.port}"
            with closing(transport("https://model.test/v1", proxy=url, ca_file=ca_file)) as carrier:
                assert await outcome(carrier) == WELL
                assert await outcome(carrier) == WELL
    assert connects == [
        ("model.test:443", {"host": "model.test:443", "proxy-authorization": "Basic dXNlcjp3b3Jk"})
    ]
    assert [asked.target for asked in server.asked] == ["/v1/chat/completions"] * 2
    assert "proxy-authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "answers",
    [b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\nearly", b"garbage\r\n\r\n", b"",
     b"HTTP/1.1 200 " + b"x" * 20_000],
)  # fmt: skip
async def test_a_proxy_that_does_not_open_a_tunnel_is_to_blame(answers):
    async def refuses(line: Line) -> None:
        await line.hear()
        await line.say(answers)

    async with serving(refuses) as proxy:
        with closing(
            transport("https://model.test", proxy=f"http://u:hunter2@127.0.0.1:{proxy.port}")
        ) as carrier:
            with pytest.raises(ExchangeFailed, match="the proxy did not let us through") as raised:
                await carrier.send(b"GET", b"/x")
    assert raised.value.fault == Fault.PROXY
    assert "hunter2" not in repr(raised.value)


async def test_a_forbidden_address_is_not_reached_by_way_of_a_proxy_either():
    async with serving(obliges) as proxy:
        with closing(transport("http://169.254.169.254/v1", proxy=proxy.url)) as carrier:
            assert await outcome(carrier) == Fault.FORBIDDEN_ADDRESS
    assert proxy.accepted == 0
