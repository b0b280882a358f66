"""failoverctl's own look at the clock: how long something took, and what time a moment was."""

import time

__all__ = ["clock_time", "now_s", "pause", "wall_s"]


def now_s() -> float:
    """For differences only."""
    return time.monotonic()


def wall_s() -> float:
    """Seconds since 1970."""
    return time.time()


def pause(seconds: float) -> None:
    time.sleep(seconds)


def clock_time(at_s: float, now: float | None = None) -> str:
    """As the clock on the wall says it here: `14:03:12`, of another day `Nov 21 14:03`."""
    there = time.localtime(at_s)
    today = time.localtime(wall_s() if now is None else now)
    return time.strftime("%H:%M:%S" if there[:3] == today[:3] else "%b %d %H:%M", there)
