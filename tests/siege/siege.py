"""The siege itself: a real daemon between besieged servers and visitors of every kind, with one seed.

servers <--loopback-- daemon (a process) <--sockets-- visitors, an operator, whoever rewrites its config
   |                     |                                |
ledgers               journal                          calls          --> laws
"""

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from daemon.configfile import load, surroundings
from state.config import Config
from state.settings.resolved import Resolved, config_digest
from tests.callers import http
from tests.fakeserver import serving
from tests.process import Process
from tests.siege.servers import APIS, Server
from tests.siege.visitors import Street, Wire, plan, visit, wire

__all__ = ["Besieged", "Measured", "besieged", "killed_in_a_storm", "storm"]

KEYS = 2
MODELS = ("small", "large")
KEY_LETTERS = "abcdefghijkmnpqrstuvwxyz0123456789"


class Measured(Struct):
    """The daemon's process at one moment."""

    rss_mib: float
    fds: int
    cpu_s: float


class Besieged(Struct, kw_only=True):
    """One siege, while it goes on and after it."""

    home: Path
    process: Process
    street: Street
    servers: dict[str, Server]
    keys: dict[str, str]
    """By `provider/key`, every secret that there ever was; a changed one has a number behind it."""
    configs: dict[str, Config] = field(default_factory=dict)
    """By digest: everything that was ever loaded."""
    pulses: list[float] = field(default_factory=list)
    """How long a ping took: what this machine and its load do to everybody."""
    pulse_cpu_s: list[float] = field(default_factory=list)
    """How much the daemon worked meanwhile."""
    is_steady: bool = False
    """Its config stays what it is: a start judges by the settings that it finds, also what happened before."""

    def measured(self) -> Measured:
        proc = Path(f"/proc/{self.process.popen.pid}")
        status = dict(line.split(":", 1) for line in (proc / "status").read_text().splitlines())
        times = (proc / "stat").read_text().rpartition(")")[2].split()
        ticks = os.sysconf("SC_CLK_TCK")
        return Measured(
            int(status["VmRSS"].split()[0]) / 1024,
            len(os.listdir(proc / "fd")),
            (int(times[11]) + int(times[12])) / ticks,
        )

    def write_config(self, rng: random.Random | None = None, *, patience: float = 1.0) -> None:
        """As it was, or another good one; or one that has more patience with servers on a busy machine."""
        rng = None if self.is_steady else rng
        stay = self.servers if rng is None else _without_bob(self.servers, rng)
        _replace(self.home / "failoverd.toml", _config(self.home, stay, rng, patience))
        found = load(str(self.home / "failoverd.toml"), surroundings())
        assert isinstance(found, Resolved), found
        self.configs[config_digest(found.config)] = found.config

    async def begin_again(self) -> None:
        """Another life in the same home."""
        self.write_config()
        self.process = Process(_words(self.home), self.home, {})
        await asyncio.to_thread(self.process.wait_ready)

    def write_key(self, owner: str, rng: random.Random) -> None:
        """Another secret in the place of the one before."""
        secret = "sk-" + "".join(rng.choices(KEY_LETTERS, k=32))
        changes = sum(each.startswith(f"{owner}#") for each in self.keys)
        self.keys[f"{owner}#{changes}"] = secret
        _replace(self.home / "keys" / owner.replace("/", "-"), secret)
        server = self.servers[owner.partition("/")[0]]
        server.keys = (*server.keys, secret)


@asynccontextmanager
async def besieged(home: Path, seed: int) -> AsyncIterator[Besieged]:
    rng = random.Random(seed)
    async with AsyncExitStack() as stack:
        servers = {name: Server(name, random.Random(f"{seed}/{name}")) for name in APIS}
        for server in servers.values():
            server.fake = await stack.enter_async_context(serving(server.script))
        (home / "keys").mkdir(parents=True)
        street = Street(home / "run/failoverd.sock", home / "run/http.sock")
        there = Besieged(home=home, process=None, street=street, servers=servers, keys={})  # type: ignore[arg-type]
        for name in servers:
            for number in range(KEYS):
                there.write_key(f"{name}/key{number + 1}", rng)
        there.write_config()
        there.process = Process(_words(home), home, {})
        try:
            await asyncio.to_thread(there.process.wait_ready)
            yield there
        finally:
            there.process.close()


async def killed_in_a_storm(there: Besieged, seed: int, *, visitors: int, of: str) -> None:
    """Killed as by the kernel, with everybody there; then it begins again."""
    there.is_steady = True
    raging = asyncio.ensure_future(storm(there, seed, visitors=visitors, visits=100, of=of))
    there_were = len(there.street.calls)
    while len(there.street.calls) < there_were + 10 * visitors and not raging.done():
        await asyncio.sleep(0.01)
    assert not raging.done(), raging
    there.process.close()
    raging.cancel()
    await asyncio.gather(raging, return_exceptions=True)
    for call in there.street.calls:
        call.saw_the_end = True
    await there.begin_again()


async def storm(there: Besieged, seed: int, *, visitors: int, visits: int, of: str = "v") -> None:
    """Everybody at once, until the last visitor has gone."""
    names: list[tuple[str, str]] = []
    over = asyncio.Event()
    others = [
        asyncio.ensure_future(_feel_pulse(there, over)),
        asyncio.ensure_future(_operate(there, random.Random(f"{seed}/operator"), over)),
    ]

    async def come_and_go(number: int) -> None:
        rng = random.Random(f"{seed}/{number}")
        for each in range(visits):
            count = rng.choice((1, 1, 2, 5))
            askings = [plan(rng, f"{of}{number}.{each}.{at}", names) for at in range(count)]
            await visit(there.street, askings, rng)

    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(visitors):
                tasks.create_task(come_and_go(number))
    finally:
        over.set()
        await asyncio.gather(*others)


async def _feel_pulse(there: Besieged, over: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    async with wire(there.street.rpc) as line:
        while not over.is_set():
            began, worked_s = loop.time(), there.measured().cpu_s
            await line.ask("ping")
            there.pulses.append(loop.time() - began)
            there.pulse_cpu_s.append(there.measured().cpu_s - worked_s)
            await asyncio.sleep(0.05)


async def _operate(there: Besieged, rng: random.Random, over: asyncio.Event) -> None:
    async with wire(there.street.rpc) as line:
        while not over.is_set():
            await _act(there, line, rng)
            await asyncio.sleep(rng.choice((0.0, 0.05, 0.2)))
        there.street.heard += line.heard
        there.street.strays += line.strays


async def _act(there: Besieged, line: Wire, rng: random.Random) -> None:
    name = rng.choice(list(there.servers))
    target = rng.choice((name, f"{name}/key1", f"{name}/key2/large"))
    match rng.randrange(20):
        case 0:
            await line.ask("quarantine", {"target": target, "for_s": 0.5})
        case 1:
            await line.ask("release", {"target": target})
        case 2:
            await line.ask("release", {"all": True})
        case 3:
            await line.ask("disable", {"target": target, "for_s": 0.5})
        case 4 | 5 | 6:
            await line.ask("enable", {"target": name})
        case 7:
            await line.ask("force", {"target": target, "for_s": 0.5})
        case 8:
            await line.ask("prefer.clear", {})
        case 9:
            await line.ask("strategy.set", {"pool": "pair", "strategy": "round_robin", "for_s": 0.5})
        case 10:
            await line.ask("probe", {"target": name})
        case 11:
            await line.ask("stats.reset", {})
        case 12:
            await _look(there, line, rng)
        case 13:
            await _reload_badly(there, line, rng)
        case 14:
            there.write_key(f"{name}/key{rng.randint(1, KEYS)}", rng)
            await _reload(there, line, rng)
        case 15 | 16:
            there.write_config(rng)
            await _reload(there, line, rng)
        case _:
            await _look(there, line, rng)


async def _look(there: Besieged, line: Wire, rng: random.Random) -> None:
    if rng.random() < 0.2:
        there.street.heard.append(await asyncio.to_thread(http, there.street.http, "/metrics"))
        return
    method = rng.choice(("status", "stats", "capacity", "journal.query", "explain", "config.check"))
    await line.ask(method, {})


async def _reload(there: Besieged, line: Wire, rng: random.Random) -> None:
    if rng.random() < 0.3:
        there.process.signal(signal.SIGHUP)
        return
    said = await line.ask("config.reload", {})
    assert "result" in said, said


async def _reload_badly(there: Besieged, line: Wire, rng: random.Random) -> None:
    path = there.home / "failoverd.toml"
    good = path.read_text()
    bad: Any = rng.choice(
        ("[provider.ada", good + "\n[provider.ada]\n", good.replace("loopback_s", "loopback_x"))
    )
    _replace(path, bad)
    said = await line.ask("config.reload", {})
    assert "error" in said, said
    _replace(path, good)


def _replace(path: Path, text: str) -> None:
    """At once: nobody reads half of it."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.chmod(0o600)
    new.replace(path)


def _without_bob(servers: dict[str, Server], rng: random.Random) -> dict[str, Server]:
    """Gone for a while, as chance will have it."""
    return servers if rng.random() < 0.6 else {name: each for name, each in servers.items() if name != "bob"}


def _words(home: Path) -> list[str]:
    return ["-m", "daemon.main", "run", "--config", str(home / "failoverd.toml")]


def _config(home: Path, servers: dict[str, Server], rng: random.Random | None, patience: float) -> str:
    """What differs from config to config is chosen by chance."""
    lines = [
        "[daemon]",
        f'socket = "{home}/run/failoverd.sock"',
        f'http_socket = "{home}/run/http.sock"',
        'http_tcp = ""',
        f'state_dir = "{home}/state"',
        "prefer_s = 2.0",
    ]
    for priority, (name, server) in enumerate(servers.items()):
        single_s = 0.5 if rng is None else rng.choice((0.3, 0.5, 1.0))
        lines += [
            f"[provider.{name}]",
            f'api = "{server.api}"',
            f'url = "{server.url}"',
            f"priority = {priority}",
            f"stream_upstream = {'true' if name == 'bob' else 'false'}",
            f"connections = {64 if rng is None else rng.choice((2, 16, 64))}",
            f"timeout.first_token_s = {0.5 * patience}",
            f"timeout.gap_s = {0.5 * patience}",
            f"timeout.total_s = {1.0 * patience}",
            f"timeout.trial_first_token_s = {0.4 * patience}",
            "rest.first_s = 0.5",
            "rest.grown_s_max = 1.0",
            "rest.quota_s = 0.7",
            "rest.not_found_s = 0.7",
            "rest.stated_s_min = 0.2",
            "rest.stated_s_max = 1.0",
            "retry = { ladder_s = [0.1, 0.2], patient_pause_s = 0.1, stated_wait_s_max = 0.4 }",
            f"quarantine = {{ loopback_s = {single_s}, loopback_s_max = 1.5, last_resort_s = 0.5 }}",
            "probe = { every_s = 1.0, ladder_s = [0.2, 0.3, 0.3], again_s = 0.05 }",
        ]
        lines += [f'keys = ["file:{home}/keys/{name}-key1", "file:{home}/keys/{name}-key2"]']
        if name == "eve":
            lines += ["limits = { rpm = 300, concurrency = 20 }", "model_limits = { concurrency = 3 }"]
        lines += [f"models = {list(MODELS)}"]
    lines += [
        "[pool.pair]",
        'lanes = ["cyd", "dan"]',
        "[pool.many]",
        'lanes = ["*/large", "ada", "eve"]',
        'strategy = "round_robin"',
        'on_content_policy = "next"',
        "[pool.twins]",
        'lanes = ["ada", "cyd", "eve"]',
        "merge_identical = true",
        "cache_s = 0.3",
        "[pool.queue]",
        'lanes = ["eve/key1/small", "dan/key1/small"]',
        "max_wait_s = 5.0",
    ]
    return "\n".join(lines) + "\n"
