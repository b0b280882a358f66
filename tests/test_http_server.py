"""The door itself, over real sockets: who is let in, who is cut, and how it closes."""

import os
import re
import socket
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest
from anyio import create_task_group
from anyio.abc import SocketStream

from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor, supervise
from daemon.doorstep import Doorstep
from daemon.http import connection
from daemon.http.connection import HEAD_BYTES_MAX
from daemon.http.doors import http_doors
from daemon.http.guards import Via
from daemon.http.port import Port
from daemon.http.server import HttpServer
from daemon.news import DoorTaken
from state.config import DaemonConfig
from state.events import RequestClosed, Verdict
from tests.fakes import FakeRng, RecordingListener
from tests.fakeserver.client import BOTH_LOOPS
from tests.fakeserver.strange_ports import free_port
from tests.house_of_doors import Act, House, says
from tests.visitor import Hotel

pytestmark = pytest.mark.anyio
CHAT = b'{"model":"auto","messages":[{"role":"user","content":"hi"}]}'
STREAM = b'{"model":"auto","stream":true,"messages":[{"role":"user","content":"hi"}]}'
PATIENCE_S = 10.0


class Inn:
    """A hotel with its doors to the street."""

    def __init__(
        self, hotel: Hotel, directory: Path, supervisor: Supervisor, listener: RecordingListener
    ) -> None:
        self.hotel = hotel
        self.path = directory / "http.sock"
        self.listener = listener
        self.supervisor = supervisor

    async def opens(self, http_tcp: str = "") -> None:
        await self.supervisor.start(
            list(
                http_doors(
                    self.hotel.office,
                    Doorstep(self.path, mode=0o600),
                    DaemonConfig(http_tcp=http_tcp, drain_s=5.0),
                    stage=1,
                    clock=self.hotel.house.clock,
                    listener=self.listener,
                )
            )
        )


@asynccontextmanager
async def inn(directory: Path, *acts: Act) -> AsyncIterator[Inn]:
    clock = SystemClock()
    house = House("a", clock=clock, a=list(acts))  # type: ignore[arg-type]  # the machine's own time
    listener = RecordingListener()
    async with supervise(clock, FakeRng(), listener) as supervisor:
        yield Inn(Hotel(house, Via.UNIX), directory, supervisor, listener)
        with anyio.fail_after(PATIENCE_S):
            await supervisor.stop(5.0)


def request(body: bytes = CHAT, *lines: str, path: str = "/v1/chat/completions") -> bytes:
    head = (
        f"POST {path} HTTP/1.1",
        "host: x",
        "content-type: application/json",
        f"content-length: {len(body)}",
        *lines,
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


async def hear(stream: SocketStream, until: bytes) -> bytes:
    heard = b""
    with anyio.fail_after(PATIENCE_S):
        while until not in heard:
            heard += await stream.receive()
    return heard


async def hear_out(stream: SocketStream) -> bytes:
    heard = b""
    with anyio.fail_after(PATIENCE_S):
        try:
            while True:
                heard += await stream.receive()
        except (anyio.EndOfStream, anyio.BrokenResourceError):
            return heard


@pytest.mark.parametrize("anyio_backend", BOTH_LOOPS, ids=["asyncio", "uvloop"])
async def test_many_requests_go_over_one_connection(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            for _ in range(3):
                await stream.send(request())
                assert (await hear(stream, b'{"said":"hello"}')).startswith(b"HTTP/1.1 200 OK\r\n")
            await stream.send(request(STREAM))
            assert b"data: [DONE]\n\n" in await hear(stream, b"0\r\n\r\n")


async def test_requests_that_do_not_wait_for_answers_get_them_in_order(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request() + request(path="/v1/none") + request())
            heard = await hear_many(stream, 3)
    assert re.findall(rb"HTTP/1.1 (\d+)", heard) == [b"200", b"404", b"200"]


async def hear_many(stream: SocketStream, answers: int) -> bytes:
    heard = b""
    with anyio.fail_after(PATIENCE_S):
        while heard.count(b"HTTP/1.1 ") < answers or not heard.endswith(b"}"):
            heard += await stream.receive()
    return heard


@pytest.mark.parametrize(
    "path", ["http://x/v1/chat/completions", "/v1/chat%2Fcompletions", "/v1/chat/completions?a=1#b"]
)
async def test_an_address_can_be_written_in_more_than_one_way(tmp_path, path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request(path=path))
            assert (await hear(stream, b'{"said":"hello"}')).startswith(b"HTTP/1.1 200 OK\r\n")


async def test_who_asks_for_the_head_gets_the_head(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(b"HEAD /v1/models HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
            heard = await hear_out(stream)
    assert heard.startswith(b"HTTP/1.1 405 ")
    assert heard.endswith(b"\r\n\r\n")
    assert heard.count(b"connection: close\r\n") == 1


async def test_only_its_user_can_open_the_socket_and_it_goes_with_the_door(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        assert stat.S_IMODE(here.path.stat().st_mode) == 0o600
    assert not here.path.exists()


async def test_the_kernel_says_who_is_at_the_other_end(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request())
            await hear(stream, b"hello")
        assert here.hotel.house.doors["a"].knocks[0].case.client.uid == os.geteuid()


async def test_over_tcp_nobody_knows(tmp_path):
    async with inn(tmp_path) as here:
        port = free_port()
        await here.opens(f"127.0.0.1:{port}")
        async with await anyio.connect_tcp("127.0.0.1", port) as stream:
            await stream.send(request().replace(b"host: x", b"host: localhost"))
            await hear(stream, b"hello")
        assert here.hotel.house.doors["a"].knocks[0].case.client.uid is None


@pytest.mark.parametrize("anyio_backend", BOTH_LOOPS, ids=["asyncio", "uvloop"])
async def test_a_port_that_is_taken_is_told_and_the_unix_socket_serves(tmp_path):
    async with inn(tmp_path) as here:
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            await here.opens(f"127.0.0.1:{port}")
            (taken,) = here.listener.of(DoorTaken)
            assert (
                str(taken)
                == f"HTTP cannot listen at 127.0.0.1:{port}: Address already in use; everything else serves, and it is tried again"
            )
            async with await anyio.connect_unix(here.path) as stream:
                await stream.send(request())
                await hear(stream, b"hello")


@pytest.mark.parametrize("anyio_backend", BOTH_LOOPS, ids=["asyncio", "uvloop"])
@pytest.mark.parametrize("body", [CHAT, STREAM])
async def test_a_client_that_hangs_up_frees_its_lane_within_100_ms(tmp_path, body):
    async with inn(tmp_path, Act(words=("half",), hangs=True)) as here:
        await here.opens()
        clock = here.hotel.house.clock
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request(body))
            with anyio.fail_after(PATIENCE_S):
                while not here.hotel.house.router.status.in_flight:
                    await anyio.sleep(0.001)
        left_ms = clock.now_ms()
        with anyio.fail_after(PATIENCE_S):
            while here.hotel.house.router.status.in_flight:
                await anyio.sleep(0.001)
        assert clock.now_ms() - left_ms < 100


async def test_a_head_beyond_all_bounds_is_cut_off(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(b"GET / HTTP/1.1\r\nx: ")
            async with create_task_group() as tasks:

                async def flood() -> None:
                    try:
                        for _ in range(1000):
                            await stream.send(b"y" * (HEAD_BYTES_MAX // 16))
                            await anyio.sleep(0)
                    except (anyio.BrokenResourceError, anyio.ClosedResourceError):
                        pass

                tasks.start_soon(flood)
                heard = await hear_out(stream)
                tasks.cancel_scope.cancel()
        assert heard == b"" or heard.startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize(
    "begun", [b"", b"POST /v1/chat", request()[:-5]], ids=["silence", "half a head", "half a body"]
)
async def test_a_request_that_is_not_whole_in_time_is_hung_up_on(tmp_path, monkeypatch, begun):
    monkeypatch.setattr(connection, "REQUEST_MS", 50)
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            if begun:
                await stream.send(begun)
            assert await hear_out(stream) == b""


@pytest.mark.parametrize("anyio_backend", BOTH_LOOPS, ids=["asyncio", "uvloop"])
async def test_a_client_that_does_not_read_is_cut_and_its_lane_is_free_again(tmp_path, monkeypatch):
    monkeypatch.setattr(connection, "UNREAD_MS", 50)
    async with inn(tmp_path, says(*["x" * 10_000] * 500, gap_s=0.001)) as here:
        await here.opens()
        house = here.hotel.house
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request(STREAM))
            with anyio.fail_after(PATIENCE_S):
                while not any(flow.is_paused for flow in house.doors["a"].flows):
                    await anyio.sleep(0.001)
                while house.router.status.in_flight:
                    await anyio.sleep(0.001)
            (closed,) = house.of(RequestClosed)
            assert closed.verdict is Verdict.CANCELLED
            heard = await hear_out(stream)
        assert b"[DONE]" not in heard


async def test_what_is_under_way_is_finished_before_the_door_closes(tmp_path):
    async with inn(tmp_path, says("one", "two", gap_s=0.2)) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(request(STREAM))
            await hear(stream, b"one")
            async with create_task_group() as tasks:
                tasks.start_soon(here.supervisor.stop, 5.0)
                assert b"data: [DONE]" in await hear_out(stream)


async def test_garbage_is_answered_with_400_and_hung_up_on(tmp_path):
    async with inn(tmp_path) as here:
        await here.opens()
        async with await anyio.connect_unix(here.path) as stream:
            await stream.send(b"\x16\x03\x01 this is no HTTP\r\n\r\n")
            assert (await hear_out(stream)).startswith(b"HTTP/1.1 400 ")


async def test_a_door_that_is_made_anew_serves_on_the_same_socket(tmp_path):
    clock = SystemClock()
    hotel = Hotel(House("a", clock=clock), Via.UNIX)  # type: ignore[arg-type]  # the machine's own time
    doorstep = Doorstep(tmp_path / "http.sock", mode=0o600)
    spec = ChildSpec(
        mailbox=Mailbox("http", 1, clock),
        make=lambda: HttpServer(hotel.app, doorstep, clock=clock, listener=RecordingListener(), grace_s=1.0),
    )
    for _ in range(2):
        async with supervise(clock, FakeRng(), RecordingListener()) as supervisor:
            await supervisor.start([spec])
            async with await anyio.connect_unix(doorstep.path) as stream:
                await stream.send(request())
                await hear(stream, b"hello")
        spec = ChildSpec(mailbox=Mailbox("http", 1, clock), make=spec.make)
    doorstep.close()


@pytest.mark.parametrize(
    ("address", "via"),
    [
        ("127.0.0.1:4747", Via.LOOPBACK),
        ("[::1]:4747", Via.LOOPBACK),
        ("localhost:4747", Via.LOOPBACK),
        ("0.0.0.0:4747", Via.NETWORK),
        ("192.168.1.2:4747", Via.NETWORK),
        ("gpu-box.lan:4747", Via.NETWORK),
    ],
)
async def test_an_address_says_who_can_come_by_it(address, via):
    assert Port(address).via is via
