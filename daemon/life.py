"""The daemon's life inside the event loop: start, serve, reload, drain; signals are events in it.

signals --> phases.respond --> an act       the tree (supervised) does the work
                                            the service manager is told, and hears us breathe
"""

import signal
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, NoReturn, Protocol

from anyio import CancelScope, create_task_group, open_signal_receiver, to_thread
from anyio import Event as Wakeup
from anyio.abc import TaskGroup
from msgspec import Struct

from actors.kernel.actor import ChildSpec
from actors.kernel.child import ChildView
from actors.kernel.facts import Escalated, Report
from actors.kernel.supervisor import Supervisor, supervise
from actors.seams import Clock, Listener, Rng
from daemon.configfile import Refused
from daemon.exits import Exit
from daemon.news import NoAnswerFrom, Reloaded, ReloadRefused, Serving
from daemon.notify import Silent, Systemd
from daemon.phases import Act, Phase, Signal, respond
from daemon.wishes import Wishes
from state.settings.resolved import Changes, Resolved
from state.timeline import ms

__all__ = ["House", "Seams", "live"]

_SIGNALS = {
    signal.SIGTERM: Signal.TERMINATE,
    signal.SIGINT: Signal.TERMINATE,
    signal.SIGHUP: Signal.HANGUP,
}
BREATH_S = 10.0
"""How often the actors are called where no watchdog asks for it."""


class House(Protocol):
    """All that lives in the daemon, built from a config."""

    def specs(self) -> Sequence[ChildSpec[Any]]:
        """The children to start with."""
        ...

    async def swap(self, resolved: Resolved, supervisor: Supervisor) -> Changes:
        """Let another config take effect; everything that can fail is built before anything changes."""
        ...

    def serving(self, after_s: float) -> Serving:
        """What is being served, to be told to people."""
        ...


class Seams(Struct, frozen=True):
    """What the life is given from outside."""

    clock: Clock
    rng: Rng
    listener: Listener
    notify: Systemd | Silent
    load: Callable[[], Resolved | Refused]
    """Read the config anew."""
    wishes: Wishes
    """Where those inside say what they want of the life around them."""


async def live(
    house: House, seams: Seams, *, drain_s: float, force: Callable[[Report], NoReturn]
) -> tuple[Exit, Report]:
    """From the start until nobody is left. `force` ends the process when somebody ignores cancellation:
    a task that never leaves would keep this from ever returning.
    """
    with open_signal_receiver(*_SIGNALS) as signals:
        async with supervise(seams.clock, seams.rng, seams.listener) as supervisor:
            daemon = _Daemon(house, seams, supervisor, drain_s)
            async with create_task_group() as edges:
                daemon.edges = edges
                edges.start_soon(daemon.hear, signals)
                edges.start_soon(daemon.start)
                edges.start_soon(daemon.breathe)
                await supervisor.wait_leaving()
                report = await daemon.leave()
                edges.cancel_scope.cancel()
            if report.abandoned:
                force(report)
    return _exit_of(report), report


def _exit_of(report: Report) -> Exit:
    return Exit.INTERNAL if isinstance(report.why, Escalated) else Exit.OK


class _Daemon:
    """The phase that we are in, and who may change it."""

    edges: TaskGroup

    def __init__(self, house: House, seams: Seams, supervisor: Supervisor, drain_s: float) -> None:
        self._house = house
        self._seams = seams
        self._supervisor = supervisor
        self._drain_s = drain_s
        self._phase = Phase.STARTING
        self._reload_again = False
        self._wished: list[_Wished] = []
        self._patience = CancelScope()
        seams.wishes.granted_by(self)

    async def hear(self, signals: AsyncIterator[signal.Signals]) -> None:
        async for number in signals:
            self._obey(respond(self._phase, _SIGNALS[number]), number.name)

    def _obey(self, act: Act, why: str) -> None:
        match act:
            case Act.IGNORE:
                pass
            case Act.RELOAD:
                self._phase = Phase.RELOADING
                self.edges.start_soon(self._reload)
            case Act.RELOAD_AGAIN:
                self._reload_again = True
            case Act.DRAIN:
                self._phase = Phase.DRAINING
                self._supervisor.ask_to_stop(why)
            case Act.CUT:
                self._phase = Phase.STOPPING
                self._drain_s = 0.0
                self._supervisor.ask_to_stop(why)
                self._patience.cancel()

    # Wishes from inside.

    @property
    def children(self) -> tuple[ChildView, ...]:
        return self._supervisor.children

    async def wish_reload(self) -> Reloaded | ReloadRefused | None:
        """What came of the first reload that began after the wish; None: there is none any more."""
        act = respond(self._phase, Signal.HANGUP)
        if act is Act.IGNORE:
            return None
        wished = _Wished()
        self._wished.append(wished)
        self._obey(act, "wished")
        await wished.settled.wait()
        return wished.news

    def wish_drain(self, why: str) -> None:
        """Unlike a second signal, a second wish is no impatience."""
        if self._phase in (Phase.DRAINING, Phase.STOPPING):
            return
        self._obey(respond(self._phase, Signal.TERMINATE), why)

    # What the phases lead to.

    async def start(self) -> None:
        began_ms = self._seams.clock.now_ms()
        await self._supervisor.start(self._house.specs())
        if self._phase is not Phase.STARTING:
            return
        self._phase = Phase.SERVING
        news = self._house.serving((self._seams.clock.now_ms() - began_ms) / 1000)
        self._seams.listener.tell(news)
        self._seams.notify.tell("READY=1", f"STATUS={news}")
        self._reload_if_asked_meanwhile()

    async def _reload(self) -> None:
        notify, listener = self._seams.notify, self._seams.listener
        wished, self._wished = self._wished, []
        notify.reloading()
        found = await to_thread.run_sync(self._seams.load)
        news: Reloaded | ReloadRefused
        if isinstance(found, Refused):
            news = ReloadRefused(found.lines)
        else:
            news = Reloaded(await self._house.swap(found, self._supervisor))
        listener.tell(news)
        notify.tell("READY=1", f"STATUS={news}")
        for wish in wished:
            wish.settle(news)
        if self._phase is Phase.RELOADING:
            self._phase = Phase.SERVING
            self._reload_if_asked_meanwhile()

    def _reload_if_asked_meanwhile(self) -> None:
        if self._reload_again:
            self._reload_again = False
            self._obey(Act.RELOAD, "")

    async def breathe(self) -> None:
        """A sign of life for the service manager, after a call has gone through every mailbox."""
        clock, notify = self._seams.clock, self._seams.notify
        beat_ms = ms(notify.watchdog.beat_s or BREATH_S)
        while True:
            now_ms = clock.now_ms()
            roll_call = await self._supervisor.ping(now_ms + beat_ms)
            if roll_call.silent:
                self._seams.listener.tell(NoAnswerFrom(roll_call.silent))
            else:
                notify.tell("WATCHDOG=1")
            await clock.sleep_until(now_ms + beat_ms)

    async def leave(self) -> Report:
        """Drain; or, when a second signal says so, stop at once."""
        if self._phase is not Phase.STOPPING:
            self._phase = Phase.DRAINING
        for wish in self._wished:
            wish.settle(None)
        self._seams.notify.tell("STOPPING=1", "STATUS=draining")
        report: Report | None = None
        with self._patience:
            report = await self._supervisor.stop(self._drain_s)
        if report is None:
            report = await self._supervisor.stop(0.0)
        self._phase = Phase.STOPPING
        return report


class _Wished:
    """A reload that somebody waits for."""

    def __init__(self) -> None:
        self.settled = Wakeup()
        self.news: Reloaded | ReloadRefused | None = None

    def settle(self, news: Reloaded | ReloadRefused | None) -> None:
        self.news = news
        self.settled.set()
