"""Thousands of attempts cancelled at random moments: afterwards everything is where it was before."""

import asyncio
import gc
import random
from collections import Counter
from contextlib import suppress
from pathlib import Path

import anyio
import pytest

from actors.net.transport import HttpTransport
from actors.provider.door import Ticket
from state.config import QuarantineConfig, RetryConfig, TimeoutConfig
from state.events import Answered, AttemptClosed, AttemptOpened, Cancelled
from tests.doorstep import Doorstep, Ear, real_doorstep
from tests.fakeserver import Line, Script, serving
from tests.fakeserver.answers import DONE, LAST_CHUNK, STREAM_HEAD, answer, event, head

pytestmark = pytest.mark.anyio

POOL = 10
AT_ONCE = 30
SEED = 7
BRIEF = QuarantineConfig(loopback_s=0.001, loopback_s_max=0.001, slow_start=(1, 20, 1000))
"""So that trials come and go in the middle of it."""


def moody(chance: random.Random) -> Script:
    """A server that takes its time, here and there hangs up, and once in a while is overloaded."""

    async def script(line: Line) -> None:
        while True:
            asked = await line.hear()
            await asyncio.sleep(chance.random() * 0.004)
            mood = chance.random()
            if mood < 0.02:
                return
            if mood < 0.04:
                await line.say(head("content-length: 0", status="503 Service Unavailable"))
            elif b'"stream":true' in asked.body:
                await line.say(STREAM_HEAD, event("he"))
                await asyncio.sleep(chance.random() * 0.004)
                await line.say(event("llo", '"stop"'), DONE + LAST_CHUNK)
            else:
                await line.say(answer())

    return script


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def transport_of(step: Doorstep) -> HttpTransport:
    (transport,) = step.accesses[0]._transports.values()
    assert isinstance(transport, HttpTransport)
    return transport


async def storm(step: Doorstep, attempts: int, chance: random.Random) -> None:
    """Most are cancelled after a random while: waiting, dialling, sending, reading, pausing, or just over.

    Every fourth is not, or where the machine is slow no answer would come in time.
    """
    turns = iter(range(attempts))

    async def worker() -> None:
        for turn in turns:
            case = step.case(stream=turn % 2 == 0)
            while not isinstance(ticket := step.knock(case), Ticket):
                await asyncio.sleep(0.001)  # on trial, and somebody else is it
            with anyio.move_on_after(chance.random() ** 2 * 0.1 if turn % 4 else None):
                await step.door.attempt(ticket, Ear() if case.stream else None)
            assert len(transport_of(step)._open) <= POOL

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(worker)


async def weather(attempts: int) -> None:
    chance = random.Random(SEED)
    async with serving(moody(chance)) as server:
        files_before, tasks_before = open_files(), len(asyncio.all_tasks())
        async with real_doorstep(
            f"{server.url}/v1",
            connections=POOL,
            quarantine=BRIEF,
            retry=RetryConfig(pause_s_min=0.001, pause_s_max=0.003),
            timeout=TimeoutConfig(connect_s=60, total_s=60, first_token_s=60, gap_s=60),
        ) as step:
            await storm(step, 50, chance)
            gc.collect()
            files, tasks = open_files(), len(asyncio.all_tasks())

            await storm(step, attempts, chance)

            transport = transport_of(step)
            with suppress(TimeoutError):
                async with asyncio.timeout(10):  # in which the server notices who has left
                    while server.open > POOL or len(asyncio.all_tasks()) > tasks + POOL:
                        await asyncio.sleep(0.01)
            assert step.door.in_flight == 0
            meter = step.ledger.state.limits.meter(step.ledger.lanes[0])
            assert (meter.in_flight, meter.tokens_in_flight) == (0, 0)
            assert all(standing.places == () for _, standing in step.ledger.state.standing)
            assert f"<gate: 0 of {POOL} places taken, 0 waiting>" in repr(transport)
            assert len(transport._open) <= POOL
            assert open_files() <= files + 2 * POOL
            assert len(asyncio.all_tasks()) <= tasks + POOL
            opened = [event.attempt_id for event in step.of(AttemptOpened)]
            assert sorted(opened) == sorted(event.attempt_id for event in step.of(AttemptClosed))
            outcomes = Counter(type(event.outcome) for event in step.of(AttemptClosed))
            assert min(outcomes[Answered], outcomes[Cancelled]) > attempts // 10
            for _ in range(20):
                if isinstance((await step.attempt()).attempted.outcome, Answered):
                    break
            else:
                raise AssertionError("the next request does not work")
        with suppress(TimeoutError):
            async with asyncio.timeout(10):
                while server.open or len(asyncio.all_tasks()) > tasks_before:
                    await asyncio.sleep(0.01)
        gc.collect()
        assert (server.open, open_files(), len(asyncio.all_tasks())) == (0, files_before, tasks_before)


async def test_a_thousand_attempts_cancelled_at_any_moment_leave_nothing_behind():
    await weather(1000)


@pytest.mark.slow
async def test_twenty_thousand_attempts_cancelled_at_any_moment_leave_nothing_behind():
    await weather(20_000)
