"""Small houses with difficult inhabitants, to be run as programs: `python -m tests.houses slow`."""

import os
import sys
from collections.abc import Sequence
from typing import Any, NoReturn

import anyio
from anyio import CancelScope, get_cancelled_exc_class, sleep

from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.kernel.actor import ChildSpec, Life, OnExhausted
from actors.kernel.facts import Report
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor
from daemon.configfile import Refused
from daemon.life import Seams, live
from daemon.news import Serving
from daemon.notify import systemd_from
from daemon.wishes import Wishes
from state.settings.resolved import Changes, Resolved


class Quick:
    async def live(self, life: Life[None]) -> None:
        life.ready()
        async for _ in life:
            pass


class Slow(Quick):
    """Has work in hand that takes a minute to drain."""

    async def live(self, life: Life[None]) -> None:
        await super().live(life)
        await sleep(60)


class NeverReady(Quick):
    async def live(self, life: Life[None]) -> None:
        await sleep(60)


class Stubborn(Quick):
    """Ignores even cancellation."""

    async def live(self, life: Life[None]) -> None:
        life.ready()
        while True:
            try:
                await sleep(60)
            except get_cancelled_exc_class():
                with CancelScope(shield=True):
                    await sleep(60)


class Hung(Quick):
    """Lives, but never looks into its mailbox."""

    async def live(self, life: Life[None]) -> None:
        life.ready()
        await life.wait_stopping()


class Crashing(Quick):
    async def live(self, life: Life[None]) -> None:
        life.ready()
        raise RuntimeError("a bug of ours")


class Deaf(Quick):
    """Blocks the loop itself."""

    async def live(self, life: Life[None]) -> None:
        import time

        life.ready()
        sys.stderr.write("deaf to all\n")
        sys.stderr.flush()
        time.sleep(60)


HOUSES = {kind.__name__.lower(): kind for kind in (Quick, Slow, NeverReady, Stubborn, Hung, Crashing, Deaf)}


class House:
    def __init__(self, kind: str, clock: SystemClock) -> None:
        self._kind = kind
        self._clock = clock

    def specs(self) -> Sequence[ChildSpec[Any]]:
        difficult = HOUSES[self._kind]
        return (
            ChildSpec(mailbox=Mailbox("ground", 8, self._clock), make=Quick, stage=0),
            ChildSpec(
                mailbox=Mailbox(self._kind, 8, self._clock),
                make=difficult,
                stage=1,
                on_exhausted=OnExhausted.ESCALATE,
                grace_s=60.0,
            ),
        )

    async def swap(self, resolved: Resolved, supervisor: Supervisor) -> Changes:
        return Changes()

    def serving(self, after_s: float) -> Serving:
        return Serving(after_s, 0, 0, ())


class Printing:
    def tell(self, fact: object) -> None:
        sys.stderr.write(f"{fact}\n")
        sys.stderr.flush()


def _force(report: Report) -> NoReturn:
    sys.stderr.write(f"{report}\n")
    sys.stderr.flush()
    os._exit(1)


async def main(kind: str) -> int:
    clock = SystemClock()
    notify = systemd_from(os.environ, os.getpid())
    seams = Seams(clock, SystemRng(clock), Printing(), notify, lambda: Refused("nowhere", ()), Wishes())
    code, report = await live(House(kind, clock), seams, drain_s=30.0, force=_force)
    sys.stderr.write(f"{report}\n")
    return code


if __name__ == "__main__":
    sys.exit(anyio.run(main, sys.argv[1]))
