"""A stream's chunks as the whole answer that they add up to, and a whole answer as chunks.

For callers who do not stream over an upstream that does, and the other way round.
"""

from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct

from actors.wire.chunks import Chunk, Kind
from actors.wire.conversation import ReasoningDetail
from actors.wire.raw import NOTHING, says

__all__ = ["Gatherer", "gathered", "scattered"]


CHOICES_MAX = 128
"""More than anybody can ask for."""


class Gatherer:
    """Adds up chunks as they come. What is kept is no larger than what came: words, not their wrapping."""

    def __init__(self) -> None:
        self._head: dict[str, Raw] = {}
        self._usage: Raw | None = None
        self._choices: dict[int, _Growing] = {}

    def __repr__(self) -> str:
        return f"<gatherer: {len(self._choices)} choices>"

    def add(self, payload: bytes) -> None:
        chunk = _members.decode(payload)
        self._head = self._head or {name: value for name, value in chunk.items() if name in _HEAD}
        self._usage = chunk.get("usage", self._usage)
        for part in _choices.decode(chunk.get("choices", _NONE)):
            growing = self._choices.get(part.index)
            if growing is None:
                if len(self._choices) == CHOICES_MAX:
                    continue
                growing = self._choices[part.index] = _Growing()
            growing.add(part)

    def whole(self) -> bytes:
        """One chat.completion."""
        choices = [growing.choice(index) for index, growing in sorted(self._choices.items())]
        whole: dict[str, object] = {**self._head, "object": "chat.completion", "choices": choices}
        if self._usage is not None and bytes(self._usage) != b"null":
            whole["usage"] = self._usage
        return msgspec.json.encode(whole)


def gathered(payloads: Iterable[bytes]) -> bytes:
    """One chat.completion out of the payloads of a complete stream."""
    gatherer = Gatherer()
    for payload in payloads:
        gatherer.add(payload)
    return gatherer.whole()


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
_TEXTS = ("content", "refusal", "reasoning_content", "reasoning")
_NONE = Raw(b"[]")
_NULL = Raw(b"null")
_members = msgspec.json.Decoder(dict[str, Raw])
_choices = msgspec.json.Decoder(list[_Choice])
_wholes = msgspec.json.Decoder(list[_Whole])
_calls: msgspec.json.Decoder[list[dict[str, Raw]] | None] = msgspec.json.Decoder(list[dict[str, Raw]] | None)
_text: msgspec.json.Decoder[str | None] = msgspec.json.Decoder(str | None)


class _Growing:
    """One choice so far."""

    def __init__(self) -> None:
        self._texts: dict[str, list[str]] = {}
        self._details: list[ReasoningDetail] = []
        self._calls: list[_ToolPart] = []
        self._annotations: list[Raw] = []
        self._logprobs: list[Raw] = []
        self._finish: str | None = None

    def add(self, part: _Choice) -> None:
        self._finish = self._finish or part.finish_reason
        if part.logprobs is not None:
            self._logprobs += part.logprobs.content or ()
        delta = part.delta
        if delta is None:
            return
        for name in _TEXTS:
            if text := getattr(delta, name):
                self._texts.setdefault(name, []).append(text)
        self._details += delta.reasoning_details or ()
        self._calls += delta.tool_calls or ()
        self._annotations += delta.annotations or ()

    def choice(self, index: int) -> dict[str, object]:
        message: dict[str, object] = {"role": "assistant", "content": None}
        message |= {name: "".join(pieces) for name, pieces in self._texts.items()}
        if self._details:
            message["reasoning_details"] = _joined(self._details)
        if self._calls:
            message["tool_calls"] = _called(self._calls)
        if self._annotations:
            message["annotations"] = self._annotations
        return {
            "index": index,
            "message": message,
            "logprobs": {"content": self._logprobs, "refusal": None} if self._logprobs else None,
            "finish_reason": self._finish,
        }


def _joined(details: list[ReasoningDetail]) -> list[ReasoningDetail]:
    """A thought comes as many texts and, at its end, one signature; as a whole it is one detail."""
    thoughts: list[list[ReasoningDetail]] = []
    for detail in details:
        last = thoughts[-1][-1] if thoughts else None
        if last is None or last.signature or last.data or detail.data or last.type != detail.type:
            thoughts.append([detail])
        else:
            thoughts[-1].append(detail)
    return [
        thought[0]
        if len(thought) == 1
        else msgspec.structs.replace(
            thought[0],
            text="".join(detail.text or "" for detail in thought),
            signature=thought[-1].signature,
        )
        for thought in thoughts
    ]


def _called(parts: list[_ToolPart]) -> list[dict[str, object]]:
    """Each call's name and id come once, its arguments in pieces."""
    by_index: dict[int, list[_ToolPart]] = {}
    for part in parts:
        by_index.setdefault(part.index, []).append(part)
    calls: list[dict[str, object]] = []
    for own in by_index.values():
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
