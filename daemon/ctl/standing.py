"""How a provider stands, in a word: the worst that keeps its lanes from serving."""

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import NamedTuple

from daemon.ctl.plain import inert, number, span
from daemon.ctl.shapes.standing import HoldSaid, ProviderSaid
from daemon.ctl.terminal import BAD, FAINT, GOOD, WARY, Tone

__all__ = ["Stands", "back_said", "condition_said", "left_said", "standing_of"]

_TONES: Mapping[str, Tone] = MappingProxyType(
    {
        "well": GOOD,
        "slow_start": WARY,
        "on_trial": WARY,
        "under_trial": WARY,
        "resting": WARY,
        "quarantined": BAD,
        "out": BAD,
        "disabled": FAINT,
    }
)
_WINDOWS: Mapping[str, str] = MappingProxyType(
    {"rpm": "/min", "rpd": "/day", "tpm": " tok/min", "tpd": " tok/day", "concurrency": " at once"}
)
"""How a limit is read: `18/min`."""


class Stands(NamedTuple):
    """A word and its colour."""

    word: str
    tone: Tone
    back: str = ""
    """When it ends: `4m 12s`, or `by hand`."""


def condition_said(condition: str) -> tuple[str, Tone]:
    """`slow start`, and its colour."""
    return inert(condition).replace("_", " "), _TONES.get(condition, BAD)


def standing_of(provider: ProviderSaid, *, is_offline: bool) -> Stands:
    """Its own, if that is not well; else the first of its keys and lanes that is not; else ours, who may be
    offline.
    """
    if not provider["is_enabled"]:
        return Stands("off", FAINT)
    if provider["actor"] not in ("alive", "starting"):
        return Stands(f"crashed, {inert(provider['actor'])}", BAD)
    parts = [(provider["condition"], provider["hold"])]
    parts += [(key["condition"], key["hold"]) for key in provider["keys"]]
    parts += [(lane["condition"], lane["hold"]) for lane in provider["lanes"]]
    worst = next((condition for condition, _ in parts if condition != "well"), "well")
    if worst == "well":
        if provider["usable"] or not provider["lanes"]:
            return Stands("well", GOOD)
        is_used_up = any(lane["exhausted"] for lane in provider["lanes"])
        return Stands("offline" if is_offline and not is_used_up else "used up", WARY)
    word, tone = condition_said(worst)
    back = back_said(hold for _, hold in parts)
    # Who is on trial or starts slowly serves, and is no part of anything.
    if provider["usable"] and tone is not _TONES["on_trial"]:
        return Stands(f"partly {word}", WARY, back)
    return Stands(word, tone, back)


def left_said(left: Mapping[str, int]) -> str:
    """`18/min, 240/day`."""
    return ", ".join(
        f"{number(amount)}{_WINDOWS.get(name, f' {inert(name)}')}" for name, amount in left.items()
    )


def back_said(holds: Iterable[HoldSaid | None]) -> str:
    """When the first of them ends; `by hand` where none ends by itself."""
    lefts = [hold["left_s"] for hold in holds if hold is not None and hold["left_s"] != 0]
    ends = [left_s for left_s in lefts if left_s is not None]
    return span(min(ends)) if ends else "by hand" if lefts else ""
