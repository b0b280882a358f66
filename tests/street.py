"""A street of providers, good and bad, and the real daemon at its end: for clients who are real themselves.

    with street(tmp_path) as here:
        here.base_url      http://127.0.0.1:PORT/v1
        here.uds           the Unix socket

Each provider is called by what it does, and is alone in a pool of the same name; `rescued` asks the broken one
first and then the good one.
"""

import asyncio
import base64
import json
import struct
import threading
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.fakeserver import FakeServer, Line, serving
from tests.fakeserver.answers import DONE, LAST_CHUNK, STREAM_HEAD, answer, chunk
from tests.fakeserver.strange_ports import free_port
from tests.process import Process, running

__all__ = ["Street", "street"]

PATIENCE_S = 20.0
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WORDS = ("Hello ", "from ", "the ", "good ", "one.")


class Street:
    """What a test sees of it."""

    def __init__(self, process: Process, port: int, uds: Path, houses: dict[str, FakeServer]) -> None:
        self.process = process
        self.base_url = f"http://127.0.0.1:{port}/v1"
        self.uds = uds
        self.houses = houses

    def asked(self, name: str) -> list[dict[str, Any]]:
        """The bodies that a provider has seen, but for probes."""
        return [json.loads(each.body) for each in self.houses[name].asked if each.method == "POST"]

    def metric(self, name: str) -> float:
        """A sample of the metrics page; 0 where there is none."""
        url = self.base_url.removesuffix("/v1") + "/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE_S) as page:
            for line in page.read().decode().splitlines():
                if line.startswith(f"{name} "):
                    return float(line.rpartition(" ")[2])
        return 0.0

    def wait_deserted(self, name: str) -> float:
        """Until nobody is connected to a provider any more; how long that took."""
        began = time.monotonic()
        while self.houses[name].open:
            assert time.monotonic() - began < PATIENCE_S, f"somebody is still connected to {name}"
            time.sleep(0.002)
        return time.monotonic() - began


@contextmanager
def street(home: Path) -> Iterator[Street]:
    """Open for business."""
    with _houses() as houses:
        port = free_port()
        home.mkdir(parents=True, exist_ok=True)
        (home / "failoverd.toml").write_text(_config(home, port, houses))
        with running(home) as process:
            process.wait_ready()
            yield Street(process, port, home / "run/http.sock", houses)


def _config(home: Path, port: int, houses: dict[str, FakeServer]) -> str:
    lines = [
        "[daemon]",
        f'socket = "{home}/run/failoverd.sock"',
        f'http_socket = "{home}/run/http.sock"',
        f'http_tcp = "127.0.0.1:{port}"',
        f'state_dir = "{home}/state"',
    ]
    for name, house in houses.items():
        lines += [
            f"[provider.{name}]",
            f'url = "{house.url}/v1"',
            "probe = { every_s = 3600.0 }",
            "timeout = { first_token_s = 2.0, gap_s = 2.0, total_s = 5.0 }",
            f"[[provider.{name}.models]]",
            'name = "m"',
            'can = ["chat", "tools", "vision", "json", "embeddings", "image"]',
            f"[pool.{name}-only]",
            f'lanes = ["{name}"]',
        ]
    lines += [
        "[pool.rescued]",
        'lanes = ["broken", "good"]',
        "[pool.exhausted]",
        'lanes = ["limited", "broken"]',
    ]
    return "\n".join(lines) + "\n"


# The providers.


async def good(line: Line) -> None:
    """Answers whatever it is asked."""
    while True:
        asked = await line.hear()
        if asked.method == "GET":
            await line.say(answer(b'{"data":[]}'))
            continue
        body = json.loads(asked.body)
        if asked.target.endswith("/embeddings"):
            await line.say(answer(_vectors(body)))
        elif asked.target.endswith("/images/generations"):
            await line.say(answer(json.dumps({"created": 1, "data": [{"b64_json": PIXEL}]}).encode()))
        elif body.get("stream"):
            await _stream(line, body)
        else:
            await line.say(answer(_completion(body)))


async def broken(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(
            answer(b'{"error":{"message":"the server had an error"}}', status="500 Internal Server Error")
        )


async def limited(line: Line) -> None:
    """Has nothing left for today."""
    said = b'{"error":{"message":"You exceeded your current quota","code":"insufficient_quota"}}'
    while True:
        await line.hear()
        await line.say(answer(said, status="429 Too Many Requests"))


async def cut(line: Line) -> None:
    """Breaks off in the middle of a sentence."""
    await line.hear()
    await line.say(STREAM_HEAD, *(_event({"content": word}) for word in WORDS[:3]))
    await asyncio.sleep(0.05)
    line.reset()


async def endless(line: Line) -> None:
    """Talks and talks."""
    await line.hear()
    await line.say(STREAM_HEAD)
    while True:
        await line.say(_event({"content": "on and "}))
        await asyncio.sleep(0.02)


async def mute(line: Line) -> None:
    """Takes the request and says nothing."""
    await line.hear()
    await line.sleep()


HOUSES: dict[str, Callable[[Line], Awaitable[None]]] = {
    "good": good,
    "broken": broken,
    "limited": limited,
    "cut": cut,
    "endless": endless,
    "mute": mute,
}


def _said(body: dict[str, Any]) -> dict[str, Any]:
    """The message that fits the request."""
    last = body["messages"][-1]
    if body.get("tools") and last["role"] != "tool":
        call = {"name": "get_weather", "arguments": '{"city":"Graz"}'}
        return {
            "role": "assistant",
            "content": None,
            "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
        }
    if last["role"] == "tool":
        content = f"The tool said: {last['content']}"
    elif (body.get("response_format") or {}).get("type") == "json_schema":
        content = '{"city":"Graz","degrees":21}'
    elif isinstance(last["content"], list) and any(part["type"] == "image_url" for part in last["content"]):
        content = "I see a picture."
    else:
        content = "".join(WORDS)
    return {"role": "assistant", "content": content}


USAGE = {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}


def _completion(body: dict[str, Any]) -> bytes:
    said = _said(body)
    finish = "tool_calls" if said.get("tool_calls") else "stop"
    return json.dumps(
        {
            "id": "chatcmpl-1",
            "object": "chat.completion",
            "created": 1,
            "model": "m",
            "choices": [{"index": 0, "message": said, "finish_reason": finish}],
            "usage": USAGE,
        }
    ).encode()


async def _stream(line: Line, body: dict[str, Any]) -> None:
    said = _said(body)
    calls = said.get("tool_calls")
    await line.say(STREAM_HEAD, _event({"role": "assistant"}))
    if calls:
        await line.say(_event({"tool_calls": [{"index": 0, **calls[0]}]}))
    else:
        for word in said["content"].split(" "):
            await line.say(_event({"content": word if word.endswith(".") or "{" in word else word + " "}))
            await asyncio.sleep(0.01)
    await line.say(_event({}, "tool_calls" if calls else "stop"))
    if (body.get("stream_options") or {}).get("include_usage"):
        await line.say(_event(None, usage=USAGE))
    await line.say(DONE, LAST_CHUNK)


def _event(
    delta: dict[str, Any] | None, finish: str | None = None, usage: dict[str, int] | None = None
) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    event = {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": choices,
    }
    if usage is not None:
        event["usage"] = usage
    return chunk(b"data: " + json.dumps(event).encode() + b"\n\n")


def _vectors(body: dict[str, Any]) -> bytes:
    texts = [body["input"]] if isinstance(body["input"], str) else body["input"]
    vector: Any = [0.5, -0.25]
    if body.get("encoding_format") == "base64":
        vector = base64.b64encode(struct.pack("<2f", *vector)).decode()
    data = [{"object": "embedding", "index": at, "embedding": vector} for at in range(len(texts))]
    return json.dumps(
        {"object": "list", "data": data, "model": "m", "usage": {"prompt_tokens": 2, "total_tokens": 2}}
    ).encode()


@contextmanager
def _houses() -> Iterator[dict[str, FakeServer]]:
    """Fake servers in a loop and a thread of their own: whoever tests them may block."""
    ready, stop = threading.Event(), threading.Event()
    houses: dict[str, FakeServer] = {}

    async def serve() -> None:
        async with AsyncExitStack() as stack:
            for name, script in HOUSES.items():
                houses[name] = await stack.enter_async_context(serving(script))
            ready.set()
            while not stop.is_set():
                await asyncio.sleep(0.02)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), daemon=True)
    thread.start()
    assert ready.wait(PATIENCE_S)
    try:
        yield houses
    finally:
        stop.set()
        thread.join(PATIENCE_S)
