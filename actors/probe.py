"""Looking after one's own health: free questions, now and then, and by the ladder while something is out.

next_probe_ms (pure) --> wait --> ask (model list, /api/tags, the operator's URL) --> ProbeClosed
"""

from anyio import CapacityLimiter, create_task_group

from actors.access import Access
from actors.answers import Reply
from actors.clocks import Clocks
from actors.faults import ExchangeFailed
from actors.ledger import Ledger
from actors.seams import Clock, Rng
from state.classify import classify
from state.config import ModelConfig
from state.events import ProbeClosed
from state.failures import Evidence, Failure, Where
from state.holds import HoldKind
from state.probing import next_probe_ms
from state.timeline import ms
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["Prober"]

AT_ONCE = 4
"""However many lanes are out, a provider that is down is not besieged."""
REST_MS = 1_000
"""A loop that finds nothing due looks again after this at the earliest."""
LONG_MS = 60_000


class Prober:
    """Belongs to one life of a provider's actor."""

    def __init__(self, ledger: Ledger, access: Access, clock: Clock, rng: Rng) -> None:
        self._ledger = ledger
        self._access = access
        self._clock = clock
        self._rng = rng
        self._room = CapacityLimiter(AT_ONCE)

    async def look_after(self) -> None:
        """For as long as the actor lives."""
        if self._ledger.provider.discovers:
            await self._probe(self._ledger.id)
        while True:
            due = {target: self._due_ms(target) for target in self._targets()}
            now_ms = self._clock.now_ms()
            ready = [target for target, at_ms in due.items() if at_ms is not None and at_ms <= now_ms]
            async with create_task_group() as probes:
                for target in ready:
                    probes.start_soon(self._probe, target)
            coming = [at_ms for at_ms in due.values() if at_ms is not None and at_ms > now_ms]
            next_ms = min((*coming, now_ms + LONG_MS))
            await self._clock.sleep_until(max(next_ms, now_ms + REST_MS))

    async def answer(self, target: Target, reply: Reply[ProbeClosed]) -> None:
        """Somebody wants to know now."""
        reply.answer(await self._probe(target))

    def _targets(self) -> list[Target]:
        """The provider, and whatever of it is in quarantine."""
        provider = self._ledger.id
        quarantined = [
            target
            for target, standing in self._ledger.state.standing
            if target != provider and standing.held(HoldKind.QUARANTINE) is not None
        ]
        return [provider, *quarantined]

    def _due_ms(self, target: Target) -> int | None:
        ledger = self._ledger
        return next_probe_ms(
            ledger.state.standing,
            target,
            ledger.settings,
            at_ms=self._clock.now_ms(),
            answered_ms=ledger.answered_ms,
            jitter=self._rng.fraction(),
        )

    async def _probe(self, target: Target) -> ProbeClosed:
        async with self._room:
            began_ms = self._clock.now_ms()
            failure = await self._ask(target)
        now_ms = self._clock.now_ms()
        closed = ProbeClosed(
            at_ms=now_ms,
            wall_ms=self._clock.wall_ms(),
            target=target,
            failure=failure,
            duration_ms=now_ms - began_ms,
        )
        self._ledger.happened(closed)
        return closed

    async def _ask(self, target: Target) -> Failure | None:
        provider = self._ledger.provider
        request = self._access.dialect.probe(provider)
        by_ms = self._clock.now_ms() + ms(provider.probe.timeout_s)
        clocks = Clocks(connect_ms=ms(provider.timeout.connect_s), deadline_ms=by_ms)
        try:
            exchange = await self._access.send(request, self._key_of(target), clocks)
            with exchange:
                body = await exchange.read()
        except ExchangeFailed as failed:
            return self._classified(Evidence(where=Where.TRANSPORT, exception=str(failed)))
        if 200 <= exchange.status < 300:
            self._discover(body)
            return None
        headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers)
        return self._classified(
            Evidence(status=exchange.status, headers=headers, body=body[:65_536].decode(errors="replace"))
        )

    def _classified(self, evidence: Evidence) -> Failure:
        return classify(evidence, self._clock.wall_ms())

    def _key_of(self, target: Target) -> str:
        """A lane or key is asked about with its own key, the provider with its first."""
        match target:
            case LaneId(key=key) | KeyId(key=key):
                return key
            case ProviderId():
                keys = self._ledger.provider.keys
                return next((key.name for key in keys if key.enabled), keys[0].name)

    def _discover(self, body: bytes) -> None:
        """Where the config names no models, what the provider has is what it offers."""
        if not self._ledger.provider.discovers:
            return
        names = self._access.dialect.models(body)
        if names is not None and names != tuple(lane.model for lane in self._ledger.lanes):
            self._ledger.offer(tuple(ModelConfig(name=name) for name in names))
