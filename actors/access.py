"""How a provider is reached: its transports, its keys as header lines, and the dialect it speaks."""

from collections.abc import Mapping
from functools import lru_cache

from actors.clocks import Clocks
from actors.exchange import Exchange
from actors.head import NO_KEY, Header, JoinKey, KeyLine, join_key
from actors.origin import parse_origin, parse_proxy
from actors.seams import Clock
from actors.tls import TrustStore
from actors.transport import HttpTransport, Transport
from actors.wire.call import Headers, KeyPlacement, WireRequest
from actors.wire.dialect import Dialect
from actors.wire.dialects import DIALECTS
from state.config import ProviderConfig
from state.secret import Secret
from state.words import KeyId

__all__ = ["Access", "open_access"]

_JOINS = {
    "authorization": JoinKey.BEARER,
    "x-api-key": JoinKey.X_API_KEY,
    "x-goog-api-key": JoinKey.X_GOOG_API_KEY,
    "api-key": JoinKey.API_KEY,
}


class Access:
    """Belongs to one life of a provider's actor, and ends with it."""

    def __init__(
        self,
        provider: ProviderConfig,
        transports: Mapping[str, Transport],
        keys: Mapping[tuple[str, JoinKey], KeyLine],
    ) -> None:
        self.provider = provider
        self.dialect: Dialect = DIALECTS[provider.api]
        self._transports = transports
        self._keys = keys

    def __repr__(self) -> str:
        return f"<access to {self.provider.name}: {', '.join(self._transports)}>"

    async def send(self, request: WireRequest, key: str, clocks: Clocks) -> Exchange:
        """Send it where the config says, with the key that belongs there."""
        return await self._transports[request.origin].send(
            request.method.encode(),
            request.target.encode(),
            _encoded(request.headers),
            request.body,
            key=self._line(key, request.key),
            clocks=clocks,
        )

    def warm(self) -> None:
        for transport in self._transports.values():
            transport.warm()
            return

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()

    def _line(self, key: str, placement: KeyPlacement | None) -> KeyLine:
        if placement is None:
            return NO_KEY
        return self._keys.get((key, _JOINS[placement.header]), NO_KEY)


def open_access(
    provider: ProviderConfig, secrets: Mapping[KeyId, Secret], *, clock: Clock, trust: TrustStore
) -> Access:
    """Make the transports; no connection is opened yet."""
    origins = {_origin_of(url) for url in (provider.url, provider.image_url) if url}
    transports = {
        origin: HttpTransport(
            parse_origin(origin),
            clock=clock,
            trust=trust,
            proxy=parse_proxy(provider.proxy),
            ca_file=provider.ca_file,
            allow_private=provider.allow_private,
            connections=provider.connections,
        )
        for origin in sorted(origins, key=lambda origin: origin != _origin_of(provider.url))
    }
    keys = {
        (key.name, how): join_key(how, secrets[KeyId(provider.name, key.name)])
        for key in provider.keys
        if KeyId(provider.name, key.name) in secrets
        for how in JoinKey
    }
    return Access(provider, transports, keys)


def _origin_of(url: str) -> str:
    """Scheme and authority: what a `WireRequest` calls its origin."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.partition('/')[0]}"


@lru_cache(maxsize=256)
def _encoded(headers: Headers) -> tuple[Header, ...]:
    """A dialect sends the same few headers with every request."""
    return tuple((name.encode(), value.encode()) for name, value in headers)
