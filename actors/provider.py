"""A provider: lets requests in, sees to their attempts, and looks after its own health.

    router --knock--> Doorway --> ledger says yes --> Attempt, registered here
                        ^
                        |  opened and shut by each life of the actor; the ledger and the doorway outlive it

It owns its connections and the attempts on them: when it dies, they end as nobody's fault, and the router
moves on. When it is asked to stop it lets nobody in and waits for those inside.
"""

from collections.abc import Callable

from anyio import Event, create_task_group
from msgspec import Struct

from actors.access import Access
from actors.actor import Life
from actors.answers import Reply
from actors.attempt import Attempt, Desk
from actors.case import Sink
from actors.door import Knock, Refused, Shut, Ticket, Tried
from actors.ledger import Ledger
from actors.probe import Prober
from actors.seams import Clock, Rng
from state.events import AttemptOpened, ProbeClosed, Terms
from state.words import LaneId, Target

__all__ = ["Doorway", "ProbeNow", "Provider"]


class ProbeNow(Struct, frozen=True):
    """Somebody wants to know now."""

    target: Target
    reply: Reply[ProbeClosed]


class Doorway:
    """The provider as the router sees it, through all its lives."""

    def __init__(self, ledger: Ledger, clock: Clock, rng: Rng) -> None:
        self.ledger = ledger
        self._clock = clock
        self._rng = rng
        self._desk: Desk | None = None
        self._shut = Shut("it is starting")
        self._inside: dict[str, Attempt] = {}
        self._left = Event()

    def __repr__(self) -> str:
        state = self._shut.why if self._desk is None else f"{len(self._inside)} inside"
        return f"<door of {self.name}: {state}>"

    @property
    def name(self) -> str:
        return self.ledger.provider.name

    @property
    def in_flight(self) -> int:
        return len(self._inside)

    # For the router.

    def knock(self, knock: Knock) -> Ticket | Refused:
        """Let a request in, its place taken and its opening on the way to the journal; or say why not."""
        if self._desk is None:
            return self._shut
        ledger, request = self.ledger, knock.case.request
        if knock.lane not in ledger.lanes:
            return Shut("the lane is no longer there")
        gap = self._desk.access.dialect.gap(request, ledger.provider, ledger.model(knock.lane))
        if gap is not None:
            return gap
        tokens = request.tokens_estimated + (knock.case.ask.tokens_out or 0)
        terms = ledger.admit(
            knock.lane,
            tokens,
            may_strike=knock.may_strike,
            last_standing=knock.last_standing,
            as_last_resort=knock.as_last_resort,
        )
        if not isinstance(terms, Terms):
            return terms
        ticket = Ticket(self._rng.new_id(), knock, terms, tokens)
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
        """Run it in the caller's task, registered so that it can be ended from inside."""
        assert self._desk is not None, "whoever has a ticket uses it before anything else can happen"
        attempt = self._inside[ticket.attempt_id] = Attempt(ticket, self._desk)
        try:
            return await attempt.run(sink)
        finally:
            del self._inside[ticket.attempt_id]
            if not self._inside:
                self._left.set()

    def continues(self, lane: LaneId) -> bool:
        """Whether an answer's beginning can be given to the lane, to be continued from exactly there."""
        if self._desk is None or lane not in self.ledger.lanes:
            return False
        return self._desk.access.dialect.continues(self.ledger.provider, self.ledger.model(lane))

    def warm(self, lane: LaneId) -> None:
        """A request may come soon."""
        if self._desk is not None and lane in self.ledger.lanes:
            self._desk.access.warm()

    # For the actor.

    def open(self, access: Access) -> None:
        self._desk = Desk(access, self.ledger, self._clock, self._rng)

    def shut(self, why: str) -> None:
        """Let nobody in any more; who is inside stays."""
        self._desk = None
        self._shut = Shut(why)

    async def wait_empty(self) -> None:
        """Until all who are inside have left."""
        while self._inside:
            self._left = Event()
            await self._left.wait()

    def clear(self) -> None:
        """End all who are inside, as nobody's fault."""
        for attempt in list(self._inside.values()):
            attempt.abort()


class Provider:
    """One life of the actor behind the door."""

    def __init__(self, doorway: Doorway, open_access: Callable[[], Access], clock: Clock, rng: Rng) -> None:
        self._doorway = doorway
        self._open_access = open_access
        self._clock = clock
        self._rng = rng

    async def live(self, life: Life[ProbeNow]) -> None:
        access = self._open_access()
        prober = Prober(self._doorway.ledger, access, self._clock, self._rng)
        self._doorway.open(access)
        try:
            async with create_task_group() as tasks:
                tasks.start_soon(prober.look_after)
                life.ready()
                async for message in life:
                    tasks.start_soon(prober.answer, message.target, message.reply)
                self._doorway.shut("it is stopping")
                await self._doorway.wait_empty()
                tasks.cancel_scope.cancel()
        finally:
            self._doorway.shut("it has died and is coming back")
            self._doorway.clear()
            access.close()
