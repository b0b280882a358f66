"""A provider in a thread, that keeps a ledger of its own and holds still at the step that a test names.

step           the daemon has                           the provider has
connecting     committed its intent                     nothing
sent           sent everything                          the request
first byte     a part of the answer                     the request
last byte      the whole answer, and perhaps noted it   answered
"""

import json
import re
import socket
import threading
from contextlib import suppress
from typing import Any, Self

__all__ = ["STEPS", "Upstream"]

STEPS = ("connecting", "sent", "first byte", "last byte")
_ITEM = re.compile(rb"item (\d+)\.")


class Upstream:
    """Answers one request a connection; `hold` names an item and a step."""

    def __init__(self) -> None:
        self.received: list[int] = []
        """Of each request that it has read whole: which item it was."""
        self.held = threading.Event()
        """It holds now."""
        self._hold: tuple[int, str] | None = None
        self._go_on = threading.Event()
        self._fillers: list[socket.socket] = []
        self._listening = socket.create_server(("127.0.0.1", 0), backlog=0)
        self._is_over = False
        self._gate = threading.Event()
        self._gate.set()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listening.getsockname()[1]}/v1"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self.release()
        with suppress(OSError):
            socket.create_connection(self._listening.getsockname(), 1).close()
        self._thread.join(5)
        self._listening.close()

    def hold(self, item: int, step: str) -> None:
        """When this item comes so far, stand still."""
        self._hold = (item, step)
        self.held.clear()
        self._go_on.clear()

    def release(self) -> None:
        """Go on, and hold no more."""
        self._hold = None
        for filler in self._fillers:
            filler.close()
        self._fillers.clear()
        self._go_on.set()
        self._gate.set()

    def _serve(self) -> None:
        while not self._is_over:
            self._gate.wait()
            client, _ = self._listening.accept()
            with client, suppress(OSError):
                self._answer(client)

    def _answer(self, client: socket.socket) -> None:
        client.settimeout(10)
        request = _request(client)
        if request.startswith(b"GET"):
            client.sendall(_answer({"data": []}))
            return
        found = _ITEM.search(request)
        if found is None:
            return
        item = int(found[1])
        self.received.append(item)
        self._stand_still(item, "sent")
        answer = _answer(
            {
                "id": "x",
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": f"answer {item}"},
                        "finish_reason": "stop",
                    }
                ],
                "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
            }
        )
        client.sendall(answer[:60])
        self._stand_still(item, "first byte")
        if self._hold == (item + 1, "connecting"):
            # Who comes next finds the queue full: the handshake is not answered.
            self._gate.clear()
            self._fill_up()
        client.sendall(answer[60:])
        self._stand_still(item, "last byte")

    def _stand_still(self, item: int, step: str) -> None:
        if self._hold == (item, step):
            self.held.set()
            self._go_on.wait(20)

    def _fill_up(self) -> None:
        while True:
            filler = socket.socket()
            filler.settimeout(0.05)
            self._fillers.append(filler)
            try:
                filler.connect(self._listening.getsockname())
            except TimeoutError:
                self.held.set()
                return


def _request(client: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        data += _more(client)
    head, _, body = data.partition(b"\r\n\r\n")
    length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
    while length is not None and len(body) < int(length[1]):
        body += _more(client)
    return head + b"\r\n\r\n" + body


def _more(client: socket.socket) -> bytes:
    data = client.recv(65_536)
    if not data:
        raise ConnectionError("they have left")
    return data


def _answer(body: dict[str, Any]) -> bytes:
    text = json.dumps(body).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {len(text)}\r\n\r\n"
    return head.encode() + text
