"""A provider that keeps a ledger of its own: every request that reaches it whole is a charge, whoever dies.

It lives in a process of its own, so that neither its CPU nor its memory is counted as the daemon's. What it was
asked is the text of the last message; images stand in the ledger as their media type and SHA-256.
"""

import asyncio
import hashlib
import json
import multiprocessing
from base64 import b64decode
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection as Pipe
from typing import Any, NamedTuple
from urllib.parse import quote

__all__ = ["Counting", "counting", "provider_config"]

HEAD_BYTES_MAX = 65_536


class Counting:
    """Seen from the test."""

    def __init__(self, port: int, pipe: Pipe) -> None:
        self.port = port
        self._pipe = pipe

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def ledger(self) -> list[str]:
        """What was asked, in the order in which it was whole; since the start."""
        self._pipe.send(("ledger", 0.0))
        asked: list[str] = self._pipe.recv()
        return asked

    def lanes(self) -> list[tuple[str, str]]:
        """With which key and for which model, in the same order."""
        self._pipe.send(("lanes", 0.0))
        return [(key, model) for key, model in self._pipe.recv()]

    def count(self) -> int:
        self._pipe.send(("count", 0.0))
        return int(self._pipe.recv())

    def answers_after(self, seconds: float) -> None:
        self._pipe.send(("delay", seconds))
        self._pipe.recv()

    def dies_after(self, requests: int) -> None:
        """From then on it answers HTTP 500."""
        self._pipe.send(("dies", requests))
        self._pipe.recv()


def provider_config(name: str, url: str, *, paid: bool, **more: object) -> str:
    """It in TOML."""
    known = {"url": url, "models": ["parrot"], "paid": paid, **more}
    lines = "".join(f"{key} = {_toml(value)}\n" for key, value in known.items())
    return f"[provider.{name}]\n{lines}\n"


def _toml(value: object) -> str:
    match value:
        case dict():
            return f"{{{', '.join(f'{key} = {_toml(each)}' for key, each in value.items())}}}"
        case list():
            return f"[{', '.join(map(_toml, value))}]"
        case _:
            return json.dumps(value)


@contextmanager
def counting(delay_s: float = 0.0, dialect: str = "openai") -> Iterator[Counting]:
    """Open while one is inside."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there, delay_s, dialect), daemon=True)
    process.start()
    try:
        yield Counting(here.recv(), here)
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()
        there.close()


class _Asked(NamedTuple):
    key: str
    body: Any


class _Server:
    def __init__(self, delay_s: float, dialect: str) -> None:
        self.ledger: list[str] = []
        self.lanes: list[tuple[str, str]] = []
        self.delay_s = delay_s
        self.dies_at = -1
        self._dialect = _DIALECTS[dialect]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, OSError):
            while True:
                asked = await _hear(reader)
                if asked.body is None:
                    _say(writer, 200, {"object": "list", "data": [{"id": "parrot"}]})
                    continue
                text = self._dialect.asked(asked.body)
                self.ledger.append(text)
                self.lanes.append((asked.key, str(asked.body.get("model", ""))))
                if 0 <= self.dies_at < len(self.ledger):
                    _say(writer, 500, {"error": {"message": "out of order"}})
                    continue
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                _say(writer, 200, self._dialect.answer(f"answer to {text}"))
                await writer.drain()
        writer.close()

    def obey(self, pipe: Pipe) -> None:
        order, value = pipe.recv()
        if order == "ledger":
            pipe.send(self.ledger)
        elif order == "lanes":
            pipe.send(self.lanes)
        elif order == "count":
            pipe.send(len(self.ledger))
        elif order == "delay":
            self.delay_s = value
            pipe.send(None)
        else:
            self.dies_at = int(value)
            pipe.send(None)


async def _hear(reader: asyncio.StreamReader) -> _Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    first, *lines = head.split("\r\n")
    method, _, _ = first.split(" ")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return _Asked(
        headers.get("authorization", "").removeprefix("Bearer "),
        json.loads(body) if method == "POST" else None,
    )


def _say(writer: asyncio.StreamWriter, status: int, value: object) -> None:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 {status} Said\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    writer.write(head.encode() + body)


class _OpenAi:
    """`/v1/chat/completions`."""

    @staticmethod
    def asked(body: Any) -> str:
        content = body["messages"][-1]["content"]
        if isinstance(content, str):
            return content
        return " ".join(_part(part) for part in content)

    @staticmethod
    def answer(text: str) -> object:
        message = {"role": "assistant", "content": text}
        usage = {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return {
            "id": "x",
            "object": "chat.completion",
            "model": "parrot",
            "choices": [choice],
            "usage": usage,
        }


class _Gemini:
    """`generateContent`."""

    @staticmethod
    def asked(body: Any) -> str:
        parts = body["contents"][-1]["parts"]
        return " ".join(
            part["text"] if "text" in part else _picture(_inline(part)["mimeType"], _inline(part)["data"])
            for part in parts
        )

    @staticmethod
    def answer(text: str) -> object:
        content = {"role": "model", "parts": [{"text": text}]}
        usage = {"promptTokenCount": 3, "candidatesTokenCount": 2, "totalTokenCount": 5}
        return {
            "candidates": [{"content": content, "finishReason": "STOP", "index": 0}],
            "usageMetadata": usage,
        }


_DIALECTS: dict[str, type[_OpenAi] | type[_Gemini]] = {"openai": _OpenAi, "gemini": _Gemini}


def _inline(part: Any) -> Any:
    return part.get("inlineData") or part["inline_data"]


def _part(part: Any) -> str:
    if part["type"] == "text":
        return str(part["text"])
    announced, _, data = part["image_url"]["url"].removeprefix("data:").partition(";base64,")
    return _picture(announced, data)


def _picture(kind: str, data: str) -> str:
    return f"{quote(kind, safe='/')}:{hashlib.sha256(b64decode(data, validate=True)).hexdigest()}"


def _serve(pipe: Pipe, delay_s: float, dialect: str) -> None:
    async def forever() -> None:
        made = _Server(delay_s, dialect)
        server = await asyncio.start_server(made.serve, "127.0.0.1", 0, limit=64 * 1024 * 1024)
        asyncio.get_running_loop().add_reader(pipe.fileno(), made.obey, pipe)
        pipe.send(server.sockets[0].getsockname()[1])
        async with server:
            await server.serve_forever()

    asyncio.run(forever())
