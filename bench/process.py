"""A program under measurement: started on its own core as a session of its own, asked until it answers, ended."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from bench.meters import cpu_s, pss_mib

__all__ = ["Core", "NeverAnswered", "Program", "pinned"]

ANSWERS_WITHIN_S = 90.0
"""LiteLLM takes a while to import itself."""
LEAVES_WITHIN_S = 10.0


class NeverAnswered(Exception):
    """It did not come up; with the end of what it said."""


class Core:
    """Who runs where: what is measured alone on one core, everybody else on another."""

    MEASURED, OTHERS = 0, 1


def pinned(words: Sequence[str], core: int) -> list[str]:
    """The same command on that core, where there are two and taskset."""
    cores = sorted(os.sched_getaffinity(0))
    if len(cores) < 2 or shutil.which("taskset") is None:
        return list(words)
    return ["taskset", "--cpu-list", str(cores[core]), *words]


class Program:
    """One life of it."""

    def __init__(
        self,
        words: Sequence[str],
        home: Path,
        environ: Mapping[str, str] | None = None,
        *,
        core: int = Core.MEASURED,
    ) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._said = home / "said"
        self._opened = self._said.open("ab")
        self._popen = subprocess.Popen(
            pinned(words, core),
            cwd=home,
            env={**bare_environment(), **(environ or {})},
            stdin=subprocess.DEVNULL,
            stdout=self._opened,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.began = time.perf_counter()

    @property
    def pid(self) -> int:
        return self._popen.pid

    @property
    def cpu_s(self) -> float:
        """Processor time until now, of everything that it has started."""
        return cpu_s(self.pid)

    @property
    def pss_mib(self) -> float:
        return pss_mib(self.pid)

    def check_alive(self) -> None:
        """Raises NeverAnswered."""
        if self._popen.poll() is not None:
            raise NeverAnswered(self._said.read_text(errors="replace")[-2000:])

    def end(self) -> None:
        """Asked politely first; its whole session goes."""
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.pid, number)
                self._popen.wait(LEAVES_WITHIN_S)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        self._popen.wait()
        self._opened.close()


def bare_environment() -> dict[str, str]:
    """Nothing that looks like a key, a proxy, or a service manager."""
    kept = ("PATH", "HOME", "LANG", "VIRTUAL_ENV")
    root = str(Path(__file__).resolve().parent.parent)
    return {name: os.environ[name] for name in kept if name in os.environ} | {"PYTHONPATH": root}
