"""One request on one lane: what goes out, and what comes back."""

from msgspec import Struct

from actors.wire.canonical import Request
from state.config import ModelConfig, ProviderConfig
from state.events import Usage

__all__ = ["BEARER", "Answer", "Call", "Headers", "KeyPlacement", "Reply", "WireRequest"]

Headers = tuple[tuple[str, str], ...]


class KeyPlacement(Struct, frozen=True):
    """Into which header the transport joins the key. No dialect ever sees one."""

    header: str
    prefix: str = ""


BEARER = KeyPlacement("authorization", "Bearer ")


class WireRequest(Struct, frozen=True, gc=False, kw_only=True):
    """One HTTP request, whole but for the key. Where it goes, the config alone has said."""

    method: str
    origin: str
    """`https://api.openai.com`"""
    target: str
    """Path and query, percent-encoded: what stands in the request line."""
    headers: Headers = ()
    body: bytes = b""
    key: KeyPlacement | None = None
    """None: no key belongs here, as at a probe of another origin."""

    @property
    def url(self) -> str:
        """Not for logs: a picture's prompt may stand in it."""
        return self.origin + self.target

    def __repr__(self) -> str:
        return f"{self.method} to {self.origin}, {len(self.body)} bytes"


class Call(Struct, frozen=True, gc=False, kw_only=True):
    """One request as one lane carries it."""

    request: Request
    provider: ProviderConfig
    model: ModelConfig
    id: str
    """Names the answer, and the tool calls of providers that do not name their own."""
    created_s: int
    stream: bool = False
    """Whether the provider streams; the caller may have asked otherwise."""
    prefill: str = ""
    """The beginning of the answer, which another lane has said already."""


class Reply(Struct, frozen=True, gc=False):
    """What came back, whole."""

    status: int
    headers: Headers
    body: bytes

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


class Answer(Struct, frozen=True, gc=False, kw_only=True):
    """What a lane answered, as the caller will get it: bytes in OpenAI's shape."""

    body: bytes
    usage: Usage
    finish: str = ""
