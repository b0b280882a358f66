"""A real failoverd in a process of its own, with a service manager's ear at its notify socket."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["Process", "running", "write_config"]

PATIENCE_S = 20.0


def write_config(home: Path, text: str = "[provider.pollinations]\n", *, http: bool = True) -> Path:
    """A config whose sockets and state are below `home`."""
    path = home / "failoverd.toml"
    listening = f'http_socket = "{home}/run/http.sock"\n' if http else ""
    head = f'[daemon]\nsocket = "{home}/run/failoverd.sock"\n{listening}http_tcp = ""\nstate_dir = "{home}/state"\n'
    path.write_text(head + text)
    return path


class Process:
    """One life of the daemon, from outside."""

    def __init__(self, words: list[str], home: Path, environ: dict[str, str]) -> None:
        self.home = home
        home.mkdir(exist_ok=True, parents=True)
        (home / "notify").unlink(missing_ok=True)
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(str(home / "notify"))
        self._log = (home / "log").open("ab")
        self.told: list[str] = []
        self.popen = subprocess.Popen(
            [sys.executable, *words],
            env={**_bare(), "NOTIFY_SOCKET": str(home / "notify"), **environ},
            stderr=self._log,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )

    @property
    def log(self) -> str:
        return (self.home / "log").read_text()

    def wait_told(self, wanted: str, within_s: float = PATIENCE_S) -> float:
        """Wait until the manager was told this; return how long that took."""
        began = time.monotonic()
        while not any(line.startswith(wanted) for line in self.told):
            left_s = began + within_s - time.monotonic()
            if left_s <= 0 or self.popen.poll() is not None:
                raise AssertionError(f"never told {wanted!r}, only {self.told}; its log:\n{self.log}")
            self._ear.settimeout(min(left_s, 0.1))
            try:
                self.told += self._ear.recv(4096).decode().splitlines()
            except TimeoutError:
                continue
        return time.monotonic() - began

    def hear_out(self) -> None:
        """Take in all that was said until now."""
        self._ear.setblocking(False)
        try:
            while True:
                self.told += self._ear.recv(4096).decode().splitlines()
        except BlockingIOError:
            return

    def wait_ready(self) -> float:
        return self.wait_told("READY=1")

    def wait_logged(self, wanted: str) -> None:
        self._wait(f"never said {wanted!r}", lambda: wanted in self.log)

    def wait_hears(self, number: signal.Signals) -> None:
        """Until it would not simply die of the signal any more."""
        status = Path(f"/proc/{self.popen.pid}/status")
        caught = re.compile(r"^SigCgt:\t([0-9a-f]+)$", re.MULTILINE)

        def hears() -> bool:
            (mask,) = caught.findall(status.read_text())
            return bool(int(mask, 16) >> (number - 1) & 1)

        self._wait(f"never listened to {number.name}", hears)

    def _wait(self, otherwise: str, is_so: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > until or self.popen.poll() is not None:
                raise AssertionError(f"{otherwise}; its log:\n{self.log}")
            time.sleep(0.01)

    def forget_told(self) -> None:
        self.told.clear()

    def signal(self, number: signal.Signals) -> None:
        self.popen.send_signal(number)

    def wait_exit(self) -> int:
        try:
            return self.popen.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still runs; its log:\n{self.log}") from None

    def stop(self) -> int:
        self.signal(signal.SIGTERM)
        return self.wait_exit()

    def close(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        assert self.popen.stdout is not None
        self.popen.stdout.close()
        self._ear.close()
        self._log.close()


@contextmanager
def running(home: Path, *words: str, environ: dict[str, str] | None = None) -> Iterator[Process]:
    """`failoverd run` with the config below `home`, or any other Python program."""
    default = ("-m", "daemon.main", "run", "--config", str(home / "failoverd.toml"))
    process = Process([*(words or default)], home, environ or {})
    try:
        yield process
    finally:
        process.close()


def _bare() -> dict[str, str]:
    """Our environment without what would look like keys or like a service manager."""
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: os.environ[name] for name in kept if name in os.environ}
