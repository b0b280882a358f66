"""What Ollama says, whole or line by line: a message, and at the end why it ended and what it counted."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.chunks import Chunk, FunctionDelta, ToolDelta
from actors.wire.conversation import FunctionCall, ToolCall
from actors.wire.proof import interrupted
from actors.wire.raw import NOTHING, says
from actors.wire.stream import StreamReader
from state.events import Usage
from state.failures import Evidence

__all__ = ["OllamaReader", "spoken", "tool_call"]


class _Function(Struct, frozen=True):
    name: str = ""
    arguments: Raw = Raw(b"{}")


class CallMade(Struct, frozen=True):
    function: _Function = _Function()
    id: str = ""


class _Message(Struct, frozen=True):
    content: str = ""
    thinking: str = ""
    tool_calls: tuple[CallMade, ...] | None = None


class Spoken(Struct, frozen=True):
    """A response, or one line of a stream of them."""

    message: _Message = _Message()
    done: bool = False
    done_reason: str = ""
    prompt_eval_count: int = 0
    eval_count: int = 0
    error: Raw = NOTHING

    @property
    def is_error(self) -> bool:
        return says(self.error)

    def finish(self, *, calls: bool) -> str | None:
        """Old versions give no reason and mean `stop`."""
        if not self.done:
            return None
        reason = self.done_reason or "stop"
        return "tool_calls" if calls and reason == "stop" else reason

    @property
    def usage(self) -> Usage | None:
        """What it counted. A prompt that was still in its cache is not counted."""
        if not self.prompt_eval_count and not self.eval_count:
            return None
        return Usage(tokens_in=self.prompt_eval_count, tokens_out=self.eval_count)


spoken = msgspec.json.Decoder(Spoken)


def tool_call(made: CallMade, name: str) -> ToolCall:
    """A call in OpenAI's shape; `name` is its id where Ollama gave none."""
    arguments = bytes(made.function.arguments).decode()
    function = FunctionCall(name=made.function.name, arguments=arguments)
    return ToolCall(id=made.id or name, type="function", function=function)


class OllamaReader(StreamReader):
    """Reads Ollama's lines. A call comes whole."""

    _calls = 0

    def _read(self, message: bytes) -> list[Chunk] | Evidence:
        line = spoken.decode(message)
        if line.is_error:
            return [] if self.finish else interrupted(self._call, message)
        chunks: list[Chunk] = []
        if line.message.thinking:
            chunks.append(self._thought(line.message.thinking))
        if line.message.content:
            chunks.append(self._text(line.message.content))
        chunks += [self._called(made) for made in line.message.tool_calls or ()]
        finish = line.finish(calls=self.in_tool)
        if finish and not self.finish:
            closing = self._finished(finish, line.usage, line.done_reason)
            return closing if isinstance(closing, Evidence) else chunks + closing
        return chunks

    def _called(self, made: CallMade) -> Chunk:
        call = tool_call(made, f"{self._call.id}-{self._calls}")
        function = FunctionDelta(name=call.function.name, arguments=call.function.arguments)
        delta = ToolDelta(self._calls, call.id, call.type, function)
        self._calls += 1
        return self._tool(delta)
