"""OpenAI's own library for Python, in an environment of its own: every way to call, each outcome on one line.

python openai_python.py BASE_URL UDS
"""

# mypy: ignore-errors
# Written as an app would be, against libraries of an environment of its own.
# ruff: noqa: T201 - what it prints is what it has to say

import asyncio
import json
import sys
import time
from collections.abc import Callable
from typing import Any

import openai
from openai import AsyncOpenAI, OpenAI
from pydantic import BaseModel

try:
    import httpx2 as httpx
except ImportError:
    import httpx

BASE_URL, UDS = sys.argv[1:]
HELLO = [{"role": "user", "content": "Hello"}]
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
PICTURE = [
    {
        "role": "user",
        "content": [
            {"type": "text", "text": "What?"},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo="}},
        ],
    }
]

tcp = OpenAI(base_url=BASE_URL, api_key="unused")
unix = OpenAI(
    base_url="http://failoverd/v1",
    api_key="unused",
    http_client=httpx.Client(transport=httpx.HTTPTransport(uds=UDS)),
)


class Weather(BaseModel):
    city: str
    degrees: int


def say(name: str, outcome: Any) -> None:
    print(json.dumps({name: outcome}), flush=True)


def told(act: Callable[[], Any]) -> Any:
    """What came of it: an answer, or an error as a caller sees it."""
    began = time.monotonic()
    try:
        return act()
    except openai.APIStatusError as error:
        return {
            "error": type(error).__name__,
            "status": error.status_code,
            "code": error.code,
            "type": error.type,
            "attempts": [each["lane"] for each in error.body.get("failover", {}).get("attempts", [])],
            "quick": time.monotonic() - began < 5.0,
        }
    except openai.APIError as error:
        return {"error": type(error).__name__, "code": error.code}


def chat(client: OpenAI, model: str, messages: list[Any] = HELLO, **more: Any) -> Any:
    return client.chat.completions.create(model=model, messages=messages, **more)


def text(client: OpenAI, model: str) -> str:
    return chat(client, model).choices[0].message.content


def streamed(client: OpenAI, model: str) -> dict[str, Any]:
    words, usage = [], None
    for chunk in chat(client, model, stream=True, stream_options={"include_usage": True}):
        words += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        usage = chunk.usage or usage
    return {"text": "".join(words), "chunks": len(words), "tokens": usage and usage.total_tokens}


def tools() -> list[str]:
    asked = chat(tcp, "good-only", tools=TOOLS).choices[0].message
    (call,) = asked.tool_calls
    messages = [
        *HELLO,
        asked.model_dump(exclude_none=True),
        {"role": "tool", "tool_call_id": call.id, "content": "sunny"},
    ]
    return [
        call.function.name,
        call.function.arguments,
        chat(tcp, "good-only", messages, tools=TOOLS).choices[0].message.content,
    ]


def tools_streamed() -> list[str]:
    found = []
    for chunk in chat(tcp, "good-only", tools=TOOLS, stream=True):
        for choice in chunk.choices:
            found += [each.function.name + each.function.arguments for each in choice.delta.tool_calls or ()]
    return found


def structured() -> dict[str, Any]:
    found = tcp.chat.completions.parse(model="good-only", messages=HELLO, response_format=Weather)
    return found.choices[0].message.parsed.model_dump()


def headers() -> dict[str, str]:
    raw = tcp.chat.completions.with_raw_response.create(model="rescued", messages=HELLO)
    return {name: raw.headers[name] for name in ("x-failover-lane", "x-failover-trail")}


def options() -> str:
    raw = tcp.chat.completions.with_raw_response.create(
        model="auto", messages=HELLO, extra_body={"failover": {"include": ["good"], "app": "test"}}
    )
    return raw.headers["x-failover-lane"]


def leaves_in_the_middle() -> str:
    with chat(tcp, "endless-only", stream=True) as stream:
        for number, _ in enumerate(stream):
            if number == 3:
                break
    return "left"


async def in_parallel() -> list[Any]:
    async with AsyncOpenAI(base_url=BASE_URL, api_key="unused") as client:
        whole = [client.chat.completions.create(model="good-only", messages=HELLO) for _ in range(20)]
        answers = await asyncio.gather(*whole)
        words = []
        async for chunk in await client.chat.completions.create(
            model="good-only", messages=HELLO, stream=True
        ):
            words += [choice.delta.content for choice in chunk.choices if choice.delta.content]
        return [len({each.choices[0].message.content for each in answers}), "".join(words)]


for name, client in (("tcp", tcp), ("unix", unix)):
    say(f"{name} text", told(lambda client=client: text(client, "good-only")))
    say(f"{name} stream", told(lambda client=client: streamed(client, "good-only")))
    say(
        f"{name} embeddings",
        told(
            lambda client=client: client.embeddings.create(model="good/m", input=["a", "b"]).data[1].embedding
        ),
    )
say("async", asyncio.run(in_parallel()))
say("rescued", told(headers))
say("options", told(options))
say("tools", told(tools))
say("tools streamed", told(tools_streamed))
say("vision", told(lambda: chat(tcp, "good-only", PICTURE).choices[0].message.content))
say("structured", told(structured))
say("image", told(lambda: tcp.images.generate(model="good-only", prompt="a cat").data[0].b64_json[:8]))
say("models", told(lambda: [each.id for each in tcp.models.list()]))
say("exhausted", told(lambda: text(tcp, "limited-only")))
say("exhausted stream", told(lambda: streamed(tcp, "limited-only")))
say("cut", told(lambda: streamed(tcp, "cut-only")))
say("unknown", told(lambda: text(tcp, "no-such-model")))
say("left", told(leaves_in_the_middle))
