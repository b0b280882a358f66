"""One provider behind a real door, with a real life under a real supervisor; only what it talks to is chosen.

    async with doorstep(clock, whole(HELLO)) as step:
        tried = await clock.until_done(step.attempt())

`step.events` is all that was witnessed. Over `FakeTransport` time is virtual; `real_doorstep` has a real
transport and the machine's time.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import msgspec
from msgspec.structs import replace

from actors.case import Case, Flow, Sink
from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec
from actors.kernel.answers import NoAnswer, Reply
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor, supervise
from actors.net.tls import TrustStore
from actors.provider.access import Access, open_access
from actors.provider.door import Knock, Refused, Ticket, Tried
from actors.provider.ledger import Ledger
from actors.provider.provider import Doorway, ProbeNow, Provider
from actors.seams import Clock
from actors.wire.canonical import Request
from actors.wire.chunks import Chunk
from state.config import KeyConfig, ModelConfig, Patience, PoolConfig, ProbeConfig, ProviderConfig
from state.events import AttemptClosed, Event, ProbeClosed
from state.memory.fold import NOTHING_KNOWN, State
from state.routing.ask import Ask
from state.routing.pools import Pool
from state.settings.secret import Secret
from state.words import KeyId, LaneId, Target
from tests.fakes import FakeClock, FakeRng, RecordingListener
from tests.fakes.transport import SILENCE, FakeNetwork, FakeTransport, Script
from tests.wire.calls import chat

T = TypeVar("T")

KEY = "canary-hunter2-0123456789abcdef"
LANE = LaneId("p", "key1", "m")
OTHER = LaneId("p", "key1", "n")
POOL = Pool(name="auto", lanes=(LANE,), rules=PoolConfig(lanes=("*",)), shares={})

HELLO = b'{"id":"x","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}'
DONE = b"data: [DONE]\n\n"


def said(text: str, finish: str | None = None) -> bytes:
    """An event of a stream in which somebody says this."""
    delta = {"content": text} if text else {}
    chunk = {"id": "x", "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


def thought(text: str) -> bytes:
    chunk = {"choices": [{"index": 0, "delta": {"reasoning_content": text}, "finish_reason": None}]}
    return b"data: " + msgspec.json.encode(chunk) + b"\n\n"


OPENING = (
    b'data: {"choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}\n\n'
)


def error(message: str = "", **fields: Any) -> bytes:
    return msgspec.json.encode({"error": {"message": message, **fields}})


def config(url: str = "https://api.example.com/v1", **settings: Any) -> ProviderConfig:
    made: dict[str, Any] = {
        "name": "p",
        "url": url,
        "keys": (KeyConfig(name="key1"),),
        "models": (ModelConfig(name="m"), ModelConfig(name="n")),
        "probe": ProbeConfig(enabled=False),
        **settings,
    }
    return ProviderConfig(**made)


class Ear:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []
        self.begun: list[LaneId] = []
        self.flow: Flow | None = None

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    def begin(self, lane: LaneId, flow: Flow) -> None:
        self.begun.append(lane)
        self.flow = flow

    def chunk(self, chunk: Chunk) -> None:
        self.chunks.append(chunk)

    def keep_alive(self) -> None:
        """Not of interest here."""


class Doorstep:
    """The provider, and what a router would do at its door."""

    def __init__(
        self,
        provider: ProviderConfig,
        access: Callable[[ProviderConfig], Access],
        *,
        state: State,
        clock: Clock,
        supervisor: Supervisor,
        listener: RecordingListener,
        network: FakeNetwork,
    ) -> None:
        self.network = network
        self.clock = clock
        self.rng = FakeRng()
        self.events: list[Event] = []
        self.ledger = Ledger(provider, state, clock=clock, witness=self)
        self.door = Doorway(self.ledger, clock, self.rng)
        self.supervisor = supervisor
        self.listener = listener
        self.accesses: list[Access] = []
        self._access = access
        self._lives = 0
        self.mailbox: Mailbox[ProbeNow] = Mailbox("p", 64, clock)

    def record(self, event: Event) -> None:
        self.events.append(event)

    def of(self, kind: type[T]) -> list[T]:
        """The events of this kind."""
        return [event for event in self.events if isinstance(event, kind)]

    @property
    def closed(self) -> AttemptClosed:
        (closed,) = self.of(AttemptClosed)
        return closed

    # Its lives.

    def spec(self) -> ChildSpec[ProbeNow]:
        """A child that lives by the config as it is now."""
        provider = self.ledger.provider
        self._lives += 1
        if self._lives > 1:
            self.mailbox = Mailbox(f"p.{self._lives}", 64, self.clock)

        def open_one() -> Access:
            access = self._access(provider)
            self.accesses.append(access)
            return access

        return ChildSpec(
            mailbox=self.mailbox,
            make=lambda: Provider(self.door, open_one, self.clock, self.rng),
            grace_s=30.0,
        )

    async def reload(self, **changes: Any) -> None:
        """As the tree does it: the next life serves before the last one drains; its end is left open."""
        self.door.reconfigure(replace(self.ledger.provider, **changes))
        await self.supervisor.start_child(self.spec())

    async def probe(self, target: Target) -> ProbeClosed | NoAnswer:
        """What an operator hears who wants to know now."""

        def question(reply: Reply[ProbeClosed]) -> ProbeNow:
            return ProbeNow(target, reply)

        return await self.mailbox.ask(question)

    # At the door.

    def case(
        self,
        request: Request | None = None,
        *,
        stream: bool = False,
        deadline_s: float = 120.0,
        patience: Patience = Patience.INTERACTIVE,
    ) -> Case:
        now_ms = self.clock.now_ms()
        return Case(
            id=self.rng.new_id(),
            request=request or chat(stream=stream),
            ask=Ask(),
            pool=POOL,
            opened_ms=now_ms,
            opened_wall_ms=self.clock.wall_ms(),
            deadline_ms=now_ms + round(deadline_s * 1000),
            wait_until_ms=now_ms,
            stream=stream,
            patience=patience,
        )

    def knock(self, case: Case | None = None, lane: LaneId = LANE, **knock: Any) -> Ticket | Refused:
        return self.door.knock(Knock(case=case or self.case(), lane=lane, **knock))

    def let_in(self, case: Case | None = None, lane: LaneId = LANE, **knock: Any) -> Ticket:
        ticket = self.knock(case, lane, **knock)
        assert isinstance(ticket, Ticket), ticket
        return ticket

    async def attempt(
        self, case: Case | None = None, sink: Sink | None = None, lane: LaneId = LANE, **knock: Any
    ) -> Tried:
        return await self.door.attempt(self.let_in(case, lane, **knock), sink)

    async def stream(self, ear: Ear, **case: Any) -> Tried:
        return await self.attempt(self.case(stream=True, **case), ear)


@asynccontextmanager
async def doorstep(
    clock: FakeClock, *scripts: Script, state: State = NOTHING_KNOWN, **settings: Any
) -> AsyncIterator[Doorstep]:
    """Over a network in virtual time; `step.network` is it."""
    network = FakeNetwork(clock, *scripts)

    def access(provider: ProviderConfig) -> Access:
        secrets = {KeyId("p", key.name): Secret(KEY) for key in provider.keys}
        return Access(provider, secrets, _Anywhere(FakeTransport(network)))

    listener = RecordingListener()
    async with supervise(clock, FakeRng(), listener) as supervisor:
        step = Doorstep(
            config(**settings),
            access,
            state=state,
            clock=clock,
            supervisor=supervisor,
            listener=listener,
            network=network,
        )
        await supervisor.start([step.spec()])
        yield step
        supervisor.ask_to_stop("the test is over")


@asynccontextmanager
async def real_doorstep(
    url: str, *, secret: str = KEY, state: State = NOTHING_KNOWN, **settings: Any
) -> AsyncIterator[Doorstep]:
    """Over real sockets, in real time."""
    clock, trust = SystemClock(), TrustStore()

    def access(provider: ProviderConfig) -> Access:
        secrets = {KeyId("p", key.name): Secret(secret) for key in provider.keys}
        return open_access(provider, secrets, clock=clock, trust=trust)

    listener = RecordingListener()
    async with supervise(clock, FakeRng(), listener) as supervisor:
        step = Doorstep(
            config(url, **settings),
            access,
            state=state,
            clock=clock,
            supervisor=supervisor,
            listener=listener,
            network=FakeNetwork(clock, SILENCE),
        )
        await supervisor.start([step.spec()])
        yield step


class _Anywhere(dict[str, FakeTransport]):
    """The same way, wherever one sends."""

    def __init__(self, way: FakeTransport) -> None:
        super().__init__()
        self._way = way

    def __missing__(self, origin: str) -> FakeTransport:
        return self._way

    def values(self) -> Any:
        return [self._way]
