"""A provider that costs next to nothing: `python -m bench.upstream` prints its ports and serves until killed.

What it does is asked for in the words of the conversation, so that it reaches it through every gateway:

    wait-50ms          answer after 50 ms
    "stream": true     a stream of 100 chunks, one each turn of the loop
    pace-5ms           one chunk each 5 ms

The port `broken` answers everything with 500; `secure` speaks TLS with a certificate of its own authority.
"""

import argparse
import asyncio
import re
import ssl
import sys
from pathlib import Path
from typing import cast

import httptools
import msgspec
import trustme
import uvloop
from msgspec import Struct

__all__ = ["CHUNKS", "Ports"]

CHUNKS = 100
BACKLOG = 4096
WISHES_BYTES_MAX = 65_536
"""A longer body is a picture, and has no wishes: looking for them would cost more than the answer."""

_WAIT = re.compile(rb"wait-(\d+)ms")
_PACE = re.compile(rb"pace-(\d+)ms")
_STREAM = re.compile(rb'"stream":\s*true')

_TEXT = "All work and no play makes Jack a dull boy. " * 14
_ANSWER = msgspec.json.encode(
    {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion",
        "created": 1741570283,
        "model": "bench",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": _TEXT, "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 19, "completion_tokens": 154, "total_tokens": 173},
    }
)


def _chunk(delta: dict[str, str], finish: str | None) -> bytes:
    said = {
        "id": "chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG",
        "object": "chat.completion.chunk",
        "created": 1741570283,
        "model": "bench",
        "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
    }
    return _framed(b"data: %b\n\n" % msgspec.json.encode(said))


def _framed(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)


def _whole(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 %b\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
    return head % (status, len(body)) + body


_OK = _whole(b"200 OK", _ANSWER)
_BROKEN = _whole(
    b"500 Internal Server Error", b'{"error":{"message":"The server had an error","type":"server_error"}}'
)
_MODELS = _whole(b"200 OK", b'{"object":"list","data":[{"id":"bench","object":"model"}]}')
_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
_PIECES = (*[_chunk({"content": " word"}, None)] * (CHUNKS - 1), _chunk({}, "stop"))
_END = _framed(b"data: [DONE]\n\n") + b"0\r\n\r\n"


class Ports(Struct, frozen=True):
    """Where it listens. Nobody is at `away`."""

    fast: int
    broken: int
    secure: int
    away: int


class Fast(asyncio.Protocol):
    """Does what it is asked."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.parser = httptools.HttpRequestParser(self)
        self.pieces: list[bytes] = []

    def data_received(self, data: bytes) -> None:
        self.parser.feed_data(data)

    def on_body(self, piece: bytes) -> None:
        self.pieces.append(piece)

    def on_message_complete(self) -> None:
        pieces, self.pieces = self.pieces, []
        if sum(map(len, pieces)) > WISHES_BYTES_MAX:
            self.transport.write(_OK)
        elif not pieces:
            self.transport.write(_MODELS)
        else:
            self.obey(b"".join(pieces))

    def obey(self, body: bytes) -> None:
        wait = _WAIT.search(body)
        if _STREAM.search(body):
            pace = _PACE.search(body)
            self.transport.write(_HEAD)
            self.say(0, int(pace[1]) / 1000 if pace else 0.0)
        elif wait:
            asyncio.get_running_loop().call_later(int(wait[1]) / 1000, self.answer)
        else:
            self.transport.write(_OK)

    def answer(self) -> None:
        if not self.transport.is_closing():
            self.transport.write(_OK)

    def say(self, at: int, pace_s: float) -> None:
        if self.transport.is_closing():
            return
        if at == CHUNKS:
            self.transport.write(_END)
            return
        self.transport.write(_PIECES[at])
        loop = asyncio.get_running_loop()
        if pace_s:
            loop.call_later(pace_s, self.say, at + 1, pace_s)
        else:
            loop.call_soon(self.say, at + 1, pace_s)


class Broken(Fast):
    """Always 500."""

    def on_message_complete(self) -> None:
        self.pieces.clear()
        self.transport.write(_BROKEN)


async def serve(ca_file: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(ca_file))
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(tls)
    loop = asyncio.get_running_loop()
    servers = [
        await loop.create_server(make, "127.0.0.1", 0, ssl=context, backlog=BACKLOG)
        for make, context in ((Fast, None), (Broken, None), (Fast, tls))
    ]
    away = await loop.create_server(Fast, "127.0.0.1", 0)
    ports = [server.sockets[0].getsockname()[1] for server in (*servers, away)]
    away.close()
    await away.wait_closed()
    sys.stdout.buffer.write(msgspec.json.encode(Ports(*ports)) + b"\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--ca-file", type=Path, required=True, help="write the authority's certificate here")
    uvloop.run(serve(parser.parse_args().ca_file))


if __name__ == "__main__":
    main()
