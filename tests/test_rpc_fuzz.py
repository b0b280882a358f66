"""Whatever comes in: an error per JSON-RPC or a close; never a crash, a leak, or a loop that stands still."""

import asyncio
import gc
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from actors.case import Client
from actors.clock import SystemClock
from daemon.api.caller import Caller
from daemon.news import CallCrashed
from daemon.rpc.clerk import Clerk
from daemon.rpc.connection import Connection
from daemon.rpc.framing import Frame, Frames
from daemon.rpc.scopes import Peer, Scope
from daemon.verdicts import kind_of_code
from tests.fakes import RecordingListener
from tests.phone import dialled
from tests.process import Process, running, write_config
from tests.rpc_fuzz import HOSTILE, mutated
from tests.rpc_house import Nobody, Works, rpc_house

FRAME_BYTES_MAX = 4 << 20
PIECE = 64 * 1024
BLOCKED_S = 0.1


class Wire(asyncio.Transport):
    """A transport to nowhere that remembers what went out; its socket is real, and so can be looked at."""

    def __init__(self) -> None:
        super().__init__()
        self.ours, self.theirs = socket.socketpair()
        self.out: list[bytes] = []
        self.is_open = True
        self._is_reading = True

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return self.ours if name == "socket" else default

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is ever full."""

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.out.append(bytes(data))

    def is_closing(self) -> bool:
        return not self.is_open

    def close(self) -> None:
        self.is_open = False

    abort = close

    def pause_reading(self) -> None:
        self._is_reading = False

    def resume_reading(self) -> None:
        self._is_reading = True

    def is_reading(self) -> bool:
        return self._is_reading


@pytest.fixture(autouse=True)
def only_our_garbage() -> Iterator[None]:
    """What a thousand other tests have left lying in this process is not looked through while we measure."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


class Mill:
    """Connections in this process, and the longest time that any of them has kept the loop."""

    def __init__(self) -> None:
        self.listener = RecordingListener()
        self.works = Works()
        self.clerk = Clerk(
            self.works.methods,
            cast("Any", Nobody()),
            clock=SystemClock(),
            listener=self.listener,
            frame_bytes_max=lambda: FRAME_BYTES_MAX,
        )
        self.answers = 0
        self.slowest_s = 0.0

    async def grind(self, data: bytes) -> None:
        """One connection, from its first byte to its end."""
        wire = Wire()
        caller = Caller(client=Client(uid=1), name="uid 1")
        connection = Connection(self.clerk, Peer(1), frozenset(Scope), caller)
        connection.connection_made(wire)
        for at in range(0, len(data), PIECE):
            if not wire.is_open:
                break
            piece = data[at : at + PIECE]
            self.clerk.inbox[: len(piece)] = piece
            self._timed(connection.buffer_updated, len(piece))
            while not wire.is_reading() and not wire.is_closing():
                await self._turn()
        if wire.is_open:
            self._timed(connection.eof_received)
        await self._turn()
        connection.connection_lost(None)
        await self._turn()
        wire.ours.close()
        wire.theirs.close()
        self.answers += checked(b"".join(wire.out))

    async def _turn(self) -> None:
        began = time.thread_time()
        await asyncio.sleep(0)
        self.slowest_s = max(self.slowest_s, time.thread_time() - began)

    def _timed(self, act: Callable[..., object], *words: int) -> None:
        began = time.thread_time()
        act(*words)
        self.slowest_s = max(self.slowest_s, time.thread_time() - began)


def checked(out: bytes) -> int:
    """How many answers there are; each is as the specification has it."""
    frames, count = Frames(1 << 30), 0
    frames.feed(out)
    while (found := frames.next()) is not None:
        assert isinstance(found, Frame), found
        message = json.loads(found.body)
        for each in message if isinstance(message, list) else [message]:
            assert each["jsonrpc"] == "2.0"
            if "method" in each:
                continue
            assert ("result" in each) is not ("error" in each)
            assert isinstance(each["id"], str | int | float | None)
            if "error" in each:
                assert kind_of_code(each["error"]["code"]) == each["error"]["data"]["kind"]
                assert each["error"]["message"]
            count += 1
    assert frames.end() is None
    return count


async def fuzz_in_process(count: int) -> None:
    mill = Mill()
    batch: list[bytes] = []
    for number, frame in enumerate(mutated(count, seed=7), 1):
        batch.append(frame)
        if len(batch) == 50 or number == count:
            await mill.grind(b"".join(batch))
            batch.clear()
    assert mill.answers > count // 4, "a good part of them was answered"
    assert repr(mill.clerk) == "<clerk: 0 connections, 0 calls>"
    assert [str(fact) for fact in mill.listener.of(CallCrashed) if "bad luck" not in str(fact)] == []
    assert mill.slowest_s < BLOCKED_S


async def test_twenty_thousand_mutated_messages_are_answered_or_refused():
    await fuzz_in_process(20_000)


@pytest.mark.slow
async def test_a_million_mutated_messages_are_answered_or_refused():
    before = memory_kib(Path("/proc/self"))
    await fuzz_in_process(1_000_000)
    assert memory_kib(Path("/proc/self")) - before < 32_768


@pytest.mark.parametrize("name", HOSTILE)
async def test_no_hostile_message_keeps_the_loop_for_long(name):
    mill = Mill()
    await mill.grind(HOSTILE[name])
    assert mill.slowest_s < BLOCKED_S
    assert repr(mill.clerk) == "<clerk: 0 connections, 0 calls>"


# Over a real socket, against a real daemon.

CONFIG = """
[provider.nobody]
url = "http://127.0.0.1:9/v1"
models = ["m1"]
probe.enabled = false
"""


def converse(path: Path, data: bytes) -> bytes:
    """Say all of it, then listen until they leave."""
    with socket.socket(socket.AF_UNIX) as line:
        line.settimeout(30)
        line.connect(str(path))
        heard: list[bytes] = []

        def listen() -> None:
            try:
                while piece := line.recv(1 << 20):
                    heard.append(piece)
            except ConnectionResetError:
                return  # a close is an answer, too

        listener = threading.Thread(target=listen)
        listener.start()
        try:
            line.sendall(data)
            line.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        listener.join()
    return b"".join(heard)


PATIENT = """
import json, os, select, socket, sys
line = socket.socket(socket.AF_UNIX); line.connect(sys.argv[1])
loop = f"/proc/{sys.argv[2]}/task/{sys.argv[2]}/stat"
def worked_s():
    fields = open(loop).read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
delays = []
while not select.select([sys.stdin], [], [], 0.01)[0]:
    began = worked_s()
    line.sendall(b'{"jsonrpc":"2.0","id":1,"method":"ping"}')
    line.recv(4096)
    delays.append(worked_s() - began)
print(json.dumps(delays))
"""
"""Somebody else, who only wants a sign of life a hundred times a second; and what the daemon's loop did for others
before it gave one. That is told in CPU time: how long it took on the wall, other programs decide, too.
"""


def memory_kib(process: Path) -> int:
    lines = (process / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def is_unharmed(daemon: Process) -> bool:
    with dialled(daemon) as phone:
        lives = {child["name"]: child["life"] for child in phone.ask("status")["children"]}
    return set(lives.values()) == {1} and "bug" not in daemon.log


def fuzz_over_the_socket(home: Path, count: int) -> None:
    write_config(home, CONFIG)
    with running(home) as daemon:
        daemon.wait_ready()
        path, process = home / "run" / "failoverd.sock", Path(f"/proc/{daemon.popen.pid}")
        frames = list(mutated(count, seed=11))
        for at in range(0, min(1_000, count), 50):  # so that what is cached is
            checked(converse(path, b"".join(frames[at : at + 50])))
        before_kib, before_fds = memory_kib(process), sum(1 for _ in (process / "fd").iterdir())
        answers = 0
        for at in range(0, count, 50):
            answers += checked(converse(path, b"".join(frames[at : at + 50])))
        assert answers > count // 4
        assert is_unharmed(daemon)
        assert sum(1 for _ in (process / "fd").iterdir()) <= before_fds + 1
        assert memory_kib(process) - before_kib < 65_536
        assert daemon.stop() == 0


def test_a_thousand_over_the_socket(tmp_path):
    fuzz_over_the_socket(tmp_path, 1_000)


@pytest.mark.slow
def test_fifty_thousand_over_the_socket(tmp_path):
    fuzz_over_the_socket(tmp_path, 50_000)


@pytest.mark.slow
def test_hostile_clients_delay_nobody(tmp_path):
    """200 who send a byte every 5 s, 32 who never read, and the worst messages one after the other."""
    write_config(tmp_path, CONFIG)
    with running(tmp_path) as daemon:
        daemon.wait_ready()
        path = tmp_path / "run" / "failoverd.sock"
        over = threading.Event()
        lines = [socket.socket(socket.AF_UNIX) for _ in range(232)]
        for line in lines:
            line.connect(str(path))
        drippers, mutes = lines[:200], lines[200:]

        def drip() -> None:
            for byte in b'{"jsonrpc":"2.0","id":1,"method":"ping"':
                for line in drippers:
                    line.send(bytes([byte]))
                if over.wait(5):
                    return

        dripping = threading.Thread(target=drip)
        dripping.start()
        for line in mutes:
            line.setblocking(False)
            try:
                for _ in range(200):
                    line.send(b'{"jsonrpc":"2.0","id":1,"method":"rpc.discover"}\n' * 20)
            except BlockingIOError:
                continue
        before_kib = memory_kib(Path(f"/proc/{daemon.popen.pid}"))
        words = [sys.executable, "-c", PATIENT, str(path), str(daemon.popen.pid)]
        with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as patient:
            for data in [*HOSTILE.values()] * 3:
                checked(converse(path, data))
            told, _ = patient.communicate(b"enough")
        over.set()
        dripping.join()
        delays = sorted(json.loads(told))
        assert len(delays) > 20
        assert delays[len(delays) * 95 // 100] < BLOCKED_S, delays[-10:]
        assert memory_kib(Path(f"/proc/{daemon.popen.pid}")) - before_kib < 131_072
        assert is_unharmed(daemon)
        for line in lines:
            line.close()
        assert daemon.stop() == 0


async def test_two_hundred_who_send_a_byte_now_and_then_are_all_answered(tmp_path):
    message = b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["a"]}\n'
    async with rpc_house(tmp_path) as house:
        lines = [await asyncio.open_unix_connection(str(house.path)) for _ in range(200)]
        for byte in message:
            for _, writer in lines:
                writer.write(bytes([byte]))
            await asyncio.sleep(0)
        for reader, writer in lines:
            assert json.loads(await reader.readline())["result"] == {"text": "a"}
            writer.close()
