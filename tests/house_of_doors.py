"""A router among doors that do as they are told, over real ledgers and a real journal, in virtual time.

    house = House("a", "b", a=[fails(Kind.UNAVAILABLE)], b=[says("hello")])
    closed = await house.serve("auto")

Each provider is called by its name and has one lane, `a/key1/m`, unless the config says more. What a lane does
is a list of acts; the last one is repeated for ever.
"""

from collections import defaultdict
from itertools import chain
from typing import Any

import msgspec
from anyio.abc import TaskGroup
from msgspec import Struct, structs

from actors.case import Attempted, Case, Client, Closed, Flow, Sink
from actors.journal.journal import Journal
from actors.journal.journal_file import JournalLost
from actors.net.netguard import NetGuard
from actors.provider.door import Knock, Refused, Shut, Ticket, Tried
from actors.provider.ledger import Ledger
from actors.router.router import Router
from actors.wire.call import Answer
from actors.wire.chunks import Chunk
from actors.wire.chunks import Kind as ChunkKind
from state.config import Config, KeyConfig, ModelConfig, PoolConfig, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    Event,
    Interrupted,
    Outcome,
    RequestClosed,
    Terms,
    Usage,
)
from state.failures import Failure, Kind, Scope
from state.memory.fold import NOTHING_KNOWN, State
from state.memory.journal import MIGRATIONS, read_event
from state.routing.asking import Options
from state.routing.names import Unknown
from state.words import LaneId
from tests.fakes import FakeClock, FakeJournalBackend, FakeRng, RecordingListener
from tests.wire.calls import chat


class Act(Struct, frozen=True, kw_only=True):
    """What a lane does with one attempt."""

    outcome: Outcome = Answered()
    words: tuple[str, ...] = ("hello",)
    after_s: float = 0.0
    """Before the first word, or the end if there is none."""
    gap_s: float = 0.0
    in_tool: bool = False
    tries: int = 1
    cost_usd: float | None = None
    raises: Exception | None = None
    hangs: bool = False


def says(*words: str, **more: Any) -> Act:
    return Act(words=words or ("hello",), **more)


def fails(kind: Kind, scope: Scope = Scope.MODEL, *, after_s: float = 0.0, **more: Any) -> Act:
    failure = Failure(kind=kind, scope=scope, rule=f"test-{kind}", **more)
    return Act(outcome=failure, words=(), after_s=after_s)


def breaks_after(*words: str, kind: Kind = Kind.UNAVAILABLE, **more: Any) -> Act:
    return Act(outcome=Failure(kind=kind, scope=Scope.MODEL, rule="test-cut"), words=words, **more)


class FakeDoor:
    """A provider that plays its acts."""

    def __init__(self, ledger: Ledger, clock: FakeClock, rng: FakeRng) -> None:
        self.ledger = ledger
        self.acts: dict[LaneId, list[Act]] = defaultdict(list)
        self.knocks: list[Knock] = []
        self.sent: list[Ticket] = []
        """To whom a byte has left."""
        self.warmed: list[LaneId] = []
        self.flows: list[Tap] = []
        self.shut: Shut | None = None
        self.can_continue = False
        self.breaks_down: Exception | None = None
        self._clock = clock
        self._rng = rng

    @property
    def name(self) -> str:
        return self.ledger.provider.name

    def knock(self, knock: Knock) -> Ticket | Refused:
        if self.breaks_down is not None:
            raise self.breaks_down
        if self.shut is not None:
            return self.shut
        self.knocks.append(knock)
        terms = self.ledger.admit(
            knock.lane,
            10,
            may_strike=knock.may_strike,
            last_standing=knock.last_standing,
            as_last_resort=knock.as_last_resort,
        )
        if not isinstance(terms, Terms):
            return terms
        ticket = Ticket(self._rng.new_id(), knock, terms, 10)
        self.ledger.happened(
            AttemptOpened(
                at_ms=self._clock.now_ms(),
                wall_ms=self._clock.wall_ms(),
                attempt_id=ticket.attempt_id,
                request_id=knock.case.id,
                lane=knock.lane,
                terms=terms,
                tokens_reserved=10,
            )
        )
        return ticket

    async def attempt(self, ticket: Ticket, sink: Sink | None) -> Tried:
        acts = self.acts[ticket.knock.lane]
        act = acts.pop(0) if len(acts) > 1 else acts[0] if acts else Act()
        playing = _Playing(ticket, act, sink, self._clock)
        self.flows.append(playing.tap)
        began_ms = self._clock.now_ms()
        outcome: Outcome = Interrupted()
        consent = ticket.knock.case.consent
        try:
            if consent is not None:
                await consent(ticket.knock.lane)
            self.sent.append(ticket)
            outcome = await playing.play()
        except Exception:
            raise
        except BaseException:
            outcome = Cancelled()
            raise
        finally:
            attempted = self._close(ticket, act, outcome, began_ms, playing)
        body = msgspec.json.encode({"said": "".join(playing.spoken)})
        whole = sink is None and isinstance(outcome, Answered)
        return Tried(
            attempted=attempted,
            answer=Answer(body=body, usage=Usage(tokens_in=10, tokens_out=5)) if whole else None,
            spoken="".join(playing.spoken) if sink is not None else "",
            in_tool=act.in_tool,
        )

    def continues(self, lane: LaneId) -> bool:
        return self.can_continue

    def warm(self, lane: LaneId) -> None:
        self.warmed.append(lane)

    def _close(
        self, ticket: Ticket, act: Act, outcome: Outcome, began_ms: int, playing: "_Playing"
    ) -> Attempted:
        usage = Usage(tokens_in=10, tokens_out=5) if isinstance(outcome, Answered) else None
        closed = AttemptClosed(
            at_ms=self._clock.now_ms(),
            wall_ms=self._clock.wall_ms(),
            attempt_id=ticket.attempt_id,
            request_id=ticket.knock.case.id,
            lane=ticket.knock.lane,
            outcome=outcome,
            terms=ticket.terms,
            tokens_reserved=10,
            tries=act.tries,
            duration_ms=self._clock.now_ms() - began_ms,
            usage=usage,
            cost_usd=act.cost_usd,
        )
        self.ledger.happened(closed)
        return Attempted(
            attempt_id=ticket.attempt_id,
            lane=ticket.knock.lane,
            terms=ticket.terms,
            outcome=outcome,
            at_ms=began_ms,
            tries=act.tries,
            duration_ms=closed.duration_ms,
            usage=usage,
            cost_usd=act.cost_usd,
            delivered_chars=len("".join(playing.spoken)),
        )


class _Playing:
    """One act, until its end."""

    def __init__(self, ticket: Ticket, act: Act, sink: Sink | None, clock: FakeClock) -> None:
        self.spoken: list[str] = []
        self.tap = Tap()
        self._lane = ticket.knock.lane
        self._act = act
        self._sink = sink
        self._clock = clock
        self._has_begun = False

    async def play(self) -> Outcome:
        act = self._act
        await self._clock.sleep_until(self._clock.now_ms() + round(act.after_s * 1000))
        if act.raises is not None:
            raise act.raises
        for word in act.words:
            self._say(Chunk(payload(self._lane, word, is_first=not self.spoken), ChunkKind.TEXT, word))
            self.spoken.append(word)
            await self._clock.sleep_until(self._clock.now_ms() + round(act.gap_s * 1000))
        if act.in_tool:
            self._say(Chunk(payload(self._lane, ""), ChunkKind.TOOL))
        if act.hangs:
            await self._clock.sleep_until(self._clock.now_ms() + 10**9)
        if isinstance(act.outcome, Answered):
            self._say(Chunk(payload(self._lane, None), ChunkKind.CLOSING))
        return act.outcome

    def _say(self, chunk: Chunk) -> None:
        if self._sink is None:
            return
        if not self._has_begun:
            self._has_begun = True
            self._sink.begin(self._lane, self.tap)
        self._sink.chunk(chunk)


def payload(lane: LaneId, text: str | None, *, is_first: bool = False) -> bytes:
    """A chunk of the lane's stream; None: its end."""
    delta = {"role": "assistant"} if is_first else {}
    if text is not None:
        delta["content"] = text
    choice = {"index": 0, "delta": delta, "finish_reason": "stop" if text is None else None}
    return msgspec.json.encode({"id": f"of-{lane.provider}", "model": lane.model, "choices": [choice]})


class Tap:
    """A flow that remembers what it was told."""

    def __init__(self) -> None:
        self.is_paused = False

    def pause(self) -> None:
        self.is_paused = True

    def resume(self) -> None:
        self.is_paused = False


class Ear:
    """A caller who streams."""

    def __init__(self) -> None:
        self.begun: list[LaneId] = []
        self.chunks: list[Chunk] = []
        self.alive = 0
        self.flow: Flow | None = None

    def begin(self, lane: LaneId, flow: Flow) -> None:
        self.begun.append(lane)
        self.flow = flow

    def chunk(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    def keep_alive(self) -> None:
        self.alive += 1

    @property
    def text(self) -> str:
        """What it would show: read from the bytes, not from what we say of them."""
        deltas = [choice["delta"] for each in self._payloads for choice in each["choices"]]
        return "".join(delta.get("content") or "" for delta in deltas)

    @property
    def ids(self) -> set[str]:
        return {each["id"] for each in self._payloads}

    @property
    def roles(self) -> int:
        return sum("role" in choice["delta"] for each in self._payloads for choice in each["choices"])

    @property
    def ends(self) -> int:
        return sum(bool(choice["finish_reason"]) for each in self._payloads for choice in each["choices"])

    @property
    def _payloads(self) -> list[dict[str, Any]]:
        return [msgspec.json.decode(chunk.payload) for chunk in self.chunks]


class House:
    """Everything around a router."""

    def __init__(
        self,
        *names: str,
        providers: tuple[ProviderConfig, ...] = (),
        pools: dict[str, PoolConfig] | None = None,
        daemon: dict[str, Any] | None = None,
        clock: FakeClock | None = None,
        **acts: list[Act],
    ) -> None:
        built = (*(provider(name) for name in names), *providers)
        self.config = Config(
            provider={each.name: each for each in built},
            pool={name: structs.replace(rules, name=name) for name, rules in (pools or {}).items()},
        )
        if daemon:
            self.config = structs.replace(self.config, daemon=structs.replace(self.config.daemon, **daemon))
        self.clock = clock or FakeClock()
        self.rng = FakeRng()
        self.listener = RecordingListener()
        self.disk = FakeJournalBackend()
        for statement in chain.from_iterable(MIGRATIONS):
            self.disk.connection.execute(statement)
        self.events: list[Event] = []
        self.journal = Journal(self.disk, self._reopen, clock=self.clock, listener=self.listener, parts={})
        self.there: set[str] = set()
        """Which URLs take a connection when somebody looks for a lost link."""
        self.guard = NetGuard(self.config.provider, self, clock=self.clock, reach=self._reach)
        self.ledgers = {
            each.name: Ledger(each, NOTHING_KNOWN, clock=self.clock, witness=self.guard) for each in built
        }
        self.doors = {name: FakeDoor(ledger, self.clock, self.rng) for name, ledger in self.ledgers.items()}
        for name, played in acts.items():
            self.plays(lane(name), *played)
        self.router = self.reborn()

    def reborn(self, state: State = NOTHING_KNOWN) -> Router:
        """Another router, that knows no more than this and what the journal can tell."""
        self.router = Router(
            self.config,
            self.doors,
            self.ledgers,
            self.journal,
            clock=self.clock,
            rng=self.rng,
            listener=self.listener,
            state=state,
        )
        self.guard.tells(self.router)
        return self.router

    async def _reach(self, url: str) -> bool:
        return url in self.there

    async def _reopen(self, lost: JournalLost | None) -> FakeJournalBackend:
        raise AssertionError("this disk does not break")

    def record(self, event: Event) -> None:
        self.events.append(event)
        self.journal.record(event)

    def plays(self, lane: LaneId, *acts: Act) -> None:
        self.doors[lane.provider].acts[lane] = list(acts)

    def case(
        self,
        model: str = "auto",
        *,
        stream: bool = False,
        body: dict[str, Any] | None = None,
        client: Client = Client(),  # noqa: B008 - nobody in particular
        **options: Any,
    ) -> Case:
        request = chat(**{"model": model, "stream": stream, **(body or {})})
        found = self.router.open(request, Options(**options), client, stream=stream)
        assert not isinstance(found, Unknown), found
        return found

    async def serve(self, model: str = "auto", **options: Any) -> Closed:
        """Time passes as far as it takes."""
        return await self.clock.until_done(self.router.serve(self.case(model, **options)))

    async def stream(self, model: str = "auto", **options: Any) -> tuple[Closed, Ear]:
        ear = Ear()
        closed = await self.clock.until_done(self.router.serve(self.case(model, stream=True, **options), ear))
        return closed, ear

    def lives(self, tasks: TaskGroup) -> None:
        """With all that runs beside the requests."""
        tasks.start_soon(self.router.switchboard.keeper.watch)
        tasks.start_soon(self.journal.write)

    def events_on_disk(self) -> list[Event]:
        """All of them, in order."""
        rows = self.disk.connection.execute("SELECT body FROM event ORDER BY seq")
        return [read_event(body) for (body,) in rows]

    def closings(self, request_id: str = "") -> list[RequestClosed]:
        """On the disk, of one request or of all."""
        closed = [event for event in self.events_on_disk() if isinstance(event, RequestClosed)]
        return [event for event in closed if request_id in ("", event.request_id)]

    def of(self, kind: type[Any]) -> list[Any]:
        """The router's own events of this kind, as they wait for the disk or are on it."""
        return [each.event for each in self.journal._pending if isinstance(each.event, kind)]


def provider(name: str, *models: str, keys: int = 1, **more: Any) -> ProviderConfig:
    return ProviderConfig(
        name=name,
        url=more.pop("url", f"https://{name}.example/v1"),
        keys=tuple(KeyConfig(name=f"key{number + 1}") for number in range(keys)),
        models=tuple(ModelConfig(name=model) for model in models or ("m",)),
        **more,
    )


def offering(name: str, *models: ModelConfig) -> ProviderConfig:
    return structs.replace(provider(name), models=models)


def lane(name: str, model: str = "m", key: str = "key1") -> LaneId:
    return LaneId(name, key, model)


def tried(closed: Closed) -> list[str]:
    """Who was tried, in order."""
    return [line.lane.provider for line in closed.trail]


__all__ = [
    "Act",
    "Ear",
    "FakeDoor",
    "House",
    "breaks_after",
    "fails",
    "lane",
    "offering",
    "provider",
    "says",
    "tried",
]
