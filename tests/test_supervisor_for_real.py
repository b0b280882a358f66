"""The same kernel with the machine's own clock, on both event loops, and in a process that has to end."""

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec import Struct

from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec, Life
from actors.kernel.answers import ActorDied, NoAnswer, Reply
from actors.kernel.facts import ChildCrashed, ChildReady, End
from actors.kernel.mailbox import Mailbox
from actors.kernel.restarts import Intensity
from actors.kernel.supervisor import supervise
from tests.fakes import RecordingListener

ROOT = Path(__file__).parent.parent


class Divide(Struct, frozen=True):
    by: int
    reply: Reply[float]


class Divider:
    async def live(self, life: Life[Divide]) -> None:
        life.ready()
        async for message in life:
            message.reply.answer(1 / message.by)


@pytest.mark.parametrize(
    "anyio_backend",
    [("asyncio", {"use_uvloop": False}), ("asyncio", {"use_uvloop": True})],
    ids=["asyncio", "uvloop"],
)
async def test_a_crash_costs_one_life_in_real_time(anyio_backend: tuple[str, dict[str, bool]]):
    clock, listener = SystemClock(), RecordingListener()
    mailbox = Mailbox[Divide]("divider", 8, clock)
    spec = ChildSpec(mailbox=mailbox, make=Divider, intensity=Intensity(pause_s=0.002))

    async def divide(by: int) -> float | NoAnswer:
        return await mailbox.ask(lambda reply: Divide(by, reply), clock.now_ms() + 60_000)

    async with supervise(clock, SystemRng(clock), listener) as supervisor:
        await supervisor.start([spec])
        assert [await divide(2), await divide(0), await divide(4)] == [0.5, ActorDied("divider"), 0.25]
        call = await supervisor.ping(clock.now_ms() + 60_000)
        report = await supervisor.stop(within_s=60.0)
    assert str(call) == "1 present"
    assert [child.end for child in report.children] == [End.DRAINED]
    assert [type(fact) for fact in listener.told[:3]] == [ChildReady, ChildCrashed, ChildReady]


STUBBORN = """
import os

import anyio

from actors.kernel.actor import ChildSpec
from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import supervise
from tests.fakes import RecordingListener


class Swallower:
    async def live(self, life):
        life.ready()
        while True:
            try:
                await anyio.sleep_forever()
            except BaseException:
                pass


async def main():
    clock = SystemClock()
    mailbox = Mailbox("rpc", 8, clock)
    spec = ChildSpec(mailbox=mailbox, make=Swallower, grace_s=0.02, cancel_s=0.02)
    async with supervise(clock, SystemRng(clock), RecordingListener()) as supervisor:
        await supervisor.start([spec])
        report = await supervisor.stop(within_s=60.0)
        print("abandoned:", *report.abandoned, flush=True)
        os._exit(7)


anyio.run(main)
"""


def test_a_process_with_an_abandoned_child_reports_it_and_can_be_left_by_force():
    ran = subprocess.run(
        [sys.executable, "-c", STUBBORN], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert (ran.stdout, ran.stderr, ran.returncode) == ("abandoned: rpc\n", "", 7)
