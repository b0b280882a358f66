"""What is known does not depend on where the timeline begins."""

from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, to_builtins
from msgspec.structs import replace

from state.events import Disable, Event, Force, LimitLearned, LinkLost, OperatorActed, Quarantine, StrategySet
from state.memory.fold import State, fold_all
from state.memory.moved import MOMENTS, moved
from state.standing.holds import Hold, HoldKind
from state.usage.fading import HALF_LIFE_MS, Fading
from state.usage.odometer import Notch, Odometer
from tests.test_remembered import Past, pasts
from tests.world import SETTINGS

OWN_STEPS: tuple[type, ...] = (Fading, Notch)
"""What counts time in eras and seconds."""


def later(event: Event, by_ms: int) -> Event:
    """The same at another moment."""
    event = replace(event, at_ms=event.at_ms + by_ms)
    match event:
        case OperatorActed(act=Disable() | Quarantine() | Force() | StrategySet() as act):
            return replace(event, act=replace(act, until_ms=act.until_ms + by_ms))
        case LinkLost(since_ms=since_ms):
            return replace(event, since_ms=since_ms + by_ms)
        case LimitLearned(reset_ms=int() as reset_ms):
            return replace(event, reset_ms=reset_ms + by_ms)
        case _:
            return event


def plain(told: Any) -> Any:
    """With all weights relative to the same era; which one it is says nothing, nor what has faded away."""
    match told:
        case {"all": {"era": era}, "buckets": buckets}:
            scaled = {name: weight * 2.0**era for name, weight in buckets.items()}
            least = sum(scaled.values()) * 1e-6
            kept = {name: weight for name, weight in scaled.items() if weight > least}
            return {"all": plain(told["all"]), "buckets": kept}
        case {"era": era, "weight": weight, "total": total}:
            return weight * 2.0**era, total * 2.0**era
        case dict():
            return {name: plain(each) for name, each in told.items()}
        case list() | tuple():
            return [plain(each) for each in told]
        case _:
            return told


def assert_alike(one: Any, other: Any) -> None:
    """The same, up to the last digits of floats."""
    match one:
        case dict():
            assert one.keys() == other.keys()
            for name, each in one.items():
                assert_alike(each, other[name])
        case list() | tuple():
            for each, its_like in zip(one, other, strict=True):
                assert_alike(each, its_like)
        case _:
            assert one == (pytest.approx(other) if isinstance(other, float) else other)


@settings(max_examples=300)
@given(pasts, st.integers(-100, 100))
def test_what_happens_later_leaves_the_same_behind_only_later(past: Past, eras: int):
    """By whole half-lives, which are whole seconds: parts of one are counted as a whole one."""
    by_ms = eras * HALF_LIFE_MS
    events = [stored.event for stored in past.journal]

    there = fold_all([later(event, by_ms) for event in events], SETTINGS)

    assert_alike(plain(to_builtins(moved(fold_all(events, SETTINGS), by_ms))), plain(to_builtins(there)))


@pytest.mark.parametrize("by_ms", [-7_000_001, -1, 1, 999, HALF_LIFE_MS // 3])
def test_a_mean_is_worth_as_much_at_the_same_distance(by_ms):
    mean = Fading().add(10.0, HALF_LIFE_MS * 2).add(20.0, HALF_LIFE_MS * 3)

    there = moved(mean, by_ms)

    assert there.mean == pytest.approx(mean.mean)
    assert there.samples(HALF_LIFE_MS * 4 + by_ms) == pytest.approx(mean.samples(HALF_LIFE_MS * 4))


@pytest.mark.parametrize("by_ms", [-59_001, -1, 0, 1, 400, 999, 1000])
def test_no_minute_ends_early(by_ms):
    used = Odometer().add(100_000, 5, 0)

    assert moved(used, by_ms).requests_in_minute(159_999 + by_ms) == 5


def test_a_hold_without_an_end_has_none_there_either():
    hold = Hold(kind=HoldKind.AUTH, since_ms=5, until_ms=None, since_wall_ms=7)
    assert moved(hold, 10) == replace(hold, since_ms=15)


def test_every_moment_in_the_state_is_known():
    """By its name: a new field that ends in `_ms` is a moment until somebody says otherwise."""
    named = {
        (kind, name)
        for kind in parts_of(State)
        if kind not in OWN_STEPS
        for name, of in get_type_hints(kind).items()
        if name.endswith("_ms") and "wall" not in name and int in (of, *get_args(of))
    }
    assert named == {(kind, name) for kind, names in MOMENTS.items() for name in names}


def parts_of(kind: Any) -> set[type[Struct]]:
    """Every Struct that can be reached from a type."""
    if isinstance(kind, type) and issubclass(kind, Struct):
        inner = [parts_of(each) for each in get_type_hints(kind).values()]
        return {kind}.union(*inner)
    if get_origin(kind) in (dict, tuple, Union, UnionType):
        return set().union(*(parts_of(each) for each in get_args(kind)))
    return set()
