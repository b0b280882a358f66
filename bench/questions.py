"""What is asked, as it goes over the wire: conversations, streams, pictures, in HTTP and in JSON-RPC."""

import base64
import random
from collections.abc import Mapping

import msgspec

from bench.contestants import Door

__all__ = ["chat", "http_request", "ping", "rpc_chat", "vision"]

WORDS = "Tell me a story about a lighthouse keeper, in three sentences, and let it end well. " * 3
"""About as long as a short conversation."""
JSON = {"content-type": "application/json", "authorization": "Bearer sk-of-a-benchmark"}
IMAGE_BYTES = 750_000
"""A megabyte in base64."""

ID = "@ID@"
"""Where the callers put the id."""


def chat(door: Door, *, wishes: str = "", stream: bool = False) -> bytes:
    """OpenAI's body; what is wished of the upstream stands in its words."""
    said: dict[str, object] = {
        "model": door.model,
        "messages": [
            {"role": "system", "content": "You are a helpful assistant."},
            {"role": "user", "content": f"{WORDS}{wishes}"},
        ],
        "temperature": 0.7,
        "max_tokens": 500,
    }
    return msgspec.json.encode(said | {"stream": True} if stream else said)


def vision(door: Door) -> bytes:
    """The same with a photo of a megabyte."""
    photo = base64.b64encode(random.Random(7).randbytes(IMAGE_BYTES)).decode()
    parts = [
        {"type": "text", "text": "What is in this picture?"},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{photo}"}},
    ]
    return msgspec.json.encode({"model": door.model, "messages": [{"role": "user", "content": parts}]})


def headers_of(door: Door) -> Mapping[str, str]:
    return {**JSON, **door.headers}


def http_request(door: Door, body: bytes) -> bytes:
    """For a connection that stays open."""
    lines = [f"POST {door.path} HTTP/1.1", "host: localhost"]
    lines += [f"{name}: {value}" for name, value in headers_of(door).items()]
    return "\r\n".join([*lines, f"content-length: {len(body)}", "", ""]).encode() + body


def rpc_chat(door: Door, *, wishes: str = "", stream: bool = False) -> bytes:
    return _rpc("chat", chat(door, wishes=wishes, stream=stream))


def ping() -> bytes:
    return _rpc("ping", b"{}")


def _rpc(method: str, params: bytes) -> bytes:
    return b'{"jsonrpc":"2.0","id":%b,"method":"%b","params":%b}' % (ID.encode(), method.encode(), params)
