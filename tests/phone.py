"""How a test talks to a real daemon: its socket, one message a line, without waiting for ever."""

import asyncio
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.fakeserver import FakeServer, Script, serving
from tests.process import Process

__all__ = ["Failed", "Phone", "dialled", "serving_apart"]


class Failed(Exception):
    """The answer was an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error["message"])
        self.code: int = error["code"]
        self.message: str = error["message"]
        self.data: dict[str, Any] = error["data"]


class Phone:
    """One connection."""

    def __init__(self, path: Path) -> None:
        self.peer = path
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(30)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")
        self._count = 0

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def send(self, message: object) -> None:
        self._socket.sendall(json.dumps(message).encode() + b"\n")

    def ask(self, method: str, **params: object) -> Any:
        """The result; what comes before it is thrown away."""
        return self.ask_and_hear(method, **params)[1]

    def ask_and_hear(self, method: str, **params: object) -> tuple[list[dict[str, Any]], Any]:
        """The notifications, and the result."""
        id_ = self.begin(method, **params)
        heard = []
        while "method" in (message := self.hear()):
            heard.append(message)
        assert message["id"] == id_
        if "error" in message:
            raise Failed(message["error"])
        return heard, message["result"]

    def begin(self, method: str, **params: object) -> int:
        self._count += 1
        self.send({"jsonrpc": "2.0", "id": self._count, "method": method, "params": params})
        return self._count

    def hear(self) -> dict[str, Any]:
        line = self._lines.readline()
        assert line, "they have left"
        message: dict[str, Any] = json.loads(line)
        return message


@contextmanager
def dialled(daemon: Process) -> Iterator[Phone]:
    phone = Phone(daemon.home / "run" / "failoverd.sock")
    try:
        yield phone
    finally:
        phone.close()


@contextmanager
def serving_apart(script: Script) -> Iterator[FakeServer]:
    """A fake server on a loop of its own, so that a test may wait for the daemon as people do."""
    ready, over = threading.Event(), asyncio.Event()
    found: list[tuple[FakeServer, asyncio.AbstractEventLoop]] = []

    async def serve() -> None:
        async with serving(script) as server:
            found.append((server, asyncio.get_running_loop()))
            ready.set()
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),))
    thread.start()
    assert ready.wait(5)
    server, loop = found[0]
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
