"""The daemon's clock: boot time that runs on in suspend and ignores wall jumps, and waiting by it.

    kernel boot clock  ----------------------------->   counts suspend, knows no time zone, no ntp
    timeline           last recorded moment + boot time since: the only time that decides anything
    event loop timers  stand still in suspend           used as naps only, re-checked on waking

The one file that reads `time` and sets timers of the event loop.
"""

import asyncio
from collections.abc import Callable
from pathlib import Path
from time import CLOCK_BOOTTIME, clock_gettime_ns, monotonic_ns, time_ns

from anyio import Event
from anyio.lowlevel import checkpoint

from actors.seams import Alarm
from state.timeline import Anchor, Reading, resume

__all__ = ["NAP_MS", "SystemClock"]

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

NAP_MS = 1_000
"""Loop timers do not see a suspend: no alarm naps longer than this before it looks at the boot clock
again, so after a suspend it is late by at most this. Those that have far to go all look at the same
moment, or an idle daemon would wake once a second for each of them."""


class SystemClock:
    """The machine's own time, continued from the last moment that was recorded."""

    def __init__(self, last: Anchor | None = None, *, boot_id: Path = BOOT_ID) -> None:
        boot_ms, wall_ms = _boot_ms(), _wall_ms()
        self._boot_id = _boot_id(boot_id, boot_ms, wall_ms)
        self._anchor = resume(last, Reading(self._boot_id, boot_ms, wall_ms))
        self._ahead_ms = self._anchor.at(0)

    def __repr__(self) -> str:
        return f"<system clock: {self.now_ms()} ms on the timeline, boot {self._boot_id}>"

    def read(self) -> Reading:
        return Reading(self._boot_id, _boot_ms(), _wall_ms())

    def now_ms(self) -> int:
        return clock_gettime_ns(CLOCK_BOOTTIME) // 1_000_000 + self._ahead_ms

    def wall_ms(self) -> int:
        return time_ns() // 1_000_000

    def slept_ms(self) -> int:
        return (clock_gettime_ns(CLOCK_BOOTTIME) - monotonic_ns()) // 1_000_000

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

    def call_at(self, at_ms: int, act: Callable[[], None]) -> Alarm:
        return _Alarm(self, at_ms, act)


class _Alarm:
    """Naps towards its moment."""

    __slots__ = ("_act", "_at_ms", "_clock", "_loop", "_timer")

    def __init__(self, clock: SystemClock, at_ms: int, act: Callable[[], None]) -> None:
        self._clock = clock
        self._at_ms = at_ms
        self._act = act
        self._loop = asyncio.get_running_loop()
        self._timer = self._nap()

    def __repr__(self) -> str:
        return f"<alarm at {self._at_ms} ms>"

    def cancel(self) -> None:
        self._timer.cancel()

    def _nap(self) -> asyncio.Handle:
        now_ms = self._clock.now_ms()
        left_ms = self._at_ms - now_ms
        if left_ms <= 0:
            return self._loop.call_soon(self._act)
        nap_ms = left_ms if left_ms <= NAP_MS else NAP_MS - now_ms % NAP_MS
        return self._loop.call_later(nap_ms / 1000, self._look)

    def _look(self) -> None:
        if self._clock.now_ms() >= self._at_ms:
            self._act()
        else:
            self._timer = self._nap()


def _boot_ms() -> int:
    return clock_gettime_ns(CLOCK_BOOTTIME) // 1_000_000


def _wall_ms() -> int:
    return time_ns() // 1_000_000


def _boot_id(path: Path, boot_ms: int, wall_ms: int) -> str:
    """Which boot this is. Where the kernel's name for it is hidden (systemd's `ProcSubset=pid`), each life
    counts as a boot of its own: the wall clock then says how long the daemon was away.
    """
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        found = ""
    return found or f"hidden-{wall_ms}-{boot_ms}"
