"""What follows a death: another life after a pause, or none.

died --> deaths within the last `within_s`:  at most deaths_max   Restart, pause growing with each
                                             more                 Exhausted
"""

from msgspec import Struct

from state.timeline import ms

__all__ = ["Exhausted", "Intensity", "Restart", "after_death", "on_probation"]


class Intensity(Struct, frozen=True, kw_only=True):
    """How often an actor may die before it is no longer believed to get well by itself."""

    deaths_max: int = 5
    within_s: float = 60.0
    pause_s: float = 0.1
    """Before the second life. Short: most crashes are one bad message, and others wait."""
    growth: float = 2.0
    pause_s_max: float = 10.0
    jitter: float = 0.2
    """Pauses are cut by up to this part, so that actors that fell together do not rise together."""

    def __post_init__(self) -> None:
        whole_s = sum(pause_s(self, nth) for nth in range(1, self.deaths_max + 1))
        if whole_s >= self.within_s:
            loop = f"{self.deaths_max + 1} deaths fall into {self.within_s:g} s"
            raise ValueError(f"pauses of {whole_s:g} s never let {loop}")


class Restart(Struct, frozen=True):
    """Live again after the pause. `deaths` is to be kept: the moments of those that still count."""

    pause_ms: int
    deaths: tuple[int, ...]


class Exhausted(Struct, frozen=True):
    """It does not get well by itself."""

    deaths: int


def after_death(
    earlier: tuple[int, ...], now_ms: int, intensity: Intensity, fraction: float
) -> Restart | Exhausted:
    """Decide what follows a death at this moment, after earlier ones; `fraction` of [0, 1) is the jitter."""
    window_start_ms = now_ms - ms(intensity.within_s)
    deaths = (*(at_ms for at_ms in earlier if at_ms > window_start_ms), now_ms)
    if len(deaths) > intensity.deaths_max:
        return Exhausted(len(deaths))
    return Restart(ms(pause_s(intensity, len(deaths)) * (1 - intensity.jitter * fraction)), deaths)


def on_probation(now_ms: int, intensity: Intensity) -> tuple[int, ...]:
    """The past of one that was buried and is tried again: it has used up every death it may have."""
    return (now_ms,) * intensity.deaths_max


def pause_s(intensity: Intensity, nth_death: int) -> float:
    """How long one pauses after the nth death that counts, before jitter."""
    return min(intensity.pause_s_max, intensity.pause_s * intensity.growth ** (nth_death - 1))
