"""Bodies on their way: each piece at once, no more than the reader can take, and nothing lost before an error."""

import asyncio
import gzip
import zlib
from contextlib import closing

import pytest

from actors.net.backlog import HIGH_WATER_BYTES
from actors.net.clocks import Clocks
from actors.net.connection import ROOM_BYTES
from actors.net.exchange import Exchange
from actors.net.faults import ExchangeFailed, Fault
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, LAST_CHUNK, STREAM_HEAD, answer, chunk, head
from tests.fakeserver.client import BOTH_LOOPS, outcome, transport_to
from tests.fakeserver.misbehaviours import says, says_and_stays

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


class Metronome:
    """A server that says the next piece only when the test has seen the last one."""

    def __init__(self, *pieces: bytes) -> None:
        self.seen = asyncio.Semaphore(1)
        self.pieces = pieces

    async def play(self, line: Line) -> None:
        await line.hear()
        await line.say(STREAM_HEAD)
        for piece in self.pieces:
            await self.seen.acquire()
            await line.say(chunk(piece))
        await self.seen.acquire()
        await line.say(LAST_CHUNK)
        await line.sleep()


async def test_each_piece_is_read_before_the_next_is_sent():
    metronome = Metronome(b"one", b"two", b"three")
    async with serving(metronome.play) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:
            read = []
            async for piece in exchange:
                read.append(piece)
                metronome.seen.release()
            assert read == [b"one", b"two", b"three"]


async def test_each_piece_is_forwarded_before_the_next_is_sent():
    metronome = Metronome(b"one", b"two", b"three")
    forwarded = []

    def sink(piece: bytes) -> None:
        forwarded.append(piece)
        metronome.seen.release()

    async with serving(metronome.play) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:
            await exchange.forward_to(sink)
    assert forwarded == [b"one", b"two", b"three"]


async def test_each_flushed_part_of_a_compressed_stream_is_read_before_the_next_is_sent():
    packer = zlib.compressobj(wbits=31)
    words = [b"data: a\n\n", b"data: b\n\n", b""]
    parts = [
        packer.compress(word) + packer.flush(zlib.Z_SYNC_FLUSH if word else zlib.Z_FINISH) for word in words
    ]
    seen = asyncio.Semaphore(1)

    async def play(line: Line) -> None:
        await line.hear()
        await line.say(head("transfer-encoding: chunked", "content-encoding: gzip"))
        for part in parts:
            await seen.acquire()
            await line.say(chunk(part))
        await line.say(LAST_CHUNK)

    async with serving(play) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:
            read = []
            async for piece in exchange:
                read.append(piece)
                seen.release()
            assert read == words[:2]


async def test_what_a_sink_throws_reaches_who_forwards_and_closes_the_connection():
    class Enough(Exception):
        pass

    def sink(piece: bytes) -> None:
        raise Enough

    async with serving(says_and_stays(STREAM_HEAD, chunk(b"x"))) as server:
        with closing(transport_to(server)) as transport:
            exchange = await transport.send(b"GET", b"/x")
            with pytest.raises(Enough):
                await exchange.forward_to(sink)
            assert not transport._open
            assert transport._gate.is_untouched


async def test_what_came_before_the_cut_is_read_before_the_error():
    async with serving(says(STREAM_HEAD, chunk(b"one"), chunk(b"two"))) as server:
        with closing(transport_to(server)) as transport:
            exchange = await transport.send(b"GET", b"/x")
            await asyncio.sleep(0.05)  # all of it has arrived, the cut too
            read = []
            with pytest.raises(ExchangeFailed) as raised:
                async for piece in exchange:
                    read.append(piece)  # noqa: PERF401 - what stands there when it raises is the point
            assert b"".join(read) == b"onetwo"
            assert (raised.value.fault, raised.value.heard) == (Fault.TRUNCATED, True)


async def test_a_reader_that_lags_stops_the_server_and_starts_it_again():
    said = 0
    piece = chunk(bytes(16_000))

    async def pours(line: Line) -> None:
        nonlocal said
        await line.hear()
        await line.say(STREAM_HEAD)
        for _ in range(1_500):
            await line.say(piece)
            said += 1
        await line.say(LAST_CHUNK)

    clocks = Clocks(first_token_ms=60_000, gap_ms=100)
    async with serving(pours) as server:
        with closing(transport_to(server)) as transport:
            with await transport.send(b"GET", b"/x", clocks=clocks) as exchange:
                before = -1
                while before != said:  # until the sockets between us are full
                    before = said
                    await asyncio.sleep(0.15)  # longer than the gap, which is not the server's now
                assert said < 1_500
                assert exchange._backlog._bytes <= HIGH_WATER_BYTES + ROOM_BYTES
                assert len(await exchange.read()) == 1_500 * 16_000


async def test_a_sink_whose_owner_says_stop_gets_nothing_until_he_says_go():
    async def pours(line: Line) -> None:
        await line.hear()
        await line.say(STREAM_HEAD)
        for _ in range(100):
            await line.say(chunk(bytes(16_000)))
        await line.say(LAST_CHUNK)

    got: list[int] = []
    async with serving(pours) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:

            def sink(piece: bytes) -> None:
                got.append(len(piece))
                exchange.pause()

            forwarding = asyncio.ensure_future(exchange.forward_to(sink))
            while not forwarding.done():
                pieces = len(got)
                await asyncio.sleep(0.005)
                assert len(got) <= pieces + 2
                exchange.resume()
            await forwarding
    assert sum(got) == 100 * 16_000


async def test_only_what_the_reader_calls_life_is_life_if_bytes_alone_are_none():
    beats = Metronome(*[b": beat\n\n"] * 1_000)
    clocks = Clocks(first_token_ms=60_000, gap_ms=80, by_byte=False)
    async with serving(beats.play) as server:
        with (
            closing(transport_to(server)) as transport,
            await transport.send(b"GET", b"/x", clocks=clocks) as exchange,
        ):
            pieces = 0
            with pytest.raises(ExchangeFailed, match="in a gap between two chunks"):
                async for _ in exchange:
                    if pieces == 0:
                        exchange.heard()  # the first is a token, the rest are heartbeats
                    pieces += 1
                    beats.seen.release()
                    await asyncio.sleep(0.005)
            assert pieces > 1


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
async def test_a_compressed_answer_is_read_plain(coding):
    body = JSON * 5_000
    async with serving(says(answer(gzip.compress(body), f"content-encoding: {coding}"))) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:
            assert await exchange.read() == body


async def test_a_compressed_answer_is_forwarded_plain():
    got: list[bytes] = []
    async with serving(says(answer(gzip.compress(JSON * 5_000), "content-encoding: gzip"))) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:
            await exchange.forward_to(got.append)
    assert b"".join(got) == JSON * 5_000


async def test_a_paused_sink_gets_no_part_of_a_compressed_answer_either():
    got: list[bytes] = []
    async with serving(says(answer(gzip.compress(JSON * 5_000), "content-encoding: gzip"))) as server:
        with closing(transport_to(server)) as transport, await transport.send(b"GET", b"/x") as exchange:

            def sink(piece: bytes) -> None:
                got.append(piece)
                exchange.pause()

            forwarding = asyncio.ensure_future(exchange.forward_to(sink))
            while not forwarding.done():
                pieces = len(got)
                await asyncio.sleep(0.002)
                assert len(got) <= pieces + 1
                exchange.resume()
            await forwarding
    assert b"".join(got) == JSON * 5_000


class Nowhere:
    """A source that does as it is told, which is nothing."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def heard(self) -> None: ...
    def abort(self) -> None: ...


async def test_a_compressed_answer_beyond_the_bound_is_refused_though_its_ratio_is_fine():
    exchange = Exchange(Nowhere(), bytes_max=10_000)
    exchange.opened(200, ((b"content-encoding", b"gzip"),))
    exchange.arrived(gzip.compress(bytes(10_001)))
    exchange.ended()
    with pytest.raises(ExchangeFailed) as raised:
        await exchange.read()
    assert raised.value.fault == Fault.BODY_TOO_LARGE


async def test_reading_a_large_compressed_body_lets_others_run():
    """Though all of it is there, and nothing has to be waited for."""
    body = b"".join(b"%d," % number for number in range(700_000))
    exchange = Exchange(Nowhere())
    exchange.opened(200, ((b"content-encoding", b"gzip"),))
    exchange.arrived(gzip.compress(body, 1))
    exchange.ended()
    turns = 0

    async def counts_turns() -> None:
        nonlocal turns
        while True:
            await asyncio.sleep(0)
            turns += 1

    other = asyncio.ensure_future(counts_turns())
    assert await exchange.read() == body
    other.cancel()
    assert turns >= 3


async def test_bytes_after_the_end_change_nothing():
    async with serving(says(answer(b"{}") + b"trailing")) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) is not Fault.MALFORMED
            assert not transport._idle
