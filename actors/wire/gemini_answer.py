"""What Gemini says, whole or as a stream of wholes: candidates of parts, a finish reason, a count."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.chunks import Chunk, FunctionDelta, ToolDelta
from actors.wire.conversation import FunctionCall, ToolCall
from actors.wire.gemini_request import ExtraContent, Google
from actors.wire.proof import interrupted
from actors.wire.raw import NOTHING, says
from actors.wire.stream import StreamReader
from state.events import Usage
from state.failures import Evidence

__all__ = ["FINISH", "Candidate", "GeminiReader", "Part", "Spoken", "finish_of", "spoken", "tool_call"]

FINISH = {
    "STOP": "stop",
    "FUNCTION_CALL": "stop",  # Gemini itself says STOP after a call; some who speak like it do not
    "MAX_TOKENS": "length",
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "LANGUAGE": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "ESCALATION": "content_filter",
    "MODEL_ARMOR": "content_filter",
    "IMAGE_SAFETY": "content_filter",
    "IMAGE_PROHIBITED_CONTENT": "content_filter",
    "IMAGE_RECITATION": "content_filter",
}
"""Every other reason (a call that cannot be parsed, OTHER, one that does not exist yet) is an error: what
stands there then is not what the model meant to say."""


class _FunctionCall(Struct, frozen=True):
    name: str = ""
    args: Raw = Raw(b"{}")
    id: str = ""


class Part(Struct, frozen=True, rename="camel"):
    text: str = ""
    thought: bool = False
    function_call: _FunctionCall | None = None
    thought_signature: str = ""


class _Content(Struct, frozen=True):
    parts: tuple[Part, ...] | None = None


class Candidate(Struct, frozen=True, rename="camel"):
    content: _Content | None = None
    finish_reason: str | None = None

    @property
    def parts(self) -> tuple[Part, ...]:
        return (self.content.parts or ()) if self.content else ()


class _Feedback(Struct, frozen=True, rename="camel"):
    block_reason: str | None = None


class _Count(Struct, frozen=True, rename="camel"):
    prompt_token_count: int = 0
    tool_use_prompt_token_count: int = 0
    candidates_token_count: int = 0
    thoughts_token_count: int = 0
    cached_content_token_count: int = 0

    @property
    def usage(self) -> Usage:
        """Thoughts are billed as output; Gemini counts them beside it."""
        return Usage(
            tokens_in=self.prompt_token_count + self.tool_use_prompt_token_count,
            tokens_out=self.candidates_token_count + self.thoughts_token_count,
            tokens_cached=self.cached_content_token_count,
        )


class Spoken(Struct, frozen=True, rename="camel"):
    """A response, or one message of a stream of them."""

    candidates: tuple[Candidate, ...] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: _Count | None = None
    error: Raw = NOTHING

    @property
    def is_error(self) -> bool:
        return says(self.error) or bool(self.prompt_feedback and self.prompt_feedback.block_reason)


spoken = msgspec.json.Decoder(Spoken)


def finish_of(reason: str | None, *, calls: bool) -> str | None:
    """Gemini stops where OpenAI would say that tools are to be called."""
    if not reason or reason == "FINISH_REASON_UNSPECIFIED":
        return None
    finish = FINISH.get(reason, "error")
    return "tool_calls" if calls and finish == "stop" else finish


def tool_call(part: Part, name: str) -> ToolCall:
    """A call in OpenAI's shape; `name` is its id where Gemini gave none."""
    assert part.function_call is not None
    extra = ExtraContent(Google(part.thought_signature))
    arguments = bytes(part.function_call.args).decode()
    return ToolCall(
        id=part.function_call.id or name,
        type="function",
        function=FunctionCall(name=part.function_call.name, arguments=arguments),
        extra_content=Raw(msgspec.json.encode(extra)) if part.thought_signature else NOTHING,
    )


class GeminiReader(StreamReader):
    """Reads Gemini's messages. A call comes whole; its arguments are never cut."""

    _calls = 0

    def _read(self, message: bytes) -> list[Chunk] | Evidence:
        whole = spoken.decode(message)
        if whole.is_error:
            return [] if self.finish else interrupted(self._call, message)
        if whole.usage_metadata is not None:
            self._counted = whole.usage_metadata.usage
        if not whole.candidates:
            return []
        chunks: list[Chunk] = []
        for part in whole.candidates[0].parts:
            if part.function_call is not None:
                chunks.append(self._called(part))
            elif part.text:
                chunks.append(self._thought(part.text) if part.thought else self._text(part.text))
        reason = whole.candidates[0].finish_reason or ""
        finish = finish_of(reason, calls=self.in_tool)
        if finish and not self.finish:
            closing = self._finished(finish, self._counted, reason)
            return closing if isinstance(closing, Evidence) else chunks + closing
        return chunks

    def _called(self, part: Part) -> Chunk:
        call = tool_call(part, f"{self._call.id}-{self._calls}")
        function = FunctionDelta(name=call.function.name, arguments=call.function.arguments)
        delta = ToolDelta(self._calls, call.id, call.type, function, call.extra_content)
        self._calls += 1
        return self._tool(delta)
