"""One call to a lane: the request goes out in its dialect, and what comes back is an answer or none.

    build --> send --> head --+-- stream: message by message, to the sink as it comes
                              +-- whole: read, parsed; scattered, if the caller wanted a stream

Strangers' words are judged by the classifier, the faults of the way by their own table. Whatever is said
leaves without the key that it was said to.
"""

from msgspec.structs import replace

from actors.case import Sink
from actors.net.clocks import Clocks
from actors.net.exchange import Exchange
from actors.net.faults import ExchangeFailed, Fault
from actors.provider.blame import outcome_of
from actors.provider.delivery import Collection, Delivery, Outlet, Still
from actors.provider.desk import Desk
from actors.provider.streaming import NoAnswer, Streaming
from actors.wire.call import Answer, Call, Headers, Reply
from actors.wire.canonical import ChatRequest
from actors.wire.dialect import Framing
from actors.wire.gather import scattered
from state.classify import classify
from state.events import Answered, Interrupted, Outcome, Usage
from state.failures import Evidence, Failure
from state.usage.learned import is_news, learn
from state.words import LaneId

__all__ = ["Sending"]

SLEPT_MS = 1_000
"""A machine that slept this long during a call knows nothing of the other side: nobody is to blame."""

_WHOLE = (b"application/json", b"application/problem+json", b"text/html")


class Sending:
    """Made for one try, run once."""

    def __init__(self, call: Call, lane: LaneId, clocks: Clocks, desk: Desk) -> None:
        self.answer: Answer | None = None
        """Whole; None if there is none, or if the sink had it."""
        self._usage: Usage | None = None
        self._streaming: Streaming | None = None
        self._outlet: Outlet | None = None
        self._call = call
        self._lane = lane
        self._clocks = clocks
        self._desk = desk
        self._exchange: Exchange | None = None
        self._began_ms = desk.clock.now_ms()
        self._slept_ms = desk.clock.slept_ms()

    def __repr__(self) -> str:
        return f"<sending to {self._lane}>"

    @property
    def has_begun(self) -> bool:
        """Whether the caller has seen something of it."""
        return self._outlet is not None and self._outlet.has_begun

    @property
    def spoken(self) -> str:
        """The visible text that the caller has."""
        return "" if self._outlet is None else self._outlet.spoken

    @property
    def in_tool(self) -> bool:
        """Whether the caller has the beginning of a tool call."""
        return self.has_begun and self._streaming is not None and self._streaming.in_tool

    @property
    def first_token_ms(self) -> int | None:
        """How long the model took to give a sign of life."""
        if self._streaming is None or self._streaming.first_token_ms is None:
            return None
        return self._streaming.first_token_ms - self._began_ms

    @property
    def usage(self) -> Usage | None:
        """What it used, as far as anybody knows."""
        if self._usage is not None:
            return self._usage
        return None if self._streaming is None else self._streaming.usage

    def close(self) -> None:
        """End it: what waits for it is told that it was closed."""
        if self._exchange is not None:
            self._exchange.close()

    async def run(self, sink: Sink | None) -> Outcome:
        """To its outcome. Cancelling closes the connection."""
        access = self._desk.access
        try:
            request = access.dialect.build(self._call)
            with await access.send(request, self._lane.key, self._clocks) as exchange:
                self._exchange = exchange
                headers = exchange.texts()
                self._learn(headers)
                if self._is_stream(exchange):
                    return await self._read_stream(exchange, sink)
                reply = Reply(exchange.status, headers, await exchange.read())
            return self._judge(reply, sink)
        except NoAnswer as none:
            return self._classified(none.evidence)
        except ExchangeFailed as failed:
            return self._failed(failed)

    def _is_stream(self, exchange: Exchange) -> bool:
        """A server that was asked to stream may answer whole all the same, and says so by its type."""
        if not self._call.stream or not 200 <= exchange.status < 300:
            return False
        if self._desk.access.dialect.framing is Framing.NDJSON:
            return True
        kind = exchange.header(b"content-type") or b""
        return not kind.lower().startswith(_WHOLE)

    async def _read_stream(self, exchange: Exchange, sink: Sink | None) -> Answered:
        desk = self._desk
        outlet = Collection() if sink is None else Delivery(sink, self._lane, exchange)
        streaming = Streaming(desk.access.dialect, self._call, exchange, outlet, desk.clock.now_ms)
        self._outlet, self._streaming = outlet, streaming
        await streaming.read()
        self.answer = streaming.answer()
        return Answered()

    def _judge(self, reply: Reply, sink: Sink | None) -> Outcome:
        found = self._desk.access.dialect.parse(self._call, reply)
        if isinstance(found, Evidence):
            return self._classified(found)
        self._usage = found.usage
        request = self._call.request
        if sink is None or not isinstance(request, ChatRequest):
            self.answer = found
            return Answered()
        self._outlet = Delivery(sink, self._lane, Still())
        for chunk in scattered(found.body, wants_usage=request.wants_usage):
            self._outlet.take(chunk)
        return Answered()

    def _failed(self, failed: ExchangeFailed) -> Outcome:
        if failed.fault is Fault.ILLEGAL_REQUEST:
            raise failed  # a bug of ours, for our own eyes
        streaming = self._streaming
        if streaming is not None and streaming.is_finished:
            # The answer was whole; only its connection did not end as it should.
            self.answer = streaming.answer()
            return Answered()
        outcome = outcome_of(failed)
        slept_ms = self._desk.clock.slept_ms() - self._slept_ms
        if isinstance(outcome, Failure) and slept_ms >= SLEPT_MS:
            return Interrupted()
        return outcome

    def _classified(self, evidence: Evidence) -> Failure:
        failure = classify(evidence, self._desk.clock.wall_ms())
        return replace(failure, said=self._desk.access.redacted(self._lane.key, failure.said))

    def _learn(self, headers: Headers) -> None:
        ledger, clock = self._desk.ledger, self._desk.clock
        for said in learn(self._call.provider.api, headers, self._lane, clock.now_ms(), clock.wall_ms()):
            if is_news(ledger.state.limits, said):
                ledger.happened(said)
