"""Those who ask, by JSON-RPC and by HTTP: patient and not, polite and not. Each writes down all that came back."""

import asyncio
import contextlib
import json
import random
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from msgspec import Struct, field

from tests.siege.plain_http import posted

__all__ = ["Asking", "Call", "Wire", "plan", "visit"]

Json = dict[str, Any]

LINE_BYTES_MAX = 1 << 26
PATIENCE_S = 120.0
"""Far beyond every deadline that is asked for: who waits as long has been forgotten."""


class Asking(Struct, frozen=True, kw_only=True):
    """What is asked, and how its asker behaves."""

    label: str
    """Of this call alone: the journal has it as the app."""
    question: str
    prompt: str
    model: str
    by_rpc: bool
    streams: bool
    options: Json
    cancel_after_s: float | None = None
    cancel_how: str = ""
    reads_slowly: bool = False


class Call(Struct, kw_only=True):
    """What came of it."""

    asking: Asking
    was_cut: bool = False
    """Its asker left without waiting."""
    saw_the_end: bool = False
    """The daemon was killed while it was under way, or soon after."""
    answers: list[Json] = field(default_factory=list)
    """Each response with its id; of HTTP, status and body."""
    text: str = ""
    """Of a stream."""
    late_pieces: int = 0
    """That came behind the answer."""
    ended: str = ""
    """Of an HTTP stream: how it ended."""

    @property
    def deadline_s(self) -> float:
        return float(self.asking.options["deadline_s"])


def plan(rng: random.Random, label: str, names: list[tuple[str, str]]) -> Asking:
    """One more call, by chance. `names` are questions that were asked by a name, and may be asked again."""
    question = label
    by_rpc, streams = rng.random() < 0.6, rng.random() < 0.5
    words = rng.choice((1, 5, 5, 20, 20, 3000 if streams else 300))
    options: Json = {"app": label, "context": f"talk-{rng.randrange(6)}"}
    options["deadline_s"] = rng.choice((0.2, 0.6, 2.0, 5.0, 10.0, 10.0))
    if rng.random() < 0.3:
        options["max_wait_s"] = rng.choice((0.3, 2.0))
    if rng.random() < 0.3:
        options["rescue"] = rng.choice(("continue", "restart", "none"))
    if rng.random() < 0.1:
        options["patience"] = "patient"
    if rng.random() < 0.1:
        options["failover"] = False
    if rng.random() < 0.2:
        options["strategy"] = rng.choice(
            ("round_robin", "best_performance", "weighted", "random", "cheapest")
        )
    if rng.random() < 0.1:
        options["exclude"] = [rng.choice(("ada", "bob/key1/*", "cyd", "eve"))]
    if rng.random() < 0.1:
        options["sticky"] = True
    wish = rng.random()
    mark = "[refuse] " if wish < 0.04 else "[policy] " if wish < 0.08 else ""
    prompt = f"{mark}<<{question} of {words} words>>"
    model = rng.choice(("auto", "auto", "pair", "many", "ada", "small", "cyd/small", "twins", "queue"))
    if rng.random() < 0.15:
        if names and rng.random() < 0.6:
            options["request_id"], question = rng.choice(names[-5:])
        else:
            options["request_id"] = f"name-{label}"
            names.append((options["request_id"], question))
        model, prompt = "auto", f"<<{question} of 9 words>>"
        for narrowing in ("failover", "exclude"):
            options.pop(narrowing, None)
    if model == "twins":
        question = f"twin-{rng.randrange(3)}-{label.partition('.')[0]}"
        prompt = f"<<{question} of 9 words>>"
    leaves = rng.random() < 0.25
    return Asking(
        label=label,
        question=question,
        prompt=prompt,
        model=model,
        by_rpc=by_rpc,
        streams=streams,
        options=options,
        cancel_after_s=rng.choice((0.0, 0.001, 0.02, 0.1, 0.5)) if leaves else None,
        cancel_how=rng.choice(("$/cancelRequest", "cancel", "notifications/cancelled")),
        reads_slowly=rng.random() < 0.1,
    )


def body_of(asking: Asking) -> Json:
    return {
        "model": asking.model,
        "messages": [{"role": "user", "content": asking.prompt}],
        "stream": asking.streams,
        "failover": asking.options,
    }


class Wire:
    """One connection by JSON-RPC."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heard: list[bytes] = []
        """Every line, as it came."""
        self.strays: list[Json] = []
        """What was said to nobody."""
        self._reader = reader
        self._writer = writer
        self._calls: dict[int | str, Call] = {}
        self._waiting: dict[int | str, asyncio.Future[Json]] = {}
        self._naps: list[float] = []
        self._hearing = asyncio.ensure_future(self._hear())

    def send(self, *said: Json) -> None:
        self._writer.write(b"".join(json.dumps({"jsonrpc": "2.0", **each}).encode() + b"\n" for each in said))

    def expect(self, call: Call, id_: int | str) -> "asyncio.Future[Json]":
        self._calls[id_] = call
        self._waiting[id_] = future = asyncio.get_running_loop().create_future()
        return future

    async def ask(self, method: str, params: Json | None = None) -> Json:
        """Anything that is answered once."""
        id_ = f"op-{len(self._waiting)}"
        self._waiting[id_] = future = asyncio.get_running_loop().create_future()
        self.send({"id": id_, "method": method, **({} if params is None else {"params": params})})
        return await asyncio.wait_for(future, PATIENCE_S)

    def nap(self, seconds: float) -> None:
        """Before anything more is read."""
        self._naps.append(seconds)

    def half_close(self) -> None:
        self._writer.write_eof()

    def hang_up(self) -> None:
        for id_, call in self._calls.items():
            if not self._waiting[id_].done():
                call.was_cut = True
        self._writer.transport.abort()

    async def wait_over(self) -> None:
        """Until the other side has closed."""
        await asyncio.wait_for(self._hearing, PATIENCE_S)

    async def close(self) -> None:
        self._writer.close()
        self._hearing.cancel()
        await asyncio.gather(self._hearing, return_exceptions=True)
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def _hear(self) -> None:
        try:
            while line := await self._reader.readline():
                self.heard.append(line)
                self._take(json.loads(line))
                while self._naps:
                    await asyncio.sleep(self._naps.pop())
        except OSError:
            pass
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_result({})

    def _take(self, said: Json) -> None:
        if "method" in said:
            call = self._calls.get(said["params"].get("id"))
            if call is None:
                self.strays.append(said)
            elif call.answers:
                call.late_pieces += 1
            elif said["method"] == "chat.chunk":
                call.text += _text_in(said["params"]["chunk"])
            return
        call, future = self._calls.get(said["id"]), self._waiting.get(said["id"])
        if call is not None:
            call.answers.append(said)
        elif future is None or future.done():
            self.strays.append(said)
        if future is not None and not future.done():
            future.set_result(said)


@contextlib.asynccontextmanager
async def wire(path: Path) -> AsyncIterator[Wire]:
    reader, writer = await asyncio.open_unix_connection(path, limit=LINE_BYTES_MAX)
    there = Wire(reader, writer)
    try:
        yield there
    finally:
        await there.close()


class Street:
    """Where the daemon's doors are, and everything that ever came out of them."""

    def __init__(self, rpc: Path, http: Path) -> None:
        self.rpc = rpc
        self.http = http
        self.heard: list[bytes] = []
        self.strays: list[Json] = []
        self.calls: list[Call] = []


async def visit(street: Street, askings: list[Asking], rng: random.Random) -> None:
    """Ask all of these, at the same time as far as the wire allows."""
    calls = [Call(asking=asking) for asking in askings]
    street.calls += calls
    by_rpc = [call for call in calls if call.asking.by_rpc]
    others = [call for call in calls if not call.asking.by_rpc]
    async with asyncio.TaskGroup() as tasks:
        if by_rpc:
            tasks.create_task(_by_rpc(street, by_rpc, rng))
        for call in others:
            tasks.create_task(_by_http(street, call))


async def _by_rpc(street: Street, calls: list[Call], rng: random.Random) -> None:
    async with wire(street.rpc) as there:
        answered = []
        manner = rng.choice(("stays", "stays", "stays", "half closes", "hangs up"))
        for number, call in enumerate(calls):
            id_: int | str = number if rng.random() < 0.5 else f"id-{number}"
            answered.append(there.expect(call, id_))
            there.send({"id": id_, "method": "chat", "params": body_of(call.asking)})
            if call.asking.reads_slowly:
                there.nap(0.3)
            if call.asking.cancel_after_s is not None and manner == "stays":
                asyncio.get_running_loop().call_later(call.asking.cancel_after_s, _cancel, there, call, id_)
        if manner == "half closes":
            there.half_close()
            await there.wait_over()
        elif manner == "hangs up":
            await asyncio.sleep(rng.choice((0.0, 0.01, 0.2, 1.0)))
            there.hang_up()
        else:
            await asyncio.wait(answered, timeout=PATIENCE_S)
        street.heard += there.heard
        street.strays += there.strays


def _cancel(there: Wire, call: Call, id_: int | str) -> None:
    match call.asking.cancel_how:
        case "$/cancelRequest" as method:
            there.send({"method": method, "params": {"id": id_}})
        case "notifications/cancelled" as method:
            there.send({"method": method, "params": {"requestId": id_}})
        case method:
            there.send({"id": f"cancel-{id_}", "method": method, "params": {"id": id_}})


async def _by_http(street: Street, call: Call) -> None:
    leaves_after_s = call.asking.cancel_after_s
    try:
        async with asyncio.timeout(PATIENCE_S if leaves_after_s is None else leaves_after_s):
            await _post(street, call)
    except TimeoutError:
        call.was_cut = leaves_after_s is not None
    except (ConnectionResetError, BrokenPipeError, asyncio.IncompleteReadError) as error:
        call.ended = f"cut: {error!r}"


async def _post(street: Street, call: Call) -> None:
    asking = call.asking
    pieces: list[bytes] = []
    async with posted(street.http, "/v1/chat/completions", body_of(asking)) as response:
        try:
            async for piece in response.pieces():
                pieces.append(piece)
                if asking.reads_slowly and len(pieces) == 1:
                    await asyncio.sleep(0.3)
        finally:
            street.heard.append(str(response.headers).encode() + b"".join(pieces))
    body = b"".join(pieces)
    said: Json = {"status": response.status, "headers": response.headers}
    if response.headers["content-type"].startswith("text/event-stream"):
        for event in body.split(b"\n\n"):
            data = event.removeprefix(b"data: ")
            if data == b"[DONE]":
                call.ended += "done"
            elif event.startswith(b"data: "):
                _hear_event(call, said, json.loads(data))
    else:
        said["body"] = json.loads(body)
    call.answers.append(said)


def _hear_event(call: Call, said: Json, event: Json) -> None:
    if call.ended:
        call.late_pieces += 1
    if "error" in event:
        said["body"] = event
        call.ended += "error"
    else:
        call.text += _text_in(event)


def _text_in(chunk: Json) -> str:
    return "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
