"""One attempt in virtual time: second tries, clocks, streams, and its one outcome."""

from typing import Any

import anyio
import msgspec
import pytest

from actors.case import Attempted
from actors.net.faults import ExchangeFailed, Fault
from actors.provider.attempt import Attempt
from actors.wire.chunks import Kind as Said
from state.config import ModelConfig, Patience, PriceConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    Interrupted,
    LimitLearned,
    Mark,
    Outcome,
    Terms,
    Usage,
)
from state.failures import Failure, Kind
from state.usage.limits import Exhausted
from tests.doorstep import (
    DONE,
    HELLO,
    LANE,
    OPENING,
    Doorstep,
    Ear,
    doorstep,
    error,
    said,
    thought,
)
from tests.fakes import FakeClock, settle
from tests.fakes.transport import SILENCE, Script, broken, stream, whole

pytestmark = pytest.mark.anyio

BUSY = whole(error("The server is overloaded", type="server_error"), 503)
HOLE = whole(error("boom"), 500)
WAIT_2_S = whole(error("Rate limit reached"), 429, (b"retry-after", b"2"))
WAIT_60_S = whole(error("Rate limit reached"), 429, (b"retry-after", b"60"))
WELL = whole(HELLO)
ALOUD = stream(OPENING, said("he"), said("llo", "stop"), DONE)


def kind_of(outcome: Outcome) -> Kind | None:
    return outcome.kind if isinstance(outcome, Failure) else None


async def tried(step: Doorstep, clock: FakeClock, **knock: Any) -> Attempted:
    return (await clock.until_done(step.attempt(**knock))).attempted


# The plain course of things.


async def test_an_answer_is_given_whole_with_what_it_used_and_cost(clock: FakeClock):
    priced = ModelConfig(name="m", price=PriceConfig(input=1.0, output=10.0))
    async with doorstep(clock, whole(HELLO, after_s=1.5), models=(priced,)) as step:
        got = await clock.until_done(step.attempt())
    assert got.answer is not None
    assert got.answer.body == HELLO
    assert (got.spoken, got.in_tool) == ("", False)
    assert (got.attempted.duration_ms, got.attempted.usage) == (1500, Usage(tokens_in=3, tokens_out=2))
    assert got.attempted.cost_usd == pytest.approx(23e-6)


async def test_it_is_witnessed_before_its_first_byte_leaves_and_once_when_it_is_over(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        ticket = step.let_in()
        assert step.network.sent == []
        (opened,) = step.of(AttemptOpened)
        assert (opened.attempt_id, opened.lane) == (ticket.attempt_id, LANE)
        assert opened.attempt_id.startswith(opened.request_id + ".")
        step.network.play(WELL)
        await clock.until_done(step.door.attempt(ticket, None))
    assert [type(event) for event in step.events] == [AttemptOpened, AttemptClosed]
    closed = step.closed
    assert (closed.attempt_id, closed.terms) == (ticket.attempt_id, ticket.terms)
    assert closed.outcome == Answered()


async def test_the_key_goes_along_and_nothing_else_knows_it(clock: FakeClock):
    async with doorstep(clock, WELL) as step:
        got = await clock.until_done(step.attempt())
    (sent,) = step.network.sent
    assert sent.key == "authorization: Bearer canary-hunter2-0123456789abcdef"
    assert b"canary" not in sent.body + sent.target
    assert "canary" not in repr((got, step.events, step.accesses, step.door, step.ledger))


async def test_it_says_where_it_is(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        ticket = step.let_in()
        attempt = Attempt(ticket, step.door._desk)  # type: ignore[arg-type]
        assert repr(attempt) == f"<attempt {ticket.attempt_id} on p/key1/m, try 0>"
        assert repr(step.door._desk) == "<desk of p: 0 inside>"
        assert repr(step.door) == "<door of p: 1 inside>"


# Second tries in place.


async def test_an_outage_is_confirmed_by_a_second_try_before_it_counts(clock: FakeClock):
    async with doorstep(clock, BUSY) as step:
        attempted = await tried(step, clock)
        assert len(step.network.sent) == 2
    assert (kind_of(attempted.outcome), attempted.tries) == (Kind.UNAVAILABLE, 2)
    assert 250 <= attempted.duration_ms <= 500
    assert step.closed.tries == 2
    assert step.ledger.state.standing.of(LANE.provider_id).row == 1


@pytest.mark.parametrize("hiccup", [HOLE, BUSY, broken(Fault.RESET), broken(Fault.UNREACHABLE)])
async def test_a_hiccup_is_nobodys_failure(clock: FakeClock, hiccup: Script):
    async with doorstep(clock, hiccup, WELL) as step:
        attempted = await tried(step, clock)
    assert (attempted.outcome, attempted.tries) == (Answered(), 2)
    assert [type(event) for event in step.events] == [AttemptOpened, AttemptClosed]


async def test_second_tries_are_requests_to_whoever_counts_them(clock: FakeClock):
    async with doorstep(clock, HOLE, WELL) as step:
        await tried(step, clock)
    assert step.ledger.state.limits.meter(LANE).odometer.requests == 2


async def test_a_rate_limit_that_ends_soon_is_waited_out(clock: FakeClock):
    async with doorstep(clock, WAIT_2_S, WELL) as step:
        attempted = await tried(step, clock)
    assert (attempted.outcome, attempted.tries, attempted.duration_ms) == (Answered(), 2, 2000)


async def test_a_long_rate_limit_is_for_another_lane_to_spare_us(clock: FakeClock):
    async with doorstep(clock, WAIT_60_S) as step:
        attempted = await tried(step, clock)
        refused = step.knock()
    assert (kind_of(attempted.outcome), attempted.tries, attempted.duration_ms) == (Kind.RATE_LIMIT, 1, 0)
    assert repr(refused).startswith("Held(")


async def test_alone_it_climbs_the_ladder_within_its_deadline(clock: FakeClock):
    limited = whole(error("Rate limit reached"), 429)
    async with doorstep(clock, limited) as step:
        attempted = await tried(step, clock, case=step.case(deadline_s=40), alone=True)
    assert (attempted.tries, attempted.duration_ms) == (4, 35_000)
    assert kind_of(attempted.outcome) is Kind.RATE_LIMIT


async def test_patience_tries_five_times(clock: FakeClock):
    async with doorstep(clock, HOLE) as step:
        attempted = await tried(step, clock, case=step.case(patience=Patience.PATIENT))
    assert (attempted.tries, attempted.duration_ms) == (5, 8000)


async def test_where_too_many_try_again_already_it_does_not(clock: FakeClock):
    async with doorstep(clock, HOLE) as step:
        attempted = await tried(step, clock, may_retry=False)
    assert (attempted.tries, attempted.duration_ms) == (1, 0)


async def test_no_pause_outlives_the_deadline(clock: FakeClock):
    async with doorstep(clock, WAIT_2_S) as step:
        attempted = await tried(step, clock, case=step.case(deadline_s=2))
    assert (attempted.tries, attempted.duration_ms) == (1, 0)


# Whose clock it was.


async def test_a_deadline_counts_against_nobody(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        attempted = await tried(step, clock, case=step.case(deadline_s=7))
        assert step.network.open == 0
    assert (attempted.outcome, attempted.duration_ms) == (Cancelled(), 7000)
    assert step.ledger.state.standing.of(LANE).is_spotless


async def test_a_provider_that_is_too_slow_is_to_blame_however_close_the_deadline_is(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        attempted = await tried(step, clock, case=step.case(deadline_s=30.001))
    assert (kind_of(attempted.outcome), attempted.duration_ms) == (Kind.TIMEOUT, 30_000)
    assert step.closed.outcome.rule == "total-timeout"  # type: ignore[union-attr]


@pytest.mark.parametrize("opening", [(), (OPENING,), (b": processing\n\n",) * 3])
async def test_a_stream_has_to_begin_in_time_and_an_opening_is_no_beginning(
    clock: FakeClock, opening: tuple[bytes, ...]
):
    async with doorstep(clock, stream(*opening, every_s=3, ends=False)) as step:
        attempted = (await clock.until_done(step.stream(Ear()))).attempted
    assert (kind_of(attempted.outcome), attempted.duration_ms) == (Kind.TIMEOUT, 10_000)
    assert (attempted.first_token_ms, attempted.usage) == (None, None)


async def test_a_thought_is_a_sign_of_life_but_commits_nobody(clock: FakeClock):
    ear = Ear()
    async with doorstep(clock, stream(thought("hm"), thought("hm"), every_s=9, ends=False)) as step:
        attempted = (await clock.until_done(step.stream(ear))).attempted
    assert (kind_of(attempted.outcome), attempted.duration_ms) == (Kind.TIMEOUT, 33_000)
    assert attempted.first_token_ms == 9000
    assert ear.begun == []


async def test_a_lane_that_usually_takes_its_time_is_given_it(clock: FakeClock):
    slow = stream(said("a", "stop"), DONE, every_s=8)
    async with doorstep(clock, slow) as step:
        for _ in range(40):
            await clock.until_done(step.stream(Ear()))
        step.network.play(stream(said("a", "stop"), DONE, every_s=14.5))
        attempted = (await clock.until_done(step.stream(Ear()))).attempted
    assert attempted.outcome == Answered()
    assert attempted.first_token_ms == 14_500


async def test_a_trial_is_kept_short(clock: FakeClock):
    async with doorstep(clock, HOLE) as step:
        await tried(step, clock)
        await clock.advance(400)
        step.network.play(SILENCE)
        ticket = step.let_in(step.case(stream=True))
        assert ticket.terms.mark is Mark.TRIAL
        attempted = (await clock.until_done(step.door.attempt(ticket, Ear()))).attempted
    assert attempted.duration_ms == 5000


async def test_a_stream_may_take_longer_than_a_whole_answer(clock: FakeClock):
    words = [said(f"{n} ") for n in range(20)]
    async with doorstep(clock, stream(*words, said("", "stop"), DONE, every_s=5)) as step:
        attempted = (await clock.until_done(step.stream(Ear()))).attempted
    assert (attempted.outcome, attempted.duration_ms) == (Answered(), 110_000)


# Streams.


async def test_a_stream_flows_to_its_caller(clock: FakeClock):
    ear = Ear()
    async with doorstep(clock, ALOUD) as step:
        got = await clock.until_done(step.stream(ear))
    assert (ear.begun, ear.text) == ([LANE], "hello")
    assert (got.answer, got.spoken, got.attempted.delivered_chars) == (None, "hello", 5)
    assert got.attempted.outcome == Answered()


@pytest.mark.parametrize(
    ("script", "kind", "text"),
    [
        (stream(said("hel"), every_s=1, ends=False), Kind.TIMEOUT, "hel"),
        (stream(said("hel")), Kind.BAD_RESPONSE, "hel"),
        (stream(said("hel"), breaks=Fault.TRUNCATED), Kind.BAD_RESPONSE, "hel"),
        (stream(said("hel"), breaks=Fault.RESET), Kind.BAD_RESPONSE, "hel"),
        (stream(said("hel"), DONE), Kind.BAD_RESPONSE, "hel"),
        (stream(said("hel"), b'data: {"error":{"message":"Overloaded","code":503}}\n\n'), Kind.UNAVAILABLE, "hel"),
        (stream(said("hel"), b"data: {nonsense\n\n", b"data: {nonsense\n\n"), Kind.BAD_RESPONSE, "hel"),
        (stream(DONE), Kind.BAD_RESPONSE, ""),
        (stream(), Kind.BAD_RESPONSE, ""),
        (stream(said("", "stop"), DONE), Kind.BAD_RESPONSE, ""),
        (stream(b'event: error\ndata: {"error":{"message":"Rate limit reached","code":429}}\n\n'), Kind.RATE_LIMIT, ""),
        (stream(thought("hm"), said("", "length"), DONE), Kind.BAD_REQUEST, ""),
    ],
)  # fmt: skip
async def test_a_stream_that_breaks_is_no_answer(clock: FakeClock, script: Script, kind: Kind, text: str):
    ear = Ear()
    async with doorstep(clock, script) as step:
        got = await clock.until_done(step.stream(ear))
        assert step.network.open == 0
    assert kind_of(got.attempted.outcome) is kind
    assert (ear.text, got.spoken) == (text, text)
    assert got.attempted.tries == 1


@pytest.mark.parametrize(
    "script",
    [
        stream(said("hello", "stop")),
        stream(said("hello", "stop"), ends=False),
        stream(said("hello", "stop"), breaks=Fault.TRUNCATED),
        stream(said("hello", "stop"), DONE, breaks=Fault.RESET),
        stream(b"data: {nonsense\n\n", said("hello", "stop"), DONE),
        stream(said("hello"), said("", "stop").rstrip()),
        stream(b"data: " + HELLO.replace(b'"message"', b'"delta"')),
    ],
)
async def test_a_stream_that_says_that_it_is_finished_is(clock: FakeClock, script: Script):
    ear = Ear()
    async with doorstep(clock, script) as step:
        got = await clock.until_done(step.stream(ear))
    assert got.attempted.outcome == Answered()
    assert ear.text == "hello"


async def test_before_its_first_word_a_stream_is_tried_again_and_the_caller_sees_one_beginning(
    clock: FakeClock,
):
    unlucky = stream(OPENING, thought("hm"), b'data: {"error":{"message":"Overloaded","code":503}}\n\n')
    ear = Ear()
    async with doorstep(clock, unlucky, ALOUD) as step:
        attempted = (await clock.until_done(step.stream(ear))).attempted
    assert (attempted.outcome, attempted.tries) == (Answered(), 2)
    assert [chunk.kind for chunk in ear.chunks] == [Said.OPENING, Said.TEXT, Said.TEXT]


async def test_after_its_first_word_nothing_is_said_twice_even_when_the_wait_is_short(clock: FakeClock):
    limited = b'data: {"error":{"message":"Rate limit reached. Try again in 1s","code":429}}\n\n'
    async with doorstep(clock, stream(said("hel"), limited), ALOUD) as step:
        got = await clock.until_done(step.stream(Ear()))
    assert (kind_of(got.attempted.outcome), got.attempted.tries) == (Kind.RATE_LIMIT, 1)


async def test_a_failure_after_a_finished_first_try_is_not_an_answer(clock: FakeClock):
    """What the first try had heard is not held in favour of the second."""
    refused = stream(thought("hm"), b'data: {"error":{"message":"Overloaded","code":503}}\n\n')
    async with doorstep(clock, refused, broken(Fault.RESET)) as step:
        got = await clock.until_done(step.stream(Ear()))
    assert (kind_of(got.attempted.outcome), got.attempted.tries) == (Kind.NETWORK, 2)
    assert got.attempted.usage is None


async def test_a_broken_tool_call_can_be_continued_by_nobody(clock: FakeClock):
    call = b'data: {"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}\n\n'
    async with doorstep(clock, stream(call)) as step:
        got = await clock.until_done(step.stream(Ear()))
    assert got.in_tool
    async with doorstep(clock, stream(call), stream_upstream=True) as step:
        unseen = await clock.until_done(step.attempt())
    assert not unseen.in_tool


@pytest.mark.parametrize("kind", [b"application/json", b"Application/JSON; charset=utf-8"])
async def test_an_answer_in_one_piece_is_streamed_to_who_asked_for_a_stream(clock: FakeClock, kind: bytes):
    ear = Ear()
    script = Script(headers=((b"content-type", kind),), pieces=((0.0, HELLO),))
    async with doorstep(clock, script) as step:
        got = await clock.until_done(step.stream(ear))
    assert (got.attempted.outcome, got.answer, got.spoken) == (Answered(), None, "hello")
    assert (ear.begun, ear.text) == ([LANE], "hello")
    assert got.attempted.usage == Usage(tokens_in=3, tokens_out=2)
    ear.flow.pause()  # type: ignore[union-attr]
    ear.flow.resume()  # type: ignore[union-attr]


async def test_a_page_instead_of_a_stream_is_read_as_a_page(clock: FakeClock):
    page = Script(headers=((b"content-type", b"text/html"),), pieces=((0.0, b"<html>Wait</html>"),))
    async with doorstep(clock, page) as step:
        got = await clock.until_done(step.stream(Ear()))
    assert got.attempted.outcome.rule == "page-instead-of-answer"  # type: ignore[union-attr]


async def test_a_refusal_of_a_stream_is_a_refusal(clock: FakeClock):
    async with doorstep(clock, whole(error("Invalid API key"), 401)) as step:
        got = await clock.until_done(step.stream(Ear()))
        assert repr(step.knock()).startswith("Held(target=KeyId(")
    assert kind_of(got.attempted.outcome) is Kind.AUTH


async def test_who_does_not_stream_can_be_served_over_a_stream(clock: FakeClock):
    async with doorstep(clock, ALOUD, stream_upstream=True) as step:
        got = await clock.until_done(step.attempt())
    assert b'"stream":true' in step.network.sent[0].body
    assert got.answer is not None
    message = msgspec.json.decode(got.answer.body)["choices"][0]["message"]
    assert message == {"role": "assistant", "content": "hello"}
    assert got.answer.finish == "stop"


async def test_over_a_stream_silence_is_noticed_early_and_nothing_is_lost_by_trying_again(clock: FakeClock):
    cut = stream(said("hel"), b'data: {"error":{"message":"Overloaded","code":503}}\n\n')
    async with doorstep(clock, cut, ALOUD, stream_upstream=True) as step:
        got = await clock.until_done(step.attempt())
        assert (got.attempted.tries, got.attempted.outcome) == (2, Answered())
        assert got.answer is not None
        assert b'"hello"' in got.answer.body
        step.network.play(SILENCE)
        attempted = await tried(step, clock)
    assert attempted.duration_ms == 10_000


async def test_who_thinks_for_longer_than_a_book_commits_itself(clock: FakeClock):
    ear = Ear()
    async with doorstep(clock, stream(*[thought("x" * 60_000)] * 60, said("a", "stop"), DONE)) as step:
        await clock.until_done(step.stream(ear))
    held = [chunk for chunk in ear.chunks if chunk.kind is Said.THOUGHT]
    assert (len(held), ear.text) == (60, "a")


async def test_a_caller_who_reads_slowly_holds_the_stream_and_not_the_lane(clock: FakeClock):
    ear = Ear()
    async with doorstep(clock, stream(said("a"), said("b"), said("", "stop"), DONE, every_s=1)) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.stream, ear)
            await clock.advance(1)
            assert ear.flow is not None
            ear.flow.pause()
            await clock.advance(60)
            assert ear.text == "a"
            ear.flow.resume()
            await clock.advance(1)
    assert ear.text == "ab"
    assert step.closed.outcome == Answered()


async def test_a_sink_that_breaks_is_our_own_fault(clock: FakeClock):
    class Deaf(Ear):
        def chunk(self, chunk: object) -> None:
            raise ValueError("bad luck")

    async with doorstep(clock, ALOUD) as step:
        with pytest.raises(ValueError, match="bad luck"):
            await clock.until_done(step.stream(Deaf()))
        assert step.network.open == 0
        assert step.door.in_flight == 0
    assert step.closed.outcome == Interrupted()


async def test_a_request_that_cannot_be_sent_is_our_own_fault(clock: FakeClock):
    async with doorstep(clock, broken(Fault.ILLEGAL_REQUEST)) as step:
        with pytest.raises(ExchangeFailed):
            await clock.until_done(step.attempt())
    assert step.closed.outcome == Interrupted()


# Cancelling.


@pytest.mark.parametrize(
    "script",
    [SILENCE, stream(said("hel"), ends=False), HOLE, stream(OPENING, every_s=1, ends=False)],
    ids=["waiting", "streaming", "pausing", "held back"],
)
async def test_who_is_cancelled_leaves_nothing_behind_and_counts_against_nobody(
    clock: FakeClock, script: Script
):
    async with doorstep(clock, script) as step:
        await settle()
        pending = clock.pending
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.stream, Ear())
            await clock.advance(0)
            assert step.door.in_flight == 1
            tasks.cancel_scope.cancel()
        await settle()
        assert (step.door.in_flight, step.network.open) == (0, 0)
        assert clock.pending == pending
        assert step.closed.outcome == Cancelled()
        assert step.ledger.state.standing.of(LANE).is_spotless
        step.network.play(WELL)
        assert (await tried(step, clock)).outcome == Answered()


async def test_a_cancelled_trial_gives_its_place_back(clock: FakeClock):
    async with doorstep(clock, HOLE) as step:
        await tried(step, clock)
        await clock.advance(400)
        step.network.play(SILENCE)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(0)
            assert repr(step.knock()).startswith("Held(")
            tasks.cancel_scope.cancel()
        assert step.let_in().terms.mark is Mark.TRIAL


async def test_what_a_cancelled_stream_had_said_was_used_all_the_same(clock: FakeClock):
    async with doorstep(clock, stream(said("four" * 8), ends=False)) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.stream, Ear())
            await clock.advance(0)
            tasks.cancel_scope.cancel()
    usage = step.closed.usage
    assert usage is not None
    assert (usage.tokens_out, usage.estimated) == (8, True)


# What is learned.


async def test_limits_that_an_answer_states_are_learned(clock: FakeClock):
    headers = (
        (b"x-ratelimit-limit-requests", b"2"),
        (b"x-ratelimit-remaining-requests", b"0"),
        (b"x-ratelimit-reset-requests", b"30s"),
    )
    async with doorstep(clock, whole(HELLO, 200, *headers)) as step:
        await tried(step, clock)
        assert len(step.of(LimitLearned)) == 1
        assert isinstance(step.knock(), Exhausted)
        await clock.advance(31)
        step.let_in()


async def test_what_a_key_was_told_is_not_told_on(clock: FakeClock):
    echo = error("Incorrect API key provided: canary-hunter2-0123456789abcdef", code="invalid_api_key")
    async with doorstep(clock, whole(echo, 401)) as step:
        attempted = await tried(step, clock)
    assert attempted.outcome.said == "Incorrect API key provided: ***"  # type: ignore[union-attr]


async def test_our_own_full_queue_strikes_nobody(clock: FakeClock):
    async with doorstep(clock, broken(Fault.BUSY)) as step:
        attempted = await tried(step, clock)
    assert kind_of(attempted.outcome) is Kind.RATE_LIMIT
    assert step.ledger.state.standing.of(LANE.provider_id).row == 0


async def test_a_machine_that_slept_blames_nobody(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.stream, Ear())
            await clock.advance(0)
            await clock.suspend(60)
    assert step.closed.outcome == Interrupted()
    assert step.ledger.state.standing.of(LANE).is_spotless


async def test_a_line_that_died_while_the_machine_slept_blames_nobody(clock: FakeClock):
    async with doorstep(clock, stream(said("a"), every_s=5, breaks=Fault.RESET)) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.stream, Ear())
            await clock.advance(0)
            await clock.suspend(6)
    assert step.closed.outcome == Interrupted()
    assert step.closed.terms == Terms()
