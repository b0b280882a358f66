"""Both ways across to httpx."""

import asyncio
import gzip
from contextlib import closing

import httpx
import pytest

from actors.net.clocks import Clocks
from actors.net.faults import FAULTS, ExchangeFailed, Fault
from actors.net.head import JoinKey, join_key
from actors.net.httpxseam import HttpxFace, OverHttpx
from actors.net.origin import parse_origin
from state.settings.secret import Secret
from tests.fakes import FakeClock, settle
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, STREAM_HEAD, answer, chunk
from tests.fakeserver.client import outcome, transport_to
from tests.fakeserver.misbehaviours import MISBEHAVIOURS, Delivered, Misbehaviour, says, says_and_stays

pytestmark = pytest.mark.anyio

ORIGIN = parse_origin("https://api.example.com/v1")
KEY = join_key(JoinKey.BEARER, Secret("sk-hunter2"))


# --- our transport, for who speaks httpx ----------------------------------------------------------------


async def obliges(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(answer(JSON, "x-request-id: 7"))


async def test_an_httpx_client_can_use_our_transport():
    async with serving(obliges) as server:
        face = HttpxFace(transport_to(server), parse_origin(server.url + "/v1"), key=KEY)
        async with httpx.AsyncClient(transport=face, base_url=server.url + "/v1/") as client:
            response = await client.post("chat/completions?x=1", json={"a": 1}, headers={"x-title": "app"})
    assert response.status_code == 200
    assert response.headers["x-request-id"] == "7"
    assert response.content == JSON
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/v1/chat/completions?x=1", b'{"a":1}')
    assert asked.headers["authorization"] == "Bearer sk-hunter2"
    assert asked.headers["x-title"] == "app"
    assert asked.headers["user-agent"] == "failoverd"


async def test_a_compressed_body_is_not_inflated_twice():
    async with serving(says(answer(gzip.compress(JSON), "content-encoding: gzip"))) as server:
        face = HttpxFace(transport_to(server), parse_origin(server.url))
        async with httpx.AsyncClient(transport=face, base_url=server.url) as client:
            assert (await client.get("/x")).content == JSON


@pytest.mark.parametrize(
    "url", ["http://elsewhere.test/v1/x", "https://127.0.0.1:{port}/v1/x", "http://127.0.0.1:1/v1/x",
            "http://127.0.0.1:{port}/v2/x", "http://user:word@127.0.0.1:{port}/v1/x", "http://127.0.0.1:{port}/v1/../x"]
)  # fmt: skip
async def test_a_request_for_anywhere_else_goes_nowhere(url):
    async with serving(obliges) as server:
        face = HttpxFace(transport_to(server), parse_origin(server.url + "/v1"))
        with pytest.raises(httpx.LocalProtocolError):
            await face.handle_async_request(httpx.Request("GET", url.format(port=server.port)))
        await face.aclose()
    assert server.accepted == 0


NEVER_ANSWERED = [case for case in MISBEHAVIOURS if all(isinstance(end, Fault) for end in case.endings)]


@pytest.mark.parametrize("case", NEVER_ANSWERED, ids=str)
async def test_every_fault_is_said_in_the_words_of_httpx(case: Misbehaviour):
    words = tuple(getattr(httpx, FAULTS[end].httpx) for end in case.endings if isinstance(end, Fault))
    async with serving(case.script) as server:
        transport = transport_to(server, body_bytes_max=16 << 20)
        face = HttpxFace(transport, parse_origin(server.url), clocks=case.clocks)
        async with httpx.AsyncClient(transport=face) as client:
            with pytest.raises(words):
                await client.post(server.url + "/x", content=case.body)


async def test_the_words_are_not_said_twice():
    async with serving(says()) as server:
        face = HttpxFace(transport_to(server), parse_origin(server.url))
        with pytest.raises(httpx.RemoteProtocolError, match=r"^the server disconnected"):
            await face.handle_async_request(httpx.Request("GET", server.url + "/x"))
        await face.aclose()


def test_each_fault_has_a_word_that_httpx_knows():
    assert set(FAULTS) == set(Fault)
    assert all(issubclass(getattr(httpx, terms.httpx), httpx.RequestError) for terms in FAULTS.values())


async def test_a_response_that_is_left_half_read_gives_its_place_back():
    async with serving(says_and_stays(STREAM_HEAD, chunk(b"x"))) as server:
        transport = transport_to(server)
        face = HttpxFace(transport, parse_origin(server.url))
        async with httpx.AsyncClient(transport=face) as client, client.stream("GET", server.url + "/x"):
            assert not transport._gate.is_untouched
        assert transport._gate.is_untouched


# --- somebody else's transport, for our attempts --------------------------------------------------------


def over(reply: object, clock: FakeClock | None = None) -> OverHttpx:
    assert callable(reply)
    return OverHttpx(ORIGIN, httpx.MockTransport(reply), clock=clock or FakeClock())


async def test_an_attempt_can_be_answered_by_a_mock():
    asked: list[httpx.Request] = []

    def reply(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(201, json={"b": 2}, headers={"X-Up": "Yes"})

    exchange = await over(reply).send(b"POST", b"/chat", ((b"x-title", b"app"),), b'{"a":1}', key=KEY)
    assert (exchange.status, exchange.header(b"x-up"), await exchange.read()) == (201, b"Yes", b'{"b":2}')
    (request,) = asked
    assert (request.method, str(request.url)) == ("POST", "https://api.example.com/v1/chat")
    assert request.content == b'{"a":1}'
    assert request.headers["authorization"] == "Bearer sk-hunter2"
    assert request.headers["host"] == "api.example.com"


async def test_a_mock_gets_nothing_that_a_real_server_would_not():
    with pytest.raises(ExchangeFailed, match="cannot be sent"):
        await over(lambda _: httpx.Response(200)).send(b"GET", b"http://elsewhere.test/")


class Drip(httpx.AsyncByteStream):
    def __init__(self, clock: FakeClock, *gaps_s: float) -> None:
        self.clock = clock
        self.gaps_s = gaps_s
        self.closed = False

    async def __aiter__(self):
        for gap_s in self.gaps_s:
            await self.clock.sleep_until(self.clock.now_ms() + round(gap_s * 1000))
            yield b"x"

    async def aclose(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("gaps_s", "fault"),
    [
        ((1, 1, 1), None),
        ((11,), Fault.FIRST_TOKEN_TIMEOUT),
        ((1, 16), Fault.GAP_TIMEOUT),
        ((9,) * 9, Fault.TOTAL_TIMEOUT),
    ],
)
async def test_our_clocks_watch_over_somebody_elses_transport(clock, gaps_s, fault):
    stream = Drip(clock, *gaps_s)
    carrier = over(lambda _: httpx.Response(200, stream=stream), clock)
    clocks = Clocks(first_token_ms=10_000, gap_ms=15_000, total_ms=60_000)
    ended = await clock.until_done(outcome(carrier, clocks))
    assert ended == (fault or Delivered(200, b"xxx"))
    await settle()
    assert stream.closed
    assert not carrier._pumps
    assert clock.pending == 0


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (httpx.ConnectTimeout, Fault.CONNECT_TIMEOUT),
        (httpx.ConnectError, Fault.UNREACHABLE),
        (httpx.ReadTimeout, Fault.TOTAL_TIMEOUT),
        (httpx.PoolTimeout, Fault.BUSY),
        (httpx.ReadError, Fault.RESET),
        (httpx.ProxyError, Fault.PROXY),
        (httpx.RemoteProtocolError, Fault.MALFORMED),
        (httpx.LocalProtocolError, Fault.ILLEGAL_REQUEST),
        (httpx.DecodingError, Fault.BAD_ENCODING),
    ],
)
async def test_its_errors_are_said_in_our_words_and_without_its_own(error, fault):
    def reply(request: httpx.Request) -> httpx.Response:
        raise error(f"illegal header value {request.headers['authorization']}")

    with pytest.raises(ExchangeFailed) as raised:
        await over(reply).send(b"GET", b"/x", key=KEY)
    assert raised.value.fault == fault
    assert "hunter2" not in str(raised.value) + repr(raised.value.__context__)


async def test_a_bug_in_it_is_not_taken_for_silence():
    def reply(request: httpx.Request) -> httpx.Response:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await over(reply).send(b"GET", b"/x")


async def test_closing_and_cancelling_end_what_it_carries(clock):
    async def never(request: httpx.Request) -> httpx.Response:
        await asyncio.Event().wait()
        raise AssertionError

    with closing(over(never, clock)) as carrier:
        attempts = [asyncio.ensure_future(outcome(carrier)) for _ in range(2)]
        await settle()
        attempts[0].cancel()
        await settle()
        assert len(carrier._pumps) == 1
        carrier.close()
        assert await attempts[1] == Fault.CLOSED
        await settle()
    assert not carrier._pumps
    assert clock.pending == 0
