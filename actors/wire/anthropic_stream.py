"""A stream of Anthropic's Messages API.

message_start, (content_block_start, content_block_delta ..., content_block_stop) ..., message_delta,
message_stop; ping and kinds of events that do not exist yet may stand anywhere.
"""

import msgspec
from msgspec import Raw, Struct

from actors.wire.call import Call
from actors.wire.chunks import Chunk, FunctionDelta, ToolDelta
from actors.wire.conversation import ReasoningDetail
from actors.wire.proof import interrupted
from actors.wire.stream import StreamReader
from state.events import Usage
from state.failures import Evidence

__all__ = ["FINISH", "FORMAT", "AnthropicReader", "AnthropicUsage", "Block"]

FINISH = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
    "pause_turn": "error",  # a server tool wants to be called again; we ask for none, so nothing is whole
}

FORMAT = "anthropic-claude-v1"
"""Whose signature a reasoning detail carries, in OpenRouter's words: nobody else can check it."""


class Block(Struct, frozen=True, kw_only=True):
    """A piece of the answer, whole or at its beginning."""

    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    id: str = ""
    name: str = ""
    input: Raw = Raw(b"{}")

    @property
    def detail(self) -> ReasoningDetail | None:
        """The thought in the form in which it can be given back, if it is one."""
        if self.type == "thinking":
            return ReasoningDetail(
                type="reasoning.text",
                format=FORMAT,
                text=self.thinking or None,
                signature=self.signature or None,
            )
        if self.type == "redacted_thinking":
            return ReasoningDetail(type="reasoning.encrypted", format=FORMAT, data=self.data)
        return None


class AnthropicUsage(Struct, frozen=True, kw_only=True):
    """How Anthropic counts: what came from or went into the cache is not among the input tokens."""

    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    cache_creation_input_tokens: int | None = None

    def counted(self, before: "AnthropicUsage | None" = None) -> Usage:
        """The sum; what a stream's last count leaves out, its first one has said."""
        first = before or AnthropicUsage()
        cached = _first(self.cache_read_input_tokens, first.cache_read_input_tokens)
        created = _first(self.cache_creation_input_tokens, first.cache_creation_input_tokens)
        return Usage(
            tokens_in=_first(self.input_tokens, first.input_tokens) + cached + created,
            tokens_out=_first(self.output_tokens, first.output_tokens),
            tokens_cached=cached,
        )


def _first(*counts: int | None) -> int:
    return next((count for count in counts if count is not None), 0)


class _Start(Struct, frozen=True):
    usage: AnthropicUsage = AnthropicUsage()


class _Delta(Struct, frozen=True, kw_only=True):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Event(Struct, frozen=True, kw_only=True):
    type: str
    index: int = 0
    message: _Start | None = None
    content_block: Block | None = None
    delta: _Delta = _Delta()
    usage: AnthropicUsage = AnthropicUsage()


_event = msgspec.json.Decoder(_Event)


class AnthropicReader(StreamReader):
    """Reads Anthropic's events."""

    def __init__(self, call: Call) -> None:
        super().__init__(call)
        self._seam = call.prefill[len(call.prefill.rstrip()) :]  # left out of the prefill, so it comes again
        self._begun = AnthropicUsage()
        self._tools: dict[int, int] = {}
        """Which block is which tool call."""
        self._unsaid: dict[int, str] = {}
        """The arguments that a tool's block began with, until deltas replace them."""

    def _read(self, message: bytes) -> list[Chunk] | Evidence:
        event = _event.decode(message)
        match event.type:
            case "message_start" if event.message is not None:
                self._begun = event.message.usage
                self._counted = self._begun.counted()
            case "content_block_start" if event.content_block is not None:
                return self._started(event.index, event.content_block)
            case "content_block_delta":
                return self._added(event.index, event.delta)
            case "content_block_stop":
                arguments = self._unsaid.pop(event.index, None)
                if arguments is not None:
                    return [self._arguments(event.index, arguments)]
            case "message_delta" if event.delta.stop_reason:
                self._counted = event.usage.counted(self._begun)
                reason = event.delta.stop_reason
                return self._finished(FINISH.get(reason, reason), self._counted, reason)
            case "error":
                return [] if self.finish else interrupted(self._call, message)
            case _:
                pass
        return []

    def _started(self, index: int, block: Block) -> list[Chunk]:
        if block.type == "tool_use":
            self._tools[index] = len(self._tools)
            self._unsaid[index] = bytes(block.input).decode()
            function = FunctionDelta(name=block.name, arguments="")
            return [self._tool(ToolDelta(self._tools[index], block.id, "function", function))]
        if block.type == "text" and block.text:
            return [self._text(block.text)]
        if block.type == "redacted_thinking":
            return [self._thought(detail=block.detail)]
        return []

    def _added(self, index: int, delta: _Delta) -> list[Chunk]:
        match delta.type:
            case "text_delta" if delta.text:
                return self._joined(delta.text)
            case "input_json_delta" if delta.partial_json and index in self._tools:
                self._unsaid.pop(index, None)
                return [self._arguments(index, delta.partial_json)]
            case "thinking_delta" if delta.thinking:
                detail = ReasoningDetail(type="reasoning.text", format=FORMAT, text=delta.thinking)
                return [self._thought(delta.thinking, detail)]
            case "signature_delta" if delta.signature:
                detail = ReasoningDetail(type="reasoning.text", format=FORMAT, signature=delta.signature)
                return [self._thought(detail=detail)]
            case _:
                return []

    def _joined(self, text: str) -> list[Chunk]:
        """Text that continues a prefill: the white space that had to be cut from it is not said twice."""
        if self._seam:
            cut = self._seam
            self._seam = ""
            text = text.removeprefix(cut)
        return [self._text(text)] if text else []

    def _arguments(self, index: int, arguments: str) -> Chunk:
        return self._tool(ToolDelta(self._tools[index], function=FunctionDelta(arguments=arguments)))
