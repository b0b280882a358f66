"""An upgrade exchanges the link that everything was started through, and the daemon that runs stays what it was."""

import shutil
import signal
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from daemon.exits import Exit
from tests.callers import http
from tests.phone import Failed, dialled
from tests.process import running, write_config

REPO = Path(__file__).parent.parent
CHAT = {"model": "auto", "messages": [{"role": "user", "content": "hi"}]}
EVERYDAY: dict[str, dict[str, object]] = {
    "status": {},
    "stats": {},
    "capacity": {},
    "journal.query": {},
    "probe": {},
    "rpc.discover": {},
    "config.reload": {},
}
RUNS = ("-c", "import os, sys; os.execv(sys.argv[1], sys.argv[1:])")


@pytest.fixture
def current(tmp_path: Path) -> Path:
    """Where two releases stand and the first one is used: the second raises whatever of it is imported."""
    one, two = (_made(tmp_path / "releases" / name) for name in ("one", "two"))
    for layer in ("state", "actors", "daemon"):
        shutil.copytree(REPO / layer, one / layer, ignore=shutil.ignore_patterns("__pycache__"))
        for module in (one / layer).rglob("*.py"):
            other = two / module.relative_to(one)
            other.parent.mkdir(parents=True, exist_ok=True)
            other.write_text("raise SystemExit('this is another release')\n")
    (tmp_path / "current").symlink_to("releases/one")
    return tmp_path / "current"


def _made(release: Path) -> Path:
    """A virtual environment, to the interpreter; its packages are ours. Where its own modules go."""
    (release / "bin").mkdir(parents=True)
    (release / "bin/python").symlink_to(sys.executable)
    (release / "pyvenv.cfg").write_text(f"home = {Path(sys.executable).resolve().parent}\n")
    packages = release / f"lib/python{sys.version_info.major}.{sys.version_info.minor}/site-packages"
    packages.mkdir(parents=True)
    (packages / "ours.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return packages


def _link_to_the_next(current: Path) -> Path:
    new = current.with_name("current.new")
    new.symlink_to("releases/two")
    return new


STAYS = """
import os, sys
from daemon.release import stay
if sys.argv[1] == "stays":
    stay(sys.path, [*sys.modules.values()])
os.replace(sys.argv[2], sys.argv[3])
import daemon.metrics.counters
import state.failures
print(daemon.metrics.counters.__file__)
"""


@pytest.mark.parametrize(("does", "said"), [("stays", ""), ("goes along", "this is another release\n")])
def test_what_is_imported_late_is_still_of_the_release_that_was_started(current, does, said):
    new = _link_to_the_next(current)
    done = subprocess.run(
        [current / "bin/python", "-I", "-c", STAYS, does, new, current],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == said
    if does == "stays":
        assert done.stdout.startswith(str(current.with_name("releases") / "one"))


def test_a_daemon_that_is_upgraded_while_it_runs_serves_reloads_and_drains_as_what_it_was(current, tmp_path):
    write_config(tmp_path, "[provider.p]\nurl = 'http://127.0.0.1:9/v1'\nmodels = ['m']\n")
    run = ("-I", "-m", "daemon.main", "run", "--config", str(tmp_path / "failoverd.toml"))
    with running(tmp_path, *RUNS, str(current / "bin/python"), *run) as daemon:
        daemon.wait_ready()
        _link_to_the_next(current).rename(current)
        with dialled(daemon) as phone:
            with pytest.raises(Failed, match="no lane"):
                phone.ask("chat", **CHAT)
            for method, params in EVERYDAY.items():
                phone.ask(method, **params)
        for target in ("/v1/models", "/metrics", "/healthz"):
            assert b" 200 " in http(tmp_path / "run/http.sock", target)[:16]
        daemon.signal(signal.SIGHUP)
        daemon.wait_told("STATUS=reloaded")
        assert daemon.stop() == Exit.OK
    assert "another release" not in daemon.log
