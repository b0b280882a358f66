"""A provider: lets requests in, sees to their attempts, and looks after its own health.

    router --knock--> Doorway --> ledger says yes --> Attempt, registered here
                        ^
                        |  opened and shut by each life of the actor; the ledger and the doorway outlive it

It owns its connections and the attempts on them: when it dies, they end as nobody's fault, and the router
moves on. When it is asked to stop it lets nobody in and waits for those inside.
"""

from collections.abc import Callable

from anyio import create_task_group
from msgspec import Struct

from actors.case import Sink
from actors.kernel.actor import Life
from actors.kernel.answers import Reply
from actors.provider.access import Access
from actors.provider.attempt import Attempt
from actors.provider.desk import Desk
from actors.provider.door import Knock, Refused, Shut, Ticket, Tried
from actors.provider.ledger import Ledger
from actors.provider.probe import Prober
from actors.seams import Clock, Rng
from state.config import ProviderConfig
from state.events import AttemptOpened, ProbeClosed, Terms
from state.usage.tokens import reserved_tokens
from state.words import LaneId, Target

__all__ = ["Doorway", "ProbeNow", "Provider"]


CHANCE_CHARS = 8
"""Of an id, those that are chance: enough among the attempts of one request."""


class ProbeNow(Struct, frozen=True):
    """Somebody wants to know now."""

    target: Target
    reply: Reply[ProbeClosed]


class Doorway:
    """The provider as the router sees it, through all lives of its actor and through reloads."""

    def __init__(self, ledger: Ledger, clock: Clock, rng: Rng) -> None:
        self.ledger = ledger
        self._clock = clock
        self._rng = rng
        self._desk: Desk | None = None
        self._shut = Shut("it is starting")

    def __repr__(self) -> str:
        state = self._shut.why if self._desk is None else f"{self.in_flight} inside"
        return f"<door of {self.name}: {state}>"

    @property
    def name(self) -> str:
        return self.ledger.provider.name

    @property
    def in_flight(self) -> int:
        """Also those of a life that drains."""
        return len(self.ledger.state.limits.reserved)

    # For the router.

    def knock(self, knock: Knock) -> Ticket | Refused:
        """Let a request in, its place taken and its opening on the way to the journal; or say why not."""
        if self._desk is None:
            return self._shut
        ledger, request = self.ledger, knock.case.request
        if not ledger.has(knock.lane):
            return Shut("the lane is no longer there")
        access = self._desk.access
        if not access.knows(knock.lane.key):
            return Shut("its key is new and about to be taken up")
        gap = access.dialect.gap(request, access.provider, ledger.model(knock.lane))
        if gap is not None:
            return gap
        ask = knock.case.ask
        tokens = reserved_tokens(access.provider.api, request.tokens_estimated, ask.tokens_out)
        terms = ledger.admit(
            knock.lane,
            tokens,
            may_strike=knock.may_strike,
            last_standing=knock.last_standing,
            as_last_resort=knock.as_last_resort,
        )
        if not isinstance(terms, Terms):
            return terms
        # It begins with the request's name, so that whoever finds one open finds how it was opened.
        ticket = Ticket(f"{knock.case.id}.{self._rng.new_id()[-CHANCE_CHARS:]}", knock, terms, tokens)
        ledger.happened(
            AttemptOpened(
                at_ms=self._clock.now_ms(),
                wall_ms=self._clock.wall_ms(),
                attempt_id=ticket.attempt_id,
                request_id=knock.case.id,
                lane=knock.lane,
                terms=terms,
                tokens_reserved=tokens,
            )
        )
        return ticket

    async def attempt(self, ticket: Ticket, sink: Sink | None) -> Tried:
        """Run it in the caller's task. A failure is a value."""
        desk = self._desk
        assert desk is not None, "whoever has a ticket uses it before anything else can happen"
        attempt = Attempt(ticket, desk)
        desk.enter(attempt)
        try:
            return await attempt.run(sink)
        finally:
            desk.leave(attempt)

    def continues(self, lane: LaneId) -> bool:
        """Whether an answer's beginning can be given to the lane, to be continued from exactly there."""
        ledger = self.ledger
        if self._desk is None or not ledger.has(lane):
            return False
        access = self._desk.access
        return access.dialect.continues(access.provider, ledger.model(lane))

    def warm(self, lane: LaneId) -> None:
        """A request may come soon."""
        if self._desk is not None and self.ledger.has(lane):
            self._desk.access.warm()

    # For whoever reloads the config.

    def reconfigure(self, provider: ProviderConfig) -> None:
        """Other settings count from now on. The life that serves has the old connections and keys until the
        next one opens, so a key that it finds refused may be one that is no longer in use.
        """
        if self._desk is not None:
            self._desk.is_stale = True
        self.ledger.reconfigure(provider)

    # For the actor.

    def open(self, desk: Desk) -> None:
        """From now on this life serves; one that served before drains by itself."""
        self._desk = desk

    def shut(self, desk: Desk, why: str) -> None:
        """Let nobody in any more at this desk; a later life may have the door already."""
        if self._desk is desk:
            self._desk = None
            self._shut = Shut(why)


class Provider:
    """One life of the actor behind the door."""

    def __init__(self, doorway: Doorway, open_access: Callable[[], Access], clock: Clock, rng: Rng) -> None:
        self._doorway = doorway
        self._open_access = open_access
        self._clock = clock
        self._rng = rng

    async def live(self, life: Life[ProbeNow]) -> None:
        doorway, access = self._doorway, self._open_access()
        desk = Desk(access, doorway.ledger, self._clock, self._rng)
        prober = Prober(doorway.ledger, access, self._clock, self._rng)
        doorway.open(desk)
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(prober.look_after)
                life.ready()
                async for message in life:
                    tasks.start_soon(prober.answer, message.target, message.reply)
                tasks.cancel_scope.cancel()
            doorway.shut(desk, "it is stopping")
            await desk.wait_empty()
        finally:
            doorway.shut(desk, "it has died and is coming back")
            desk.close()
