"""What servers do wrong, by name, and how an exchange with each has to end.

A row whose end is a clock winds that clock alone and short; the others have all the time in the world, so
that a slow machine changes nothing.
"""

import asyncio

from msgspec import Struct

from actors.net.clocks import Clocks
from actors.net.faults import Fault
from tests.fakeserver.answers import (
    DONE,
    JSON,
    LAST_CHUNK,
    STREAM_HEAD,
    answer,
    bomb,
    chunk,
    event,
    gzipped,
    head,
)
from tests.fakeserver.server import Line, Script

PATIENT = Clocks(connect_ms=30_000, total_ms=60_000)
SHORT_MS = 120


class Delivered(Struct, frozen=True):
    """Nothing that a transport can see is wrong: the response is passed on, for others to judge."""

    status: int
    body: bytes


class Misbehaviour(Struct, frozen=True):
    """One way to be a bad server."""

    name: str
    script: Script
    ends: Fault | Delivered
    """How it ends for us."""
    clocks: Clocks = PATIENT
    body: bytes = b"{}"
    or_ends: tuple[Fault | Delivered, ...] = ()
    """How it may end too, where it and we are in a race that either may win."""

    def __str__(self) -> str:
        return self.name

    @property
    def endings(self) -> tuple[Fault | Delivered, ...]:
        return (self.ends, *self.or_ends)


def says(*parts: bytes, then_closes: bool = True) -> Script:
    """Hear the request, say this, close (or wait for what the client does)."""

    async def script(line: Line) -> None:
        await line.hear()
        await line.say(*parts)
        if not then_closes:
            await line.sleep()

    return script


def says_and_stays(*parts: bytes) -> Script:
    return says(*parts, then_closes=False)


def says_and_resets(*parts: bytes) -> Script:
    async def script(line: Line) -> None:
        await line.hear()
        await line.say(*parts)
        await asyncio.sleep(0.02)  # so that the parts arrive before the reset discards them
        line.reset()

    return script


def says_without_end(first: bytes, again: bytes) -> Script:
    async def script(line: Line) -> None:
        await line.hear()
        await line.say(first)
        await line.flood(again)

    return script


def drips(first: bytes, drop: bytes) -> Script:
    """A drop every 10 ms, for ever: enough to satisfy a clock that only watches single reads."""

    async def script(line: Line) -> None:
        await line.hear()
        await line.say(first)
        while True:
            await line.drip(drop)

    return script


async def closes_at_once(line: Line) -> None:
    await line.say()


async def speaks_first(line: Line) -> None:
    await line.say(answer())
    await line.sleep()


async def never_reads(line: Line) -> None:
    await asyncio.sleep(3600)


async def answers_before_the_upload_ends(line: Line) -> None:
    await line.hear_head()
    await line.say(answer(b"too large", status="413 Content Too Large", kind="text/plain"))
    await line.wait_left()


PAGE = b"<!doctype html><title>502 Bad Gateway</title>"
ERROR = b'{"error":{"code":429,"message":"slow down"}}'
ERROR_EVENT = b'data: {"error":{"code":503,"message":"overloaded"}}\n\n'
THOUGHT = chunk(b'data: {"choices":[{"delta":{"reasoning_content":"hm"},"finish_reason":null}]}\n\n')
CHOICES = b"".join(
    chunk(b'data: {"choices":[{"index":%d,"delta":{"content":"a"}}]}\n\n' % n) for n in range(900)
)
FIRST = Clocks(first_token_ms=SHORT_MS)
GAP = Clocks(first_token_ms=30_000, gap_ms=SHORT_MS)
TOTAL = Clocks(total_ms=SHORT_MS)
TOKENS_ONLY = Clocks(first_token_ms=SHORT_MS, by_byte=False)


def length(value: str) -> bytes:
    return head(f"content-length: {value}")


MISBEHAVIOURS: tuple[Misbehaviour, ...] = (
    # Nothing, or not even that.
    Misbehaviour("closes at once", closes_at_once, Fault.NO_ANSWER, or_ends=(Fault.RESET,)),
    Misbehaviour("closes after the request", says(), Fault.NO_ANSWER),
    Misbehaviour("resets after the request", says_and_resets(), Fault.RESET),
    Misbehaviour("speaks before it is asked", speaks_first, Fault.NO_ANSWER, or_ends=(Delivered(200, JSON),)),
    Misbehaviour("silence", says_and_stays(), Fault.FIRST_TOKEN_TIMEOUT, FIRST),
    Misbehaviour("never reads the request", never_reads, Fault.FIRST_TOKEN_TIMEOUT, FIRST, bytes(16 << 20)),
    # Heads that do not end well.
    Misbehaviour("closes in the status line", says(b"HTTP/1.1 20"), Fault.TRUNCATED),
    Misbehaviour("closes in the headers", says(b"HTTP/1.1 200 OK\r\ncontent-t"), Fault.TRUNCATED),
    Misbehaviour("resets in the headers", says_and_resets(b"HTTP/1.1 200 OK\r\nx: y\r\n"), Fault.RESET),
    Misbehaviour("drips headers", drips(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n"), Fault.FIRST_TOKEN_TIMEOUT, FIRST),
    Misbehaviour("endless headers", says_without_end(b"HTTP/1.1 200 OK\r\n", b"a: b\r\n" * 999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("endless header line", says_without_end(b"HTTP/1.1 200 OK\r\na: ", b"b" * 9999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("endless header name", says_without_end(b"HTTP/1.1 200 OK\r\n", b"b" * 9999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("endless reason phrase", says_without_end(b"HTTP/1.1 200 ", b"b" * 9999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("too many headers", says(head(*["a: b"] * 300, "content-length: 0")), Fault.HEAD_TOO_LARGE),
    Misbehaviour("flood of interim responses", says_without_end(b"", head(status="103 Early Hints")), Fault.MALFORMED),
    Misbehaviour("switches protocols", says(head("upgrade: h2c", "connection: upgrade", status="101 Nope")), Fault.MALFORMED),
    # Heads that are none.
    Misbehaviour("garbage status line", says(b"ICY 200 OK\r\n\r\nmusic"), Fault.MALFORMED),
    Misbehaviour("status that is no number", says(b"HTTP/1.1 two OK\r\n\r\n"), Fault.MALFORMED),
    Misbehaviour("HTTP/0.9", says(PAGE), Fault.MALFORMED),
    Misbehaviour("HTTP/2 unasked", says(b"\0\0\x06\x04\0\0\0\0\0\0\x03\0\0\0d"), Fault.MALFORMED),
    Misbehaviour("TLS on a plain port", says(b"\x15\x03\x01\x00\x02\x02\x46"), Fault.MALFORMED),
    Misbehaviour("NUL in a header", says(head("a: b\0c", "content-length: 0")), Fault.MALFORMED),
    Misbehaviour("bare CR in a header", says(head("a: b\rc: d", "content-length: 0")), Fault.MALFORMED),
    Misbehaviour("space before the colon", says(head("content-length : 2") + b"{}"), Fault.MALFORMED),
    Misbehaviour("header without a colon", says(head("content-length") + b"{}"), Fault.MALFORMED),
    # Lengths that lie.
    Misbehaviour("length too short", says(length("2") + b"{}trailing"), Delivered(200, b"{}")),
    Misbehaviour("length too long, closes", says(length("99") + b"{}"), Fault.TRUNCATED),
    Misbehaviour("length too long, stays", says_and_stays(length("99") + b"{}"), Fault.GAP_TIMEOUT, GAP),
    Misbehaviour("negative length", says(length("-5") + b"{}"), Fault.MALFORMED),
    Misbehaviour("length that is no number", says(length("0x10") + b"{}"), Fault.MALFORMED),
    Misbehaviour("length that overflows", says(length("9" * 30) + b"{}"), Fault.MALFORMED),
    Misbehaviour("length beyond all bounds", says_and_stays(length("9" * 12)), Fault.BODY_TOO_LARGE),
    Misbehaviour("two lengths", says(head("content-length: 2", "content-length: 3") + b"{}x"), Fault.MALFORMED),
    Misbehaviour("length and chunks", says(head("content-length: 2", "transfer-encoding: chunked") + LAST_CHUNK), Fault.MALFORMED),
    Misbehaviour("encoding of transfer that nobody offered", says(head("transfer-encoding: gzip, chunked") + LAST_CHUNK), Fault.MALFORMED),
    Misbehaviour("body without end", says_without_end(head("transfer-encoding: chunked"), chunk(bytes(60_000))), Fault.BODY_TOO_LARGE),
    # Chunks that are none.
    Misbehaviour("malformed chunk size", says(STREAM_HEAD + b"zz\r\n{}\r\n"), Fault.MALFORMED),
    Misbehaviour("negative chunk size", says(STREAM_HEAD + b"-2\r\n{}\r\n"), Fault.MALFORMED),
    Misbehaviour("chunk size that overflows", says(STREAM_HEAD + b"f" * 17 + b"\r\n{}\r\n"), Fault.MALFORMED),
    Misbehaviour("chunk longer than its size", says(STREAM_HEAD + b"1\r\n{}\r\n"), Fault.MALFORMED),
    Misbehaviour("endless chunk extension", says_without_end(STREAM_HEAD + b"1;a=", b"b" * 9999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("endless trailers", says_without_end(STREAM_HEAD + b"0\r\n", b"a: b\r\n" * 999), Fault.HEAD_TOO_LARGE),
    Misbehaviour("endless trailer line", says_without_end(STREAM_HEAD + b"0\r\na: ", b"b" * 9999), Fault.HEAD_TOO_LARGE),
    # Streams that break.
    Misbehaviour("slow first token", says_and_stays(STREAM_HEAD), Fault.FIRST_TOKEN_TIMEOUT, FIRST),
    Misbehaviour("comments instead of tokens", drips(STREAM_HEAD, chunk(b": processing\n\n")), Fault.FIRST_TOKEN_TIMEOUT, TOKENS_ONLY),
    Misbehaviour("stall", says_and_stays(STREAM_HEAD, event("hel")), Fault.GAP_TIMEOUT, GAP),
    Misbehaviour("drips for ever", drips(STREAM_HEAD, event("a")), Fault.TOTAL_TIMEOUT, TOTAL),
    Misbehaviour("stream cut without a finish", says(STREAM_HEAD, event("hel")), Fault.TRUNCATED),
    Misbehaviour("stream cut inside of a chunk", says(STREAM_HEAD, event("hel")[:-9]), Fault.TRUNCATED),
    Misbehaviour("stream cut after its finish", says(STREAM_HEAD, event("hello", '"stop"'), DONE), Fault.TRUNCATED),
    Misbehaviour("stream reset", says_and_resets(STREAM_HEAD, event("hel")), Fault.RESET),
    Misbehaviour("tokens without end", says_without_end(STREAM_HEAD, event("a") * 600), Fault.BODY_TOO_LARGE),
    Misbehaviour("thoughts without end", says_without_end(STREAM_HEAD, THOUGHT * 600), Fault.BODY_TOO_LARGE),
    Misbehaviour("choices without end", says_without_end(STREAM_HEAD, CHOICES), Fault.BODY_TOO_LARGE),
    Misbehaviour("event without end", says_without_end(STREAM_HEAD + chunk(b"data: "), chunk(b"x" * 60_000)), Fault.BODY_TOO_LARGE),
    Misbehaviour("error in the stream", says(STREAM_HEAD, chunk(ERROR_EVENT), LAST_CHUNK), Delivered(200, ERROR_EVENT)),
    Misbehaviour("stream without finish but well ended", says(STREAM_HEAD, LAST_CHUNK), Delivered(200, b"")),
    # Compressed bodies.
    Misbehaviour("gzip bomb", says(answer(bomb(48), "content-encoding: gzip")), Fault.BOMB),
    Misbehaviour("gzip bomb in chunks", says(head("content-encoding: gzip", "transfer-encoding: chunked"), chunk(bomb(48)), LAST_CHUNK), Fault.BOMB),
    Misbehaviour("gzip that is none", says(answer(JSON, "content-encoding: gzip")), Fault.BAD_ENCODING),
    Misbehaviour("gzip that is cut", says(answer(gzipped(JSON)[:-12], "content-encoding: gzip")), Fault.TRUNCATED),
    Misbehaviour("encoding that nobody offered", says(answer(JSON, "content-encoding: br")), Fault.BAD_ENCODING),
    Misbehaviour("encoding of an encoding", says(answer(gzipped(gzipped(JSON)), "content-encoding: gzip, gzip")), Fault.BAD_ENCODING),
    # Valid HTTP that is no answer.
    Misbehaviour("empty 200", says(answer(b"")), Delivered(200, b"")),
    Misbehaviour("200 without a single header", says(b"HTTP/1.1 200 OK\r\n\r\n"), Delivered(200, b"")),
    Misbehaviour("204", says(head(status="204 No Content")), Delivered(204, b"")),
    Misbehaviour("HTML with 200", says(answer(PAGE, kind="text/html")), Delivered(200, PAGE)),
    Misbehaviour("error in a 200 body", says(answer(ERROR)), Delivered(200, ERROR)),
    Misbehaviour("redirect to another host", says(answer(b"", "location: http://elsewhere.test/", status="302 Found")), Delivered(302, b"")),
    Misbehaviour("answers before the upload ends", answers_before_the_upload_ends, Delivered(413, b"too large"), body=bytes(1 << 20)),
    # Old and odd, but right.
    Misbehaviour("HTTP/1.0 ending with the connection", says(b"HTTP/1.0 200 OK\r\n\r\n" + JSON), Delivered(200, JSON)),
    Misbehaviour("one interim response", says(head(status="100 Continue"), answer()), Delivered(200, JSON)),
    Misbehaviour("a second response that nobody asked for", says(answer() + answer(b"evil")), Delivered(200, JSON)),
    Misbehaviour("one byte a packet", says(*[bytes([byte]) for byte in answer()]), Delivered(200, JSON)),
)  # fmt: skip
