"""Looking after one's own health: free questions, now and then, and by the ladder while something is out.

    due (pure) --> wait, or hear of a change --> ask (a list of models, the operator's URL) --> ProbeClosed
     ^                                                                                         |
     +-----------------------------------------------------------------------------------------+

One question asked with a key tells about all that are due and are asked about with it.
"""

from collections.abc import Iterable

from anyio import CapacityLimiter, create_task_group
from msgspec.structs import replace

from actors.kernel.answers import Reply
from actors.kernel.deadlines import move_on_at
from actors.net.clocks import Clocks
from actors.net.exchange import Exchange
from actors.net.faults import ExchangeFailed
from actors.provider.access import Access
from actors.provider.blame import outcome_of
from actors.provider.ledger import Ledger
from actors.seams import Clock, Rng
from actors.wire.call import WireRequest
from state.classify import classify
from state.events import ProbeClosed
from state.failures import Evidence, Failure
from state.settings.naming import model_fault
from state.standing.probing import held_on, next_probe_ms, quiet_keys, watched
from state.timeline import ms
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["Prober"]

AT_ONCE = 4
"""However many lanes are out, a provider that is down is not besieged."""
REST_MS = 250
"""Whatever changes meanwhile, one round follows another no sooner than this."""
LONG_MS = 60_000
"""One that finds nothing due looks again all the same: time ends more than it tells."""
QUOTED_BYTES_MAX = 64 << 10


class Prober:
    """Belongs to one life of a provider's actor."""

    def __init__(self, ledger: Ledger, access: Access, clock: Clock, rng: Rng) -> None:
        self._ledger = ledger
        self._access = access
        self._clock = clock
        self._rng = rng
        self._questions = _questions(access)
        self._room = CapacityLimiter(AT_ONCE)
        self._jitter: dict[Target, float] = {}
        self._searches = 0
        """How often it has looked for models in vain, in a row."""

    def __repr__(self) -> str:
        return f"<prober of {self._ledger.id}>"

    async def look_after(self) -> None:
        """For as long as the actor lives."""
        changes = self._ledger.standings.reader()
        while True:
            began_ms = self._clock.now_ms()
            due_ms = {target: self._due_ms(target, began_ms) for target in self._targets(began_ms)}
            await self._look_at([target for target, at_ms in due_ms.items() if at_ms <= began_ms])
            await self._clock.sleep_until(began_ms + REST_MS)
            if any(at_ms <= began_ms for at_ms in due_ms.values()):
                continue
            with move_on_at(self._clock, min(due_ms.values(), default=began_ms + LONG_MS)):
                await anext(changes)

    async def answer(self, target: Target, reply: Reply[ProbeClosed]) -> None:
        """Somebody wants to know now. Good news counts for all who stand on the target, with whatever key:
        whoever has repaired a provider means its lanes. Bad news is the target's alone: asking often must not
        send the others up their ladders.
        """
        own_key = self._key_of(target)
        failure, began_ms = await self._ask(own_key)
        reply.answer(self._told(target, failure, began_ms))
        if failure is not None:
            return
        for key, held in self._by_key(held_on(self._ledger.state.standing, target, began_ms)).items():
            if key != own_key:
                failure, began_ms = await self._ask(key)
            if failure is None:
                self._tell_all(held, None, began_ms)

    # Whom, and when.

    def _targets(self, at_ms: int) -> Iterable[Target]:
        return watched(self._ledger.state.standing, self._ledger.id, at_ms)

    def _due_ms(self, target: Target, at_ms: int) -> int:
        ledger = self._ledger
        if target == ledger.id:
            if self._is_searching:
                return self._search_ms(at_ms)
            if not quiet_keys(ledger.state.standing, ledger.provider, at_ms):
                return at_ms + LONG_MS
        due_ms = next_probe_ms(
            ledger.state.standing,
            target,
            ledger.settings,
            at_ms=at_ms,
            answered_ms=ledger.answered_ms,
            jitter=self._jitter.setdefault(target, self._rng.fraction()),
        )
        return at_ms + LONG_MS if due_ms is None else due_ms

    @property
    def _is_searching(self) -> bool:
        """Without models nobody can be asked anything else, so a minute is too long to wait."""
        return self._ledger.provider.discovers and not self._ledger.lanes

    def _search_ms(self, at_ms: int) -> int:
        probed_ms = self._ledger.state.standing.of(self._ledger.id).probing.at_ms
        if self._searches == 0 or probed_ms is None:
            return at_ms
        ladder_s = self._ledger.provider.probe.ladder_s
        return probed_ms + ms(ladder_s[min(self._searches, len(ladder_s)) - 1])

    def _key_of(self, target: Target) -> str:
        """A lane or key is asked about with its own key, the provider with the first that may be shown."""
        match target:
            case LaneId(key=key) | KeyId(key=key):
                return key
            case ProviderId():
                provider = self._ledger.provider
                quiet = quiet_keys(self._ledger.state.standing, provider, self._clock.now_ms())
                return next(iter(quiet), provider.keys[0].name)

    # Asking.

    async def _look_at(self, targets: list[Target]) -> None:
        async with create_task_group() as questions:
            for key, about in self._by_key(targets).items():
                questions.start_soon(self._look_with, key, about)

    async def _look_with(self, key: str, about: list[Target]) -> None:
        failure, began_ms = await self._ask(key)
        self._tell_all(about, failure, began_ms)

    def _by_key(self, targets: Iterable[Target]) -> dict[str, list[Target]]:
        """Who is asked about with which key."""
        by_key: dict[str, list[Target]] = {}
        for target in targets:
            by_key.setdefault(self._key_of(target), []).append(target)
        return by_key

    def _tell_all(self, targets: Iterable[Target], failure: Failure | None, began_ms: int) -> None:
        for target in targets:
            self._told(target, failure, began_ms)
            self._jitter.pop(target, None)

    def _told(self, target: Target, failure: Failure | None, began_ms: int) -> ProbeClosed:
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

    async def _ask(self, key: str) -> tuple[Failure | None, int]:
        """What is wrong, if anything; and when the question left."""
        async with self._room:
            began_ms = self._clock.now_ms()
            body = b""
            for question in self._questions:
                found = await self._answer_to(question, key)
                if isinstance(found, Failure):
                    self._searches += 1
                    return found, began_ms
                body = found
        if self._access.provider.discovers:
            self._discover(body, key)
        return None, began_ms

    async def _answer_to(self, question: WireRequest, key: str) -> bytes | Failure:
        timeout, law = self._access.provider.timeout, self._access.provider.probe
        clocks = Clocks(connect_ms=ms(timeout.connect_s), total_ms=ms(law.timeout_s))
        try:
            with await self._access.send(question, key, clocks) as exchange:
                body = await exchange.read()
        except ExchangeFailed as failed:
            outcome = outcome_of(failed)
            if not isinstance(outcome, Failure):
                raise  # nobody closes connections under a prober that is alive
            return outcome
        return body if 200 <= exchange.status < 300 else self._refused(exchange, body, key)

    def _refused(self, exchange: Exchange, body: bytes, key: str) -> Failure:
        provider = self._access.provider
        evidence = Evidence(
            provider=provider.name,
            api=provider.api,
            status=exchange.status,
            headers=exchange.texts(),
            body=body[:QUOTED_BYTES_MAX].decode(errors="replace"),
        )
        failure = classify(evidence, self._clock.wall_ms())
        return replace(failure, said=self._access.redacted(key, failure.said))

    def _discover(self, body: bytes, key: str) -> None:
        """Where the config names no models, those that the provider lists are what it offers."""
        names = self._access.dialect.models(body)
        sane = [name for name in dict.fromkeys(names or ()) if self._is_sane(name, key)]
        self._searches = 0 if sane else self._searches + 1
        if names is not None:
            self._ledger.found(sane)

    def _is_sane(self, name: str, key: str) -> bool:
        """A name is shown to many, and it is the provider who chose it."""
        return model_fault(name) is None and self._access.redacted(key, name) == name


def _questions(access: Access) -> tuple[WireRequest, ...]:
    """The last one's answer lists the models, where they have to be found."""
    provider, dialect = access.provider, access.dialect
    health = dialect.probe(provider)
    if not (provider.discovers and provider.probe.url):
        return (health,)
    return health, dialect.probe(replace(provider, probe=replace(provider.probe, url="")))
