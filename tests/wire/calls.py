"""Arranging calls: a request in OpenAI's shape, on a lane of some API."""

from typing import Any

import msgspec

from actors.wire.call import Answer, Call, Reply
from actors.wire.canonical import ChatRequest, EmbedRequest, ImageRequest, Request
from actors.wire.chunks import Chunk
from actors.wire.dialect import Dialect
from actors.wire.dialects import DIALECTS
from actors.wire.intake import decode_chat, decode_embed, decode_image
from state.config import Api, ModelConfig, ProviderConfig
from state.failures import Evidence

URLS = {
    Api.OPENAI: "https://api.example.com/v1",
    Api.AZURE: "https://res.openai.azure.com",
    Api.GEMINI: "https://generativelanguage.googleapis.com",
    Api.ANTHROPIC: "https://api.anthropic.com",
    Api.OLLAMA: "http://127.0.0.1:11434",
    Api.POLLINATIONS: "https://text.pollinations.ai/openai",
}
MODELS = {
    Api.OPENAI: "gpt-5-mini",
    Api.AZURE: "my-deployment",
    Api.GEMINI: "gemini-2.5-flash",
    Api.ANTHROPIC: "claude-sonnet-4-5",
    Api.OLLAMA: "llama3.2:3b",
    Api.POLLINATIONS: "flux",
}
TRANSLATING = (Api.GEMINI, Api.ANTHROPIC, Api.OLLAMA)

HELLO = [{"role": "user", "content": "Hello"}]
PNG = "data:image/png;base64,iVBORw0KGgo="
WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a place",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}


def chat(messages: Any = HELLO, **fields: Any) -> ChatRequest:
    request = decode_chat(msgspec.json.encode({"model": "auto", "messages": messages, **fields}))
    assert isinstance(request, ChatRequest), request
    return request


def embed(given: Any = "a text", **fields: Any) -> EmbedRequest:
    request = decode_embed(msgspec.json.encode({"model": "auto", "input": given, **fields}))
    assert isinstance(request, EmbedRequest), request
    return request


def image(prompt: str = "a cat", **fields: Any) -> ImageRequest:
    request = decode_image(msgspec.json.encode({"model": "auto", "prompt": prompt, **fields}))
    assert isinstance(request, ImageRequest), request
    return request


def provider(api: Api, **settings: Any) -> ProviderConfig:
    return ProviderConfig(**{"name": api.value, "api": api, "url": URLS[api], **settings})


def call(
    api: Api,
    request: Request | None = None,
    *,
    stream: bool = False,
    prefill: str = "",
    model: ModelConfig | str | None = None,
    **settings: Any,
) -> Call:
    if not isinstance(model, ModelConfig):
        model = ModelConfig(name=model or MODELS[api])
    if request is None:
        request = chat(stream=True) if stream else chat()
    return Call(
        request=request,
        provider=provider(api, **settings),
        model=model,
        id="call-7",
        created_s=1_700_000_000,
        stream=stream,
        prefill=prefill,
    )


def dialect(made: Call) -> Dialect:
    return DIALECTS[made.provider.api]


def gap(api: Api, request: Request, model: str | None = None) -> str:
    """What the dialect says that it cannot say; empty: nothing."""
    made = call(api, request, model=model)
    found = dialect(made).gap(request, made.provider, made.model)
    return "" if found is None else str(found)


def sent(made: Call) -> Any:
    """The body that goes out, taken apart."""
    assert gap(made.provider.api, made.request, made.model.name) == ""
    return msgspec.json.decode(dialect(made).build(made).body)


def heard(made: Call, body: Any, status: int = 200) -> Answer | Evidence:
    """What becomes of a reply."""
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return dialect(made).parse(made, Reply(status, (("content-type", "application/json"),), raw))


def answer(made: Call, body: Any) -> Any:
    """The answer to a reply, taken apart."""
    got = heard(made, body)
    assert isinstance(got, Answer), got
    return msgspec.json.decode(got.body)


def evidence(made: Call, body: Any, status: int = 200) -> Evidence:
    got = heard(made, body, status)
    assert isinstance(got, Evidence), got
    return got


def read(made: Call, *messages: Any) -> tuple[list[Chunk], Evidence | None]:
    """What becomes of a stream of these messages: its chunks, and the evidence if it failed."""
    reader = dialect(made).reader(made)
    chunks: list[Chunk] = []
    for message in messages:
        got = reader.feed(message if isinstance(message, bytes) else msgspec.json.encode(message))
        if isinstance(got, Evidence):
            return chunks, got
        chunks += got
    return chunks, reader.end()


def text_of(chunks: list[Chunk]) -> str:
    return "".join(chunk.text for chunk in chunks)
