"""What mailboxes and supervision cost: `python -m bench.micro_kernel`, in time of the processor."""

import sys
import time
from functools import partial

import anyio
from msgspec import Struct

from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec, Life
from actors.kernel.answers import Reply
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import supervise

ASKS = 20_000
ASKERS = 64
CAPACITY = 1024
FAR_ALARMS = 200
IDLE_S = 5.0


class Echo(Struct, frozen=True):
    word: int
    reply: Reply[int]


class Note(Struct, frozen=True):
    word: int


class Echoer:
    async def live(self, life: Life[Echo | Note]) -> None:
        life.ready()
        async for message in life:
            if isinstance(message, Echo):
                message.reply.answer(message.word)


class Deaf:
    """A listener for whom nothing is worth a line."""

    def tell(self, fact: object) -> None:
        pass


class Watch:
    """Says what each of so many things cost since it was last asked."""

    def __init__(self) -> None:
        self._since = time.process_time()

    def lap(self, what: str, times: int) -> None:
        us = (time.process_time() - self._since) / times * 1e6
        print(f"{what:36}{us:8.2f} us")
        self._since = time.process_time()


async def main() -> None:
    clock = SystemClock()
    mailbox = Mailbox[Echo | Note]("echo", CAPACITY, clock)
    deadline_ms = clock.now_ms() + 3_600_000

    async def ask(times: int, deadline_ms: int | None) -> None:
        for word in range(times):
            await mailbox.ask(partial(Echo, word), deadline_ms)

    async with supervise(clock, SystemRng(clock), Deaf()) as supervisor:
        await supervisor.start([ChildSpec(mailbox=mailbox, make=Echoer)])
        watch = Watch()
        await ask(ASKS, None)
        watch.lap("ask and answer", ASKS)
        await ask(ASKS, deadline_ms)
        watch.lap("ask and answer, with a deadline", ASKS)
        async with anyio.create_task_group() as askers:
            for _ in range(ASKERS):
                askers.start_soon(ask, ASKS // ASKERS, deadline_ms)
        watch.lap(f"the same, {ASKERS} askers at once", ASKS)
        for word in range(CAPACITY):
            mailbox.tell_nowait(Note(word))
        watch.lap("tell", CAPACITY)
        await mailbox.ping(deadline_ms)  # comes after all of them
        watch.lap("receive from a backlog", CAPACITY)
        for _ in range(1000):
            await supervisor.ping(deadline_ms)
        watch.lap("ping through one child", 1000)
        await supervisor.stop(within_s=5.0)
    await idle(clock)


async def idle(clock: SystemClock) -> None:
    """Far alarms look at the clock once a second, all of them together."""

    def ring() -> None:
        raise AssertionError("an hour has passed")

    alarms = []
    for number in range(FAR_ALARMS):
        alarms.append(clock.call_at(clock.now_ms() + 3_600_000 + number * 7, ring))
        await anyio.sleep(0.003)
    began = time.process_time()
    await anyio.sleep(IDLE_S)
    print(f"idle with {FAR_ALARMS} far alarms{(time.process_time() - began) / IDLE_S:>17.3%} of a core")
    for alarm in alarms:
        alarm.cancel()


if __name__ == "__main__":
    anyio.run(main, backend_options={"use_uvloop": "asyncio" not in sys.argv[1:]})
