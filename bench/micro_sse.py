"""What it costs to cut a stream into messages: `python -m bench.micro_sse`."""

import time
from collections.abc import Callable

from actors.wire.jsonarray import ArraySplitter
from actors.wire.ndjson import LineSplitter
from actors.wire.sse import SseSplitter

CHUNK = (
    b'{"id":"chatcmpl-B9MHDbslfkBeAs8l4bebGdFOJ6PeG","object":"chat.completion.chunk","created":1741570283,'
    b'"model":"gpt-4o-2024-08-06","choices":[{"index":0,"delta":{"content":" word"},"finish_reason":null}]}'
)
COUNT = 100_000
ROUNDS = 5

FRAMINGS: dict[str, tuple[Callable[[], SseSplitter | LineSplitter | ArraySplitter], bytes]] = {
    "events, LF": (SseSplitter, b"data: " + CHUNK + b"\n\n"),
    "events, CRLF": (SseSplitter, b"data: " + CHUNK + b"\r\n\r\n"),
    "events with names": (SseSplitter, b"event: content_block_delta\ndata: " + CHUNK + b"\n\n"),
    "lines": (LineSplitter, CHUNK + b"\n"),
    "array elements": (ArraySplitter, b"," + CHUNK),
}


def microseconds_each(make: Callable[[], SseSplitter | LineSplitter | ArraySplitter], piece: bytes) -> float:
    """The best of a few rounds, one message a piece as a stream brings them."""
    best = float("inf")
    for _ in range(ROUNDS):
        feed = make().feed
        feed(b"[" if make is ArraySplitter else b"")
        began = time.perf_counter()
        for _ in range(COUNT):
            feed(piece)
        best = min(best, time.perf_counter() - began)
    return best / COUNT * 1e6


def main() -> None:
    for name, (make, piece) in FRAMINGS.items():
        print(f"{name:18} {microseconds_each(make, piece):6.2f} us a message of {len(CHUNK)} bytes")


if __name__ == "__main__":
    main()
