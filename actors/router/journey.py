"""One request from its first look at the board to its verdict.

    way in --Ticket--> try --answered--> ok
      ^                 |--its own fault--> caller_error
      |                 |--failed, broken off--> excluded: who is next?
      +-----------------+                         |
             ^--- waited, if it asked to --- Nobody: unavailable, partial

Each lane is tried at most once, so there is no loop; a new request starts fresh. The deadline and a caller
who leaves come from outside, and cut it off wherever it is.
"""

from collections.abc import Awaitable, Callable
from functools import partial

from anyio import CancelScope, get_cancelled_exc_class
from msgspec import Struct, structs

from actors.case import Attempted, Case, Closed
from actors.kernel.cutoff import CutOff
from actors.provider.door import Ticket, Tried
from actors.router.ending import Ending
from actors.router.rescue import Relay
from actors.router.switchboard import Switchboard
from actors.router.vigil import Vigil
from actors.router.way_in import WayIn
from actors.wire.canonical import ChatRequest
from state.config import Patience
from state.events import Answered, Cancelled, Interrupted, Outcome, Rescued
from state.failures import RESPONSE_CLASS, Failure, Kind
from state.routing.preferences import context_key
from state.routing.turns import absent_above
from state.standing.consequences import Counts, Then, consequence
from state.telling.trail import Seam
from state.words import LaneId

__all__ = ["AttemptCrashed", "Journey"]

WARM_MS = 2_000
"""A lane of which nobody knows how long it takes has taken long after this."""
WARM_MS_MIN = 250
WARM_TIMES = 2


class AttemptCrashed(Struct, frozen=True):
    """A bug of ours in an attempt. The request goes on with the next lane."""

    request_id: str
    lane: LaneId
    error: BaseException

    def __str__(self) -> str:
        return f"an attempt of request {self.request_id} on {self.lane} crashed: {self.error!r}"


class Journey:
    """Made for a case, run once."""

    def __init__(self, case: Case, switchboard: Switchboard, relay: Relay | None) -> None:
        self.way_in = WayIn(case, switchboard, relay)
        self.ending = Ending(case, switchboard, relay)
        self._case = case
        self._switchboard = switchboard
        self._relay = relay
        self._failed: list[LaneId] = []
        """Those that it has reason to call failed."""
        self._vigil = Vigil(case, switchboard.clock, relay)
        self._voice: LaneId | None = None
        """Who spoke last to the caller."""

    def __repr__(self) -> str:
        return f"<journey of {self._case.id}: {len(self.ending.trail)} attempts>"

    async def run(self, before: Callable[[], Awaitable[object]] | None = None) -> Closed:
        """To its verdict, within its deadline. `before` is waited for first, on the same terms."""
        closed: Closed | None = None
        with CutOff() as cut_off:
            try:
                self._vigil.begin(cut_off.cut, soon=before is not None)
                if before is not None:
                    await before()
                closed = await self._until_it_ends()
            finally:
                self._vigil.end()
        if cut_off.was_cut or closed is None:
            return self.ending.deadline()
        return closed

    async def _until_it_ends(self) -> Closed:
        while True:
            found = self.way_in.enter()
            if isinstance(found, Ticket):
                closed = self._after(found, await self._try(found))
            elif await self.way_in.wait(found):
                closed = None
            else:
                return self.ending.nobody(found)
            if closed is not None:
                return closed
            if self._switchboard.clock.now_ms() >= self._case.deadline_ms:
                # On a busy machine this may be seen before the alarm rings.
                return self.ending.deadline()
            if self._relay is not None:
                self._relay.keep_alive()

    # Trying.

    async def _try(self, ticket: Ticket) -> Tried | None:
        """None: it had to be stopped, or it crashed; the trail has it all the same."""
        lane, clock = ticket.knock.lane, self._switchboard.clock
        began_ms = clock.now_ms()
        tried: Tried | None
        self._vigil.expect(began_ms + self._unusual_ms(lane), partial(self._warm_next, lane))
        try:
            if self._relay is None or not self._relay.has_begun:
                tried = await self._switchboard.doors[lane.provider].attempt(ticket, self._relay)
            else:
                tried = await self._try_to_join(ticket, self._relay)
        except get_cancelled_exc_class():
            self._put_down(ticket, began_ms, Cancelled())
            raise
        except Exception as error:  # noqa: BLE001 - a bug in one provider's dialect; others may still answer
            self._switchboard.listener.tell(AttemptCrashed(self._case.id, lane, error))
            self._put_down(ticket, began_ms, Interrupted())
            return None
        finally:
            self._vigil.relax()
        if tried is None:
            self._put_down(ticket, began_ms, Cancelled())
        else:
            self._take_down(tried.attempted)
        return tried

    async def _try_to_join(self, ticket: Ticket, relay: Relay) -> Tried | None:
        """Let it go on where another lane broke off. What does not meet is stopped: None."""
        before = len(relay.delivered)
        tried: Tried | None = None
        with CancelScope() as scope:
            relay.expect(continues=ticket.knock.prefill != "", stop=scope.cancel)
            tried = await self._switchboard.doors[ticket.knock.lane.provider].attempt(ticket, relay)
        if scope.cancelled_caught or tried is None:
            return None
        added = len(relay.delivered) - before
        if relay.is_joined:
            assert self._voice is not None
            how = "prefill" if ticket.knock.prefill else "repeated"
            self.ending.seams.append(Seam(before, self._voice, ticket.knock.lane, how))
        attempted = structs.replace(tried.attempted, delivered_chars=added)
        return structs.replace(tried, attempted=attempted)

    def _put_down(self, ticket: Ticket, began_ms: int, outcome: Outcome) -> None:
        """A line for an attempt that did not come back with one."""
        self._take_down(
            Attempted(
                attempt_id=ticket.attempt_id,
                lane=ticket.knock.lane,
                terms=ticket.terms,
                outcome=outcome,
                at_ms=began_ms,
                duration_ms=self._switchboard.clock.now_ms() - began_ms,
            )
        )

    def _take_down(self, attempted: Attempted) -> None:
        self.ending.trail.append(attempted)
        self.way_in.spent_usd += attempted.cost_usd or 0.0
        if attempted.tries > 1 and self._case.patience is not Patience.PATIENT:
            self._switchboard.second_tries.spend(attempted.tries - 1)

    def _unusual_ms(self, lane: LaneId) -> int:
        """After this long the next lane is made ready, just in case."""
        performance = self.way_in.questions[-1].board.views[lane].performance
        first_ms = performance.first_token_p50_ms if self._case.stream else performance.latency_p50_ms
        return max(WARM_MS_MIN, WARM_TIMES * first_ms) if first_ms else WARM_MS

    def _warm_next(self, lane: LaneId) -> None:
        """What this lane does takes longer than usual: the next one may be needed soon."""
        following = self.way_in.next_but(lane)
        if following is not None and following.provider in self._switchboard.doors:
            self._switchboard.doors[following.provider].warm(following)

    # What came of it.

    def _after(self, ticket: Ticket, tried: Tried | None) -> Closed | None:
        """The verdict, or None: on to the next."""
        lane, relay = ticket.knock.lane, self._relay
        if relay is not None and relay.is_apart:
            return self.ending.broken(f"what {lane} said does not meet what had been delivered")
        had_begun = self._voice is not None
        if relay is not None and relay.has_begun and (not had_begun or relay.is_joined):
            self._voice = lane
        outcome = self.ending.trail[-1].outcome
        match outcome:
            case Answered():
                assert tried is not None, "only what came back can have answered"
                return self._answered(lane, tried)
            case Failure():
                if ticket.knock.prefill and outcome.kind is Kind.BAD_REQUEST:
                    self.way_in.refuses_prefill(lane)
                    return None
                closed = self._learn_from(lane, outcome, had_begun=had_begun)
                if closed is not None:
                    return closed
            case Cancelled() if tried is not None:
                return self.ending.deadline()
            case Cancelled() | Interrupted():
                self._failed.append(lane)
        self.way_in.exclude(lane)
        if relay is not None and relay.has_begun and not self._may_be_rescued(relay, tried):
            return self.ending.broken("the stream broke off, and nobody may go on with it")
        return None

    def _answered(self, lane: LaneId, tried: Tried) -> Closed:
        if self._failed:
            case, clock = self._case, self._switchboard.clock
            self._switchboard.rescued(
                Rescued(
                    at_ms=clock.now_ms(),
                    wall_ms=clock.wall_ms(),
                    context=context_key(case.ask.context, case.ask.app, case.pool.name),
                    lane=lane,
                    instead_of=tuple(self._failed),
                    absent=self._absent_above(lane),
                )
            )
        return self.ending.ok(lane, tried.answer)

    def _absent_above(self, lane: LaneId) -> tuple[LaneId, ...]:
        above = absent_above(self.way_in.questions[-1], lane)
        return tuple(each for each in above if each not in self._failed)

    def _learn_from(self, lane: LaneId, failure: Failure, *, had_begun: bool) -> Closed | None:
        """What follows by the table of consequences. Only the first voice's refusal is the caller's: what is
        wrong with a request that has been answered by half is not wrong with the request.
        """
        row = consequence(failure)
        if failure.kind in RESPONSE_CLASS:
            self.way_in.may_strike = False
        if row.counts is not Counts.NOTHING:
            self._failed.append(lane)
        match row.then:
            case Then.CALLER if not had_begun and not self._may_go_elsewhere(failure):
                return self.ending.refused(failure)
            case Then.LARGER_CONTEXT:
                view = self._switchboard.keeper.board.views.get(lane)
                size = None if view is None else view.card.context
                self.way_in.outgrown = max(self.way_in.outgrown, size or 0)
            case _:
                pass
        return None

    def _may_go_elsewhere(self, failure: Failure) -> bool:
        """Whether the pool would rather ask another lane than hear a refusal."""
        return failure.kind is Kind.CONTENT_POLICY and self._case.pool.rules.on_content_policy == "next"

    def _may_be_rescued(self, relay: Relay, tried: Tried | None) -> bool:
        """Text can be continued; half a tool call, half a JSON or one of several choices cannot."""
        request = self._case.request
        return (
            self._case.rescue.rescues
            and not relay.in_tool
            and not (tried is not None and tried.in_tool)
            and relay.delivered != ""
            and isinstance(request, ChatRequest)
            and request.choices == 1
            and not request.wants_json
        )
