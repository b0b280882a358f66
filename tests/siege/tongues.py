"""What the besieged servers speak: an answer or an error in the words of each API, whole or piece by piece."""

import json
from typing import Any

from msgspec import Struct

from tests.fakeserver.answers import LAST_CHUNK, answer, chunk, head

__all__ = ["Pieces", "Question", "pieces_of", "refusal", "understood", "whole"]

Json = dict[str, Any]

STREAM_HEAD = head("content-type: text/event-stream", "transfer-encoding: chunked")
LINES_HEAD = head("content-type: application/x-ndjson", "transfer-encoding: chunked")
FINISH = {"openai": "stop", "anthropic": "end_turn", "ollama": "stop"}


class Question(Struct, frozen=True):
    """What a server was asked, in whichever API."""

    model: str
    text: str
    said_already: str
    """What it is to continue; empty: nothing."""
    streams: bool


class Pieces(Struct, frozen=True):
    """A stream, ready to be sent or broken."""

    opening: tuple[bytes, ...]
    words: tuple[bytes, ...]
    finish: tuple[bytes, ...]
    end: tuple[bytes, ...]


def understood(api: str, body: bytes) -> Question:
    asked = json.loads(body)
    turns = [(turn["role"], _text(turn["content"])) for turn in asked["messages"]]
    already = turns[-1][1] if turns[-1][0] == "assistant" else ""
    text = next(said for role, said in reversed(turns) if role == "user")
    return Question(asked["model"], text, already, bool(asked.get("stream", api == "ollama")))


def whole(api: str, model: str, text: str, finish: str | None = "") -> bytes:
    """An answer in one piece, as a body."""
    finish = FINISH[api] if finish == "" else finish
    said: Json
    match api:
        case "anthropic":
            said = {
                "id": "msg_1",
                "type": "message",
                "role": "assistant",
                "model": model,
                "content": [{"type": "text", "text": text}],
                "stop_reason": finish,
                "usage": {"input_tokens": 7, "output_tokens": 9},
            }
        case "ollama":
            message = {"role": "assistant", "content": text}
            said = {"model": model, "message": message, "done": True, "done_reason": finish, "eval_count": 9}
        case _:
            message = {"role": "assistant", "content": text}
            said = {
                "id": "c-1",
                "object": "chat.completion",
                "created": 1,
                "model": model,
                "choices": [{"index": 0, "message": message, "finish_reason": finish}],
                "usage": {"prompt_tokens": 7, "completion_tokens": 9, "total_tokens": 16},
            }
    return json.dumps(said, ensure_ascii=False).encode()


def pieces_of(api: str, model: str, text: str) -> Pieces:
    """An answer word by word. A blank stands before a word."""
    first, *rest = text.split(" ")
    words = [first, *(f" {word}" for word in rest)] if text else []
    match api:
        case "anthropic":
            begun = json.loads(whole(api, model, "", None)) | {"content": []}
            block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
            stop = {
                "type": "message_delta",
                "delta": {"stop_reason": "end_turn"},
                "usage": {"output_tokens": 9},
            }
            return Pieces(
                (STREAM_HEAD, _named({"type": "message_start", "message": begun}), _named(block)),
                tuple(
                    _named(
                        {
                            "type": "content_block_delta",
                            "index": 0,
                            "delta": {"type": "text_delta", "text": word},
                        }
                    )
                    for word in words
                ),
                (
                    _named({"type": "content_block_stop", "index": 0}),
                    _named(stop),
                    _named({"type": "message_stop"}),
                ),
                (LAST_CHUNK,),
            )
        case "ollama":
            lines = [
                {"model": model, "message": {"role": "assistant", "content": word}, "done": False}
                for word in words
            ]
            last = {
                "model": model,
                "message": {"content": ""},
                "done": True,
                "done_reason": "stop",
                "eval_count": 9,
            }
            return Pieces((LINES_HEAD,), tuple(map(_line, lines)), (_line(last),), (LAST_CHUNK,))
        case _:
            return Pieces(
                (STREAM_HEAD, _event(_delta({"role": "assistant", "content": ""}))),
                tuple(_event(_delta({"content": word})) for word in words),
                (_event(_delta({}, "stop")),),
                (chunk(b"data: [DONE]\n\n"), LAST_CHUNK),
            )


def stream_error(api: str) -> bytes:
    """In the middle of a stream."""
    match api:
        case "anthropic":
            return _named({"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}})
        case "ollama":
            return _line({"error": "an error was encountered while running the model"})
        case _:
            return _event(
                {"error": {"message": "The server had an error", "code": 503, "type": "server_error"}}
            )


def noise(api: str) -> bytes:
    """What may stand in a stream and says nothing."""
    return chunk(b"\n") if api == "ollama" else chunk(b": keep-alive\n\n")


def refusal(api: str, status: str, kind: str, words: str, *headers: str, code: str | None = None) -> bytes:
    """An error as this API writes it."""
    body: Json
    match api:
        case "anthropic":
            body = {"type": "error", "error": {"type": kind, "message": words}}
        case "ollama":
            body = {"error": words}
        case _:
            body = {"error": {"message": words, "type": kind, "code": code, "param": None}}
    return answer(json.dumps(body).encode(), *headers, status=status)


def _text(content: Any) -> str:
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _delta(delta: Json, finish: str | None = None) -> Json:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return {"id": "c-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}


def _event(said: Json) -> bytes:
    return chunk(b"data: %b\n\n" % json.dumps(said, ensure_ascii=False).encode())


def _named(said: Json) -> bytes:
    return chunk(
        b"event: %b\ndata: %b\n\n" % (said["type"].encode(), json.dumps(said, ensure_ascii=False).encode())
    )


def _line(said: Json) -> bytes:
    return chunk(json.dumps(said, ensure_ascii=False).encode() + b"\n")
