"""The chunks that a caller of a stream gets, and how to write them: OpenAI's chat.completion.chunk."""

from enum import StrEnum

import msgspec
from msgspec import Raw, Struct

from actors.wire.answer import UsageShape, usage_shape
from actors.wire.call import Call
from actors.wire.conversation import ReasoningDetail
from actors.wire.raw import NOTHING
from state.events import Usage

__all__ = ["Chunk", "ChunkWriter", "Delta", "FunctionDelta", "Kind", "ToolDelta"]


class Kind(StrEnum):
    """What a chunk brings."""

    OPENING = "opening"
    THOUGHT = "thought"
    TEXT = "text"
    TOOL = "tool"
    CLOSING = "closing"
    """The finish reason, or the usage after it."""


class Chunk(Struct, frozen=True, gc=False):
    """One chunk for the caller: the JSON that follows `data: `, on one line."""

    payload: bytes
    kind: Kind
    text: str = ""
    """The visible text in it: what a rescue has to continue."""

    @property
    def is_visible(self) -> bool:
        """The first of these is the commit point. A thought shows life, but commits nobody."""
        return self.kind is Kind.TOOL or (self.kind is Kind.TEXT and not self.text.isspace())


class FunctionDelta(Struct, frozen=True, omit_defaults=True):
    name: str | None = None
    arguments: str | None = None


class ToolDelta(Struct, frozen=True, omit_defaults=True):
    index: int
    id: str | None = None
    type: str | None = None
    function: FunctionDelta | None = None
    extra_content: Raw = NOTHING


class Delta(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a chunk adds to the message."""

    role: str | None = None
    content: str | None = None
    reasoning_content: str | None = None
    reasoning_details: tuple[ReasoningDetail, ...] | None = None
    tool_calls: tuple[ToolDelta, ...] | None = None


class ChunkWriter:
    """Writes one stream's chunks, for dialects that do not write OpenAI's. The first one says the role."""

    def __init__(self, call: Call) -> None:
        head = _Head(
            id=call.id, object="chat.completion.chunk", created=call.created_s, model=call.model.name
        )
        self._head = msgspec.json.encode(head)[:-1]
        self._role: str | None = "assistant"

    def text(self, text: str) -> Chunk:
        return Chunk(self._delta(Delta(role=self._role, content=text)), Kind.TEXT, text)

    def thought(self, text: str = "", detail: ReasoningDetail | None = None) -> Chunk:
        details = None if detail is None else (detail,)
        delta = Delta(role=self._role, reasoning_content=text or None, reasoning_details=details)
        return Chunk(self._delta(delta), Kind.THOUGHT)

    def tool(self, delta: ToolDelta) -> Chunk:
        return Chunk(self._delta(Delta(role=self._role, tool_calls=(delta,))), Kind.TOOL)

    def finish(self, reason: str) -> Chunk:
        return Chunk(self._delta(Delta(role=self._role), msgspec.json.encode(reason)), Kind.CLOSING)

    def usage(self, usage: Usage) -> Chunk:
        tail = msgspec.json.encode(_Tail(choices=(), usage=usage_shape(usage)))
        return Chunk(self._head + b"," + tail[1:], Kind.CLOSING)

    def _delta(self, delta: Delta, finish: bytes = b"null") -> bytes:
        self._role = None
        choice = b',"choices":[{"index":0,"delta":%b,"logprobs":null,"finish_reason":%b}]}'
        return self._head + choice % (_encode(delta), finish)


class _Head(Struct, frozen=True, kw_only=True):
    id: str
    object: str
    created: int
    model: str


class _Tail(Struct, frozen=True, kw_only=True):
    choices: tuple[()]
    usage: UsageShape


_encode = msgspec.json.Encoder().encode
