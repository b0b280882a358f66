"""One request's life on one lane: it tries, perhaps once more in place, and ends in exactly one outcome.

    ticket --> try --answer--> Answered
                |--failure--> pause --> try ...          (state.retries says whether and how long)
                |--failure--------------------> Failure
                |--the caller leaves----------> Cancelled
                |--the provider's actor dies--> Interrupted

It runs in its caller's task and is registered with the provider, who can end it. Whatever happens to it,
its closing is folded and witnessed once.
"""

from anyio import Event, get_cancelled_exc_class

from actors.access import Access
from actors.case import Attempted, Sink
from actors.clocks import Clocks
from actors.deadlines import move_on_at
from actors.door import Ticket, Tried
from actors.exchange import Exchange
from actors.faults import ExchangeFailed, Fault
from actors.ledger import Ledger
from actors.seams import Clock, Rng
from actors.streaming import NoAnswer, Streaming
from actors.wire.call import Answer, Call, Reply
from actors.wire.canonical import ChatRequest
from actors.wire.dialect import Framing
from actors.wire.gather import scattered
from state.classify import classify
from state.events import Answered, AttemptClosed, Cancelled, Interrupted, Outcome, Usage
from state.failures import Evidence, Failure, Where
from state.learned import is_news, learn
from state.prices import cost
from state.retries import pause_before_retry_s
from state.timeline import ms
from state.timing import timing

__all__ = ["Attempt", "Desk"]


class Desk:
    """What the attempts of one life of a provider work with, and which of them are under way."""

    def __init__(self, access: Access, ledger: Ledger, clock: Clock, rng: Rng) -> None:
        self.access = access
        self.ledger = ledger
        self.clock = clock
        self.rng = rng
        self._inside: dict[str, Attempt] = {}
        self._left = Event()

    def __repr__(self) -> str:
        return f"<desk of {self.ledger.id}: {self.in_flight} attempts>"

    @property
    def in_flight(self) -> int:
        return len(self._inside)

    async def attempt(self, ticket: Ticket, sink: Sink | None) -> Tried:
        """Run it in the caller's task, registered so that it can be ended from here."""
        attempt = self._inside[ticket.attempt_id] = Attempt(ticket, self)
        try:
            return await attempt.run(sink)
        finally:
            del self._inside[ticket.attempt_id]
            self._left.set()

    async def wait_empty(self) -> None:
        """Until all who are inside have left."""
        while self._inside:
            self._left = Event()
            await self._left.wait()

    def close(self) -> None:
        """End all who are inside, as nobody's fault, and every connection."""
        for attempt in list(self._inside.values()):
            attempt.abort()
        self.access.close()


class Attempt:
    """Made of a ticket; run once."""

    def __init__(self, ticket: Ticket, desk: Desk) -> None:
        knock, provider = ticket.knock, desk.ledger.provider
        case, lane = knock.case, knock.lane
        is_chat = isinstance(case.request, ChatRequest)
        self._ticket = ticket
        self._desk = desk
        self._lane = lane
        self._call = Call(
            request=case.request,
            provider=provider,
            model=desk.ledger.model(lane),
            id=case.id,
            created_s=case.opened_wall_ms // 1000,
            stream=is_chat and (case.stream or provider.stream_upstream),
            prefill=knock.prefill,
        )
        self._began_ms = desk.clock.now_ms()
        self._clocks = self._wind()
        self._aborted = Event()
        self._exchange: Exchange | None = None
        self._streaming: Streaming | None = None
        self._tries = 0
        self._answer: Answer | None = None
        self._is_closed = False

    def __repr__(self) -> str:
        return f"<attempt {self._ticket.attempt_id} on {self._lane}, try {self._tries}>"

    def abort(self) -> None:
        """End it as nobody's fault: our own actor goes."""
        self._aborted.set()
        if self._exchange is not None:
            self._exchange.close()

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
        streaming = self._streaming
        return Tried(
            attempted=attempted,
            answer=self._answer,
            spoken="" if streaming is None else streaming.spoken,
            in_tool=streaming is not None and streaming.in_tool,
        )

    async def _until_it_ends(self, sink: Sink | None) -> Outcome:
        knock, clock = self._ticket.knock, self._desk.clock
        while True:
            self._tries += 1
            outcome = await self._try(sink)
            if not isinstance(outcome, Failure):
                return outcome
            pause_s = pause_before_retry_s(
                outcome,
                self._call.provider.retry,
                tries=self._tries,
                patience=knock.case.patience,
                alone=knock.alone,
                before_first_byte=self._streaming is None or not self._streaming.has_begun,
                chance=self._desk.rng.fraction(),
            )
            again_ms = 0 if pause_s is None else clock.now_ms() + ms(pause_s)
            if pause_s is None or again_ms >= knock.case.deadline_ms:
                return outcome
            with move_on_at(clock, again_ms):
                await self._aborted.wait()
                return Interrupted()

    async def _try(self, sink: Sink | None) -> Outcome:
        dialect, access = self._desk.access.dialect, self._desk.access
        try:
            exchange = await access.send(dialect.build(self._call), self._lane.key, self._clocks)
            with exchange:
                self._exchange = exchange
                if self._is_stream(exchange):
                    return await self._read_stream(exchange, sink)
                reply = Reply(exchange.status, _headers(exchange), await exchange.read())
                return self._judge_whole(reply, sink)
        except NoAnswer as none:
            return self._classified(none.evidence)
        except ExchangeFailed as failed:
            return self._failed(failed)
        finally:
            self._exchange = None

    def _is_stream(self, exchange: Exchange) -> bool:
        """A server that was asked to stream may answer whole all the same, and says so by its type."""
        if not self._call.stream or not 200 <= exchange.status < 300:
            return False
        kind = exchange.header(b"content-type") or b""
        return self._desk.access.dialect.framing is Framing.NDJSON or not kind.startswith(b"application/json")

    async def _read_stream(self, exchange: Exchange, sink: Sink | None) -> Outcome:
        self._learn(_headers(exchange))
        dialect, clock = self._desk.access.dialect, self._desk.clock
        streaming = Streaming(dialect, self._call, self._lane, exchange, sink, clock.now_ms)
        self._streaming = streaming
        self._answer = await streaming.read()
        return Answered()

    def _judge_whole(self, reply: Reply, sink: Sink | None) -> Outcome:
        self._learn(reply.headers)
        found = self._desk.access.dialect.parse(self._call, reply)
        if isinstance(found, Evidence):
            return self._classified(found)
        self._answer = found
        if sink is not None and isinstance(self._call.request, ChatRequest):
            sink.begin(self._lane, _Still())
            for chunk in scattered(found.body, wants_usage=self._call.request.wants_usage):
                sink.chunk(chunk)
        return Answered()

    def _failed(self, failed: ExchangeFailed) -> Outcome:
        if failed.fault is Fault.DEADLINE:
            return Cancelled()
        if failed.fault is Fault.CLOSED:
            return Interrupted()
        streaming = self._streaming
        if streaming is not None and streaming.is_finished:
            # The answer was whole; only its connection did not end as it should.
            self._answer = streaming.answer()
            return Answered()
        broke_off = streaming is not None and streaming.has_spoken
        return self._classified(
            Evidence(
                provider=self._call.provider.name,
                api=self._call.provider.api,
                where=Where.STREAM if broke_off else Where.TRANSPORT,
                exception=str(failed),
            )
        )

    def _classified(self, evidence: Evidence) -> Failure:
        return classify(evidence, self._desk.clock.wall_ms())

    def _learn(self, headers: tuple[tuple[str, str], ...]) -> None:
        ledger, clock = self._desk.ledger, self._desk.clock
        for said in learn(self._call.provider.api, headers, self._lane, clock.now_ms(), clock.wall_ms()):
            if is_news(ledger.state.limits, said):
                ledger.happened(said)

    def _wind(self) -> Clocks:
        ledger, case = self._desk.ledger, self._ticket.knock.case
        spans = timing(
            self._call.provider.timeout,
            streams=self._call.stream,
            mark=self._ticket.terms.mark,
            usual_ms=ledger.usual_first_token_ms(self._lane),
        )
        return Clocks(
            connect_ms=spans.connect_ms,
            first_token_ms=spans.first_token_ms,
            gap_ms=spans.gap_ms,
            total_ms=spans.total_ms,
            deadline_ms=case.deadline_ms,
            by_byte=not self._call.stream,
        )

    def _close(self, outcome: Outcome) -> Attempted:
        """Fold it, have it witnessed, and put it down for the trail: one outcome, once."""
        assert not self._is_closed, "an attempt ends once"
        self._is_closed = True
        ticket, desk, streaming = self._ticket, self._desk, self._streaming
        now_ms = desk.clock.now_ms()
        usage = self._usage()
        first_token_ms = None if streaming is None else streaming.first_token_ms
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
            first_token_ms=None if first_token_ms is None else first_token_ms - self._began_ms,
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
            delivered_chars=0 if streaming is None else len(streaming.spoken),
        )

    def _usage(self) -> Usage | None:
        if self._answer is not None:
            return self._answer.usage
        return None if self._streaming is None else self._streaming.usage


class _Still:
    """A flow that has already ended."""

    def pause(self) -> None:
        """Nothing flows."""

    def resume(self) -> None:
        """Nothing flows."""


def _headers(exchange: Exchange) -> tuple[tuple[str, str], ...]:
    return tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in exchange.headers)
