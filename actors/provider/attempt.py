"""One request's life on one lane: it tries, perhaps once more in place, and ends in exactly one outcome.

    ticket --> try --answered-----> Answered
                |--failed--> pause --> try ...           (`retries` says whether and how long)
                |--failed---------> Failure
                |--the caller left, or its deadline came--> Cancelled
                |--the provider's actor died--> Interrupted

It runs in its caller's task and sits at a desk of the provider, who can end it. Whatever happens to it, its
closing is folded and witnessed once.
"""

from anyio import Event, get_cancelled_exc_class

from actors.case import Attempted, Sink
from actors.kernel.deadlines import move_on_at
from actors.net.clocks import Clocks
from actors.provider.desk import Desk
from actors.provider.door import Ticket, Tried
from actors.provider.sending import Sending
from actors.wire.call import Call
from actors.wire.canonical import ChatRequest
from state.events import AttemptClosed, Cancelled, Interrupted, Outcome
from state.failures import Failure, Kind
from state.standing.retries import pause_before_retry_s
from state.timeline import ms
from state.usage.prices import cost
from state.usage.timing import timing

__all__ = ["Attempt"]


class Attempt:
    """Made of a ticket; run once."""

    def __init__(self, ticket: Ticket, desk: Desk) -> None:
        knock, provider = ticket.knock, desk.access.provider
        case = knock.case
        self._ticket = ticket
        self._desk = desk
        self._lane = knock.lane
        self._call = Call(
            request=case.request,
            provider=provider,
            model=desk.ledger.model(knock.lane),
            id=case.id,
            created_s=case.opened_wall_ms // 1000,
            stream=isinstance(case.request, ChatRequest) and (case.stream or provider.stream_upstream),
            prefill=knock.prefill,
        )
        self._clocks = self._wound()
        self._began_ms = desk.clock.now_ms()
        self._tries = 0
        self._sending: Sending | None = None
        self._is_aborted = False
        self._pause: Event | None = None

    def __repr__(self) -> str:
        return f"<attempt {self._ticket.attempt_id} on {self._lane}, try {self._tries}>"

    def abort(self) -> None:
        """End it as nobody's fault: our own actor goes."""
        self._is_aborted = True
        if self._sending is not None:
            self._sending.close()
        if self._pause is not None:
            self._pause.set()

    async def run(self, sink: Sink | None) -> Tried:
        """Until its one outcome. Cancelling it is an outcome too, and is witnessed as one."""
        outcome: Outcome = Interrupted()
        try:
            outcome = await self._until_it_ends(sink)
        except get_cancelled_exc_class():
            outcome = Cancelled()
            raise
        finally:
            attempted = self._close(outcome)
        sending = self._sending
        assert sending is not None, "it has tried at least once"
        return Tried(
            attempted=attempted, answer=sending.answer, spoken=sending.spoken, in_tool=sending.in_tool
        )

    async def _until_it_ends(self, sink: Sink | None) -> Outcome:
        consent = self._ticket.knock.case.consent
        if consent is not None:
            await consent(self._lane)
            self._began_ms = self._desk.clock.now_ms()
        while True:
            self._tries += 1
            self._sending = Sending(self._call, self._lane, self._clocks, self._desk)
            if self._is_aborted:
                return Interrupted()
            outcome = await self._sending.run(sink)
            if not isinstance(outcome, Failure):
                return outcome
            if self._is_nobodys(outcome):
                return Interrupted()
            again_ms = self._again_ms(outcome)
            if again_ms is None:
                return outcome
            self._pause = Event()
            with move_on_at(self._desk.clock, again_ms):
                await self._pause.wait()
                return Interrupted()

    def _is_nobodys(self, failure: Failure) -> bool:
        """Whatever happens while our own actor goes; and a refusal of a key that was replaced meanwhile."""
        return self._is_aborted or (self._desk.is_stale and failure.kind is Kind.AUTH)

    def _again_ms(self, failure: Failure) -> int | None:
        """When the same lane is asked again; None: it is not, or the deadline comes first."""
        knock, desk = self._ticket.knock, self._desk
        assert self._sending is not None
        if not knock.may_retry:
            return None
        pause_s = pause_before_retry_s(
            failure,
            self._call.provider.retry,
            tries=self._tries,
            patience=knock.case.patience,
            alone=knock.alone,
            before_first_byte=not self._sending.has_begun,
            chance=desk.rng.fraction(),
        )
        if pause_s is None:
            return None
        again_ms = desk.clock.now_ms() + ms(pause_s)
        return again_ms if again_ms < knock.case.deadline_ms else None

    def _wound(self) -> Clocks:
        call, ticket = self._call, self._ticket
        usual_ms = self._desk.ledger.usual_first_token_ms(self._lane) if call.stream else None
        spans = timing(call.provider.timeout, streams=call.stream, mark=ticket.terms.mark, usual_ms=usual_ms)
        return Clocks(
            connect_ms=spans.connect_ms,
            first_token_ms=spans.first_token_ms,
            gap_ms=spans.gap_ms,
            total_ms=spans.total_ms,
            deadline_ms=ticket.knock.case.deadline_ms,
            by_byte=not call.stream,
        )

    def _close(self, outcome: Outcome) -> Attempted:
        """Fold it, have it witnessed, and put it down for the trail."""
        ticket, desk, sending = self._ticket, self._desk, self._sending
        now_ms = desk.clock.now_ms()
        usage = None if sending is None else sending.usage
        closed = AttemptClosed(
            at_ms=now_ms,
            wall_ms=desk.clock.wall_ms(),
            attempt_id=ticket.attempt_id,
            request_id=ticket.knock.case.id,
            lane=self._lane,
            outcome=outcome,
            terms=ticket.terms,
            tokens_reserved=ticket.tokens_reserved,
            tries=max(1, self._tries),
            duration_ms=now_ms - self._began_ms,
            first_token_ms=None if sending is None else sending.first_token_ms,
            usage=usage,
            cost_usd=cost(self._call.model.price, usage),
            jitter=desk.rng.fraction(),
        )
        desk.ledger.happened(closed)
        return Attempted(
            attempt_id=closed.attempt_id,
            lane=closed.lane,
            terms=closed.terms,
            outcome=outcome,
            at_ms=self._began_ms,
            tries=closed.tries,
            duration_ms=closed.duration_ms,
            first_token_ms=closed.first_token_ms,
            usage=usage,
            cost_usd=closed.cost_usd,
            delivered_chars=0 if sending is None else len(sending.spoken),
        )
