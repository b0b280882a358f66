"""Where a request goes: the configured URL taken apart, and safe ways to add to it."""

from functools import lru_cache
from urllib.parse import quote, urlsplit

from msgspec import Struct

from actors.wire.call import Headers, KeyPlacement, WireRequest
from state.config import ProviderConfig

__all__ = ["Base", "base", "free_question", "post", "segment"]

_FOR_JSON: Headers = (("content-type", "application/json"), ("accept", "application/json"))
_FOR_SSE: Headers = (("content-type", "application/json"), ("accept", "text/event-stream"))


class Base(Struct, frozen=True):
    """A configured URL in its parts."""

    origin: str
    path: str
    query: str = ""

    def target(self, suffix: str, query: str = "") -> str:
        """Path and query of something below this URL; the operator's own query goes along."""
        queries = "&".join(filter(None, (self.query, query)))
        return f"{self.path}{suffix}?{queries}" if queries else f"{self.path}{suffix}"


@lru_cache(maxsize=256)
def base(url: str, default_path: str = "") -> Base:
    """Take a URL apart; `default_path` stands in where the operator named the host alone."""
    parts = urlsplit(url)
    path = parts.path.rstrip("/") or default_path
    return Base(f"{parts.scheme}://{parts.netloc}", path, parts.query)


@lru_cache(maxsize=4096)
def segment(name: str, safe: str = "") -> str:
    """A name as a part of a path: whatever it contains, it does not lead out of its place."""
    return quote(name, safe=f"{safe}:@").replace("..", "%2E%2E")


def post(
    at: Base,
    target: str,
    body: bytes,
    key: KeyPlacement,
    *,
    stream: bool = False,
    headers: Headers = (),
) -> WireRequest:
    """A request with a JSON body."""
    accepts = _FOR_SSE if stream else _FOR_JSON
    return WireRequest(
        method="POST",
        origin=at.origin,
        target=target,
        headers=accepts + headers if headers else accepts,
        body=body,
        key=key,
    )


def free_question(
    provider: ProviderConfig, at: Base, target: str, key: KeyPlacement, headers: Headers = ()
) -> WireRequest:
    """A probe: the dialect's own, or the URL that the operator set. The key goes to its own origin only."""
    accept: Headers = (("accept", "application/json"),)
    if provider.probe.url:
        other = base(provider.probe.url)
        return WireRequest(
            method="GET",
            origin=other.origin,
            target=other.target("") or "/",
            headers=accept + headers,
            key=key if other.origin == at.origin else None,
        )
    return WireRequest(method="GET", origin=at.origin, target=target, headers=accept + headers, key=key)
