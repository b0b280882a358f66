"""A JSON-RPC server on a real socket, with methods made for tests, and a client that sends whatever it is told."""

import asyncio
import json
import os
import resource
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, cast

import anyio
from msgspec import Meta, Struct

from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor, supervise
from actors.wire.chunks import Chunk, Kind
from daemon.api.cast import Cast
from daemon.api.params import Nothing, Params
from daemon.api.underway import UnderWay
from daemon.doorstep import Doorstep
from daemon.rpc.calls import Call
from daemon.rpc.clerk import Clerk
from daemon.rpc.method import Method
from daemon.rpc.methods import METHODS
from daemon.rpc.scopes import Scope
from daemon.rpc.server import Server
from state.config import DaemonConfig
from state.words import LaneId
from tests.fakes import RecordingListener

PATIENCE_S = 30.0
"""Only a test that fails ever waits so long."""
FDS = Path("/proc/self/fd")
LANE = LaneId("fake", "key1", "m1")
CHUNK = Chunk(b'{"choices":[{"delta":{"content":"' + b"x" * 1000 + b'"}}]}', Kind.TEXT, "x")


class Echo(Struct):
    text: str


class EchoParams(Params, frozen=True):
    text: str
    times: Annotated[int, Meta(ge=0, le=20_000)] = 1


class Flow:
    """What feeds a stream, and can be told to rest."""

    def __init__(self) -> None:
        self.is_paused = False

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False


class Works:
    """What the methods do, and what has become of it."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.go = anyio.Event()
        self.flow = Flow()

    async def wait(self, _cast: Cast, params: EchoParams, _call: Call) -> Echo:
        """Until it is let go."""
        self.begun.append(params.text)
        try:
            await self.go.wait()
            return Echo(params.text)
        finally:
            self.ended.append(params.text)

    async def stream(self, _cast: Cast, params: EchoParams, call: Call) -> Echo:
        """So many chunks, resting when it is told to."""
        call.begin(LANE, self.flow)
        for _ in range(params.times):
            while self.flow.is_paused:
                await asyncio.sleep(0.001)
            call.chunk(CHUNK)
        self.ended.append("stream")
        return Echo(params.text)

    async def crash(self, _cast: Cast, _params: Nothing, _call: Call) -> Echo:
        raise ValueError("bad luck")

    @property
    def methods(self) -> Mapping[str, Method]:
        def echo(_cast: Cast, params: EchoParams, _call: Call) -> Echo:
            return Echo(params.text * params.times)

        def row(
            name: str, scope: Scope = Scope.CALL, takes: type[Struct] = EchoParams, **does: Any
        ) -> Method:
            return Method(name=name, says=f"Do {name}.", scope=scope, takes=takes, gives=Echo, **does)

        rows = (
            row("echo", answers=echo),
            row("wait", works=self.wait),
            row("stream", works=self.stream),
            row("crash", takes=Nothing, works=self.crash),
            row("steer", Scope.ADMIN, answers=echo),
            row("endless", works=self.wait, is_endless=True),
        )
        return {row.name: row for row in rows} | {"cancel": METHODS["cancel"]}


class House:
    """The server, from outside."""

    def __init__(
        self, path: Path, works: Works, clerk: Clerk, supervisor: Supervisor, listener: RecordingListener
    ) -> None:
        self.path = path
        self.works = works
        self.clerk = clerk
        self.supervisor = supervisor
        self.listener = listener

    @asynccontextmanager
    async def client(self) -> AsyncIterator["Client"]:
        reader, writer = await asyncio.open_unix_connection(str(self.path), limit=1 << 26)
        try:
            yield Client(reader, writer)
        finally:
            writer.close()

    async def until(self, holds: Callable[[], object]) -> None:
        """Until that is so."""
        with anyio.fail_after(PATIENCE_S):
            while not holds():
                await asyncio.sleep(0.002)


class Client:
    """Sends what it is told, and reads what comes."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    def send(self, *messages: object) -> None:
        for message in messages:
            self.writer.write(message if isinstance(message, bytes) else json.dumps(message).encode() + b"\n")

    def ask(self, id_: object, method: str, **params: object) -> None:
        self.send({"jsonrpc": "2.0", "id": id_, "method": method, "params": params})

    def tell(self, method: str, **params: object) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    async def hear(self) -> Any:
        """The next line; None: they have left."""
        with anyio.fail_after(PATIENCE_S):
            line = await self.reader.readline()
        return json.loads(line) if line else None

    async def hear_header(self) -> Any:
        with anyio.fail_after(PATIENCE_S):
            head = await self.reader.readuntil(b"\r\n\r\n")
            return json.loads(await self.reader.readexactly(int(head.split(b":")[1])))

    def end(self) -> None:
        """Nothing more is sent; answers are still wanted."""
        self.writer.write_eof()


@asynccontextmanager
async def rpc_house(
    home: Path,
    *,
    frame_bytes_max: int = 1 << 20,
    settings: DaemonConfig | None = None,
    inherited: socket.socket | None = None,
    slow_reader_s: float = 30.0,
) -> AsyncIterator[House]:
    """All of it, under a supervisor, with real time."""
    clock, listener, works = SystemClock(), RecordingListener(), Works()
    everyone = cast("Cast", Nobody())
    clerk = Clerk(
        works.methods,
        everyone,
        clock=clock,
        listener=listener,
        frame_bytes_max=lambda: frame_bytes_max,
        slow_reader_s=slow_reader_s,
    )
    doorstep = Doorstep(home / "rpc.sock", mode=0o600, inherited=inherited)
    daemon = settings or DaemonConfig()
    async with supervise(clock, SystemRng(clock), listener) as supervisor:
        await supervisor.start(
            [
                ChildSpec(
                    mailbox=Mailbox[None]("rpc", 1, clock),
                    make=lambda: Server(clerk, doorstep, lambda: daemon, clock=clock, listener=listener),
                )
            ]
        )
        try:
            yield House(home / "rpc.sock", works, clerk, supervisor, listener)
        finally:
            works.go.set()
            await supervisor.stop(1.0)
            doorstep.close()


class Nobody:
    """Of the cast, what the methods of these tests need."""

    def __init__(self) -> None:
        self.under_way = UnderWay()


@contextmanager
def no_descriptors_left() -> Iterator[None]:
    """Every number that may be used is."""
    highest = max(int(path.name) for path in FDS.iterdir())
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 1, hard))
    taken = []
    try:
        with suppress(OSError):
            while True:
                taken.append(os.dup(0))
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for fd in taken:
            os.close(fd)


def descriptors() -> int:
    return sum(1 for _ in FDS.iterdir())
