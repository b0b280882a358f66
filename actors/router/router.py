"""The router: every request goes through it, and ends in exactly one verdict.

    open(body, options, client) --> Case
    serve(case, sink)           --> Closed     in the caller's own task; no request waits behind another
    act(act, by)                --> Durable | NotDurable
    explain(request_id)         --> Explanation

What it decides stands in `state`; whom it can turn to is the switchboard. It outlives the lives of its actor,
which only wakes those who wait for a lane.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from anyio import create_task_group
from msgspec import Struct

from actors.case import Attempted, Case, Client, Closed, Sink
from actors.journal.journal import Journal
from actors.kernel.actor import Life
from actors.provider.door import Door
from actors.router.board_keeper import Books
from actors.router.opening import open_case
from actors.router.reception import Reception
from actors.router.switchboard import Switchboard
from actors.seams import Clock, Listener, Rng
from actors.wire.canonical import Request
from state.config import Config
from state.events import (
    LinkLost,
    LinkRestored,
    OperatorAct,
    OperatorActed,
    Verdict,
)
from state.memory.durability import Durable, NotDurable
from state.memory.fold import NOTHING_KNOWN, State
from state.routing.asking import PLAIN, Options
from state.routing.names import Names, Unknown, resolve
from state.routing.pools import Pool
from state.routing.preferences import Preferences
from state.routing.question import Question
from state.telling.explanation import Explanation

__all__ = ["Router", "RouterActor", "RouterStatus"]

ANYBODY = Client()


class RouterStatus(Struct, frozen=True, kw_only=True):
    """What `status` shows of it."""

    in_flight: int
    is_offline: bool
    verdicts: Mapping[Verdict, int]
    preferences: Preferences
    lanes: int
    pools: tuple[str, ...]


class Router:
    """One for the daemon."""

    def __init__(
        self,
        config: Config,
        doors: Mapping[str, Door],
        books: Mapping[str, Books],
        journal: Journal,
        *,
        clock: Clock,
        rng: Rng,
        listener: Listener,
        state: State = NOTHING_KNOWN,
    ) -> None:
        """Doors and books by the provider's name; `state`: the router's own part, as a start recalled."""
        self.switchboard = Switchboard(
            config, doors, books, journal, clock=clock, rng=rng, listener=listener, state=state
        )
        self.switchboard.keeper.set_offline(is_offline=state.statistics.is_offline)
        self._journal = journal
        self._clock = clock
        self._rng = rng
        self._reception = Reception(self.switchboard, journal)

    def __repr__(self) -> str:
        return f"<router: {self._reception!r}, {self.switchboard.keeper!r}>"

    # Requests.

    @property
    def names(self) -> Names:
        """Everything that can be asked for."""
        return self.switchboard.keeper.names

    def resolve(self, name: str) -> Pool | Unknown:
        """The lanes that a name means."""
        return resolve(self.names, name)

    def open(
        self, request: Request, options: Options = PLAIN, client: Client = ANYBODY, *, stream: bool = False
    ) -> Case | Unknown:
        """A request that was understood, as a case; or nothing goes by the name that it asks for."""
        pool = self.resolve(options.pool or request.model)
        if isinstance(pool, Unknown):
            return pool
        return open_case(request, options, pool, client, stream=stream, clock=self._clock, rng=self._rng)

    def look(self, case: Case) -> Question:
        """Which lane it would ask for now, as a question; nothing is begun and nobody's turn is taken."""
        return Question(
            ask=case.ask,
            pool=case.pool,
            board=self.switchboard.keeper.board,
            preferences=self.switchboard.state.preferences,
            now_ms=self._clock.now_ms(),
        )

    async def serve(self, case: Case, sink: Sink | None = None) -> Closed:
        """To its verdict, whatever happens. Cancelling it is a verdict too, and is raised on. A sink gets the
        answer while it comes; without one the answer is in what is returned.
        """
        return await self._reception.serve(case, sink)

    def trail_of(self, request_id: str) -> Sequence[Attempted]:
        """Who was asked until now and failed, of a request that is under way."""
        return self._reception.trail_of(request_id)

    async def explain(self, request_id: str) -> Explanation | None:
        """Why it went where it went; None: nobody has heard of it. Raises JournalUnusable where only the
        journal could tell.
        """
        return await self._reception.memoirs.explain(request_id)

    # Steering.

    async def act(self, act: OperatorAct, by: str = "") -> Durable | NotDurable:
        """Somebody steers: it holds at once, and is acknowledged when it is on the disk."""
        event = OperatorActed(at_ms=self._clock.now_ms(), wall_ms=self._clock.wall_ms(), act=act, by=by)
        self.switchboard.spread(event)
        return await self._journal.commit(event)

    def link(self, event: LinkLost | LinkRestored) -> None:
        """Our own network went or came back: everybody learns of it, in one step with the journal."""
        self.switchboard.spread(event)
        self.switchboard.keeper.set_offline(is_offline=isinstance(event, LinkLost))
        self._journal.record(event)

    def adopt(self, config: Config, doors: Mapping[str, Door], books: Mapping[str, Books]) -> None:
        """A reload: requests under way keep their pools, new ones go by the new config."""
        self.switchboard.adopt(config, doors, books)
        self._reception.entrance.adopt(config.daemon)

    def recall(self, state: State) -> None:
        """A longer memory than it had until now."""
        self.switchboard.state = state
        self.switchboard.keeper.wake()

    @property
    def state(self) -> State:
        """Its own part of the fold, for a snapshot."""
        return self.switchboard.state

    @property
    def status(self) -> RouterStatus:
        state, keeper = self.switchboard.state, self.switchboard.keeper
        return RouterStatus(
            in_flight=self._reception.entrance.in_flight,
            is_offline=keeper.is_offline,
            verdicts=MappingProxyType(state.statistics.verdicts),
            preferences=state.preferences,
            lanes=len(keeper.board.views),
            pools=tuple(self.switchboard.config.pool),
        )


class RouterActor:
    """Wakes those who wait for a lane; requests themselves need no actor, only the router."""

    def __init__(self, router: Router) -> None:
        self._router = router

    async def live(self, life: Life[None]) -> None:
        async with create_task_group() as tasks:
            tasks.start_soon(self._router.switchboard.keeper.watch)
            life.ready()
            async for _ in life:
                pass  # nobody writes to it but the supervisor, who asks whether it is there
            tasks.cancel_scope.cancel()
