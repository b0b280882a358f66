"""What the dialects cost: taking in, building, parsing, and each chunk of a stream.

python -m bench.micro_wire [ROUNDS]
"""

import sys
from collections.abc import Callable
from time import perf_counter_ns

import msgspec

from actors.wire.call import Answer, Call, Reply
from actors.wire.canonical import ChatRequest
from actors.wire.dialects import DIALECTS
from actors.wire.intake import decode_chat
from state.config import Api, ModelConfig, ProviderConfig

ROUNDS = 20_000
URL = "https://api.example.com/v1"

WORDS = "The quick brown fox jumps over the lazy dog. " * 20
MESSAGES = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": WORDS[:850]}]
BODY = msgspec.json.encode({"model": "auto", "messages": MESSAGES, "temperature": 0.2, "max_tokens": 100})
PICTURE = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 1_000_000}}
VISION = msgspec.json.encode({"model": "auto", "messages": [{"role": "user", "content": [PICTURE]}]})

SAID = {"role": "assistant", "content": WORDS[:700]}
USAGE = {"prompt_tokens": 200, "completion_tokens": 150, "total_tokens": 350}
ANSWERS: dict[Api, object] = {
    Api.OPENAI: {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "message": SAID, "finish_reason": "stop", "logprobs": None}],
        "usage": USAGE,
    },
    Api.ANTHROPIC: {
        "type": "message",
        "content": [{"type": "text", "text": WORDS[:700]}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 200, "output_tokens": 150},
    },
    Api.GEMINI: {
        "candidates": [
            {"content": {"role": "model", "parts": [{"text": WORDS[:700]}]}, "finishReason": "STOP"}
        ],
        "usageMetadata": {"promptTokenCount": 200, "candidatesTokenCount": 150},
    },
    Api.OLLAMA: {
        "message": SAID,
        "done": True,
        "done_reason": "stop",
        "prompt_eval_count": 200,
        "eval_count": 150,
    },
}
CHUNKS: dict[Api, object] = {
    Api.OPENAI: {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "m",
        "choices": [{"index": 0, "delta": {"content": " word"}, "logprobs": None, "finish_reason": None}],
    },
    Api.ANTHROPIC: {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "text_delta", "text": " word"},
    },
    Api.GEMINI: {"candidates": [{"content": {"role": "model", "parts": [{"text": " word"}]}}]},
    Api.OLLAMA: {"model": "m", "message": {"role": "assistant", "content": " word"}, "done": False},
}


PROVIDERS = {api: ProviderConfig(name=api.value, api=api, url=URL) for api in ANSWERS}
MODEL = ModelConfig(name="gemini-2.5-flash")


def taken_in(body: bytes) -> ChatRequest:
    request = decode_chat(body)
    assert isinstance(request, ChatRequest)
    return request


def lane(api: Api, request: ChatRequest, *, stream: bool = False) -> Call:
    return Call(request=request, provider=PROVIDERS[api], model=MODEL, id="c", created_s=1, stream=stream)


def whole(api: Api, body: bytes) -> Callable[[], object]:
    """All of one request: taken in, judged, built, and its answer read."""
    dialect = DIALECTS[api]
    reply = Reply(200, (("content-type", "application/json"),), msgspec.json.encode(ANSWERS[api]))

    def once() -> None:
        call = lane(api, taken_in(body))
        assert dialect.gap(call.request, call.provider, call.model) is None
        dialect.build(call)
        assert isinstance(dialect.parse(call, reply), Answer)

    return once


def chunk(api: Api) -> Callable[[], object]:
    message = msgspec.json.encode(CHUNKS[api])
    feed = DIALECTS[api].reader(lane(api, taken_in(BODY), stream=True)).feed
    return lambda: feed(message)


def measured(act: Callable[[], object], rounds: int) -> float:
    """Microseconds each; the best of five, because everything else only adds."""
    best = float("inf")
    for _ in range(5):
        start = perf_counter_ns()
        for _ in range(rounds):
            act()
        best = min(best, (perf_counter_ns() - start) / rounds / 1000)
    return best


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else ROUNDS
    request, large = taken_in(BODY), taken_in(VISION)
    openai = DIALECTS[Api.OPENAI]
    call, vision = lane(Api.OPENAI, request), lane(Api.OPENAI, large)
    reply = Reply(200, (), msgspec.json.encode(ANSWERS[Api.OPENAI]))
    rows: list[tuple[str, Callable[[], object], int]] = [
        (f"take in {len(BODY)} bytes", lambda: decode_chat(BODY), rounds),
        ("build, passed through", lambda: openai.build(call), rounds),
        (f"parse {len(reply.body)} bytes, passed through", lambda: openai.parse(call, reply), rounds),
        *((f"in, gap, build, parse: {api}", whole(api, BODY), rounds) for api in ANSWERS),
        *((f"one chunk: {api}", chunk(api), rounds) for api in CHUNKS),
        ("take in a 1 MB picture", lambda: decode_chat(VISION), rounds // 100),
        ("find a 1 MB picture", lambda: type(large).image_count.func(large), rounds // 100),
        ("build with a 1 MB picture", lambda: openai.build(vision), rounds // 100),
    ]
    for name, act, times in rows:
        print(f"{measured(act, max(1, times)):10.2f} us  {name}")


if __name__ == "__main__":
    main()
