"""One supervised child: its lives, one after another, and how each of them ends.

starting --ready--> alive --asked to stop--> stopping --> gone
   |  ^               |                          |
   |  +---- pause ----+ died                     +------> abandoned: ignores even cancellation
   |        resting   |
   |                  | died too often
   +------------------+--> buried --after a while--> starting
                      +--> escalated, gone
"""

from enum import StrEnum
from math import inf
from typing import Generic, TypeVar

from anyio import CancelScope, Event, current_effective_deadline, get_cancelled_exc_class
from msgspec import Struct

from actors.kernel.actor import ChildSpec, Life, OnExhausted
from actors.kernel.answers import ActorDied, Buried, Stopped
from actors.kernel.autopsy import Death, autopsy
from actors.kernel.deadlines import move_on_at
from actors.kernel.facts import (
    ChildBuried,
    ChildCrashed,
    ChildEnded,
    ChildReady,
    ChildRevived,
    End,
    Escalated,
)
from actors.kernel.restarts import Exhausted, Restart, after_death, on_probation
from actors.seams import Clock, Listener, Rng
from state.timeline import ms

__all__ = ["Child", "ChildView", "Standing"]

M = TypeVar("M")


class Standing(StrEnum):
    """Where a child is between birth and end."""

    STARTING = "starting"
    ALIVE = "alive"
    RESTING = "resting"
    BURIED = "buried"
    STOPPING = "stopping"
    GONE = "gone"
    ABANDONED = "abandoned"


class ChildView(Struct, frozen=True):
    """A child as an operator sees it."""

    name: str
    standing: Standing
    life: int
    deaths: int
    """Those that still count."""
    waiting: int
    """Messages in its mailbox."""


class Child(Generic[M]):
    """Lives behind one mailbox until it is stopped. Whatever its actors die of stays in here."""

    def __init__(self, spec: ChildSpec[M], clock: Clock, rng: Rng, listener: Listener) -> None:
        self.spec = spec
        self.name = spec.name
        self.standing = Standing.STARTING
        self.settled = Event()
        """Set when others need not wait for it any more: it is ready, buried or gone."""
        self._clock = clock
        self._rng = rng
        self._listener = listener
        self._mailbox = spec.mailbox
        self._lives = 0
        self._deaths: tuple[int, ...] = ()
        self._asked_to_stop = Event()
        self._gone = Event()
        self._end = End.NOT_ALIVE
        self._last_death: Death | None = None
        self._unread = 0
        # Two scopes, because cancelling one is repeated in every turn of the loop until its task has left:
        # shielding the inner one leaves a child alone that ignores the cancelling of the outer one.
        self._order_to_leave = CancelScope()
        self._ward = CancelScope()

    def __repr__(self) -> str:
        return f"<child {self.name}: {self.standing}, life {self._lives}>"

    @property
    def view(self) -> ChildView:
        return ChildView(self.name, self.standing, self._lives, len(self._deaths), self._mailbox.waiting)

    # Its lives.

    async def run(self) -> Escalated | None:
        """Live until stopped. The value: why nobody else can go on either."""
        try:
            with self._order_to_leave, self._ward:
                return await self._live_again_and_again()
            return None
        finally:
            self.standing = Standing.GONE
            self._unread += self._mailbox.close(Stopped(self.name))
            self.settled.set()
            self._gone.set()

    async def _live_again_and_again(self) -> Escalated | None:
        while not self._is_stopping:
            death = await self._live_once()
            if death is None or self._is_stopping:
                self._last_death = death
                return None
            now_ms = self._clock.now_ms()
            match after_death(self._deaths, now_ms, self.spec.intensity, self._rng.fraction()):
                case Restart() as restart:
                    await self._rest(death, restart)
                case Exhausted(deaths=deaths) if self.spec.on_exhausted is OnExhausted.BURY:
                    await self._lie_buried(death, deaths)
                case Exhausted(deaths=deaths):
                    self._last_death = death
                    return Escalated(self.name, death, deaths)
        return None

    async def _live_once(self) -> Death | None:
        """One life, and what it died of; nothing if it ended because it was asked to."""
        self._lives += 1
        self.standing = Standing.STARTING
        born_ms = self._clock.now_ms()
        life = Life(self._lives, self._mailbox, self._asked_to_stop, lambda: self._ready(born_ms))
        try:
            await self.spec.make().live(life)
        except get_cancelled_exc_class():
            if current_effective_deadline() == -inf:
                raise
            # A future of somebody else's was cancelled, and nobody here. If it flew on, it would look like
            # an order to leave for the whole tree.
            return Death("cancelled, though nobody ordered it")
        except Exception as error:  # noqa: BLE001 - here is the one handler: a crash ends this life only
            return autopsy(error)
        finally:
            self._mailbox.end_life(Stopped(self.name) if self._is_stopping else ActorDied(self.name))
        return None if self._is_stopping else Death("returned, though nobody asked it to stop")

    def _ready(self, born_ms: int) -> None:
        if not self._is_stopping:
            self.standing = Standing.ALIVE
        self.settled.set()
        self._listener.tell(ChildReady(self.name, self._lives, (self._clock.now_ms() - born_ms) / 1000))

    async def _rest(self, death: Death, restart: Restart) -> None:
        was_ready = self.standing is Standing.ALIVE
        self.standing = Standing.RESTING
        self._deaths = restart.deaths
        self._listener.tell(ChildCrashed(self.name, self._lives, death, was_ready, restart.pause_ms / 1000))
        await self._sleep_until(self._clock.now_ms() + restart.pause_ms)

    async def _lie_buried(self, death: Death, deaths: int) -> None:
        self.standing = Standing.BURIED
        until_ms = self._clock.now_ms() + ms(self.spec.buried_s)
        unread = self._mailbox.close(Buried(self.name, death.error, until_ms))
        self.settled.set()
        self._listener.tell(ChildBuried(self.name, self._lives, death, deaths, self.spec.buried_s, unread))
        await self._sleep_until(until_ms)
        if not self._is_stopping:
            self._deaths = on_probation(self._clock.now_ms(), self.spec.intensity)
            self._mailbox.reopen()
            self._listener.tell(ChildRevived(self.name))

    async def _sleep_until(self, at_ms: int) -> None:
        """Sleep, but wake up to be stopped."""
        with move_on_at(self._clock, at_ms):
            await self._asked_to_stop.wait()

    # Its end.

    @property
    def _is_stopping(self) -> bool:
        return self._asked_to_stop.is_set()

    async def stop(self, by_ms: int) -> ChildEnded:
        """Ask it to stop. When its grace is over, or that of the tree, cancel it; if it ignores that too,
        leave it behind. Asked twice, it stops once, and both who asked learn the end.
        """
        began_ms = self._clock.now_ms()
        # Who is not ready yet has nothing to finish.
        grace_ms = 0 if self.standing is Standing.STARTING else ms(self.spec.grace_s)
        self._ask_to_stop()
        if not await self._is_gone_by(min(began_ms + grace_ms, by_ms)):
            self._end = End.CANCELLED
            self._order_to_leave.cancel()
            if not await self._is_gone_by(self._clock.now_ms() + ms(self.spec.cancel_s)):
                self._abandon()
        after_s = (self._clock.now_ms() - began_ms) / 1000
        end = End.CRASHED if self._last_death else self._end
        return ChildEnded(self.name, end, after_s, self._unread, self._last_death)

    def _ask_to_stop(self) -> None:
        """Who lives learns it from the end of its mail, who sleeps wakes up."""
        if self._is_stopping:
            return
        if self.standing in {Standing.STARTING, Standing.ALIVE}:
            self._end = End.DRAINED
        self.standing = Standing.STOPPING
        self._asked_to_stop.set()
        self._mailbox.end_intake()

    def _abandon(self) -> None:
        """Nobody waits for it any more, neither for it nor for what it has in hand."""
        self._end = End.ABANDONED
        self.standing = Standing.ABANDONED
        self._ward.shield = True
        self._unread += self._mailbox.close(Stopped(self.name))

    async def _is_gone_by(self, at_ms: int) -> bool:
        with move_on_at(self._clock, at_ms):
            await self._gone.wait()
        return self._gone.is_set()
