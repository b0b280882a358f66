"""What a dialect is: how one provider's API is spoken, as plain functions from values to values.

gap(request)         what it cannot say     build(call)       the request as bytes
parse(call, reply)   answer or evidence     reader(call)      the same for a stream
probe(provider)      a free question        models(body)      its answer
"""

from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from actors.wire.call import Answer, Call, Reply, WireRequest
from actors.wire.canonical import Request
from actors.wire.stream import StreamReader
from state.config import Api, ModelConfig, ProviderConfig
from state.failures import Evidence

__all__ = ["Dialect", "Framing", "Gap"]


class Framing(StrEnum):
    """How a stream's bytes are cut into messages."""

    SSE = "sse"
    NDJSON = "ndjson"


class Gap(Struct, frozen=True):
    """What a dialect cannot express of a request, so that the lane is passed over with a reason."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"`{self.field}` {self.why}"


class Dialect(Protocol):
    """One provider's API. Knows no key, no socket and no clock."""

    @property
    def api(self) -> Api: ...

    @property
    def framing(self) -> Framing: ...

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        """What of the request cannot be said; None: everything can."""
        ...

    def continues(self, provider: ProviderConfig, model: ModelConfig) -> bool:
        """Whether an answer's beginning can be given, to be continued from exactly there."""
        ...

    def build(self, call: Call) -> WireRequest:
        """The request in this dialect; only for what has no gap."""
        ...

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        """The answer in OpenAI's shape, or the evidence that there is none."""
        ...

    def reader(self, call: Call) -> StreamReader:
        """Who reads the messages of a stream."""
        ...

    def probe(self, provider: ProviderConfig) -> WireRequest:
        """A question that costs nothing."""
        ...

    def models(self, body: bytes) -> tuple[str, ...] | None:
        """The names in a model list; None if it is none."""
        ...
