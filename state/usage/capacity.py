r"""What is left today and this minute, on each lane and in all, and when it comes back.

lane   lane     what a lane has left  = the least along its chain
   \   /
    key         what a key has left   = its own limit, but no more than its lanes together
     |
  provider      and so on up; what is not limited anywhere is not limited in all
"""

from collections.abc import Iterable

from msgspec import Struct

from state.events import Window
from state.usage.calendars import Instant
from state.usage.limits import Allowance, Exhausted, Limits, Rung, reserve
from state.usage.meter import Meter
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["Capacity", "LaneCapacity", "Left", "WindowLeft", "capacity"]

Left = dict[Window, int]
"""How much of each window. What is not in it is not limited."""


class WindowLeft(Struct, frozen=True, kw_only=True):
    """One window of one lane, key or provider."""

    target: Target
    window: Window
    limit: int | None
    """None: the provider said only what remains."""
    used: int
    """By us. Others may use the same key, so `left` can be less than the limit without this."""
    left: int
    whole_ms: int | None
    """When all of it is back; None: when the attempts in flight have ended."""
    stated: bool = False
    """By the provider, not by the config."""


class LaneCapacity(Struct, frozen=True, kw_only=True):
    """What one lane may still do."""

    lane: LaneId
    left: Left
    windows: tuple[WindowLeft, ...]
    """Every limit on its chain, its own first."""
    exhausted: Exhausted | None = None
    """What is in the way of the very next request, and until when."""


class Capacity(Struct, frozen=True, kw_only=True):
    """What the whole daemon may still do."""

    left: Left
    providers: dict[str, Left]
    lanes: tuple[LaneCapacity, ...]


def capacity(limits: Limits, allowances: Iterable[Allowance], at_ms: int, wall_ms: int) -> Capacity:
    """The report for these lanes."""
    lanes: list[LaneCapacity] = []
    own: dict[Target, Left] = {}
    for allowance in allowances:
        now = Instant(at_ms, wall_ms, allowance.zone)
        meters = limits.meters.chain(allowance.lane)
        rungs = zip(allowance.rungs, meters, strict=True)
        windows = tuple(window for rung, meter in rungs for window in _windows(rung, meter, now))
        answer = reserve(limits, allowance, 1, at_ms, wall_ms)
        for rung in allowance.rungs:
            own[rung.target] = _least(
                {window.window: window.left} for window in windows if window.target == rung.target
            )
        lanes.append(
            LaneCapacity(
                lane=allowance.lane,
                left=_least(own[rung.target] for rung in allowance.rungs),
                windows=windows,
                exhausted=answer if isinstance(answer, Exhausted) else None,
            )
        )
    providers = _providers([lane.lane for lane in lanes], own)
    return Capacity(left=_together(providers.values()), providers=providers, lanes=tuple(lanes))


def _windows(rung: Rung, meter: Meter, now: Instant) -> Iterable[WindowLeft]:
    for cap in rung.caps:
        used = meter.used(cap.window, now)
        yield WindowLeft(
            target=rung.target,
            window=cap.window,
            limit=cap.limit,
            used=used,
            left=max(0, cap.limit - used),
            whole_ms=meter.down_ms(cap.window, 0, now),
        )
    for window, said in meter.statements.items():
        used = meter.used(window, now)
        limit = said.limit_at(now.at_ms)
        room = said.room_at(now.at_ms, meter.reading(window))
        by_limit = None if limit is None else limit - used
        rooms = [left for left in (by_limit, room) if left is not None]
        if rooms:
            yield WindowLeft(
                target=rung.target,
                window=window,
                limit=limit,
                used=used,
                left=max(0, min(rooms)),
                whole_ms=said.whole_ms if room is not None else meter.down_ms(window, 0, now),
                stated=True,
            )


def _providers(lanes: list[LaneId], own: dict[Target, Left]) -> dict[str, Left]:
    """From the lanes up: the sum of what stands on it, but no more than its own."""
    by_key: dict[KeyId, list[Left]] = {}
    for lane in lanes:
        by_key.setdefault(lane.key_id, []).append(own[lane])
    by_provider: dict[ProviderId, list[Left]] = {}
    for key, lefts in by_key.items():
        by_provider.setdefault(ProviderId(key.provider), []).append(_least([own[key], _together(lefts)]))
    return {
        provider.provider: _least([own[provider], _together(lefts)])
        for provider, lefts in by_provider.items()
    }


def _least(lefts: Iterable[Left]) -> Left:
    least: Left = {}
    for left in lefts:
        for window, amount in left.items():
            least[window] = min(amount, least.get(window, amount))
    return least


def _together(lefts: Iterable[Left]) -> Left:
    """Limited is a sum only where every part of it is limited."""
    parts = list(lefts)
    return {
        window: sum(part[window] for part in parts)
        for window in Window
        if parts and all(window in part for part in parts)
    }
