"""The canary: keys that look like nothing else go in, everything fails, and all that comes out is searched.

Real process, real sockets, a provider that repeats its key in every spelling. The search itself is tested, too:
what is leaked on purpose is found.
"""

import asyncio
import base64
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from tests.callers import following, http, rpc
from tests.canary.parrot import WAYS, repeat_all
from tests.canary.spellings import SPELLINGS, leaks, spelled
from tests.fakeserver import serving
from tests.process import Process, running, write_config

pytestmark = pytest.mark.anyio

KEYS = {
    "environment": 'canary-en/v+3141&x=<"\\%41>?~',
    "file": "canary-fi/le+2718&y=<'%2f>!#|",
    "credential": "canary-cr/ed+1618&z=<{}`^%0a>",
    "token": "canary-to/ken+5772;w=[%25]*()$",
}
NEXT_KEY = "canary-ne/xt+1414&v=<after-a-reload>"
ALL_KEYS = {**KEYS, "reload": NEXT_KEY}
SOURCES = ("env:CANARY_KEY", "file:key", "credential:canary")
MESSAGES = [{"role": "user", "content": "hello"}]


class Scene(Struct):
    """A daemon whose providers all fail, and what has been seen of it."""

    home: Path
    daemon: Process
    seen: dict[str, bytes]

    @property
    def socket(self) -> Path:
        return self.home / "run/failoverd.sock"

    async def see(self, what: str, look: Callable[..., bytes], *args: object) -> None:
        self.seen[what] = self.seen.get(what, b"") + await asyncio.to_thread(look, *args)

    async def ask(self, method: str, params: object = None) -> None:
        await self.see(f"{method} {params}", rpc, self.socket, method, params)

    async def fetch(self, target: str, body: object = None, *headers: str) -> None:
        await self.see(
            f"{target} {body} {headers}", http, self.home / "run/http.sock", target, body, *headers
        )


def provider(way: str, port: int, source: str) -> str:
    return (
        f"[provider.{way}]\nurl = 'http://127.0.0.1:{port}/{way}'\nkey = '{source}'\nmodels = ['m', 'n']\n"
        f"[provider.{way}.retry]\nretries = 0\nladder_s = [0.1]\n"
    )


def config(port: int, *, more: str = "") -> str:
    return "".join(provider(way, port, SOURCES[index % 3]) for index, way in enumerate(WAYS)) + more


def private(path: Path, content: str) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content)
    path.chmod(0o600)


@asynccontextmanager
async def flooded(home: Path, *words: str) -> AsyncIterator[Scene]:
    home.mkdir(exist_ok=True)
    private(home / "key", KEYS["file"])
    private(home / "creds/canary", KEYS["credential"])
    private(home / "token", KEYS["token"])
    environ = {"CANARY_KEY": KEYS["environment"], "CREDENTIALS_DIRECTORY": str(home / "creds")}
    async with serving(repeat_all) as server:
        path = write_config(home, config(server.port))
        path.write_text(
            path.read_text().replace(
                "[daemon]\n", "[daemon]\nhttp_token = 'file:token'\nlog_level = 'TRACE'\n"
            )
        )
        with running(home, *words, environ=environ) as daemon:
            await asyncio.to_thread(daemon.wait_ready)
            scene = Scene(home, daemon, {})
            with following(scene.socket) as events:
                await flood(scene)
                await reload_twice(scene, server.port)
                scene.seen["events.subscribe"] = events()
            await look_everywhere(scene)
            assert {asked.target.split("/")[1] for asked in server.asked} >= {*WAYS}, "each was asked"
            assert {*KEYS.values()} - {KEYS["token"]} <= {
                asked.headers.get("authorization", "").removeprefix("Bearer ") for asked in server.asked
            }, "each key was used"
            yield scene


async def flood(scene: Scene) -> None:
    """Everything that can be asked, of every way to fail."""
    for way in WAYS:
        await asyncio.gather(
            scene.ask("chat", {"model": f"{way}/m", "messages": MESSAGES}),
            scene.ask("chat", {"model": f"{way}/n", "messages": MESSAGES, "stream": True}),
        )
        await scene.ask("release", {"all": True})
        await asyncio.gather(
            scene.ask("embed", {"model": f"{way}/m", "input": "hello"}),
            scene.ask("image", {"model": f"{way}/n", "prompt": "hello"}),
        )
        await scene.ask("release", {"all": True})
        await scene.fetch("/v1/chat/completions", {"model": f"{way}/m", "messages": MESSAGES})
        await scene.fetch("/v1/chat/completions", {"model": f"{way}/n", "messages": MESSAGES, "stream": True})
        await scene.ask("enable", {"target": way})
        await scene.ask("probe", {"target": way})
    await scene.ask("chat", {"model": "auto", "messages": MESSAGES})
    await scene.fetch("/v1/models", None, f"authorization: Bearer {KEYS['token']}x")


async def reload_twice(scene: Scene, port: int) -> None:
    """Wrong configs into which somebody pasted keys, then a right one with another key."""
    path = scene.home / "failoverd.toml"
    right = path.read_text()
    plain = KEYS["environment"]
    for index, wrong in enumerate(
        (
            f"[provider.gemini]\nkey = {json.dumps(plain)}\n",
            f"[provider.gemini]\nkey = {json.dumps('env:' + plain)}\n",
            f"[provider.gemini]\n{json.dumps(plain)} = 1\n",
            f"[provider.{json.dumps(plain)}]\nurl = 'https://example.com'\n",
            f"[provider.x]\nurl = {json.dumps('https://user:' + plain + '@example.com')}\n",
            f"[provider.gemini\nkey = {json.dumps(plain)}\n",
        )
    ):
        path.write_text(right + wrong)
        await scene.ask("config.check")
        await scene.ask("config.reload")
        checked = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "daemon.main", "check", "--config", str(path)],
            env={"CANARY_KEY": plain, "CREDENTIALS_DIRECTORY": str(scene.home / "creds")},
            capture_output=True,
            check=False,
        )
        scene.seen[f"check {index}"] = checked.stdout + checked.stderr
    private(scene.home / "next", NEXT_KEY)
    path.write_text(right + provider("auth", port, "file:next").replace("provider.auth", "provider.late"))
    await scene.ask("config.reload")
    await scene.ask("chat", {"model": "late/m", "messages": MESSAGES})


async def look_everywhere(scene: Scene) -> None:
    for method in ("status", "stats", "capacity", "config.check", "rpc.discover", "ping"):
        await scene.ask(method)
    await scene.ask("explain", {"request_id": "last"})
    await scene.ask("journal.query", {})
    await scene.fetch("/metrics")
    await scene.fetch("/healthz")
    await scene.fetch("/v1/models")
    for words in (
        ["status"],
        ["status", "--json"],
        ["explain", "last"],
        ["journal"],
        ["events"],
        ["providers"],
    ):
        shown = await asyncio.to_thread(
            subprocess.run,
            [sys.executable, "-m", "daemon.ctl", "--socket", str(scene.socket), *words],
            capture_output=True,
            check=False,
        )
        scene.seen[f"failoverctl {words}"] = shown.stdout + shown.stderr
    for name in ("cmdline", "comm", "status", "maps", "mountinfo"):
        scene.seen[f"/proc/{name}"] = Path(f"/proc/{scene.daemon.popen.pid}/{name}").read_bytes()
    assert await asyncio.to_thread(scene.daemon.stop) == 0
    ours = {"key", "next", "token", "creds"}
    for path in scene.home.rglob("*"):
        if path.is_file() and path.relative_to(scene.home).parts[0] not in ours:
            scene.seen[str(path.relative_to(scene.home))] = path.read_bytes()


@pytest.mark.slow
async def test_no_key_is_found_anywhere_however_everything_fails(tmp_path):
    async with flooded(tmp_path / "home") as scene:
        seen = scene.seen
    assert {"log", "state/journal.db"} <= {*seen}
    assert all(seen[what] for what in seen if not what.startswith(("notify", "state/", "run/"))), (
        "each said something"
    )
    assert b"***" in b"".join(seen.values()), "there was something to hide"
    found = leaks(ALL_KEYS, seen)
    assert found == []


CARELESS = """
import sys
from loguru import logger
from actors.net import head
from state.settings import redact
real = head.join_key
def join_key(how, secret):
    logger.warning("sending {}", secret.reveal())
    return real(how, secret)
head.join_key = join_key
redact.Redactor.__call__ = lambda self, text: text
from daemon.main import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.slow
async def test_a_daemon_that_is_made_careless_is_caught(tmp_path):
    home = tmp_path / "home"
    words = ("-c", CARELESS, "run", "--config", str(home / "failoverd.toml"))
    async with flooded(home, *words) as scene:
        found = leaks(ALL_KEYS, scene.seen)
    assert "log: the key of file, plain" in found
    assert any(line.startswith("state/journal.db") for line in found)
    assert any(line.startswith("chat {") for line in found)


CRASHING = """
import sys
from pathlib import Path
from actors.provider import provider
from daemon.api import upkeep
key = Path(sys.argv.pop(1)).read_text()
real = provider.Provider.live
async def live(self, life):
    await real(self, life) if life.number > 3 else None
    raise RuntimeError(f"crashed with {key} in hand")
def ping(cast):
    raise RuntimeError(f"crashed with {key} in hand")
provider.Provider.live = live
upkeep.ping = ping
from daemon.main import main
sys.exit(main(sys.argv[1:]))
"""


async def test_a_crash_with_a_key_in_hand_does_not_tell_it(tmp_path):
    private(tmp_path / "key", KEYS["file"])
    write_config(tmp_path, "[provider.x]\nurl = 'http://127.0.0.1:1'\nkey = 'file:key'\nmodels = ['m']\n")
    run = ("run", "--config", str(tmp_path / "failoverd.toml"))
    with running(tmp_path, "-c", CRASHING, str(tmp_path / "key"), *run) as daemon:
        while "Traceback" not in daemon.log and "crashed with" not in daemon.log:
            await asyncio.sleep(0.05)
        daemon.popen.kill()
        daemon.wait_exit()
    assert "crashed with ***" in daemon.log
    assert leaks(KEYS, {"log": daemon.log.encode()}) == []


# The search itself.


@pytest.mark.parametrize("how", SPELLINGS)
def test_a_key_in_any_spelling_is_found_in_a_captured_line(how):
    line = b'{"level":"error","message":"gemini refused the key (rule bad_key): 401"}'
    assert leaks(KEYS, {"log": line}) == []
    for spelling in spelled(KEYS["file"])[how]:
        for planted in (spelling, spelling.upper(), json.dumps(spelling)):
            tainted = line.replace(b"401", planted.encode())
            assert f"log: the key of file, {how}" in leaks(KEYS, {"log": tainted})


@pytest.mark.parametrize("shift", range(4))
def test_a_key_inside_of_a_longer_base64_text_is_found(shift):
    text = base64.b64encode(b"x" * shift + KEYS["credential"].encode() + b"and more")
    assert leaks(KEYS, {"log": text}) == ["log: the key of credential, base64"]


def test_what_is_no_key_is_not_found():
    assert leaks(KEYS, {"log": b"canary *** canary-fi"}) == []
