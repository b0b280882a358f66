"""Which connection carries a request, and that none of them is ever lost: real sockets, both event loops."""

import asyncio
import os
import socket
from contextlib import closing, suppress
from pathlib import Path

import pytest

from actors.clock import SystemClock
from actors.net.clocks import Clocks
from actors.net.faults import ExchangeFailed, Fault
from actors.net.transport import STALE_MS, HttpTransport
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import JSON, STREAM_HEAD, answer, chunk, event, head
from tests.fakeserver.client import BOTH_LOOPS, outcome, transport_to
from tests.fakeserver.misbehaviours import PATIENT, Delivered, says_and_stays
from tests.fakeserver.server import FakeServer

pytestmark = pytest.mark.anyio
WELL = Delivered(200, JSON)


@pytest.fixture(scope="module", params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


async def obliges(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(answer())


async def until(claim: object) -> None:
    """Wait for what other sockets do; fail if they never do."""
    assert callable(claim)
    for _ in range(2_000):
        if claim():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came true")


async def test_a_request_arrives_as_it_was_meant():
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            sent = await transport.send(
                b"POST", b"/chat/completions?x=1", ((b"content-type", b"application/json"),), b'{"a":1}'
            )
            assert await sent.read() == JSON
    (asked,) = server.asked
    assert (asked.method, asked.target, asked.body) == ("POST", "/v1/chat/completions?x=1", b'{"a":1}')
    assert asked.headers == {
        "host": f"127.0.0.1:{server.port}",
        "user-agent": "failoverd",
        "content-type": "application/json",
        "accept-encoding": "gzip, deflate",
        "content-length": "7",
    }


async def test_a_large_body_arrives_whole():
    body = os.urandom(3 << 20)
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport, body=body) == WELL
            assert await outcome(transport) == WELL
    assert server.asked[0].body == body
    assert server.accepted == 1


async def test_one_connection_carries_one_request_after_the_other():
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            for _ in range(5):
                assert await outcome(transport) == WELL
    assert server.accepted == 1


async def test_small_packets_are_sent_at_once():
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) == WELL
            (connection,) = transport._open
            assert connection._transport is not None
            sock = connection._transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) == 1


async def test_never_more_at_once_than_there_are_places():
    at_once = most = 0

    async def counts(line: Line) -> None:
        nonlocal at_once, most
        while True:
            await line.hear()
            at_once += 1
            most = max(most, at_once)
            await asyncio.sleep(0.005)
            at_once -= 1
            await line.say(answer())

    async with serving(counts) as server:
        with closing(transport_to(server, connections=3)) as transport:
            assert await asyncio.gather(*(outcome(transport) for _ in range(20))) == [WELL] * 20
    assert most == 3
    assert server.accepted == 3


async def test_a_connection_that_the_server_closed_is_not_used_again():
    async def answers_once(line: Line) -> None:
        await line.hear()
        await line.say(answer())

    async with serving(answers_once) as server:
        with closing(transport_to(server)) as transport:
            for round_ in range(3):
                assert await outcome(transport) == WELL
                await until(lambda: not transport._open)
                assert server.accepted == round_ + 1


async def test_a_farewell_on_an_idle_connection_is_no_answer_to_the_next_request():
    async def says_goodbye(line: Line) -> None:
        await line.hear()
        await line.say(answer())
        await asyncio.sleep(0.02)
        await line.say(answer(b"too late", status="408 Request Timeout"))
        await line.sleep()

    async with serving(says_goodbye) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) == WELL
            await until(lambda: not transport._open)
            assert await outcome(transport) == WELL
    assert server.accepted == 2


@pytest.mark.parametrize("resets", [True, False])
async def test_a_kept_connection_that_dies_before_a_byte_came_is_replaced_once(resets):
    async def dies_on_the_second(line: Line) -> None:
        await line.hear()
        await line.say(answer())
        await line.hear()
        if resets:
            line.reset()

    async with serving(dies_on_the_second) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) == WELL
            assert await outcome(transport) == WELL
            assert transport._gate.is_untouched
    assert server.accepted == 2
    assert len(server.asked) == 3


async def test_the_second_sending_takes_a_fresh_connection_and_is_the_last():
    served = 0

    async def dies_from_then_on(line: Line) -> None:
        nonlocal served
        while True:
            await line.hear()
            served += 1
            if served > 2:
                return
            await asyncio.sleep(0.02)
            await line.say(answer())

    async with serving(dies_from_then_on) as server:
        with closing(transport_to(server)) as transport:
            assert list(await asyncio.gather(outcome(transport), outcome(transport))) == [WELL, WELL]
            assert await outcome(transport) == Fault.NO_ANSWER
    assert len(server.asked) == 4
    assert server.accepted == 3


async def test_where_one_has_died_those_that_lay_there_longer_are_not_used_either():
    async def dies_on_the_second(line: Line) -> None:
        await line.hear()
        await asyncio.sleep(0.02)
        await line.say(answer())
        await line.hear()

    async with serving(dies_on_the_second) as server:
        with closing(transport_to(server)) as transport:
            assert await asyncio.gather(*(outcome(transport) for _ in range(3))) == [WELL] * 3
            assert len(transport._open) == 3
            assert await outcome(transport) == WELL
            assert len(transport._open) == 1
    assert server.accepted == 4


async def test_who_is_sent_again_dials_beside_nobody_who_has_become_idle_meanwhile():
    """Two places: when the connection of one request is found dead, somebody else gets its place."""
    may_die, may_end = asyncio.Event(), asyncio.Event()

    async def obeys(line: Line) -> None:
        while True:
            match (await line.hear()).target:
                case "/v1/dies" if not may_die.is_set():
                    await may_die.wait()
                    return
                case "/v1/waits":
                    await may_end.wait()
            await line.say(answer())

    async with serving(obeys) as server:
        with closing(transport_to(server, connections=2)) as transport:

            def sent(target: bytes) -> asyncio.Task[Fault | Delivered]:
                return asyncio.ensure_future(outcome(transport, target=target))

            both = [sent(b"/waits"), sent(b"/waits")]
            await until(lambda: len(server.asked) == 2)
            may_end.set()
            assert await asyncio.gather(*both) == [WELL] * 2
            may_end.clear()

            # One waits, one dies and is sent again, behind one who waited in front of the gate.
            busy, dying, next_one = sent(b"/waits"), sent(b"/dies"), sent(b"/waits")
            await until(lambda: len(server.asked) == 4)
            may_die.set()
            await until(lambda: len(server.asked) == 5)
            assert repr(transport._gate) == "<gate: 2 of 2 places taken, 1 waiting>"
            open_at_most = 0
            may_end.set()
            while not dying.done():
                open_at_most = max(open_at_most, len(transport._open))
                await asyncio.sleep(0)
            assert list(await asyncio.gather(busy, dying, next_one)) == [WELL] * 3
            assert open_at_most == 2


@pytest.mark.parametrize(("resets", "fault"), [(True, Fault.RESET), (False, Fault.TRUNCATED)])
async def test_a_request_of_which_an_answer_has_begun_is_not_sent_again(resets, fault):
    async def dies_in_the_second_answer(line: Line) -> None:
        await line.hear()
        await line.say(answer())
        await line.hear()
        await line.say(b"H")
        await asyncio.sleep(0.02)
        if resets:
            line.reset()

    async with serving(dies_in_the_second_answer) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) == WELL
            assert await outcome(transport) == fault
    assert len(server.asked) == 2


async def test_a_connection_on_which_half_a_request_still_waits_is_not_used_again():
    async def answers_early(line: Line) -> None:
        await line.hear_head()
        await line.say(answer())
        await line.sleep()

    async with serving(answers_early) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport, body=bytes(32 << 20)) == WELL
            assert not transport._idle
            assert not transport._open


async def test_a_request_that_a_server_worked_on_before_it_died_is_not_sent_again(clock):
    async def dies_at_work(line: Line) -> None:
        await line.hear()
        await line.say(answer())
        await line.hear()
        clock.jump(STALE_MS / 1000)

    async with serving(dies_at_work) as server:
        with closing(transport_to(server, clock=clock)) as transport:
            assert await outcome(transport) == WELL
            assert await outcome(transport) == Fault.NO_ANSWER
    assert len(server.asked) == 2


async def test_warming_saves_the_next_request_the_dialling_and_only_once():
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            transport.warm()
            transport.warm()
            await until(lambda: server.accepted == 1 and transport._idle)
            transport.warm()
            assert transport._gate.is_untouched
            assert await outcome(transport) == WELL
    assert server.accepted == 1


async def test_warming_what_cannot_be_reached_is_no_news():
    with closing(transport_to(FakeServer(1, []))) as transport:
        transport.warm()
        await until(lambda: transport._warming is None)
        assert transport._gate.is_untouched


async def test_cancelling_closes_the_connection_and_frees_the_place_at_once():
    async with serving(says_and_stays(STREAM_HEAD)) as server:
        with closing(transport_to(server, connections=1)) as transport:
            attempt = asyncio.ensure_future(outcome(transport))
            await until(lambda: len(server.asked) == 1)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            assert transport._gate.is_untouched
            assert not transport._open
            await until(lambda: server.open == 0)


async def test_cancelling_a_half_sent_request_does_not_wait_for_the_other_half():
    async def deaf(line: Line) -> None:
        await line.hear_head()
        await asyncio.sleep(3600)

    async with serving(deaf) as server:
        with closing(transport_to(server, connections=1)) as transport:
            attempt = asyncio.ensure_future(outcome(transport, body=bytes(32 << 20)))
            await until(lambda: server.accepted == 1)
            await asyncio.sleep(0.02)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            assert transport._gate.is_untouched
            assert not transport._open


async def test_closing_an_exchange_that_is_over_keeps_its_connection():
    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            for _ in range(3):
                with await transport.send(b"GET", b"/models") as exchange:
                    assert await exchange.read() == JSON
    assert server.accepted == 1


async def test_closing_a_transport_ends_everything_that_it_carries():
    async with serving(says_and_stays(STREAM_HEAD, event("hel"))) as server:
        transport = transport_to(server, connections=1)
        carried = asyncio.ensure_future(outcome(transport))
        waiting = asyncio.ensure_future(outcome(transport))
        await until(lambda: len(server.asked) == 1)
        transport.close()
        assert list(await asyncio.gather(carried, waiting)) == [Fault.CLOSED, Fault.CLOSED]
        assert await outcome(transport) == Fault.CLOSED
        assert repr(transport) == f"<transport to {server.url}/v1, closed>"
        await until(lambda: server.open == 0)


@pytest.mark.parametrize("warming", [False, True], ids=["for a request", "warming"])
async def test_a_connection_that_arrives_in_the_moment_of_closing_is_closed(*, warming: bool):
    async with serving(obliges) as server:
        transport = transport_to(server)
        sending = None if warming else asyncio.ensure_future(outcome(transport))
        if warming:
            transport.warm()
        while not transport._dials:
            await asyncio.sleep(0)
        (dial,) = transport._dials
        dial.add_done_callback(lambda dial: transport.close())
        if sending is not None:
            assert await sending == Fault.CLOSED
        await until(lambda: transport._gate.is_untouched)
        assert (len(transport._open), len(transport._idle)) == (0, 0)
        await until(lambda: (server.accepted, server.open) == (1, 0))
        assert server.asked == []


async def test_waiting_for_a_place_ends_with_the_deadline_and_costs_no_connection():
    async with serving(says_and_stays(STREAM_HEAD)) as server:
        with closing(transport_to(server, connections=1)) as transport:
            carried = asyncio.ensure_future(outcome(transport))
            await until(lambda: len(server.asked) == 1)
            deadline_ms = SystemClock().now_ms() + 50
            assert await outcome(transport, Clocks(deadline_ms=deadline_ms)) == Fault.DEADLINE
            carried.cancel()
            await asyncio.gather(carried, return_exceptions=True)
            assert transport._gate.is_untouched
    assert server.accepted == 1


async def test_two_hundred_attempts_cancelled_at_any_moment_leave_nothing_behind(rng):
    """The long version of this is marked slow."""
    await cancel_at_random(200, rng.fraction)


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def cancel_at_random(attempts: int, fraction: object) -> None:
    """Tries, each cut off at a moment of its own, against a pool of ten."""
    assert callable(fraction)

    async def dawdles(line: Line) -> None:
        while True:
            await line.hear()
            await line.say(STREAM_HEAD, event("hel"))
            await asyncio.sleep(0.001)
            await line.say(event("lo", '"stop"'), b"0\r\n\r\n")

    async def attempt(transport: HttpTransport, after_s: float) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(outcome(transport), after_s)

    async with serving(dawdles) as server:
        with closing(transport_to(server, connections=10)) as transport:
            tasks_before = len(asyncio.all_tasks())
            for _ in range(attempts // 100):
                await asyncio.gather(*(attempt(transport, fraction() * 0.02) for _ in range(100)))
            assert transport._gate.is_untouched
            body = await outcome(transport)
            assert isinstance(body, Delivered)
            await until(lambda: server.open == len(transport._open) <= 10)
            assert len(transport._open) == len(transport._idle)
            # One task of the server for each open connection, none of ours.
            await until(lambda: len(asyncio.all_tasks()) <= tasks_before + server.open)
        await until(lambda: server.open == 0)


@pytest.mark.slow
async def test_twenty_thousand_attempts_cancelled_at_any_moment_leave_nothing_behind(rng):
    await cancel_at_random(100, rng.fraction)
    files_before = open_files()
    await cancel_at_random(20_000, rng.fraction)
    await until(lambda: open_files() <= files_before)


async def test_an_exchange_tells_where_it_stands():
    async with serving(says_and_stays(head("content-length: 9") + b"x")) as server:
        with closing(transport_to(server)) as transport:
            exchange = await transport.send(b"GET", b"/models", clocks=PATIENT)
            assert repr(exchange) == "<exchange 200, under way>"
            exchange.close()
            assert repr(exchange) == "<exchange 200, failed>"
            with pytest.raises(ExchangeFailed, match="closed by ourselves"):
                await exchange.read()


async def test_a_chunked_answer_keeps_its_connection_too():
    async def streams(line: Line) -> None:
        while True:
            await line.hear()
            await line.say(STREAM_HEAD, chunk(b"a"), b"0\r\n\r\n")

    async with serving(streams) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport) == Delivered(200, b"a")
            assert await outcome(transport) == Delivered(200, b"a")
    assert server.accepted == 1
