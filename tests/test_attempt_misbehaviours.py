"""Every bad server through a real door, dialect and transport: the right outcome, inside its clock, no key told."""

import asyncio
import gc
import logging
from typing import Any

import msgspec
import pytest

from actors.net.faults import Fault
from actors.wire.chunks import Chunk
from state.config import RetryConfig, TimeoutConfig
from state.events import Answered, AttemptClosed, AttemptOpened
from state.failures import Failure, Kind
from tests.doorstep import KEY, Doorstep, Ear, real_doorstep
from tests.fakeserver import serving
from tests.fakeserver.apart import misbehaving_apart
from tests.fakeserver.misbehaviours import MISBEHAVIOURS, Misbehaviour
from tests.fakeserver.server import FakeServer
from tests.fakeserver.strange_ports import deaf_port, free_port
from tests.test_transport_load import MEMORY_BYTES_MAX, TURN_S_MAX, Watchman

pytestmark = pytest.mark.anyio

CLOCKS = {Fault.FIRST_TOKEN_TIMEOUT, Fault.GAP_TIMEOUT, Fault.TOTAL_TIMEOUT}
UNHEARD = {
    "closes at once",
    "closes after the request",
    "resets after the request",
    "speaks before it is asked",
}
SHORT_S, LONG_S, DEADLINE_S = 0.12, 60.0, 100.0
AT_ONCE = RetryConfig(pause_s_min=0.0, pause_s_max=0.0)

MEANS: dict[str, Kind | None] = {
    "error in the stream": Kind.UNAVAILABLE,
    "error in a 200 body": Kind.RATE_LIMIT,
    "redirect to another host": Kind.NOT_FOUND,
    "answers before the upload ends": Kind.CONTEXT_LENGTH,
    "HTTP/1.0 ending with the connection": None,
    "one interim response": None,
    "a second response that nobody asked for": None,
    "one byte a packet": None,
}
"""None: it is answered."""

MEANS_STREAMED: dict[str, Kind | None] = {
    **MEANS,
    "stream cut after its finish": None,
    # It does not say what it is, so it is taken for what was asked for.
    "HTTP/1.0 ending with the connection": Kind.BAD_RESPONSE,
}


def meant(case: Misbehaviour, *, streamed: bool) -> Kind | None:
    table = MEANS_STREAMED if streamed else MEANS
    if case.name in table:
        return table[case.name]
    if case.ends in CLOCKS:
        return Kind.TIMEOUT
    return Kind.NETWORK if case.name in UNHEARD else Kind.BAD_RESPONSE


def wound(case: Misbehaviour) -> TimeoutConfig:
    """Short only where a clock is to end it, so that a slow machine changes nothing."""
    seconds = SHORT_S if case.ends in CLOCKS else LONG_S
    return TimeoutConfig(connect_s=LONG_S, first_token_s=seconds, gap_s=seconds, total_s=seconds)


class Passing(Ear):
    """Keeps nothing: who reads on is not to be measured."""

    def chunk(self, chunk: Chunk) -> None:
        """It is gone."""


async def suffer(server: FakeServer, case: Misbehaviour, *, streamed: bool, **settings: Any) -> Doorstep:
    """One attempt; everything else is what is left of it."""
    url = f"{server.url}/v1"
    async with real_doorstep(url, timeout=wound(case), retry=AT_ONCE, **settings) as step:
        asked = step.case(stream=streamed, deadline_s=DEADLINE_S)
        await step.attempt(asked, Passing() if streamed else None)
        assert step.door.in_flight == 0
        (transport,) = step.accesses[0]._transports.values()
        assert repr(transport).endswith("<gate: 0 of 64 places taken, 0 waiting>>")
    return step


@pytest.mark.parametrize("mode", ["whole", "streamed"])
@pytest.mark.parametrize("case", MISBEHAVIOURS, ids=str)
async def test_whatever_a_server_does_wrong_the_attempt_ends_as_it_must(
    case: Misbehaviour, mode: str, caplog: pytest.LogCaptureFixture
):
    streamed = mode == "streamed"
    caplog.set_level(logging.DEBUG)
    async with serving(case.script) as server:
        step = await suffer(server, case, streamed=streamed, answer_mib_max=4)
    closed = step.closed
    kind = closed.outcome.kind if isinstance(closed.outcome, Failure) else None
    assert kind == meant(case, streamed=streamed) or (kind is None and case.or_ends)
    assert isinstance(closed.outcome, Failure | Answered)
    assert closed.tries == (2 if kind in (Kind.NETWORK, Kind.UNAVAILABLE) else 1)
    assert [type(event) for event in step.events] == [AttemptOpened, AttemptClosed]
    told = repr(step.__dict__) + msgspec.json.encode(step.events).decode() + caplog.text
    assert KEY not in told


async def test_where_nobody_listens_there_is_no_way():
    case = Misbehaviour("nobody listens", MISBEHAVIOURS[0].script, Fault.UNREACHABLE)
    step = await suffer(FakeServer(free_port(), []), case, streamed=True)
    assert isinstance(step.closed.outcome, Failure)
    assert (step.closed.outcome.kind, step.closed.outcome.rule) == (Kind.NETWORK, "unreachable")


async def test_where_nobody_answers_the_connect_clock_ends_it():
    with deaf_port() as port:
        async with real_doorstep(
            f"http://127.0.0.1:{port}", timeout=TimeoutConfig(connect_s=SHORT_S), retry=RetryConfig(retries=0)
        ) as step:
            await step.attempt()
    assert isinstance(step.closed.outcome, Failure)
    assert (step.closed.outcome.kind, step.closed.outcome.rule) == (Kind.NETWORK, "connect-timeout")


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["whole", "streamed", "gathered"])
@pytest.mark.parametrize("case", MISBEHAVIOURS, ids=str)
async def test_no_server_costs_much_memory_or_blocks_the_loop(case: Misbehaviour, mode: str):
    with misbehaving_apart(case.name) as server:
        gc.collect()
        watchman = Watchman()
        watching = asyncio.ensure_future(watchman.watch())
        await suffer(server, case, streamed=mode == "streamed", stream_upstream=mode == "gathered")
        watching.cancel()
    assert watchman.bytes_at_most - watchman.bytes_at_first < MEMORY_BYTES_MAX
    assert watchman.longest_turn_s < TURN_S_MAX
