"""Virtual time: it stands still until a test moves it, and everybody wakes in the right order."""

import asyncio
import heapq
from collections.abc import Awaitable, Callable
from itertools import count
from typing import TypeVar

from anyio import Event, create_task_group
from anyio.lowlevel import checkpoint

from state.timeline import Anchor, Reading, ms, resume

T = TypeVar("T")

TURNS_MAX = 10_000
"""A test whose tasks still run after this many turns of the loop has a task that never rests."""

QUIET_TURNS = 3
"""A turn in which all wait can be followed by one in which a callback wakes somebody."""

NEW_YEAR_2026_MS = 1_767_225_600_000


class FakeClock:
    """A clock in the test's hand.

    await clock.advance(5.0)            five seconds pass; all that falls due happens at its own moment
    await clock.until_done(work())      time passes as far as it takes, and not one alarm further
    clock.jump(5.0)                     the same as `advance` for tests without tasks
    await clock.suspend(3600.0)         an hour passes, and the machine sleeps through it
    clock.set_wall(clock.wall_ms() - 3_600_000)     somebody sets the wall clock; nothing falls due
    """

    def __init__(
        self,
        last: Anchor | None = None,
        *,
        boot_id: str = "boot-1",
        boot_ms: int = 1_000_000,
        wall_ms: int = NEW_YEAR_2026_MS,
    ) -> None:
        self._boot_id = boot_id
        self._boot_ms = boot_ms
        self._wall_ahead_ms = wall_ms - boot_ms
        self._anchor = resume(last, Reading(boot_id, boot_ms, wall_ms))
        self._slept_ms = 0
        self._alarms: list[_Alarm] = []
        self._order = count()

    def __repr__(self) -> str:
        return f"<fake clock: {self.now_ms()} ms on the timeline, {self.pending} alarms>"

    def read(self) -> Reading:
        return Reading(self._boot_id, self._boot_ms, self.wall_ms())

    def now_ms(self) -> int:
        return self._anchor.at(self._boot_ms)

    def wall_ms(self) -> int:
        return self._boot_ms + self._wall_ahead_ms

    def slept_ms(self) -> int:
        return self._slept_ms

    async def sleep_until(self, at_ms: int) -> None:
        if self.now_ms() >= at_ms:
            await checkpoint()
            return
        due = Event()
        alarm = self.call_at(at_ms, due.set)
        try:
            await due.wait()
        finally:
            alarm.cancel()

    def call_at(self, at_ms: int, act: Callable[[], None]) -> "_Alarm":
        alarm = _Alarm(max(at_ms, self.now_ms()), next(self._order), act)
        heapq.heappush(self._alarms, alarm)
        return alarm

    @property
    def pending(self) -> int:
        """How many alarms are set: a test can ask that none was left behind."""
        return sum(not alarm.cancelled for alarm in self._alarms)

    def set_wall(self, wall_ms: int) -> None:
        self._wall_ahead_ms = wall_ms - self._boot_ms

    def jump(self, seconds: float) -> int:
        """Let time pass and ring what falls due, while no task runs."""
        end_ms = self.now_ms() + ms(seconds)
        while self._ring_next(end_ms):
            pass
        self._move_to(end_ms)
        return self.now_ms()

    def stall(self, seconds: float) -> None:
        """Time passes and nobody is told: the machine is busy with others."""
        self._move_to(self.now_ms() + ms(seconds))

    async def advance(self, seconds: float) -> int:
        """Let time pass: every alarm rings at its moment, and all that it wakes runs before the next."""
        end_ms = self.now_ms() + ms(seconds)
        await settle()
        while self._ring_next(end_ms):
            await settle()
        self._move_to(end_ms)
        await settle()
        return self.now_ms()

    async def suspend(self, seconds: float) -> int:
        """Let the machine sleep: time passes at a stroke, and all that fell due meanwhile is late."""
        self._slept_ms += ms(seconds)
        self._move_to(self.now_ms() + ms(seconds))
        return await self.advance(0)

    async def until_done(self, work: Awaitable[T], *, within_s: float = 86_400.0) -> T:
        """Let time pass, from alarm to alarm, until the work is done; fail if it never can be."""
        ended: list[T] = []
        failed: list[Exception] = []

        async def run() -> None:
            try:
                ended.append(await work)
            except Exception as error:  # noqa: BLE001 - told to the test as it is, not in a group
                failed.append(error)

        end_ms = self.now_ms() + ms(within_s)
        async with create_task_group() as group:
            group.start_soon(run)
            await settle()
            while not (ended or failed) and self._ring_next(end_ms):
                await settle()
            group.cancel_scope.cancel()
        if failed:
            raise failed[0]
        assert ended, f"nothing that happens within {within_s:g} s ends this: {work!r}"
        return ended[0]

    def _ring_next(self, end_ms: int) -> bool:
        while self._alarms and self._alarms[0].cancelled:
            heapq.heappop(self._alarms)
        if not self._alarms or self._alarms[0].at_ms > end_ms:
            return False
        alarm = heapq.heappop(self._alarms)
        self._move_to(alarm.at_ms)
        alarm.act()
        return True

    def _move_to(self, at_ms: int) -> None:
        self._boot_ms += max(0, at_ms - self.now_ms())


class _Alarm:
    __slots__ = ("act", "at_ms", "cancelled", "order")

    def __init__(self, at_ms: int, order: int, act: Callable[[], None]) -> None:
        self.at_ms = at_ms
        self.order = order
        self.act = act
        self.cancelled = False

    def __repr__(self) -> str:
        return f"<alarm at {self.at_ms} ms>"

    def __lt__(self, other: "_Alarm") -> bool:
        return (self.at_ms, self.order) < (other.at_ms, other.order)

    def cancel(self) -> None:
        self.cancelled = True


async def settle() -> None:
    """Let all other tasks run until each of them waits for something.

    Who waits for a thread or a real socket counts as waiting: tests with those use the real clock.
    """
    quiet = 0
    for _ in range(TURNS_MAX):
        await checkpoint()
        quiet = quiet + 1 if _all_wait() else 0
        if quiet == QUIET_TURNS:
            return
    raise AssertionError(f"a task still runs after {TURNS_MAX} turns of the loop")


def _all_wait() -> bool:
    this = asyncio.current_task()
    waiters = (getattr(task, "_fut_waiter", None) for task in asyncio.all_tasks() if task is not this)
    return all(waiter is not None and not waiter.done() for waiter in waiters)
