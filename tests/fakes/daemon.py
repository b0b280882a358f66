"""A daemon that answers from a script, on a real Unix socket: for everybody who talks to one."""

import json
import os
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from daemon.verdicts import ENDINGS, ErrorKind

__all__ = ["FakeDaemon", "fake_daemon", "raw", "refuses", "says"]

Turn = Callable[[Any], Iterator[bytes]]
"""What is sent for a request: pieces, as they are."""


def says(result: object, *notices: tuple[str, object]) -> Turn:
    """An answer, and before it notifications."""

    def turn(request: Any) -> Iterator[bytes]:
        for method, params in notices:
            yield _line({"jsonrpc": "2.0", "method": method, "params": params})
        yield _line({"jsonrpc": "2.0", "id": request["id"], "result": result})

    return turn


def refuses(kind: ErrorKind, message: str, **data: object) -> Turn:
    """An error, as the daemon words it."""

    def turn(request: Any) -> Iterator[bytes]:
        error = {"code": ENDINGS[kind].code, "message": message, "data": {"kind": kind, **data}}
        yield _line({"jsonrpc": "2.0", "id": request["id"], "error": error})

    return turn


def raw(*pieces: bytes) -> Turn:
    """Just these bytes, whatever they are, and then it hangs up."""

    def turn(_: Any) -> Iterator[bytes]:
        yield from pieces
        raise ConnectionError

    return turn


class FakeDaemon:
    """What each method answers, and what has been asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[tuple[str, Any]] = []
        self._turns: dict[str, list[Turn]] = {}

    def on(self, method: str, *turns: Turn) -> "FakeDaemon":
        """One turn after the other; the last is for ever."""
        self._turns[method] = list(turns)
        return self

    def serve(self, connection: socket.socket) -> None:
        with connection, connection.makefile("rb") as lines, suppress(OSError):
            for line in lines:
                request = json.loads(line)
                self.asked.append((request["method"], request.get("params")))
                turns = self._turns.get(
                    request["method"], [refuses(ErrorKind.UNKNOWN_METHOD, "no such method")]
                )
                turn = turns.pop(0) if len(turns) > 1 else turns[0]
                for piece in turn(request):
                    connection.sendall(piece)


@contextmanager
def fake_daemon(path: Path) -> Iterator[FakeDaemon]:
    """It listens at `path` until the test is over."""
    fake = FakeDaemon(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(os.fspath(path))
    listener.listen()

    def accept() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listener.accept()
                threading.Thread(target=fake.serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    try:
        yield fake
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def _line(message: object) -> bytes:
    return json.dumps(message).encode() + b"\n"
