"""What lies between this machine and its providers: names, connections, certificates, and the clock.

Each provider's free endpoint is asked as the daemon would ask it, but without a key: any answer will do.
"""

from collections.abc import Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime

import anyio
from msgspec import Struct

from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.faults import FAULTS, ExchangeFailed, Fault
from actors.net.tls import TrustStore
from actors.provider.access import open_access
from actors.seams import Clock
from daemon.ctl.plain import joined
from daemon.doctor.finding import Finding, odd, well, wrong
from state.config import ProviderConfig
from state.standing.hosts import host_of, is_loopback
from state.timeline import ms

__all__ = ["Look", "clock_of", "look_at", "way_to", "ways_to"]

SKEW_S_MAX = 60.0
"""Beyond it certificates and daily limits begin to go wrong."""

_ADVICE: Mapping[Fault, str] = {
    Fault.UNRESOLVED: "is the name right, and does this machine have DNS? getent hosts {host}",
    Fault.FORBIDDEN_ADDRESS: "a private or metadata address; if it is meant: allow_private = true",
    Fault.UNREACHABLE: "is it switched on, and does a firewall let us out? curl -v {url}",
    Fault.CONNECT_TIMEOUT: "does a firewall let us out? curl -v {url}",
    Fault.TLS: "is the clock right? Behind a company's proxy: name its certificate in ca_file",
    Fault.PROXY: "look at `proxy` in the config",
}


_NOT_THERE = frozenset({Fault.UNRESOLVED, Fault.UNREACHABLE, Fault.CONNECT_TIMEOUT})
_GET_ONLINE = "is this machine online, and does it have DNS? ip route; getent hosts example.org"


class Look(Struct, frozen=True, kw_only=True):
    """What came of asking one provider's door."""

    provider: ProviderConfig
    seconds: float = 0.0
    failed: ExchangeFailed | None = None
    ahead_s: float | None = None
    """How far this machine's clock is ahead of the provider's; None: it did not say the time."""


async def look_at(providers: Mapping[str, ProviderConfig]) -> list[Look]:
    """All of them at once."""
    looks: dict[str, Look] = {}
    trust, clock = TrustStore(), SystemClock()

    async def one(provider: ProviderConfig) -> None:
        looks[provider.name] = await _look(provider, trust, clock)

    async with anyio.create_task_group() as tasks:
        for provider in providers.values():
            if provider.enabled:
                tasks.start_soon(one, provider)
    return [looks[name] for name in providers if name in looks]


def ways_to(looks: Sequence[Look]) -> Iterator[Finding]:
    """To each provider; or what is wrong with us, where nobody beyond this machine can be reached."""
    far = [look for look in looks if not is_loopback(look.provider.url)]
    faults = [look.failed.fault for look in far if look.failed is not None]
    is_offline = len(faults) == len(far) > 1 and _NOT_THERE.issuperset(faults)
    if is_offline:
        names = joined([look.provider.name for look in far])
        yield wrong("network", f"{names}: none can be reached ({FAULTS[faults[0]].says})", _GET_ONLINE)
    for look in looks:
        if not (is_offline and look in far):
            yield way_to(look)


def way_to(look: Look) -> Finding:
    """Whether the way to a provider is open."""
    provider = look.provider
    host = host_of(provider.url)
    if look.failed is None:
        how = (
            ""
            if is_loopback(provider.url) or not provider.url.startswith("https")
            else ", certificate trusted"
        )
        return well(provider.name, f"{host} answers in {look.seconds:.2f}s{how}")
    advice = _ADVICE.get(look.failed.fault, "what does it say itself? curl -v {url}")
    says = f"{host}: {FAULTS[look.failed.fault].says}"
    return wrong(provider.name, says, advice.format(host=host, url=provider.url))


def clock_of(looks: list[Look]) -> Finding:
    """How right our clock is, by what the providers say the time is."""
    ahead = sorted(look.ahead_s for look in looks if look.ahead_s is not None)
    if not ahead:
        return odd("clock", "nobody reachable says what time it is", "compare by eye: date")
    off_s = ahead[len(ahead) // 2]
    if abs(off_s) <= SKEW_S_MAX:
        return well("clock", "agrees with the providers'")
    where = "ahead of" if off_s > 0 else "behind"
    return wrong("clock", f"{abs(off_s):.0f}s {where} the providers' clocks", "timedatectl set-ntp true")


async def _look(provider: ProviderConfig, trust: TrustStore, clock: Clock) -> Look:
    access = open_access(provider, {}, clock=clock, trust=trust)
    began_ms = clock.now_ms()
    clocks = Clocks(
        connect_ms=ms(provider.timeout.connect_s), deadline_ms=began_ms + ms(provider.probe.timeout_s)
    )
    try:
        exchange = await access.send(access.dialect.probe(provider), "", clocks)
        with exchange:
            headers = dict(exchange.headers)
    except ExchangeFailed as failed:
        return Look(provider=provider, failed=failed)
    finally:
        access.close()
    took_s = (clock.now_ms() - began_ms) / 1000
    return Look(provider=provider, seconds=took_s, ahead_s=_ahead_s(headers.get(b"date"), clock.wall_ms()))


def _ahead_s(date: bytes | None, wall_ms: int) -> float | None:
    try:
        return (
            None
            if date is None
            else wall_ms / 1000 - parsedate_to_datetime(date.decode("latin-1")).timestamp()
        )
    except ValueError:
        return None
