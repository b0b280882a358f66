"""Scraps of HTTP for scripts to say."""

import gzip
import zlib

JSON = b'{"choices":[{"message":{"content":"hello"},"finish_reason":"stop"}]}'


def answer(
    body: bytes = JSON, *headers: str, status: str = "200 OK", kind: str = "application/json"
) -> bytes:
    """An honest response with a length."""
    lines = [f"HTTP/1.1 {status}", f"content-type: {kind}", f"content-length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def head(*headers: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *headers]).encode() + b"\r\n\r\n"


STREAM_HEAD = head("content-type: text/event-stream", "transfer-encoding: chunked")
LAST_CHUNK = b"0\r\n\r\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def event(text: str, finish: str = "null") -> bytes:
    """One chunk of a stream in which somebody says a word."""
    return chunk(
        f'data: {{"choices":[{{"delta":{{"content":"{text}"}},"finish_reason":{finish}}}]}}\n\n'.encode()
    )


DONE = chunk(b"data: [DONE]\n\n")


def bomb(megabytes: int) -> bytes:
    """That much of nothing in a thousandth of its size."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    packed = [packer.compress(bytes(1 << 20)) for _ in range(megabytes)]
    return b"".join(packed) + packer.flush()


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data)
