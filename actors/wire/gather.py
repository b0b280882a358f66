"""A stream's chunks as the whole answer that they add up to, and a whole answer as chunks.

For callers who do not stream over an upstream that does, and the other way round.
"""

from collections.abc import Iterable
from itertools import groupby

import msgspec
from msgspec import Raw, Struct

from actors.wire.chunks import Chunk, Kind
from actors.wire.conversation import ReasoningDetail
from actors.wire.raw import NOTHING, says

__all__ = ["gathered", "scattered"]


def gathered(payloads: Iterable[bytes]) -> bytes:
    """One chat.completion out of the payloads of a complete stream."""
    first: dict[str, Raw] = {}
    usage: Raw | None = None
    parts: list[_Choice] = []
    for payload in payloads:
        chunk = _members.decode(payload)
        first = first or chunk
        parts += _choices.decode(chunk.get("choices", _NONE))
        usage = chunk.get("usage", usage)
    parts.sort(key=lambda part: part.index)
    choices = [_choice(index, list(own)) for index, own in groupby(parts, lambda part: part.index)]
    kept = {name: value for name, value in first.items() if name in _HEAD}
    whole: dict[str, object] = {**kept, "object": "chat.completion", "choices": choices}
    if usage is not None and bytes(usage) != b"null":
        whole["usage"] = usage
    return msgspec.json.encode(whole)


def scattered(body: bytes, *, wants_usage: bool) -> list[Chunk]:
    """A whole chat.completion as the chunks of a stream: each choice in one piece, then its end."""
    whole = _members.decode(body)
    head = {name: value for name, value in whole.items() if name in _HEAD}
    head["object"] = Raw(b'"chat.completion.chunk"')
    chunks: list[Chunk] = []
    for choice in _wholes.decode(whole["choices"]):
        delta = dict(choice.message)
        calls = _calls.decode(delta.get("tool_calls", _NONE)) or []
        if calls:
            numbered = [{"index": at, **call} for at, call in enumerate(calls)]
            delta["tool_calls"] = Raw(msgspec.json.encode(numbered))
        text = _text.decode(delta.get("content", _NULL)) or ""
        kind = Kind.TOOL if calls else Kind.TEXT
        logprobs = choice.logprobs if says(choice.logprobs) else None
        said = {"index": choice.index, "delta": delta, "logprobs": logprobs, "finish_reason": None}
        end = {"index": choice.index, "delta": {}, "finish_reason": choice.finish_reason}
        chunks.append(Chunk(msgspec.json.encode({**head, "choices": [said]}), kind, text))
        chunks.append(Chunk(msgspec.json.encode({**head, "choices": [end]}), Kind.CLOSING))
    if wants_usage and "usage" in whole:
        tail = {**head, "choices": [], "usage": whole["usage"]}
        chunks.append(Chunk(msgspec.json.encode(tail), Kind.CLOSING))
    return chunks


class _Function(Struct, frozen=True):
    name: str | None = None
    arguments: str | None = None


class _ToolPart(Struct, frozen=True):
    index: int = 0
    id: str | None = None
    function: _Function | None = None
    extra_content: Raw = NOTHING


class _Delta(Struct, frozen=True):
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    reasoning_details: tuple[ReasoningDetail, ...] | None = None
    tool_calls: tuple[_ToolPart, ...] | None = None
    annotations: tuple[Raw, ...] | None = None


class _Logprobs(Struct, frozen=True):
    content: tuple[Raw, ...] | None = None


class _Choice(Struct, frozen=True):
    index: int = 0
    delta: _Delta | None = None
    finish_reason: str | None = None
    logprobs: _Logprobs | None = None


class _Whole(Struct, frozen=True):
    message: dict[str, Raw]
    index: int = 0
    finish_reason: str | None = None
    logprobs: Raw = NOTHING


_HEAD = frozenset({"id", "created", "model", "system_fingerprint", "service_tier", "provider"})
_NONE = Raw(b"[]")
_NULL = Raw(b"null")
_members = msgspec.json.Decoder(dict[str, Raw])
_choices = msgspec.json.Decoder(list[_Choice])
_wholes = msgspec.json.Decoder(list[_Whole])
_calls: msgspec.json.Decoder[list[dict[str, Raw]] | None] = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_text: msgspec.json.Decoder[str | None] = msgspec.json.Decoder(str | None)


def _choice(index: int, parts: list[_Choice]) -> dict[str, object]:
    deltas = [part.delta for part in parts if part.delta is not None]
    message: dict[str, object] = {"role": "assistant", "content": None}
    texts = {
        "content": [delta.content for delta in deltas],
        "refusal": [delta.refusal for delta in deltas],
        "reasoning_content": [delta.reasoning_content for delta in deltas],
        "reasoning": [delta.reasoning for delta in deltas],
    }
    for name, pieces in texts.items():
        if text := "".join(filter(None, pieces)):
            message[name] = text
    if details := _joined([one for delta in deltas for one in delta.reasoning_details or ()]):
        message["reasoning_details"] = details
    if calls := _called([one for delta in deltas for one in delta.tool_calls or ()]):
        message["tool_calls"] = calls
    if annotations := [one for delta in deltas for one in delta.annotations or ()]:
        message["annotations"] = annotations
    logprobs = [one for part in parts if part.logprobs for one in part.logprobs.content or ()]
    return {
        "index": index,
        "message": message,
        "logprobs": {"content": logprobs, "refusal": None} if logprobs else None,
        "finish_reason": next((part.finish_reason for part in parts if part.finish_reason), None),
    }


def _joined(details: list[ReasoningDetail]) -> list[ReasoningDetail]:
    """A thought comes as many texts and, at its end, one signature; as a whole it is one detail."""
    joined: list[ReasoningDetail] = []
    for detail in details:
        last = joined[-1] if joined else None
        if last is None or last.signature or last.data or detail.data or last.type != detail.type:
            joined.append(detail)
        else:
            text = (last.text or "") + (detail.text or "")
            joined[-1] = msgspec.structs.replace(last, text=text, signature=detail.signature)
    return joined


def _called(parts: list[_ToolPart]) -> list[dict[str, object]]:
    """Each call's name and id come once, its arguments in pieces."""
    calls: list[dict[str, object]] = []
    for index in dict.fromkeys(part.index for part in parts):
        own = [part for part in parts if part.index == index]
        functions = [part.function for part in own if part.function is not None]
        call: dict[str, object] = {
            "id": next((part.id for part in own if part.id), ""),
            "type": "function",
            "function": {
                "name": "".join(function.name or "" for function in functions),
                "arguments": "".join(function.arguments or "" for function in functions),
            },
        }
        extra = next((part.extra_content for part in own if says(part.extra_content)), None)
        calls.append(call if extra is None else {**call, "extra_content": extra})
    return calls
