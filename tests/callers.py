"""How a caller sees the daemon: every byte that comes back, by JSON-RPC and by HTTP."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

__all__ = ["following", "http", "rpc"]

PATIENCE_S = 20.0


def rpc(path: Path, method: str, params: object = None) -> bytes:
    """All lines up to the answer."""
    asked = {"jsonrpc": "2.0", "id": 1, "method": method, **({} if params is None else {"params": params})}
    with _connected(path) as line:
        line.sendall(json.dumps(asked).encode() + b"\n")
        heard = b""
        while not (heard.endswith(b"\n") and _is_answer(heard.splitlines()[-1])):
            piece = line.recv(65536)
            if not piece:
                break
            heard += piece
    return heard


def http(path: Path, target: str, body: object = None, *headers: str, host: str = "localhost") -> bytes:
    """Head and body of the response."""
    sent = b"" if body is None else json.dumps(body).encode()
    method = "GET" if body is None else "POST"
    head = [
        f"{method} {target} HTTP/1.1",
        f"host: {host}",
        "connection: close",
        f"content-length: {len(sent)}",
    ]
    with _connected(path) as line:
        line.sendall("\r\n".join([*head, "content-type: application/json", *headers, "", ""]).encode() + sent)
        pieces = []
        while piece := line.recv(65536):
            pieces.append(piece)
    return b"".join(pieces)


@contextmanager
def following(path: Path) -> Iterator[Callable[[], bytes]]:
    """Subscribed to all that happens; gives what has been told until now."""
    with _connected(path) as line:
        line.sendall(b'{"jsonrpc":"2.0","id":1,"method":"events.subscribe"}\n')
        heard: list[bytes] = []

        def listen() -> None:
            while piece := line.recv(65536):
                heard.append(piece)

        ear = Thread(target=listen, daemon=True)
        line.settimeout(None)
        ear.start()
        yield lambda: b"".join(heard)
        line.shutdown(socket.SHUT_RDWR)
        ear.join()


def _connected(path: Path) -> socket.socket:
    line = socket.socket(socket.AF_UNIX)
    line.settimeout(PATIENCE_S)
    line.connect(str(path))
    return line


def _is_answer(line: bytes) -> bool:
    said = json.loads(line)
    return "result" in said or "error" in said
