"""The demo's house: a directory of its own, a config for the cast, and the real daemon running in it."""

import os
import sys
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from subprocess import DEVNULL

import anyio
from anyio.abc import Process
from msgspec import Struct

from daemon.stage.phone import HungUp, dial
from daemon.stage.pretender import Pretender
from daemon.stage.script import OUT_S

__all__ = ["House", "NeverReady", "house"]

READY_S = 20.0
STOP_S = 10.0
LOOK_AGAIN_S = 0.05
LOG_LINES_SHOWN = 12
PATH_CHARS_MAX = 80
"""A socket's path may have 107 bytes; ours need a few behind the directory's."""

_DAEMON = """\
# The demo's config. Its clocks are short, so that one sees what they do; yours will be minutes.
[daemon]
socket = "{home}/failoverd.sock"
http_socket = "{home}/http.sock"
http_tcp = ""
state_dir = "{home}/state"
"""
_PROVIDER = """
[provider.{name}]
url = "{url}"
models = ["parrot"]
priority = {priority}
timeout = {{ connect_s = 1.0, first_token_s = 1.0, gap_s = 1.0, total_s = 2.0, trial_first_token_s = 1.0 }}
quarantine = {{ loopback_s = {out_s}, loopback_s_max = {out_s}, jitter = 0.0 }}
probe = {{ every_s = 5.0, timeout_s = 1.0, ladder_s = [2.0] }}
"""


class NeverReady(Exception):
    """The daemon did not come up."""


class House(Struct, frozen=True):
    """Where everything is."""

    home: Path
    pid: int

    @property
    def socket(self) -> str:
        return f"{self.home}/failoverd.sock"

    @property
    def http_socket(self) -> str:
        return f"{self.home}/http.sock"

    @property
    def config(self) -> str:
        return f"{self.home}/failoverd.toml"


@asynccontextmanager
async def house(cast: Iterable[Pretender]) -> AsyncIterator[House]:
    """The daemon serves while one is inside; afterwards it is stopped, and nothing of it is left."""
    with tempfile.TemporaryDirectory(prefix="failoverd-demo-", dir=_short_place()) as directory:
        home = Path(directory)
        (home / "failoverd.toml").write_text(_config(home, cast), encoding="utf-8")
        with (home / "log").open("wb") as log:
            process = await anyio.open_process(
                [sys.executable, "-P", "-m", "daemon.main", "run", "--config", str(home / "failoverd.toml")],
                stdin=DEVNULL,
                stdout=DEVNULL,
                stderr=log,
                env=_environment(),
                start_new_session=True,  # Ctrl-C is for us; we stop it in good order
            )
            try:
                here = House(home, process.pid)
                await _wait_ready(here, process)
                yield here
            finally:
                with anyio.CancelScope(shield=True):
                    await _stop(process)


def _config(home: Path, cast: Iterable[Pretender]) -> str:
    providers = (
        _PROVIDER.format(name=one.name, url=one.url, priority=place, out_s=OUT_S)
        for place, one in enumerate(cast, start=1)
    )
    return _DAEMON.format(home=home) + "".join(providers)


def _environment() -> dict[str, str]:
    """Enough to run Python with this very package; nothing of a service manager's, and no keys."""
    kept = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "VIRTUAL_ENV", "NO_COLOR", "PYTHONDONTWRITEBYTECODE")
    package = str(Path(__file__).resolve().parent.parent.parent)
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONPATH": package}


def _short_place() -> str | None:
    """The usual place for temporary files, unless its name is too long for a socket's."""
    return "/tmp" if len(tempfile.gettempdir()) > PATH_CHARS_MAX else None  # noqa: S108 - the directory in it is ours alone


async def _wait_ready(here: House, process: Process) -> None:
    with anyio.move_on_after(READY_S):
        while process.returncode is None:
            try:
                async with dial(here.socket) as phone:
                    await phone.ask("ping")
            except (OSError, HungUp):
                await anyio.sleep(LOOK_AGAIN_S)
            else:
                return
    lines = (here.home / "log").read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    raise NeverReady("\n".join(["the daemon did not come up; the end of its log:", *lines]))


async def _stop(process: Process) -> None:
    if process.returncode is not None:
        return
    process.terminate()
    with anyio.move_on_after(STOP_S):
        await process.wait()
    if process.returncode is None:
        process.kill()
        await process.wait()
