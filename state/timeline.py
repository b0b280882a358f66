"""The daemon's own time: one line of milliseconds that runs on through restarts.

    life 1: boot clock ---------x (killed)
    wall clock:                  ......gap......
    life 2:                                     x-------- boot clock
    timeline: --------------------(gap >= 0)--------------->

A deadline on the timeline needs no translation after a restart: within one boot the kernel's boot-time
clock says how long the daemon was away (suspend counts, a changed wall clock does not), across a reboot
the wall clock says it, and a wall clock that went backwards says "no time at all". So what is left of a
quarantine is never negative and never more than it was.
"""

from msgspec import Struct

__all__ = ["Anchor", "Reading", "ms", "resume", "wall_set_ms"]

DRIFT_MS = 60_000
"""So much the wall clock may be put right without anybody having to know."""


def ms(seconds: float) -> int:
    """Settings speak in seconds, moments in whole milliseconds."""
    return round(seconds * 1000)


class Reading(Struct, frozen=True):
    """What the three clocks say at one instant."""

    boot_id: str
    boot_ms: int
    wall_ms: int


class Anchor(Struct, frozen=True):
    """A moment of the timeline together with what the clocks said then."""

    at_ms: int
    reading: Reading

    def at(self, boot_ms: int) -> int:
        """The timeline's moment for a boot-clock reading of the same boot."""
        return self.at_ms + (boot_ms - self.reading.boot_ms)


def wall_set_ms(then: Reading, now: Reading) -> int:
    """How far somebody has set the wall clock in between, forward or (negative) back; 0: not worth a word.

    Across a reboot only a clock that went back gives itself away.
    """
    gone_ms = now.wall_ms - then.wall_ms
    set_ms = gone_ms - (now.boot_ms - then.boot_ms) if _is_same_boot(then, now) else min(0, gone_ms)
    return set_ms if abs(set_ms) > DRIFT_MS else 0


def resume(last: Anchor | None, now: Reading) -> Anchor:
    """Continue the timeline from the last moment that was recorded."""
    if last is None:
        return Anchor(0, now)
    then = last.reading
    gone_ms = now.boot_ms - then.boot_ms if _is_same_boot(then, now) else now.wall_ms - then.wall_ms
    return Anchor(last.at_ms + max(0, gone_ms), now)


def _is_same_boot(then: Reading, now: Reading) -> bool:
    """Where the boot's name is hidden from us, a boot clock that went back still tells that it is another."""
    return now.boot_id == then.boot_id and now.boot_ms >= then.boot_ms
