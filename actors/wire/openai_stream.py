"""A stream in OpenAI's dialect: each chunk goes on as it came, and is only glanced at."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.answer import flaw_of
from actors.wire.call import Call
from actors.wire.canonical import ChatRequest
from actors.wire.chunks import Chunk, Kind
from actors.wire.openai_usage import read_usage
from actors.wire.pieces import Content, flattened, text_of, thought_of
from actors.wire.proof import broken, interrupted
from actors.wire.raw import NOTHING, says
from actors.wire.stream import StreamReader
from state.failures import Evidence
from state.usage.tokens import bytes_in

__all__ = ["OpenAiReader"]


class _Delta(Struct, frozen=True, gc=False):
    content: Content = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: list[Raw] | None = None
    function_call: Raw = NOTHING
    audio: Raw = NOTHING
    images: list[Raw] | None = None


class _Choice(Struct, frozen=True, gc=False):
    delta: _Delta | None = None
    finish_reason: str | None = None
    index: int = 0
    error: Raw = NOTHING


class _Chunk(Struct, frozen=True, gc=False):
    choices: list[_Choice] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING
    message: Raw = NOTHING
    """These three belong to no chunk: an error that stands there bare."""
    detail: Raw = NOTHING
    code: Raw = NOTHING


_chunk = msgspec.json.Decoder(_Chunk)
_NOTHING = _Delta()
_DONE_BYTES_MAX = 16


class OpenAiReader(StreamReader):
    """Reads OpenAI's chunks. With several choices the answer is finished when each of them is."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        assert isinstance(call.request, ChatRequest)
        self._open = set(range(call.request.choices))

    def _read(self, message: bytes) -> list[Chunk] | Evidence:
        if len(message) < _DONE_BYTES_MAX and message.strip() == b"[DONE]":
            return []
        chunk = _chunk.decode(message)
        if says(chunk.error):
            return [] if self.finish else interrupted(self._call, message)
        if says(chunk.usage):
            self._counted = read_usage(chunk.usage) or self._counted
        if b"\n" in message:
            message = message.replace(b"\n", b" ")  # between tokens only, and an event's line must be one
        if not chunk.choices:
            return self._without_choices(chunk, message)
        kind, text = Kind.OPENING, ""
        for choice in chunk.choices:
            if says(choice.error):
                return interrupted(self._call, message)
            delta = choice.delta or _NOTHING
            kind, text = self._seen(delta, kind, text)
            if isinstance(delta.content, list):
                message = flattened(message, "delta")
            if choice.finish_reason:
                flaw = flaw_of(choice.finish_reason, spoken=self._spoken)
                if flaw is not None and not self.finish:
                    return broken(self._call, flaw)
                kind = Kind.CLOSING if kind is Kind.OPENING else kind
                self._open.discard(choice.index)
                if not self._open:
                    self.finish = choice.finish_reason
        return [Chunk(message, kind, text)]

    def _seen(self, delta: _Delta, kind: Kind, text: str) -> tuple[Kind, str]:
        """Take note of what a delta brings."""
        if said := text_of(delta.content):
            self._said_bytes += bytes_in(said)
            self._spoken = self._spoken or not said.isspace()
            kind, text = Kind.TEXT, text + said
        if delta.tool_calls or says(delta.function_call):
            self._spoken = self.in_tool = True
            self._said_bytes += sum(memoryview(call).nbytes for call in delta.tool_calls or ())
            return Kind.TOOL, text
        if said:
            return kind, text
        if delta.refusal or delta.images or says(delta.audio):
            self._spoken = True
            return Kind.TEXT, text
        if thought := delta.reasoning_content or delta.reasoning or thought_of(delta.content):
            self._said_bytes += bytes_in(thought)
            return Kind.THOUGHT, text
        return kind, text

    def _without_choices(self, chunk: _Chunk, message: bytes) -> list[Chunk] | Evidence:
        """The usage at the end, for callers who asked for it; or an error without its usual wrapping."""
        if says(chunk.usage):
            return [Chunk(message, Kind.CLOSING)] if self._wants_usage else []
        if not self.finish and (says(chunk.message) or says(chunk.detail) or says(chunk.code)):
            return interrupted(self._call, message)
        return []
