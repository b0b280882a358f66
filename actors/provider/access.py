"""How a provider is reached: its transports, its keys as header lines, and the dialect it speaks."""

from collections.abc import Mapping
from functools import lru_cache

from actors.net.clocks import Clocks
from actors.net.exchange import Exchange
from actors.net.head import NO_KEY, Header, JoinKey, KeyLine, join_key
from actors.net.origin import parse_origin, parse_proxy
from actors.net.tls import TrustStore
from actors.net.transport import HttpTransport, Transport
from actors.seams import Clock
from actors.wire.address import base
from actors.wire.call import Headers, KeyPlacement, WireRequest
from actors.wire.dialect import Dialect
from actors.wire.dialects import DIALECTS
from state.config import ProviderConfig
from state.settings.redact import Redactor
from state.settings.secret import Secret
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
        self, provider: ProviderConfig, secrets: Mapping[KeyId, Secret], transports: Mapping[str, Transport]
    ) -> None:
        self.provider = provider
        self.dialect: Dialect = DIALECTS[provider.api]
        self._transports = transports
        self._own = transports[_origin_of(provider.url)]
        self._key_names = frozenset(key.name for key in provider.keys)
        self._secrets = {key.key: secret for key, secret in secrets.items()}
        self._lines = {
            (name, how): join_key(how, secret) for name, secret in self._secrets.items() for how in JoinKey
        }
        self._redactors: dict[str, Redactor] = {}

    def __repr__(self) -> str:
        return f"<access to {self.provider.name}: {', '.join(self._transports)}>"

    def knows(self, key: str) -> bool:
        """Whether the key was there when this life began: another one's secret is not known here."""
        return key in self._key_names

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

    def redacted(self, key: str, text: str) -> str:
        """A provider's words without the key that it was shown, however it spells it."""
        redactor = self._redactors.get(key)
        if redactor is None:
            secret = self._secrets.get(key)
            redactor = self._redactors[key] = Redactor(() if secret is None else (secret.reveal(),))
        return redactor(text)

    def warm(self) -> None:
        """A request may come soon."""
        self._own.warm()

    def close(self) -> None:
        for transport in self._transports.values():
            transport.close()

    def _line(self, key: str, placement: KeyPlacement | None) -> KeyLine:
        return NO_KEY if placement is None else self._lines.get((key, _JOINS[placement.header]), NO_KEY)


def open_access(
    provider: ProviderConfig, secrets: Mapping[KeyId, Secret], *, clock: Clock, trust: TrustStore
) -> Access:
    """Make the transports, one for each place that the config names; no connection is opened yet."""
    urls = (provider.url, provider.image_url, provider.probe.url)
    transports = {
        origin: HttpTransport(
            parse_origin(origin),
            clock=clock,
            trust=trust,
            proxy=parse_proxy(provider.proxy),
            ca_file=provider.ca_file,
            allow_private=provider.allow_private,
            connections=provider.connections,
            body_bytes_max=provider.answer_mib_max << 20,
        )
        for origin in dict.fromkeys(_origin_of(url) for url in urls if url)
    }
    return Access(provider, secrets, transports)


def _origin_of(url: str) -> str:
    """What a `WireRequest` calls its origin."""
    return base(url).origin


@lru_cache(maxsize=256)
def _encoded(headers: Headers) -> tuple[Header, ...]:
    """A dialect sends the same few headers with every request."""
    return tuple((name.encode(), value.encode()) for name, value in headers)
