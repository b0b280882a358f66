"""The router: every request goes through it, and ends in exactly one verdict.

    open(body, options, client) --> Case
    serve(case, sink)           --> Closed     in the caller's own task; no request waits behind another
    act(act, by)                --> Durable | NotDurable
    explain(request_id)         --> Explanation

What it decides stands in `state`; whom it can turn to is the switchboard. It outlives the lives of its actor,
which only wakes those who wait for a lane.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType

from anyio import create_task_group, get_cancelled_exc_class
from msgspec import Struct
from msgspec.structs import replace

from actors.actor import Life
from actors.board_keeper import Books
from actors.case import Attempted, Case, Client, Closed, Sink, Trouble
from actors.door import Door
from actors.entrance import RETRY_AFTER_S, Entrance
from actors.fingerprint import fingerprint
from actors.journal import Journal
from actors.journey import Journey
from actors.memoirs import Memoirs
from actors.named import CONFLICT, Named
from actors.opening import open_case
from actors.replay import Outcome
from actors.rescue import Relay
from actors.seams import Clock, Listener, Rng
from actors.switchboard import Switchboard
from actors.twins import Twins
from actors.wire.canonical import Request
from state.asking import PLAIN, Options
from state.config import Config
from state.durability import Durable, NotDurable
from state.events import (
    LinkLost,
    LinkRestored,
    OperatorAct,
    OperatorActed,
    RequestClosed,
    RequestOpened,
    Verdict,
)
from state.explanation import Explanation
from state.fold import NOTHING_KNOWN, State
from state.names import Names, Unknown, resolve
from state.pools import Pool
from state.preferences import Preferences

__all__ = ["RequestCrashed", "Router", "RouterActor", "RouterStatus"]

ANYBODY = Client()


class RequestCrashed(Struct, frozen=True):
    """A bug of ours ended a request. Its caller was told `interrupted`."""

    request_id: str
    error: BaseException

    def __str__(self) -> str:
        return f"request {self.request_id} was ended by a bug: {self.error!r}"


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
        self._listener = listener
        self._entrance = Entrance(config.daemon)
        self._under_way: dict[str, Journey] = {}
        self._memoirs = Memoirs(journal, self._under_way)
        self._named = Named(journal, clock)
        self._twins = Twins(clock)

    def __repr__(self) -> str:
        return f"<router: {self._entrance.in_flight} requests, {self.switchboard.keeper!r}>"

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

    async def serve(self, case: Case, sink: Sink | None = None) -> Closed:
        """To its verdict, whatever happens. Cancelling it is a verdict too, and is raised on. A sink gets the
        answer while it comes; without one the answer is in what is returned.
        """
        refusal = self._entrance.enter(case.client)
        if refusal:
            closed = _refused(Verdict.OVERLOADED, refusal, RETRY_AFTER_S)
            self._close(case, closed)
            return closed
        try:
            rules = case.pool.rules
            if case.is_named:
                return await self._serve_named(case, sink)
            if rules.merge_identical or rules.cache_s > 0:
                return await self._serve_twin(case, sink)
            return (await self._run(case, None if sink is None else Relay(sink))).closed
        finally:
            self._entrance.leave(case.client)

    def trail_of(self, request_id: str) -> Sequence[Attempted]:
        """Who was asked until now and failed, of a request that is under way."""
        journey = self._under_way.get(request_id)
        return () if journey is None else journey.ending.trail

    async def explain(self, request_id: str) -> Explanation | None:
        """Why it went where it went; None: nobody has heard of it. Raises JournalUnusable where only the
        journal could tell.
        """
        return await self._memoirs.explain(request_id)

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
        self._entrance.adopt(config.daemon)

    @property
    def state(self) -> State:
        """Its own part of the fold, for a snapshot."""
        return self.switchboard.state

    @property
    def status(self) -> RouterStatus:
        state, keeper = self.switchboard.state, self.switchboard.keeper
        return RouterStatus(
            in_flight=self._entrance.in_flight,
            is_offline=keeper.is_offline,
            verdicts=MappingProxyType(state.statistics.verdicts),
            preferences=state.preferences,
            lanes=len(keeper.board.views),
            pools=tuple(self.switchboard.config.pool),
        )

    # A request's ways.

    async def _serve_named(self, case: Case, sink: Sink | None) -> Closed:
        content = fingerprint(case, case.id)

        async def run(case: Case, sink: Sink | None) -> Outcome:
            return await self._run(case, _keeping(sink), content)

        closed = await self._named.serve(case, content, sink, run)
        if closed is not None:
            return closed
        closed = _refused(Verdict.CALLER_ERROR, CONFLICT)
        self._close(replace(case, id=self._rng.new_id(), is_named=False), closed)
        return closed

    async def _serve_twin(self, case: Case, sink: Sink | None) -> Closed:
        content = fingerprint(case)
        try:
            shared = await self._twins.share(case, content, sink)
        except get_cancelled_exc_class():
            self._close(case, Closed(verdict=Verdict.CANCELLED))
            raise
        if shared is not None:
            self._close(case, shared)
            return shared

        async def run(case: Case, sink: Sink | None) -> Outcome:
            return await self._run(case, _keeping(sink))

        return (await self._twins.lead(case, content, sink, run)).closed

    async def _run(self, case: Case, relay: Relay | None, content: str = "") -> Outcome:
        """Its own way through the lanes. Whatever ends it, it is closed once."""
        journey = Journey(case, self.switchboard, relay)
        self._under_way[case.id] = journey
        closed: Closed | None = None
        try:
            closed = await journey.run(partial(self._note_opened, case, content) if content else None)
        except get_cancelled_exc_class():
            closed = journey.ending.cancelled()
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours ends one request, and its caller is told
            self._listener.tell(RequestCrashed(case.id, error))
            closed = journey.ending.interrupted()
        finally:
            self._under_way.pop(case.id, None)
            if closed is None:
                closed = journey.ending.interrupted()
            self._close(case, closed, journey, content)
        return Outcome(closed, () if relay is None or relay.kept is None else tuple(relay.kept))

    async def _note_opened(self, case: Case, content: str) -> None:
        """On the disk before anything is sent, so that after a crash the name is known. If there is no disk,
        calls go on.
        """
        opened = RequestOpened(
            at_ms=self._clock.now_ms(),
            wall_ms=self._clock.wall_ms(),
            request_id=case.id,
            content=content,
            app=case.ask.app,
        )
        await self._journal.commit(opened)

    def _close(self, case: Case, closed: Closed, journey: Journey | None = None, content: str = "") -> None:
        """One verdict for each case, witnessed with all that its choices depended on."""
        now_ms = self._clock.now_ms()
        way_in = None if journey is None else journey.way_in
        event = RequestClosed(
            at_ms=now_ms,
            wall_ms=self._clock.wall_ms(),
            request_id=case.id,
            verdict=closed.verdict,
            pool=case.pool.name,
            app=case.ask.app,
            lane=closed.lane,
            attempts=len(closed.trail),
            duration_ms=max(0, now_ms - case.opened_ms),
            asked=None if way_in is None else way_in.asked,
            looks=() if way_in is None else tuple(way_in.looks),
            seams=closed.seams,
            merged_with=closed.merged_with,
            from_cache=closed.from_cache,
            content=content,
        )
        self.switchboard.happened(event)
        self.switchboard.second_tries.earn()
        self._memoirs.keep(event, closed.trail, () if way_in is None else way_in.questions)


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


def _keeping(sink: Sink | None) -> Relay | None:
    """A relay that keeps what it passes on, for others who may want it."""
    return None if sink is None else Relay(sink, keeps=True)


def _refused(verdict: Verdict, message: str, retry_after_s: float | None = None) -> Closed:
    return Closed(verdict=verdict, trouble=Trouble(message=message, retry_after_s=retry_after_s))
