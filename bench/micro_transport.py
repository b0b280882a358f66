"""What it costs to carry a request: ours, ours through httpx's objects, and httpx's own client.

`python -m bench.micro_transport [--rounds N] [--loop asyncio|uvloop]`

The server is a bare protocol in a process of its own, answering 1 KB at once or 100 events a stream. Rounds
are interleaved; what is printed are medians. CPU is this process's alone, so it means something on a busy
machine, where requests per second do not.
"""

import argparse
import asyncio
import multiprocessing
import resource
import statistics
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection as Pipe
from typing import cast

import httptools
import httpx
import uvloop

from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.head import JoinKey, join_key
from actors.net.httpxseam import HttpxFace
from actors.net.origin import parse_origin
from actors.net.tls import TrustStore
from actors.net.transport import HttpTransport
from state.settings.secret import Secret

ASKED = b'{"model":"m","messages":[{"role":"user","content":"' + b"x" * 200 + b'"}]}'
ANSWER = b'{"choices":[{"message":{"content":"' + b"x" * 900 + b'"},"finish_reason":"stop"}]}'
EVENT = b'data: {"choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}\n\n'
EVENTS = 100
HEADERS = ((b"content-type", b"application/json"),)

WHOLE_ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b" % (
    len(ANSWER),
    ANSWER,
)
STREAM_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
CHUNK = b"%x\r\n%b\r\n" % (len(EVENT), EVENT)

Ask = Callable[[], Awaitable[None]]


class Answering(asyncio.Protocol):
    """A POST is answered whole, a GET with a stream, one event each turn of the loop."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self.parser.get_method() == b"POST":
            self.transport.write(WHOLE_ANSWER)
        else:
            self.transport.write(STREAM_HEAD)
            self.say(EVENTS)

    def say(self, left: int) -> None:
        if left and not self.transport.is_closing():
            self.transport.write(CHUNK)
            asyncio.get_running_loop().call_soon(self.say, left - 1)
        else:
            self.transport.write(b"0\r\n\r\n")


def serve(pipe: Pipe) -> None:
    async def forever() -> None:
        server = await asyncio.get_running_loop().create_server(Answering, "127.0.0.1", 0)
        pipe.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    uvloop.run(forever())


def cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def measure(ask: Ask, at_once: int, total: int) -> tuple[float, float]:
    """Requests a second, and microseconds of CPU each."""

    async def worker() -> None:
        for _ in range(total // at_once):
            await ask()

    await ask()
    began_s, cpu_before_s = time.perf_counter(), cpu_s()
    await asyncio.gather(*(worker() for _ in range(at_once)))
    return total / (time.perf_counter() - began_s), (cpu_s() - cpu_before_s) / total * 1e6


async def compare(port: int, rounds: int) -> None:
    url = f"http://127.0.0.1:{port}/v1"
    clock = SystemClock()
    ours = HttpTransport(parse_origin(url), clock=clock, trust=TrustStore())
    key = join_key(JoinKey.BEARER, Secret("sk-of-a-benchmark"))
    face = HttpxFace(ours, parse_origin(url), key=key)
    client = httpx.AsyncClient(trust_env=False, limits=httpx.Limits(max_connections=64))

    def clocks() -> Clocks:
        return Clocks(first_token_ms=10_000, gap_ms=15_000, deadline_ms=clock.now_ms() + 120_000)

    async def lean() -> None:
        sent = ours.send(b"POST", b"/chat/completions", HEADERS, ASKED, key=key, clocks=clocks())
        with await sent as exchange:
            assert len(await exchange.read()) == len(ANSWER)

    async def through_httpx_objects() -> None:
        request = httpx.Request("POST", url + "/chat/completions", headers=HEADERS, content=ASKED)
        response = await face.handle_async_request(request)
        assert len(await response.aread()) == len(ANSWER)

    async def httpx_client() -> None:
        response = await client.post(url + "/chat/completions", headers=HEADERS, content=ASKED)
        assert len(response.content) == len(ANSWER)

    async def forwarded() -> None:
        got: list[bytes] = []
        with await ours.send(b"GET", b"/stream", key=key, clocks=clocks()) as exchange:
            await exchange.forward_to(got.append)
        assert sum(map(len, got)) == len(EVENT) * EVENTS

    async def iterated() -> None:
        length = 0
        with await ours.send(b"GET", b"/stream", key=key, clocks=clocks()) as exchange:
            async for piece in exchange:
                length += len(piece)
        assert length == len(EVENT) * EVENTS

    async def httpx_stream() -> None:
        length = 0
        async with client.stream("GET", url + "/stream") as response:
            async for piece in response.aiter_raw():
                length += len(piece)
        assert length == len(EVENT) * EVENTS

    rows: tuple[tuple[str, Ask, int, int], ...] = (
        ("request, ours", lean, 20_000, 1),
        ("request, ours through httpx's objects", through_httpx_objects, 8_000, 1),
        ("request, httpx.AsyncClient", httpx_client, 1_000, 1),
        ("stream of 100, ours, forwarded", forwarded, 600, EVENTS),
        ("stream of 100, ours, iterated", iterated, 600, EVENTS),
        ("stream of 100, httpx.AsyncClient", httpx_stream, 64, EVENTS),
    )
    seen: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(rounds):
        for name, ask, total, _ in rows:
            for at_once in (1, 64):
                seen.setdefault((name, at_once), []).append(await measure(ask, at_once, max(total, at_once)))
    for name, _, _, events in rows:
        for at_once in (1, 64):
            rates, costs = zip(*seen[name, at_once], strict=True)
            rate, cost = statistics.median(rates), statistics.median(costs)
            each = f"{cost / events:8.1f} us an event" if events > 1 else f"{cost:8.1f} us of CPU"
            print(f"{name:38} {at_once:3} at once {rate:9,.0f}/s {each}")
    await client.aclose()
    ours.close()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--loop", choices=("asyncio", "uvloop"), default="uvloop")
    args = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    try:
        run = uvloop.run if args.loop == "uvloop" else asyncio.run
        run(compare(here.recv(), args.rounds))
    finally:
        server.terminate()


if __name__ == "__main__":
    main()
