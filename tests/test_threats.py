"""Threats of local life, each tried on a real daemon: what is set up to betray it, and how it does not.

links and files in its way     other users at its door     a provider's words that act
a request that steers          surroundings that steer     names and redirects that lead elsewhere
"""

import asyncio
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from msgspec import Struct

from actors.wire.intake import STEERING
from daemon.exits import Exit
from tests.callers import http, rpc
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, answer
from tests.fakeserver.server import FakeServer, Script
from tests.others import NOBODY, STRANGER, as_root, open_ground, python_as, run_as
from tests.process import Process, running, write_config

pytestmark = [pytest.mark.anyio, pytest.mark.slow]

KEY = "sk-threatened-0123456789"
MESSAGES = [{"role": "user", "content": "hello"}]
CHAT = {"model": "p/m", "messages": MESSAGES}
BECOME = ("-c", "import os, sys; os.execvp(sys.argv[1], sys.argv[1:])")


class House(Struct):
    """A daemon with one provider."""

    home: Path
    daemon: Process
    provider: FakeServer

    async def ask(self, method: str, params: object = None) -> dict[str, object]:
        said = await asyncio.to_thread(rpc, self.home / "run/failoverd.sock", method, params)
        answer: dict[str, object] = json.loads(said.splitlines()[-1])
        return answer

    async def fetch(self, target: str, body: object, *headers: str, host: str = "localhost") -> bytes:
        path = self.home / "run/http.sock"
        return await asyncio.to_thread(lambda: http(path, target, body, *headers, host=host))


async def obliges(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(answer())


@asynccontextmanager
async def living(
    home: Path,
    script: Script = obliges,
    *words: str,
    url: str = "",
    head: str = "",
    more: str = "",
    environ: dict[str, str] | None = None,
) -> AsyncIterator[House]:
    """`url` may name the provider's PORT in its own way."""
    async with serving(script) as server:
        there = url.replace("PORT", str(server.port)) or server.url
        provider = f"[provider.p]\nurl = '{there}'\nkey = 'env:A_KEY'\nmodels = ['m']\n{more}\n"
        path = write_config(
            home, provider + "[provider.p.retry]\nretries = 0\n[provider.p.probe]\nenabled = false\n"
        )
        path.write_text(path.read_text().replace("[daemon]\n", f"[daemon]\n{head}\n"))
        with running(home, *words, environ={"A_KEY": KEY, **(environ or {})}) as daemon:
            await asyncio.to_thread(daemon.wait_ready)
            yield House(home, daemon, server)
            assert await asyncio.to_thread(daemon.stop) == Exit.OK


# Links and files in its way.


@pytest.mark.parametrize("name", ["failoverd.sock", "http.sock"])
def test_a_link_where_the_socket_should_be_is_not_followed_and_not_removed(tmp_path, name):
    write_config(tmp_path)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "run").mkdir(mode=0o700)
    (tmp_path / "run" / name).symlink_to(precious)
    with running(tmp_path) as daemon:
        assert daemon.wait_exit() == Exit.FAILED
    assert f"{name}: something is in the way that is not a socket of ours" in daemon.log
    assert precious.read_text() == "precious"
    assert (tmp_path / "run" / name).is_symlink()


def test_a_link_where_the_lock_should_be_is_not_written_through(tmp_path):
    write_config(tmp_path)
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state/failoverd.lock").symlink_to(precious)
    with running(tmp_path) as daemon:
        assert daemon.wait_exit() == Exit.FAILED
    assert precious.read_text() == "precious"


async def test_a_link_where_the_journal_should_be_is_not_written_through_and_calls_are_served(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"")
    (tmp_path / "state").mkdir(mode=0o700)
    (tmp_path / "state/journal.db").symlink_to(precious)
    async with living(tmp_path) as house:
        assert "result" in await house.ask("chat", CHAT)
        assert "degraded" in json.dumps(await house.ask("status"))
    assert precious.read_bytes() == b""


async def test_what_it_writes_nobody_else_reads(tmp_path):
    os.umask(0o022)
    async with living(tmp_path) as house:
        await house.ask("chat", CHAT)
        for path in (tmp_path / "state").rglob("*"):
            assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
        for name in ("state", "run"):
            assert stat.S_IMODE((tmp_path / name).stat().st_mode) == 0o700


# Other users at its door.

CALL = """
import socket, sys
line = socket.socket(socket.AF_UNIX)
line.settimeout(20)
line.connect(sys.argv[1])
line.sendall(sys.argv[2].encode() + b"\\n")
heard = b""
while not heard.endswith(b"\\n"):
    heard += line.recv(65536)
sys.stdout.write(heard.decode())
"""


class Street(Struct):
    """Others before a house: its group is root's, 0."""

    house: House

    async def ask(self, uid: int, method: str, params: object = None, *, gids: tuple[int, ...] = (0,)):
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params or {}})
        path = str(self.house.home / "run/failoverd.sock")
        done = await asyncio.to_thread(lambda: run_as(uid, CALL, path, body, gids=gids))
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr.splitlines()[-1]


@asynccontextmanager
async def street() -> AsyncIterator[Street]:
    python_as(NOBODY)  # or skip before anything is started
    with open_ground() as home:
        (home / "run").mkdir(mode=0o755)
        async with living(home) as house:
            yield Street(house)


ADMINS_ONLY = {
    "quarantine": {"target": "p"},
    "release": {"all": True},
    "force": {"target": "p"},
    "stats.reset": {},
    "config.reload": {},
    "drain": {},
    "journal.query": {},
    "events.subscribe": {},
}


@as_root
async def test_who_is_not_of_the_group_does_not_come_in_and_who_is_may_call_but_not_steer():
    async with street() as outside:
        assert (await outside.ask(NOBODY, "ping", gids=(NOBODY,))).startswith("PermissionError")
        assert "result" in await outside.ask(NOBODY, "ping")
        for method, params in ADMINS_ONLY.items():
            said = await outside.ask(NOBODY, method, params)
            assert said["error"]["data"]["kind"] == "forbidden", method


@as_root
async def test_what_one_asked_does_not_exist_for_another():
    async with street() as outside:
        mine = (await outside.ask(NOBODY, "chat", CHAT))["result"]["failover"]["request_id"]
        other = mine[:-4] + "0000"
        assert "result" in await outside.ask(NOBODY, "explain", {"request_id": mine})
        theirs = await outside.ask(STRANGER, "explain", {"request_id": mine})
        nobodys = await outside.ask(STRANGER, "explain", {"request_id": other})
        assert "error" in theirs
        assert json.dumps(theirs).replace(mine, "") == json.dumps(nobodys).replace(other, "")
        assert (await outside.ask(STRANGER, "cancel", {"id": mine}))["result"] == {"cancelled": False}


# A provider's words that act.

ACTING = (
    "\x1b[2J\x1b]0;owned\x07\x9b31m\u202eevil\u2066\u200b\rover"
    "\n<2>failoverd: all providers are well\n2026-01-01 00:00:00 forged line\n"
    "{0} {name} {record} %s %n %(x)s <red>red</red> </> $(reboot) `reboot` \\x1b[31m"
)


async def acts(line: Line) -> None:
    while True:
        await line.hear()
        body = json.dumps({"error": {"message": ACTING, "code": "invalid_api_key", "type": ACTING}}).encode()
        await line.say(answer(body, status="401 \x1b[31mred"))


def assert_inert(text: str) -> None:
    acting = [char for char in text if not (char.isprintable() or char == "\n")]
    assert acting == []


@pytest.mark.parametrize(
    ("form", "line"),
    [
        ("human", r"(\d\d:\d\d:\d\d\.\d{3} |    ).*"),
        ("journal", r"<\d>(failoverd |serving |chat|stop|[\w ]+).*"),
        ("json", r"\{.*\}"),
    ],
)
async def test_a_providers_words_forge_no_line_and_move_no_cursor(tmp_path, form, line):
    async with living(tmp_path, acts, head=f"log_format = '{form}'\nlog_level = 'TRACE'") as house:
        said = await house.ask("chat", CHAT)
        await house.fetch("/v1/chat/completions", CHAT)
        for words in (["explain", "last"], ["events"], ["journal"], ["status"], ["providers"], ["chat", "x"]):
            shown = await asyncio.to_thread(
                subprocess.run,
                [
                    sys.executable,
                    "-m",
                    "daemon.ctl",
                    "--socket",
                    str(tmp_path / "run/failoverd.sock"),
                    *words,
                ],
                capture_output=True,
                check=False,
            )
            assert_inert(shown.stdout.decode() + shown.stderr.decode())
            assert not re.search(rb"(?m)^(<2>|2026-01-01 00:00:00 forged)", shown.stdout + shown.stderr)
    assert "all providers are well" in json.dumps(said), "it was listened to"
    assert_inert(house.daemon.log)
    strange = [each for each in house.daemon.log.splitlines() if not re.fullmatch(line, each)]
    assert strange == []
    assert "<2>failoverd: all" not in [
        each[: len("<2>failoverd: all")] for each in house.daemon.log.splitlines()
    ]


# A request that steers.

SPELT = ("api_base", "API-Base", "apiBase", "Base_URL", "extra_headers", "Api-Key", "ａｐｉ_ｋｅｙ")


async def test_no_field_of_a_request_says_where_it_goes_or_with_which_key(tmp_path):
    async with serving(obliges) as trap, living(tmp_path) as house:
        evil = {"url": trap.url, "authorization": "Bearer evil"}
        for name in (*SPELT, *sorted(STEERING)):
            for bent in (
                {name: trap.url},
                {name: evil},
                {"extra_body": {name: trap.url}},
                {"failover": {name: evil}},
            ):
                assert "error" in await house.ask("chat", {**CHAT, **bent}), (name, bent)
                assert b" 400 " in (await house.fetch("/v1/chat/completions", {**CHAT, **bent}))[:16]
        for passed_on in ({"metadata": {"api_base": trap.url}}, {"user": trap.url}, {"x": {"headers": evil}}):
            await house.ask("chat", {**CHAT, **passed_on})
        assert trap.accepted == 0
        assert {asked.headers["authorization"] for asked in house.provider.asked} == {f"Bearer {KEY}"}


async def test_no_header_of_a_request_goes_on(tmp_path):
    async with living(tmp_path) as house:
        said = await house.fetch(
            "/v1/chat/completions",
            CHAT,
            "authorization: Bearer evil",
            "x-api-key: evil",
            "x-goog-api-key: evil",
            "proxy: http://evil.test",
            "x-forwarded-host: evil.test",
            "cookie: evil=1",
            "x-evil: evil",
        )
        assert b" 200 " in said[:16]
        (asked,) = house.provider.asked
        assert "evil" not in repr(asked)
        assert asked.headers["authorization"] == f"Bearer {KEY}"


async def test_a_picture_by_link_is_not_fetched_by_us(tmp_path):
    async with serving(obliges) as trap, living(tmp_path, more="api = 'gemini'") as house:
        parts = [{"type": "image_url", "image_url": {"url": f"{trap.url}/picture.png"}}]
        await house.ask("chat", {**CHAT, "messages": [{"role": "user", "content": parts}]})
        assert trap.accepted == 0


async def test_pages_in_a_browser_do_not_come_in_by_a_name_of_their_own(tmp_path):
    async with living(tmp_path) as house:
        assert b" 421 " in (await house.fetch("/v1/chat/completions", CHAT, host="evil.test"))[:16]
        page = await house.fetch("/v1/chat/completions", CHAT, "origin: https://evil.test")
        assert b" 403 " in page[:16]
        assert house.provider.asked == []


# Surroundings that steer.


async def test_no_proxy_of_the_environment_sees_a_request(tmp_path):
    async with serving(obliges) as trap:
        names = ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy")
        async with living(tmp_path, environ=dict.fromkeys(names, trap.url)) as house:
            assert "result" in await house.ask("chat", CHAT)
        assert trap.accepted == 0


async def test_no_variable_says_whom_tls_trusts_or_who_may_listen_in(tmp_path):
    trustme = pytest.importorskip("trustme")
    import ssl

    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    (tmp_path / "openssl.cnf").write_text("openssl_conf = nonsense\n[nonsense]\nproviders = none_at_all\n")
    environ = {
        "SSL_CERT_FILE": str(tmp_path / "ca.pem"),
        "SSL_CERT_DIR": str(tmp_path),
        "SSLKEYLOGFILE": str(tmp_path / "keylog"),
        "OPENSSL_CONF": str(tmp_path / "openssl.cnf"),
    }
    trusting = f"ca_file = '{tmp_path}/ca.pem'"
    async with serving(obliges, tls=context) as server:
        url = f"https://localhost:{server.port}"
        for index, (more, works) in enumerate((("", False), (trusting, True))):
            home = tmp_path / str(index)
            home.mkdir()
            async with living(home, url=url, more=more, environ=environ) as house:
                said = await house.ask("chat", CHAT)
                assert ("result" in said) == works, said
        assert len(server.asked) == 1
    assert not (tmp_path / "keylog").exists()


# Names and redirects that lead elsewhere.


async def test_a_metadata_address_is_refused_as_it_is_resolved_whatever_its_disguise(tmp_path):
    """Nothing about this name looks like an address, and the resolver takes it for 169.254.169.254."""
    async with living(tmp_path, url="http://0xa9fea9fe:PORT", more="allow_http = true") as house:
        said = json.dumps(await house.ask("chat", CHAT))
    assert "no key may be sent to" in said


@pytest.mark.parametrize("host", ["0251.0376.0251.0376", "169.254.43518", "2852039166", "[::ffff:a9fe:a9fe]"])
def test_an_address_in_digits_is_refused_with_the_config(tmp_path, host):
    write_config(tmp_path, f"[provider.p]\nurl = 'http://{host}/v1'\nmodels = ['m']\nallow_http = true\n")
    with running(tmp_path) as daemon:
        assert daemon.wait_exit() == Exit.USAGE
    assert "is an address that is refused" in daemon.log


REBOUND = """
mount --make-rprivate / && mount --bind "$1" /etc/hosts || exit 99
shift
exec "$@"
"""


@as_root
async def test_a_name_that_is_made_to_point_elsewhere_does_not_take_the_key_along(tmp_path):
    """A hosts file of its own for the daemon, changed while it runs: DNS rebinding without DNS."""
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost rebound.test\n")
    words = ["unshare", "--mount", "sh", "-c", REBOUND, "sh", str(hosts)]
    tried = subprocess.run([*words, "true"], capture_output=True, check=False)
    if tried.returncode != 0:
        pytest.skip(f"no mount namespace can be had here: {tried.stderr.decode().strip()}")
    home = tmp_path / "home"
    home.mkdir()
    run = (sys.executable, "-m", "daemon.main", "run", "--config", str(home / "failoverd.toml"))
    url, more = "http://rebound.test:PORT", "allow_http = true"

    async def obliges_once(line: Line) -> None:
        await line.hear()
        await line.say(answer(JSON, "connection: close"))

    async with living(home, obliges_once, *BECOME, *words, *run, url=url, more=more) as house:
        assert "result" in await house.ask("chat", CHAT)
        hosts.write_text("169.254.169.254 rebound.test\n")
        said = json.dumps(await house.ask("chat", CHAT))
        assert "no key may be sent to" in said
        hosts.write_text("127.0.0.1 rebound.test\n")
        await house.ask("release", {"all": True})
        assert "result" in await house.ask("chat", CHAT)
        assert len(house.provider.asked) == 2


async def test_no_redirect_is_followed(tmp_path):
    async with serving(obliges) as trap:
        statuses = ["301 Moved", "302 Found", "303 See Other", "307 Temporary", "308 Permanent"]
        leading = iter(statuses)

        async def leads_away(line: Line) -> None:
            await line.hear()
            await line.say(answer(b"", f"location: {trap.url}/x", status=next(leading)))

        async with living(tmp_path, leads_away) as house:
            for _ in statuses:
                assert "error" in await house.ask("chat", CHAT)
                await house.ask("enable", {"target": "p"})
                await house.ask("release", {"all": True})
            assert len(house.provider.asked) == len(statuses)
        assert trap.accepted == 0
