"""Two mock servers that strangers wrote, each in a process of its own, playing the same scenes to whoever asks.

with llmock() as mock:
    mock.play(GREETING)    # so will the next request be answered
    ... ask mock.urls[Api.GEMINI] for GREETING.question ...
"""

import http.client
import json
import os
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from state.config import Api
from tests.fakeserver.strange_ports import free_port
from tests.strangers import absent

__all__ = ["Impostor", "Scene", "aimock", "llmock"]

HOME = Path(__file__).parent.parent / ".strangers"
START_S = 60.0
STARTS = 3
"""Between choosing a port and listening there, somebody else may take it."""


class Scene(Struct, frozen=True):
    """What they are asked, and what each of them needs to be told so that it answers in this way."""

    question: str
    to_llmock: tuple[dict[str, Any], ...]
    to_aimock: dict[str, Any]


class Impostor(Struct):
    """One that listens."""

    urls: dict[Api, str]
    play: Callable[[Scene], None]


@contextmanager
def llmock() -> Iterator[Impostor]:
    """From PyPI. It is told before each request what to do with it."""
    paths = {Api.OPENAI: "/v1", Api.ANTHROPIC: "/anthropic/v1", Api.GEMINI: "/gemini/v1beta"}
    program = HOME / "llmock/bin/llmock"
    with _listening(lambda port: (program, "serve", "--port", str(port))) as port:

        def play(scene: Scene) -> None:
            _post(port, "/_llmock/reset", {})
            _post(port, "/_llmock/scenario", {"behaviors": scene.to_llmock})

        yield Impostor({api: f"http://127.0.0.1:{port}{path}" for api, path in paths.items()}, play)


@contextmanager
def aimock(scenes: Sequence[Scene], *, script: Path) -> Iterator[Impostor]:
    """From npm. It has its whole script from the start, and finds the scene by the question."""
    fixtures = [{"match": {"userMessage": scene.question}, **scene.to_aimock} for scene in scenes]
    script.write_text(json.dumps({"fixtures": fixtures}))
    paths = {Api.OPENAI: "/v1", Api.ANTHROPIC: "", Api.GEMINI: ""}
    program = HOME / "aimock/node_modules/.bin/llmock"
    with _listening(lambda port: (program, "--strict", "-p", str(port), "-f", str(script))) as port:
        yield Impostor(
            {api: f"http://127.0.0.1:{port}{path}" for api, path in paths.items()}, lambda scene: None
        )


@contextmanager
def _listening(words: Callable[[int], tuple[str | Path, ...]]) -> Iterator[int]:
    """The port at which it listens."""
    program = Path(words(0)[0])
    if not program.exists():
        absent(f"{program} is not installed; .ci/strangers installs it")
    for _ in range(STARTS):
        port = free_port()
        environ = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        process = subprocess.Popen(
            words(port), env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            if _waits_for(process, port):
                yield port
                return
        finally:
            process.kill()
            process.wait()
    raise AssertionError(f"{program} does not start")


def _waits_for(process: subprocess.Popen[bytes], port: int) -> bool:
    """Whether it lives to listen."""
    by_s = time.monotonic() + START_S
    while process.poll() is None and time.monotonic() < by_s:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return process.poll() is None
    return False


def _post(port: int, path: str, body: Any) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
    try:
        connection.request("POST", path, json.dumps(body))
        reply = connection.getresponse()
        assert reply.status < 300, reply.read()
        reply.read()
    finally:
        connection.close()
