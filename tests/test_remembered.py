"""A new life knows what the old one knew: from snapshots of any age, in parts, and with open attempts closed."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.config import Config
from state.events import (
    AttemptClosed,
    BoardShown,
    ConfigLoaded,
    Event,
    Force,
    Interrupted,
    LimitLearned,
    OperatorActed,
    PreferenceCleared,
    ReleaseAll,
    RequestClosed,
    RequestOpened,
    Rescued,
    StatsReset,
    StrategySet,
    Verdict,
    Window,
)
from state.memory.fold import NOTHING_KNOWN, State, fold
from state.memory.journal import Stored
from state.memory.parts import ROUTER, concerns, concerns_router, part_name
from state.memory.remembered import Cover, cut_short, interrupted, remember, unanswered
from state.words import LaneId
from tests.stories import scripts, told
from tests.world import A1, ALPHA, B1, HOME, HOUR, LANES, SETTINGS, START_WALL_MS, World

PARTS = (*(part_name(name) for name in SETTINGS.provider), ROUTER)
OF_PROVIDERS = {name: Config(provider={name: known}) for name, known in SETTINGS.provider.items()}


def besides(at_ms: int) -> tuple[Event, ...]:
    """What else is written down while a story is told."""
    when: dict[str, Any] = {"at_ms": at_ms, "wall_ms": START_WALL_MS + at_ms}
    return (
        Rescued(**when, context="app/x", lane=B1, instead_of=(A1, HOME)),
        RequestOpened(**when, request_id="r", content="digest"),
        RequestClosed(**when, request_id="r", verdict=Verdict.OK, lane=B1, attempts=2, duration_ms=9),
        LimitLearned(**when, target=A1, window=Window.RPM, limit=20, remaining=3),
        LimitLearned(**when, target=ALPHA, window=Window.TPM, limit=900),
        BoardShown(**when, version=1, is_whole=True),
        OperatorActed(**when, act=Force(B1, until_ms=at_ms + HOUR)),
        OperatorActed(**when, act=StatsReset(HOME)),
        OperatorActed(**when, act=StatsReset()),
        OperatorActed(**when, act=PreferenceCleared()),
    )


class Past:
    """A life that was lived: each part folded its own events as they came, and the journal has all."""

    def __init__(self, script: bytes, also: list[int]) -> None:
        events: list[Event] = list(told(script).events)
        for where in also:
            at = where % (len(events) + 1)
            extra = besides(events[at - 1].at_ms if at else 0)
            events.insert(at, extra[where % len(extra)])
        self.journal = [Stored(seq, event) for seq, event in enumerate(events, 1)]

    def live(self, upto: int | None = None) -> dict[str, State]:
        parts = dict.fromkeys(PARTS, NOTHING_KNOWN)
        for stored in self.journal[:upto]:
            for name, own in OF_PROVIDERS.items():
                if concerns(stored.event, name):
                    parts[part_name(name)] = fold(parts[part_name(name)], stored.event, own)
            if concerns_router(stored.event):
                parts[ROUTER] = fold(parts[ROUTER], stored.event, SETTINGS)
        return parts

    def cover(self, part: str, seq: int) -> Cover:
        return Cover(seq, json.encode(self.live(seq)[part]))


pasts = st.builds(Past, scripts, st.lists(st.integers(0, 10_000), max_size=8))
moments = st.integers(0, 40)


@settings(max_examples=500)
@given(pasts, st.lists(st.none() | moments, min_size=len(PARTS), max_size=len(PARTS)), moments)
def test_from_snapshots_of_any_age_everything_is_as_it_was(past: Past, ages: list[int | None], before: int):
    """A part may have no snapshot, and the tail may begin long before the oldest of them."""
    ages = [None if age is None else min(age, len(past.journal)) for age in ages]
    covers = {part: past.cover(part, age) for part, age in zip(PARTS, ages, strict=True) if age is not None}
    oldest = 0 if None in ages else min(age for age in ages if age is not None)
    tail = past.journal[max(0, oldest - before) :]

    remembered = remember(covers, tail, SETTINGS)

    live = past.live()
    assert {part_name(name): state for name, state in remembered.providers.items()} | {
        ROUTER: remembered.router
    } == live
    assert remembered.broken == ()


@settings(max_examples=300)
@given(pasts)
def test_the_parts_together_know_what_one_alone_would(past: Past):
    whole = NOTHING_KNOWN
    for stored in past.journal:
        whole = fold(whole, stored.event, SETTINGS)
    remembered = remember({}, past.journal, SETTINGS)
    for lane in LANES:
        part = remembered.providers[lane.provider]
        assert part.standing.chain(lane) == whole.standing.chain(lane)
        assert part.limits.meters.chain(lane) == whole.limits.meters.chain(lane)
        assert part.statistics.lane(lane) == whole.statistics.lane(lane)
    assert remembered.router.preferences == whole.preferences
    assert remembered.router.statistics.verdicts == whole.statistics.verdicts
    assert remembered.open_attempts == frozenset(whole.limits.reserved)


@settings(max_examples=300)
@given(pasts)
def test_what_a_death_left_open_is_closed_and_strikes_nobody(past: Past):
    remembered = remember({}, past.journal, SETTINGS)
    end_ms = past.journal[-1].event.at_ms + 7 if past.journal else 7
    closings = interrupted(
        [stored.event for stored in past.journal],
        remembered.open_attempts,
        at_ms=end_ms,
        wall_ms=START_WALL_MS + end_ms,
    )
    assert {closed.attempt_id for closed in closings} == remembered.open_attempts
    for name, state in remembered.providers.items():
        after = state
        for closed in closings:
            if concerns(closed, name):
                after = fold(after, closed, OF_PROVIDERS[name])
        assert after.limits.reserved == {}
        for target, standing in after.standing:
            before = state.standing.of(target)
            assert standing.places == ()
            assert (standing.row, standing.holds, standing.epoch) == (before.row, before.holds, before.epoch)
        for lane in LANES:
            if lane.provider == name:
                assert after.limits.meter(lane).in_flight == 0


def test_a_closing_tells_how_long_it_was_open_and_on_which_terms():
    world = World()
    opened = world.leaves(A1)
    (closed,) = interrupted(world.events, frozenset({opened.attempt_id}), at_ms=900, wall_ms=START_WALL_MS)
    assert closed == AttemptClosed(
        at_ms=900,
        wall_ms=START_WALL_MS,
        attempt_id=opened.attempt_id,
        request_id=opened.request_id,
        lane=A1,
        outcome=Interrupted(),
        terms=opened.terms,
        duration_ms=900,
    )
    assert interrupted(world.events, frozenset(), at_ms=900, wall_ms=0) == []


def test_a_clock_that_stands_before_the_opening_makes_no_time_negative():
    world = World()
    world.passes(5000)
    opened = world.leaves(A1)
    (closed,) = interrupted(world.events, frozenset({opened.attempt_id}), at_ms=100, wall_ms=0)
    assert closed.duration_ms == 0


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"standing": 7}', b"\xff", b"[" * 5000])
def test_a_snapshot_that_cannot_be_read_is_told_and_the_tail_speaks_for_itself(body: bytes):
    world = World()
    world.fails(A1)
    world.fails(B1)
    tail = [Stored(seq, event) for seq, event in enumerate(world.events, 1)]

    remembered = remember({part_name("alpha"): Cover(99, body)}, tail, SETTINGS)

    assert remembered.broken == ("provider:alpha",)
    assert remembered.providers["alpha"].standing.of(A1).row == 1
    assert remembered.providers["beta"].standing.of(B1).row == 1


def test_who_left_the_config_is_not_remembered():
    world = World()
    world.fails(A1)
    tail = [Stored(seq, event) for seq, event in enumerate(world.events, 1)]
    only_home = Config(provider={"home": SETTINGS.provider["home"]})
    assert remember({}, tail, only_home).providers == {"home": NOTHING_KNOWN}


WHEN: dict[str, Any] = {"at_ms": 1, "wall_ms": 1}
EVERYBODY = {"alpha", "beta", "home"}


@pytest.mark.parametrize(
    ("event", "providers", "router"),
    [
        (Rescued(**WHEN, context="x", lane=B1, instead_of=(A1,)), {"alpha", "beta"}, True),
        (RequestOpened(**WHEN, request_id="r", content=""), set(), False),
        (RequestClosed(**WHEN, request_id="r", verdict=Verdict.OK), set(), True),
        (BoardShown(**WHEN, version=1, is_whole=True), set(), False),
        (LimitLearned(**WHEN, target=ALPHA, window=Window.RPM), {"alpha"}, False),
        (ConfigLoaded(**WHEN, digest=""), EVERYBODY, False),
        (OperatorActed(**WHEN, act=ReleaseAll()), EVERYBODY, True),
        (OperatorActed(**WHEN, act=StatsReset(ALPHA)), {"alpha"}, True),
        (OperatorActed(**WHEN, act=StatsReset()), EVERYBODY, True),
        (OperatorActed(**WHEN, act=StrategySet("p", "random", 9)), EVERYBODY, True),  # type: ignore[arg-type]
    ],
)
def test_an_event_goes_to_whom_it_concerns(event: Event, providers: set[str], router: bool):  # noqa: FBT001 - a table
    assert {name for name in SETTINGS.provider if concerns(event, name)} == providers
    assert concerns_router(event) is router


def test_names_of_parts_tell_them_apart():
    assert len(set(PARTS)) == len(PARTS)
    assert part_name("alpha") == "provider:alpha"
    assert LaneId("alpha", "key1", "small") == A1


def test_a_request_that_a_death_cut_short_has_its_verdict():
    when: dict[str, Any] = {"at_ms": 5, "wall_ms": 5}
    world = World()
    opened = world.leaves(A1)
    named = RequestOpened(**when, request_id="named", content="digest", app="app")
    done = RequestOpened(**when, request_id="done", content="other")
    closed = RequestClosed(**when, request_id="done", verdict=Verdict.OK)
    tail = [Stored(seq, event) for seq, event in enumerate((done, named, closed, *world.events), 1)]

    waiting = unanswered(tail)
    verdicts = cut_short([opened, *waiting], frozenset({opened.attempt_id}), at_ms=900, wall_ms=START_WALL_MS)

    at: dict[str, Any] = {"at_ms": 900, "wall_ms": START_WALL_MS, "verdict": Verdict.INTERRUPTED}
    assert verdicts == [
        RequestClosed(**at, request_id=opened.request_id, attempts=1),
        RequestClosed(**at, request_id="named", app="app", content="digest"),
    ]
    assert cut_short([opened], frozenset(), at_ms=900, wall_ms=0) == []
