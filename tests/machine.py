"""A machine with a systemd of its own: Debian's, booted in a container, without a network, as root's guest.

Not everywhere may one be booted, so whoever can't is told, and never fails for it.

.strangers/debian (debootstrap, once) --copied--> a tree --systemd-nspawn--> init --nsenter--> our commands
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.strangers import absent, need

__all__ = ["Machine", "booted"]

REPO = Path(__file__).parent.parent
DEBIAN = REPO / ".strangers/debian"
WHEELS = REPO / ".strangers/wheels"
DEBIANS_PYTHON = "3.11"
BOOT_S_MAX = 60.0
_NSPAWN_OPTIONS = ("--register=no", "--keep-unit", "--private-network", "--console=pipe")
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Machine:
    """What runs, from outside."""

    def __init__(self, root: Path, init: int) -> None:
        self.root = root
        self._init = init

    def run(self, *words: str, user: str = "", check: bool = True, stdin: str = "") -> str:
        """Run this in it, to its end; what it printed."""
        done = subprocess.run(
            [*self.enter, *(("runuser", "-u", user, "--") if user else ()), *words],
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"{words} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr

    def code(self, *words: str, user: str = "") -> int:
        become = ("runuser", "-u", user, "--") if user else ()
        done = subprocess.run([*self.enter, *become, *words], capture_output=True, check=False, timeout=300)
        return done.returncode

    @property
    def enter(self) -> list[str]:
        """The words by which a command gets inside."""
        namespaces = ("-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w")
        return [
            "nsenter",
            "-t",
            str(self._init),
            *namespaces,
            "env",
            "-i",
            f"PATH={PATH}",
            "HOME=/root",
            "LANG=C.UTF-8",
        ]

    def shown(self, name: str, unit: str = "failoverd.service") -> str:
        """A property of a unit."""
        return self.run("systemctl", "show", unit, "-p", name, "--value").strip()

    def write(self, path: str, text: str, mode: int = 0o644) -> None:
        there = self.root / path.lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)
        there.chmod(mode)

    def wait(self, what: str, is_so: Callable[[], bool], within_s: float = 60.0) -> None:
        """Until it is so."""
        until = time.monotonic() + within_s
        while not is_so():
            if time.monotonic() > until:
                log = self.run("journalctl", "-u", "failoverd", "--no-pager", "-n", "40", check=False)
                raise AssertionError(f"{what} did not come about in {within_s:g} s; its log:\n{log}")
            time.sleep(0.2)


@contextmanager
def booted(place: Path) -> Iterator[Machine]:
    """A fresh one, with our source at /root/failoverd and all that it needs at /root/wheels."""
    if os.geteuid() != 0:
        pytest.skip("a real systemd is not shown here: only root boots a machine")
    need("systemd-nspawn", "nsenter")
    if not (DEBIAN / ".complete").exists():
        pytest.skip("a real systemd is not shown here: there is no Debian to boot; .ci/strangers fetches one")
    root = place / "root"
    subprocess.run(["cp", "-a", "--reflink=auto", str(DEBIAN), str(root)], check=True)
    _furnish(root)
    log = (place / "nspawn.log").open("wb")
    nspawn = subprocess.Popen(
        ["systemd-nspawn", "-D", str(root), "--boot", *_NSPAWN_OPTIONS],
        env={**os.environ, "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY": "1"},
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    machine = None
    try:
        machine = _up(root, nspawn, place / "nspawn.log")
        yield machine
    finally:
        if machine is not None:
            machine.code("systemctl", "poweroff")
        try:
            nspawn.wait(30)
        except subprocess.TimeoutExpired:
            nspawn.kill()
            nspawn.wait()
        log.close()
        shutil.rmtree(root, ignore_errors=True)


def _up(root: Path, nspawn: "subprocess.Popen[bytes]", log: Path) -> Machine:
    until = time.monotonic() + BOOT_S_MAX
    state = "not even an init"
    while time.monotonic() < until and nspawn.poll() is None:
        children = Path(f"/proc/{nspawn.pid}/task/{nspawn.pid}/children").read_text().split()
        if children:
            machine = Machine(root, int(children[0]))
            state = machine.run("systemctl", "is-system-running", check=False).strip()
            if state in ("running", "degraded"):
                return machine
        time.sleep(0.5)
    nspawn.kill()
    said = log.read_text(errors="replace")[-400:].strip()
    pytest.skip(f"a real systemd is not shown here: none boots ({state}): {said}")


def _furnish(root: Path) -> None:
    source = root / "root/failoverd"
    source.mkdir()
    for name in ("systemd", "requirements.lock", "pyproject.toml"):
        there = source / name
        (shutil.copytree if (REPO / name).is_dir() else shutil.copy)(REPO / name, there)
    for page in (*REPO.glob("*.md"), REPO / "LICENSE"):
        shutil.copy(page, source)
    shutil.copytree(_wheels(), root / "root/wheels")
    (root / "root").chmod(0o755)


def _wheels() -> Path:
    """Everything that is installed, fetched once; our own is built anew."""
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    lock = REPO / "requirements.lock"
    stamp = WHEELS / "lock"
    WHEELS.mkdir(parents=True, exist_ok=True)
    fetch = (
        *(*pip, "download", "--require-hashes", "-r", str(lock), "-d", str(WHEELS)),
        *("--only-binary=:all:", "--python-version", DEBIANS_PYTHON),
    )
    build = (*pip, "wheel", "--no-deps", "-w", str(WHEELS), str(REPO))
    is_fetched = stamp.exists() and stamp.read_bytes() == lock.read_bytes()
    for old in WHEELS.glob("failoverd-*"):
        old.unlink()
    for step in (build,) if is_fetched else (fetch, build):
        done = subprocess.run(step, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            absent(f"packages could not be fetched: {done.stderr.strip().splitlines()[-1]}")
    shutil.copy(lock, stamp)
    return WHEELS
