"""Receives requests and sees each to exactly one verdict: its own way, another's, or a remembered one.

entrance --full--> overloaded
    |--named-----> the same verdict as before, or its own way, noted on the disk first
    |--twin------> another's answer, or its own way for both
    +------------> its own way: a journey
"""

from collections.abc import Sequence
from functools import partial

from anyio import get_cancelled_exc_class
from msgspec import Struct
from msgspec.structs import replace

from actors.case import Attempted, Case, Closed, Sink, Trouble
from actors.journal.journal import Journal
from actors.router.entrance import RETRY_AFTER_S, Entrance
from actors.router.fingerprint import fingerprint
from actors.router.journey import Journey
from actors.router.memoirs import Memoirs
from actors.router.named import Apart, Named
from actors.router.replay import Outcome
from actors.router.rescue import Relay
from actors.router.switchboard import Switchboard
from actors.router.twins import Twins
from state.events import RequestClosed, RequestOpened, Verdict

__all__ = ["Reception", "RequestCrashed"]


class RequestCrashed(Struct, frozen=True):
    """A bug of ours ended a request. Its caller was told `interrupted`."""

    request_id: str
    error: BaseException

    def __str__(self) -> str:
        return f"request {self.request_id} was ended by a bug: {self.error!r}"


class Reception:
    """Who is inside, who is under way, and what became of those before."""

    def __init__(self, switchboard: Switchboard, journal: Journal) -> None:
        self._switchboard = switchboard
        self._journal = journal
        self._clock = switchboard.clock
        self._under_way: dict[str, Journey] = {}
        self._named = Named(journal, switchboard.clock)
        self._twins = Twins(switchboard.clock)
        self.entrance = Entrance(switchboard.config.daemon)
        self.memoirs = Memoirs(journal, self._under_way)

    def __repr__(self) -> str:
        return f"<reception: {self.entrance.in_flight} inside, {len(self._under_way)} under way>"

    async def serve(self, case: Case, sink: Sink | None) -> Closed:
        """To its verdict, whatever happens. Cancelling it is a verdict too, and is raised on."""
        refusal = self.entrance.enter(case.client)
        if refusal:
            trouble = Trouble(message=refusal, retry_after_s=RETRY_AFTER_S)
            closed = Closed(verdict=Verdict.OVERLOADED, trouble=trouble)
            (self._close_apart if case.is_named else self._close)(case, closed)
            return closed
        try:
            rules = case.pool.rules
            if case.is_named:
                return await self._serve_named(case, sink)
            if rules.merge_identical or rules.cache_s > 0:
                return await self._serve_twin(case, sink)
            return (await self._run(case, None if sink is None else Relay(sink))).closed
        finally:
            self.entrance.leave(case.client)

    def trail_of(self, request_id: str) -> Sequence[Attempted]:
        """Who was asked until now and failed, of a request that is under way."""
        journey = self._under_way.get(request_id)
        return () if journey is None else journey.ending.trail

    async def _serve_named(self, case: Case, sink: Sink | None) -> Closed:
        content = fingerprint(case, case.id)

        has_run = False

        async def run(case: Case, sink: Sink | None) -> Outcome:
            nonlocal has_run
            has_run = True
            return await self._run(case, _keeping(sink), content)

        try:
            found = await self._named.serve(case, content, sink, run)
        except get_cancelled_exc_class():
            if not has_run:
                self._close_apart(case, Closed(verdict=Verdict.CANCELLED))
            raise
        if isinstance(found, Apart):
            self._close_apart(case, found.closed)
            return found.closed
        return found

    def _close_apart(self, case: Case, closed: Closed) -> None:
        """A verdict of its own for a call that came to nothing: under the name that it used, it would be
        taken for what became of the request of that name.
        """
        self._close(replace(case, id=self._switchboard.rng.new_id(), is_named=False), closed)

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
        journey = Journey(case, self._switchboard, relay)
        self._under_way[case.id] = journey
        closed: Closed | None = None
        try:
            closed = await journey.run(partial(self._note_opened, case, content) if content else None)
        except get_cancelled_exc_class():
            closed = journey.ending.cancelled()
            raise
        except Exception as error:  # noqa: BLE001 - a bug of ours ends one request, and its caller is told
            self._switchboard.listener.tell(RequestCrashed(case.id, error))
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
        self._switchboard.happened(event)
        self._switchboard.second_tries.earn()
        self.memoirs.keep(event, closed.trail, () if way_in is None else way_in.questions)


def _keeping(sink: Sink | None) -> Relay | None:
    """A relay that keeps what it passes on, for others who may want it."""
    return None if sink is None else Relay(sink, keeps=True)
