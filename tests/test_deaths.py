"""Killed 300 times at random instants, under load: nothing that was acknowledged is lost, and every next life
knows what the journal tells. Real processes, real sockets, upstreams that misbehave.

    spawn --random instant--> kill -9 --> what is on the disk? --> spawn ...       in one state directory

The journal is read between two lives, from a copy: opening it would mend it. Every life begins with a snapshot
of what it knows, and that has to be the fold of all that was committed before it, to the letter.
"""

import asyncio
import json
import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from anyio import create_task_group

from daemon.configfile import load, surroundings
from daemon.exits import Exit
from state.config import Config
from state.events import AttemptClosed, AttemptOpened, OperatorActed, RequestClosed, RequestOpened
from state.memory.journal import EVENTS_AFTER, SNAPSHOTS_READ, read_event
from state.memory.parts import ROUTER, part_name
from state.memory.remembered import Remembered, remember
from state.settings.resolved import Resolved
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, answer
from tests.process import Process, running, write_config

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

HOUSES = 2
"""Side by side, each with a state directory of its own: one for each core of a small machine."""
DEATHS = 150
"""In each house."""
START_S = 0.45
"""As long as a start takes here: some die before they are ready."""
LIFE_S = 0.3
CALLERS = 6
ACT_S = 0.01
MESSAGES = [{"role": "user", "content": "hello"}]

Ask = Callable[[str, dict[str, Any]], Awaitable[dict[str, Any]]]

PROVIDERS = """
[provider.shaky]
url = "{shaky}"
models = ["m1", "m2"]
limits = {{ rpm = 100000, tpd = 1000000000, concurrency = 64 }}
retry = {{ retries = 0 }}
timeout = {{ total_s = 0.3 }}
quarantine = {{ loopback_s = 0.05, loopback_s_max = 0.2 }}
probe = {{ every_s = 1.0, ladder_s = [0.05] }}

[provider.slow]
url = "{slow}"
models = ["m"]
model_limits = {{ rpm = 600 }}

[provider.steady]
url = "{steady}"
models = ["m"]

[pool.talk]
lanes = ["shaky", "slow", "steady"]
sticky = true
"""

ACTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("quarantine", {"target": "shaky/key1/m2", "for_s": 0.2, "reason": "as a test"}, "quarantine"),
    ("disable", {"target": "slow", "for_s": 0.1}, "disable"),
    ("force", {"target": "slow", "pool": "talk", "for_s": 0.1}, "force"),
    ("enable", {"target": "slow"}, "enable"),
    ("strategy.set", {"pool": "auto", "strategy": "round_robin", "for_s": 1.0}, "strategy_set"),
    ("quarantine", {"target": "slow", "for_s": 0.1, "reason": "another"}, "quarantine"),
    ("release", {"all": True}, "release_all"),
    ("stats.reset", {"target": "steady"}, "stats_reset"),
    ("force", {"target": "steady", "for_s": 0.05}, "force"),
    ("prefer.clear", {}, "preference_cleared"),
)
"""Methods, and what their events are called; each life begins at the first."""


async def test_no_death_at_any_instant_loses_or_invents_anything(tmp_path):
    async with create_task_group() as houses:
        for number in range(HOUSES):
            home = tmp_path / str(number)
            home.mkdir()
            houses.start_soon(House(home, random.Random(number)).lives_and_dies)


class House:
    """One state directory, and the lives that come and go in it."""

    def __init__(self, home: Path, chance: random.Random) -> None:
        self._home = home
        self._chance = chance
        self._acknowledged = 0
        self._asked = 0
        self._answered = 0

    async def lives_and_dies(self) -> None:
        async with AsyncExitStack() as stack:
            servers = {
                name: await stack.enter_async_context(serving(script))
                for name, script in (("shaky", self._shaky), ("slow", self._slow), ("steady", self._steady))
            }
            urls = {name: f"{server.url}/v1" for name, server in servers.items()}
            write_config(self._home, PROVIDERS.format(**urls))
            witness = Witness(self._home)
            for _ in range(DEATHS):
                with running(self._home) as daemon:
                    await self._life(daemon)
                witness.takes_stock(self._acknowledged, self._asked)
                self._acknowledged = self._asked = 0
            with running(self._home) as daemon:
                await asyncio.to_thread(daemon.wait_ready)
                assert await asyncio.to_thread(daemon.stop) == Exit.OK
            witness.takes_stock(0, 0)
            witness.closes_the_books()
        assert self._answered > DEATHS, "a load that nobody answered proves nothing"
        assert witness.compared > DEATHS / 2, "most lives have begun to write before they died"

    async def _life(self, daemon: Process) -> None:
        load = [asyncio.create_task(self._calls(number)) for number in range(CALLERS)]
        load.append(asyncio.create_task(self._steers()))
        if self._chance.random() < 0.2:
            await asyncio.sleep(self._chance.uniform(0.0, START_S))
        else:
            await asyncio.to_thread(daemon.wait_ready)
            await asyncio.sleep(self._chance.uniform(0.0, LIFE_S))
        assert daemon.popen.poll() is None, daemon.log
        daemon.popen.kill()
        await asyncio.to_thread(daemon.wait_exit)
        for task in load:
            task.cancel()
        for ended in await asyncio.gather(*load, return_exceptions=True):
            assert isinstance(ended, BaseException), "they go on for ever"
            if not isinstance(ended, OSError | asyncio.CancelledError):
                raise ended

    # The load.

    async def _calls(self, number: int) -> None:
        async with _phone(self._home) as ask:
            while True:
                options: dict[str, object] = {"context": f"caller {number}", "deadline_s": 2.0}
                if self._chance.random() < 0.2:
                    options["request_id"] = f"named-{self._chance.getrandbits(64):x}"
                model = "talk" if self._chance.random() < 0.5 else "auto"
                params = {"model": model, "messages": MESSAGES, "failover": options}
                self._answered += "result" in await ask("chat", params)

    async def _steers(self) -> None:
        async with _phone(self._home) as ask:
            while True:
                method, params, _ = ACTS[self._asked % len(ACTS)]
                self._asked += 1
                said = await ask(method, params)
                assert said["result"]["is_durable"], said
                self._acknowledged += 1
                await asyncio.sleep(ACT_S)

    # The upstreams.

    async def _shaky(self, line: Line) -> None:
        while True:
            asked = await line.hear()
            if asked.method == "GET":
                await line.say(answer(b'{"data":[]}'))
                continue
            match self._chance.randrange(8):
                case 0:
                    await line.say(answer(b"{}", status="503 Unavailable"))
                case 1:
                    await line.say(answer(b"{}", "retry-after: 1", status="429 Too Many Requests"))
                case 2:
                    line.reset()
                    return
                case 3:
                    await line.say(answer(JSON)[:-20])
                    return
                case 4:
                    await asyncio.sleep(0.4)
                    return
                case _:
                    stated = "x-ratelimit-limit-requests: 9000", "x-ratelimit-remaining-requests: 8000"
                    await line.say(answer(JSON, *stated))

    async def _slow(self, line: Line) -> None:
        while True:
            await line.hear()
            await asyncio.sleep(self._chance.uniform(0.0, 0.03))
            await line.say(answer())

    async def _steady(self, line: Line) -> None:
        while True:
            await line.hear()
            await line.say(answer())


class Witness:
    """Reads what the dead have left behind, and folds it by itself."""

    def __init__(self, home: Path) -> None:
        found = load(str(home / "failoverd.toml"), surroundings())
        assert isinstance(found, Resolved), found
        self._config: Config = found.config
        self._file = home / "state" / "journal.db"
        self._copy = home / "copy" / "journal.db"
        self._copy.parent.mkdir()
        self._known: Remembered = remember({}, [], self._config)
        self._seq = 0
        self._opened: Counter[str] = Counter()
        self._closed: Counter[str] = Counter()
        self._named: Counter[str] = Counter()
        self._verdicts: Counter[str] = Counter()
        self._left_open: set[str] = set()
        self.compared = 0

    def takes_stock(self, acknowledged: int, asked: int) -> None:
        """After a death: `acknowledged` of the `asked` acts were, one after the other."""
        if not self._file.exists():
            assert acknowledged == 0
            return
        acted: list[str] = []
        with self._reading() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            if connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,):
                return
            snapshots = {part: (seq, body) for part, seq, body in connection.execute(SNAPSHOTS_READ)}
            rows = connection.execute(EVENTS_AFTER, (self._seq,)).fetchall()
        covered = {seq for seq, _ in snapshots.values()}
        assert len(covered) <= 1, "all parts are written in one transaction"
        for seq, body in rows:
            assert seq == self._seq + 1, "nothing is ever taken out"
            self._seq = seq
            event = read_event(body)
            self._known = self._known.after([event], self._config)
            match event:
                case AttemptOpened(attempt_id=attempt_id):
                    self._opened[attempt_id] += 1
                case AttemptClosed(attempt_id=attempt_id):
                    self._closed[attempt_id] += 1
                case RequestOpened(request_id=request_id):
                    self._named[request_id] += 1
                case RequestClosed(request_id=request_id):
                    self._verdicts[request_id] += 1
                case OperatorActed(act=act):
                    acted.append(str(act.__struct_config__.tag))
            if seq in covered:
                self._compares(snapshots)
        assert acknowledged <= len(acted) <= asked, (acknowledged, acted, asked)
        assert acted == [ACTS[each % len(ACTS)][2] for each in range(len(acted))]
        if acknowledged:
            still_open = {attempt_id for attempt_id in self._left_open if not self._closed[attempt_id]}
            assert still_open == set(), "what the last life left open was closed before anything new"
        self._left_open = {attempt_id for attempt_id in self._opened if not self._closed[attempt_id]}

    def closes_the_books(self) -> None:
        """After the last life, which has ended in peace."""
        assert self._opened == self._closed
        assert set(self._opened.values()) == {1}
        asked = {attempt_id.rpartition(".")[0] for attempt_id in self._opened}
        assert asked | self._named.keys() <= self._verdicts.keys(), "each request has its verdict"
        assert set(self._verdicts.values()) == {1}

    def _compares(self, snapshots: dict[str, tuple[int, bytes]]) -> None:
        known = {part_name(name): state for name, state in self._known.providers.items()}
        known[ROUTER] = self._known.router
        for part, state in known.items():
            assert json.loads(snapshots[part][1]) == json.loads(msgspec.json.encode(state)), part
        self.compared += 1

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        for suffix in ("", "-wal"):
            copy = self._copy.with_name(self._copy.name + suffix)
            copy.unlink(missing_ok=True)
            with suppress(FileNotFoundError):
                shutil.copy(self._file.with_name(self._file.name + suffix), copy)
        connection = sqlite3.connect(self._copy)
        try:
            yield connection
        finally:
            connection.close()


@asynccontextmanager
async def _phone(home: Path) -> AsyncIterator[Ask]:
    """A line to whoever lives there, as soon as there is somebody. It breaks when they die."""
    line = None
    while line is None:
        try:
            line = await asyncio.open_unix_connection(home / "run" / "failoverd.sock")
        except OSError:
            await asyncio.sleep(0.01)
    reader, writer = line

    async def ask(method: str, params: dict[str, Any]) -> dict[str, Any]:
        writer.write(
            msgspec.json.encode({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}) + b"\n"
        )
        heard = await reader.readline()
        if not heard:
            raise ConnectionError("they are dead")
        said: dict[str, Any] = json.loads(heard)
        return said

    try:
        yield ask
    finally:
        writer.close()
