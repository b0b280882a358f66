"""The network guard: tells a provider that is down from a link of ours that is.

    attempts, probes --signs--> offline --down--> LinkLost: strikes undone, remote lanes out
                                     ^                     |
                                     |            looks every few seconds: does a host that answered
                                     +---- answered ----   before take a connection? --> LinkRestored

It sits between the ledgers and the journal and overhears what happens, so nobody has to report to it; and it
sends nobody a completion to find out.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Protocol

from anyio import Event as Wakeup
from anyio import create_task_group

from actors.kernel.actor import Life
from actors.kernel.deadlines import move_on_at
from actors.provider.ledger import Witness
from actors.seams import Clock
from state.config import ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    Event,
    LinkLost,
    LinkRestored,
    Outcome,
    ProbeClosed,
)
from state.failures import Failure, Kind
from state.standing.hosts import is_loopback
from state.standing.offline import Link, Sign, see
from state.timeline import ms

__all__ = ["LinkTold", "NetGuard", "NetGuardActor", "Reach", "sign_of"]

LOOK_MS = 3_000
LOOK_TIMEOUT_MS = 3_000
HOSTS_MAX = 4
"""So many hosts are tried at each look, all at once: the first may be down itself. With the times above the
link is found again within six seconds."""

Reach = Callable[[str], Awaitable[bool]]
"""Whether the host of a URL takes a connection. Nothing is sent over it."""


class LinkTold(Protocol):
    """Who tells everybody: the router."""

    def link(self, event: LinkLost | LinkRestored) -> None: ...


class NetGuard:
    """Owns what is known about our own network."""

    def __init__(
        self,
        providers: Mapping[str, ProviderConfig],
        journal: Witness,
        *,
        clock: Clock,
        reach: Reach,
        is_down: bool = False,
    ) -> None:
        """`is_down`: how the last life of the daemon left it; the link is looked for at once."""
        self._journal = journal
        self._clock = clock
        self._reach = reach
        self._told: LinkTold | None = None
        self._link = Link(is_down=is_down)
        self._silent_since_ms: int | None = None
        """Since when somebody outside has been asked and nobody has answered."""
        self._answered: dict[str, None] = {}
        """URLs whose hosts have answered, the latest last."""
        self._lost = Wakeup()
        self.adopt(providers)

    def __repr__(self) -> str:
        return f"<network guard: the link is {'down' if self._link.is_down else 'up'}>"

    def adopt(self, providers: Mapping[str, ProviderConfig]) -> None:
        """A start, or a reload."""
        self._remote = {
            name: provider for name, provider in providers.items() if not is_loopback(provider.url)
        }

    def tells(self, told: LinkTold) -> None:
        """Whom to tell: the router is made after the ledgers, and they after the guard."""
        self._told = told

    def record(self, event: Event) -> None:
        """What the ledgers have witnessed goes to the journal, and is listened to in passing."""
        self._journal.record(event)
        if isinstance(event, AttemptClosed):
            self._hear(event.lane.provider, event.outcome, event.at_ms, event.duration_ms)
        elif isinstance(event, ProbeClosed):
            outcome = event.failure or Answered()
            self._hear(event.target.provider, outcome, event.at_ms, event.duration_ms)

    async def look_after(self) -> None:
        """While the link is down, look for it."""
        while True:
            if not self._link.is_down:
                self._lost = Wakeup()
                await self._lost.wait()
            await self._clock.sleep_until(self._clock.now_ms() + LOOK_MS)
            with move_on_at(self._clock, self._clock.now_ms() + LOOK_TIMEOUT_MS):
                async with create_task_group() as looks:
                    for url in self._candidates():
                        looks.start_soon(self._look, url)

    def _candidates(self) -> list[str]:
        """Hosts that answered, the latest first; those that never did only if there are no others."""
        known = [provider.url for provider in self._remote.values()]
        lately = [url for url in reversed(self._answered) if url in known]
        return (lately or known)[:HOSTS_MAX]

    async def _look(self, url: str) -> None:
        if self._link.is_down and await self._reach(url):
            self._see(url, Sign.ANSWERED, self._clock.now_ms(), 0)

    def _hear(self, name: str, outcome: Outcome, at_ms: int, took_ms: int) -> None:
        provider = self._remote.get(name)
        if provider is None:
            return
        sign = sign_of(outcome)
        if sign is Sign.ANSWERED:
            self._silent_since_ms = None
            if next(reversed(self._answered), None) != provider.url:
                self._answered.pop(provider.url, None)
                self._answered[provider.url] = None
            if not self._link.failing and not self._link.is_down:
                return
        elif isinstance(outcome, Failure) and self._silent_since_ms is None:
            self._silent_since_ms = at_ms - took_ms
        if sign is not None:
            self._see(provider.url, sign, at_ms, ms(provider.quarantine.offline_s))

    def _see(self, url: str, sign: Sign, at_ms: int, window_ms: int) -> None:
        before = self._link
        self._link = see(before, url, sign, at_ms, window_ms)
        if self._link.is_down == before.is_down:
            return
        wall_ms = self._clock.wall_ms()
        if self._link.is_down:
            since_ms = self._link.lost_since_ms or at_ms
            # Connections that stood when the link went time out in silence before a new one fails.
            since_ms = min(since_ms, since_ms if self._silent_since_ms is None else self._silent_since_ms)
            event: LinkLost | LinkRestored = LinkLost(at_ms=at_ms, wall_ms=wall_ms, since_ms=since_ms)
            self._lost.set()
        else:
            event = LinkRestored(at_ms=at_ms, wall_ms=wall_ms)
        assert self._told is not None, "whoever is told is named before anything happens"
        self._told.link(event)


class NetGuardActor:
    """One life of the guard: it looks for a lost link while it lives. What it knows outlives it."""

    def __init__(self, guard: NetGuard) -> None:
        self._guard = guard

    async def live(self, life: Life[None]) -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(self._guard.look_after)
            life.ready()
            async for _ in life:
                pass  # nobody writes to it but the supervisor, who asks whether it is there
            tasks.cancel_scope.cancel()


_NO_ROUTE = ("network is unreachable", "network is down")
"""How the kernel says that there is no way out at all. "No route to host" is about one host."""


def sign_of(outcome: Outcome) -> Sign | None:
    """What an attempt or a probe tells about our own network; None: nothing."""
    match outcome:
        case Answered():
            return Sign.ANSWERED
        case Failure(kind=Kind.NETWORK, status=None, said=said):
            words = said.lower()
            return Sign.NO_ROUTE if any(each in words for each in _NO_ROUTE) else Sign.NOT_CONNECTED
        case Failure(kind=Kind.TIMEOUT, status=None):
            # Connected and silent: it may think, it may be dead, and so may our link be.
            return None
        case Failure():
            return Sign.ANSWERED
        case _:
            return None
