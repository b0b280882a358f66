"""A night of jobs: a real daemon that is killed and started anew, and failoverctl that stays with it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from daemon.ctl.line import Line
from tests.process import running, write_config

__all__ = ["Night", "batch_file", "peak_mib"]

PATIENCE_S = 120.0


class Night:
    """Where the daemon lives, whichever of its lives it is."""

    def __init__(self, home: Path, config: str, head: str = "") -> None:
        self.home = home
        self.socket = home / "run/failoverd.sock"
        write_config(home, head + config)

    @contextmanager
    def daemon(self) -> Iterator[Any]:
        """One life, ready to serve."""
        with running(self.home) as process:
            process.wait_ready()
            yield process

    def ask(self, method: str, **params: Any) -> Any:
        with Line((str(self.socket),)) as line:
            return line.ask(method, params, within_s=60.0)

    def ctl(self, *words: str, typed: bytes = b"") -> "subprocess.CompletedProcess[str]":
        """failoverctl in a process of its own."""
        return subprocess.run(
            [sys.executable, "-m", "daemon.ctl", "--socket", str(self.socket), *words],
            input=typed.decode(),
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def start(self, *words: str, keep_open: bool = False) -> "subprocess.Popen[str]":
        """The same, not waited for."""
        return subprocess.Popen(
            [sys.executable, "-m", "daemon.ctl", "--socket", str(self.socket), *words],
            stdin=subprocess.PIPE if keep_open else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def submit(self, count: int, prefix: str = "item", **options: Any) -> str:
        """A job of so many items, by the shortest way."""
        items = [{"messages": [{"role": "user", "content": f"{prefix} {n}"}]} for n in range(count)]
        return str(self.ask("job.submit", model="auto", items=items, options=options)["job_id"])

    def results(self, job_id: str) -> list[Any]:
        """All that is acknowledged by now."""
        found: list[Any] = []
        while True:
            page = self.ask("job.results", job_id=job_id, after=len(found) - 1)
            found += page["results"]
            if not page["results"] or page["is_end"]:
                return found


def batch_file(path: Path, count: int) -> Path:
    """In OpenAI's shape."""
    with path.open("w") as file:
        for n in range(count):
            body = {"model": "parrot", "messages": [{"role": "user", "content": f"item {n}"}]}
            line = {"custom_id": f"c{n}", "method": "POST", "url": "/v1/chat/completions", "body": body}
            file.write(json.dumps(line) + "\n")
    return path


def peak_mib(pid: int) -> float:
    """The most memory that a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) / 1024
