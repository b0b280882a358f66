"""The stage on which all stand at once: one upstream, every contestant idle but the one that is asked.

They are asked in turn, round by round, so that whatever else the machine does falls on all of them.
"""

import http.client
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
from msgspec import Struct

from bench.contestants import Contestant, Door, Route
from bench.load import Errand, Report
from bench.process import ANSWERS_WITHIN_S, Core, NeverAnswered, Program, bare_environment, pinned
from bench.questions import chat, headers_of
from bench.upstream import Ports

__all__ = ["Stage", "Standing", "Wrk", "first_answer_s", "upstream"]

WRK_SCRIPT = Path(__file__).with_name("post.lua")
LOOKS_AGAIN_S = 0.002
ASKS_FOR_S = 30.0
WARM_UP_S = 3.0
"""What compiles itself while it runs gets the time to do so."""


class Wrk(Struct, frozen=True):
    """What wrk saw."""

    requests: int
    seconds: float
    p50_us: float
    p99_us: float
    failed: int

    @property
    def answered(self) -> int:
        return self.requests - self.failed

    @property
    def per_s(self) -> float:
        return self.answered / self.seconds


class Standing:
    """A contestant that is up."""

    def __init__(self, contestant: Contestant, program: Program | None) -> None:
        self.contestant = contestant
        self.program = program

    @property
    def name(self) -> str:
        return self.contestant.name

    def door(self, route: Route = Route.PLAIN) -> Door:
        return self.contestant.door(route)

    @property
    def cpu_s(self) -> float:
        return 0.0 if self.program is None else self.program.cpu_s

    @property
    def pss_mib(self) -> float:
        return 0.0 if self.program is None else self.program.pss_mib


class Stage:
    """Where everything is while it is measured."""

    def __init__(self, home: Path, ports: Ports, ca_file: Path, cast: Sequence[type[Contestant]]) -> None:
        self.home = home
        self.cast = cast
        self.ports = ports
        self.ca_file = ca_file

    def wrk(self, door: Door, body: bytes, *, connections: int, for_s: float) -> Wrk:
        """Load as heavy as it goes."""
        path = self.home / "body"
        path.write_bytes(body)
        words = ["wrk", "-t1", f"-c{connections}", f"-d{max(1, round(for_s))}s", "--timeout", "30s"]
        words += ["-s", str(WRK_SCRIPT), f"http://{door.address}{door.path}", "--", str(path)]
        words += [f"{name}: {value}" for name, value in headers_of(door).items()]
        done = subprocess.run(pinned(words, Core.OTHERS), check=True, capture_output=True)
        return msgspec.json.decode(done.stdout.splitlines()[-1], type=Wrk)

    def run(self, errand: Errand) -> Report:
        """Our own callers."""
        done = subprocess.run(
            pinned([sys.executable, "-m", "bench.load"], Core.OTHERS),
            input=msgspec.json.encode(errand),
            check=True,
            stdout=subprocess.PIPE,
            env=bare_environment(),
        )
        return msgspec.json.decode(done.stdout, type=Report)

    @contextmanager
    def standing(self, contestants: Sequence[Contestant]) -> Iterator[list[Standing]]:
        """All of them, up and warm; who does not come up is named and left out."""
        up: list[Standing] = []
        try:
            for contestant in contestants:
                try:
                    up.append(self._start(contestant))
                except NeverAnswered as error:
                    print(f"{contestant.name} does not answer, and is left out:\n{error}", file=sys.stderr)
            yield up
        finally:
            for standing in up:
                if standing.program is not None:
                    standing.program.end()

    def _start(self, contestant: Contestant) -> Standing:
        words = contestant.command()
        if not words:
            return Standing(contestant, None)
        program = Program(words, contestant.home, contestant.environ)
        try:
            first_answer_s(program, contestant.door(Route.PLAIN))
            door = contestant.door(Route.PLAIN)
            self.wrk(door, chat(door), connections=16, for_s=WARM_UP_S)
        except BaseException:
            program.end()
            raise
        return Standing(contestant, program)


def first_answer_s(program: Program, door: Door) -> float:
    """From its start until it has answered a request. Raises NeverAnswered."""
    while time.perf_counter() - program.began < ANSWERS_WITHIN_S:
        program.check_alive()
        if _answers(door):
            return time.perf_counter() - program.began
        time.sleep(LOOKS_AGAIN_S)
    raise NeverAnswered(f"no answer within {ANSWERS_WITHIN_S:.0f} s")


def _answers(door: Door) -> bool:
    connection = http.client.HTTPConnection(door.address, timeout=ASKS_FOR_S)
    if "/" in door.address:
        connection = http.client.HTTPConnection("localhost", timeout=ASKS_FOR_S)
        connection.sock = socket.socket(socket.AF_UNIX)
    try:
        if connection.sock is not None:
            connection.sock.connect(door.address)
        connection.request("POST", door.path, chat(door), dict(headers_of(door)))
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


@contextmanager
def upstream(home: Path) -> Iterator[tuple[Ports, Path]]:
    """The fast provider, in a process of its own beside the callers; and whose certificates to believe."""
    ca_file = home / "ca.pem"
    words = [sys.executable, "-m", "bench.upstream", "--ca-file", str(ca_file)]
    with subprocess.Popen(
        pinned(words, Core.OTHERS), stdout=subprocess.PIPE, env=bare_environment()
    ) as process:
        assert process.stdout is not None
        try:
            yield msgspec.json.decode(process.stdout.readline(), type=Ports), ca_file
        finally:
            process.kill()
