"""Broken messages by the thousand: seeds, and what a careless or hostile hand makes of them."""

import json
from collections.abc import Iterator
from random import Random

__all__ = ["HOSTILE", "SEEDS", "mutated"]


def _request(method: str, **more: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, **more}, ensure_ascii=False).encode()


def _headed(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


SEEDS = (
    _request("ping"),
    _request("ping", id="日本"),
    _request("echo", params={"text": 'héllo " \\ \n', "times": 2}),
    _request("echo", params=["a", 1]),
    _request(
        "chat", params={"model": "auto", "messages": [{"role": "user", "content": "hi"}], "stream": True}
    ),
    _request("disable", params={"target": "nobody/at/all", "for_s": 0.5}),
    _request("journal.query", params={"rows_max": 2}),
    _request("cancel", params={"id": 1}),
    b'{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}',
    b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}}',
    b"[" + b",".join([_request("ping"), _request("echo", params=["a"]), b"1", b"{}"]) + b"]",
    json.dumps({"jsonrpc": "2.0", "id": 5, "method": "echo", "params": {"text": "a"}}, indent=2).encode(),
    _headed(_request("ping")),
    b"Content-Type: x\r\n" + _headed(_request("echo", params=["a"])),
    b'{"jsonrpc":"2.0","id":1,"result":true}',
)

_TOKENS = (
    *(b"{", b"}", b"[", b"]", b'"', b"\\", b"\n", b"\r\n", b",", b":", b"null", b"1e999", b"-0", b"1" * 400),
    *(b"\xff", b"\x00", b"\xe2\x80\xa8", b"\xed\xa0\x80", b"\\ud800", b'"id":1,', b'"jsonrpc":"2.0",', b"{}"),
    *(
        b"Content-Length: 3\r\n\r\n",
        b"content-length: 99999999999\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"[" * 50,
    ),
)


def mutated(count: int, seed: int) -> Iterator[bytes]:
    """So many, the same for the same seed."""
    dice = Random(seed)
    for _ in range(count):
        frame = bytearray(dice.choice(SEEDS))
        for _ in range(dice.choice((0, 1, 1, 1, 2, 3, 8))):
            _mutate(frame, dice)
        yield bytes(frame) + dice.choice((b"\n", b"\n", b"\n", b"", b"\r\n"))


def _mutate(frame: bytearray, dice: Random) -> None:
    at = dice.randrange(len(frame) + 1)
    to = min(len(frame), at + dice.choice((1, 1, 2, 5, 20)))
    match dice.randrange(6):
        case 0 if at < len(frame):
            frame[at] ^= 1 << dice.randrange(8)
        case 1:
            del frame[at:to]
        case 2:
            frame[at:at] = frame[at:to]
        case 3:
            frame[at:at] = dice.choice(_TOKENS)
        case 4:
            other = dice.choice(SEEDS)
            frame[at:] = other[dice.randrange(len(other)) :]
        case _:
            frame[at:to] = bytes(dice.randrange(256) for _ in range(to - at))


MIB = 1 << 20
HOSTILE = {
    "a million brackets": b"[" * 1_000_000,
    "a million braces": b'{"a":' * 1_000_000,
    "a brace a line": b"{\n" * 1_000_000,
    "a line of 5 MiB": b"x" * (5 * MIB) + b"\n",
    "a message of 5 MiB": b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["'
    + b"x" * (5 * MIB)
    + b'"]}\n',
    "a header that promises 5 MiB": b"Content-Length: 5242880\r\n\r\n" + b"x" * (5 * MIB),
    "a batch of 100,000 nothings": b"[" + b"0," * 99_999 + b"0]\n",
    "a batch of 100,000 objects": b"[" + b"{}," * 99_999 + b"{}]\n",
    "a batch of 100,000 requests": b"[" + (SEEDS[0] + b",") * 99_999 + SEEDS[0] + b"]\n",
    "a million empty objects": b"{}" * 1_000_000,
    "a million lines": b"x\n" * 1_000_000,
    "bad UTF-8": b'{"jsonrpc":"2.0","id":1,"method":"echo","params":["' + b"\xff" * MIB + b'"]}\n',
    "an id without end": b'{"jsonrpc":"2.0","method":"ping","id":' + b"1" * MIB + b"}\n",
    "an id beyond all numbers": b'{"jsonrpc":"2.0","method":"ping","id":1e999}\n',
    "an id twice": SEEDS[0] * 2,
    "the same name a million times": b"{" + b'"id":1,' * 500_000 + b'"method":"ping","jsonrpc":"2.0"}\n',
    "quotes and backslashes": b'{"' + b'\\"' * (2 * MIB),
    "empty texts": b"[" + b'"",' * MIB + b'""]\n',
    "blanks": b" \n" * (2 * MIB),
    "params of a million objects": b'{"jsonrpc":"2.0","id":1,"method":"echo","params":['
    + b"{}," * MIB
    + b"{}]}\n",
    "params of a million numbers": b'{"jsonrpc":"2.0","id":1,"method":"echo","params":['
    + b"1," * MIB
    + b"1]}\n",
}
