"""Reading a stream: one message of the provider in, chunks of OpenAI's shape out.

    feed ... feed ... feed(finish) ... end
      |                  |              |
      chunks             chunks, or     None: complete
      or evidence        evidence       or evidence: cut

The reader knows what has been said so far: whether a tool call has begun (from then on nobody else may
continue), and whether the answer has said that it is finished. What follows evidence is of no use.
"""

from abc import ABC, abstractmethod
from contextlib import suppress

from actors.wire.answer import Flaw, estimated, flaw_of
from actors.wire.call import Call
from actors.wire.canonical import ChatRequest
from actors.wire.chunks import Chunk, ChunkWriter, ToolDelta
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.conversation import ReasoningDetail
from actors.wire.halves import Halves
from actors.wire.proof import broken, interrupted
from state.events import Usage
from state.failures import Evidence
from state.usage.tokens import bytes_in

__all__ = ["StreamReader"]

SKIPPED_MAX = 1
"""One chunk may be noise. When a second one cannot be read, what is missing may be the answer."""


class StreamReader(ABC):
    """Reads one stream. A dialect's own reader says in `_read` what a message means."""

    finish: str
    """The finish reason, once it has come."""
    in_tool: bool
    skipped: int
    """Messages that could not be read."""

    def __init__(self, call: Call) -> None:
        assert isinstance(call.request, ChatRequest)
        self.finish = ""
        self.in_tool = False
        self.skipped = 0
        self._call = call
        # Who does not stream is used to find the usage in the answer.
        self._wants_usage = call.request.wants_usage or not call.request.stream
        self._write = ChunkWriter(call)
        self._spoken = False
        self._said_bytes = 0
        self._counted: Usage | None = None
        self._halves = Halves()

    @property
    def usage(self) -> Usage:
        """What it cost, as the provider counted, or else as estimated from what came."""
        return estimated(self._call, self._said_bytes) if self._counted is None else self._counted

    def feed(self, message: bytes, name: bytes = b"") -> list[Chunk] | Evidence:
        """What this message brings; `name` is the event's, where the framing has one."""
        if not message or message.isspace():
            return []
        if name == b"error" and not self.finish:
            return interrupted(self._call, message)
        try:
            return self._read(checked(message))
        except UNDECODABLE:
            return self._read_joined(message)

    def end(self) -> Evidence | None:
        """The bytes are over: was the answer?"""
        return None if self.finish else broken(self._call, Flaw.CUT)

    def _read_joined(self, message: bytes) -> list[Chunk] | Evidence:
        joined = self._halves.joined(message)
        if joined is not None:
            with suppress(*UNDECODABLE):
                return self._read(checked(joined))
        self.skipped += 1
        return broken(self._call, Flaw.GARBLED) if self.skipped > SKIPPED_MAX else []

    @abstractmethod
    def _read(self, message: bytes) -> list[Chunk] | Evidence:
        """Raises what a decoder raises if the message cannot be read."""

    def _text(self, text: str) -> Chunk:
        self._spoken = self._spoken or not text.isspace()
        self._said_bytes += bytes_in(text)
        return self._write.text(text)

    def _thought(self, text: str = "", detail: ReasoningDetail | None = None) -> Chunk:
        self._said_bytes += bytes_in(text)
        return self._write.thought(text, detail)

    def _tool(self, delta: ToolDelta) -> Chunk:
        self._spoken = self.in_tool = True
        if delta.function is not None and delta.function.arguments is not None:
            self._said_bytes += bytes_in(delta.function.arguments)
        return self._write.tool(delta)

    def _finished(self, finish: str, usage: Usage | None, reason: str) -> list[Chunk] | Evidence:
        """The answer says that it is over; the usage is shown to callers who asked for it."""
        flaw = flaw_of(finish, spoken=self._spoken, reason=reason)
        if flaw is not None:
            return broken(self._call, flaw)
        self.finish = finish
        closing = [self._write.finish(finish)]
        if usage is not None:
            self._counted = usage
        if self._wants_usage:
            closing.append(self._write.usage(self.usage))
        return closing
