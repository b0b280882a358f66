"""What holds for limits under any interleaving of reserve, settle, waiting and setting the wall clock."""

from dataclasses import dataclass, field

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json

from state.config import Config
from state.events import LimitLearned, Usage, Window
from state.settings.offer import LimitsConfig
from state.usage.calendars import day_of
from state.usage.limits import Exhausted, Limits, Reserved, fold_limits
from state.usage.meter import DAY_MS_MAX
from state.words import LaneId, Target, chain, covers
from tests.ledger import DAY_MS, FLASH, HOUR_MS, LITE, NONE, OTHER_KEY, Ledger, Now, config

LANES = (FLASH, LITE, OTHER_KEY)
# Menus instead of ranges: a story is drawn many times faster, so more of them are told in a second.
# A tight limit hides the others behind it, so most have only one.
LIMITS = st.sampled_from(
    [NONE]
    + [LimitsConfig(rpm=few) for few in (1, 2, 4)]
    + [LimitsConfig(rpd=few) for few in (1, 2, 5)]
    + [LimitsConfig(tpm=some) for some in (50, 120, 300)]
    + [LimitsConfig(tpd=some) for some in (50, 120, 300)]
    + [LimitsConfig(concurrency=few) for few in (1, 2, 4)]
    + [LimitsConfig(rpm=few, rpd=4 * few, tpm=100, tpd=300, concurrency=few) for few in (1, 2)]
)
CONFIGS = st.builds(config, lane=LIMITS, key=LIMITS, provider=LIMITS)


@dataclass(frozen=True)
class Wait:
    ms: int


@dataclass(frozen=True)
class Try:
    lane: LaneId
    tokens: int


@dataclass(frozen=True)
class End:
    """Of one of those in flight, in any order; `again`: of one that had ended, by our own mistake."""

    which: int
    spent: int | None
    again: bool


@dataclass(frozen=True)
class SetWall:
    ahead_ms: int


@dataclass(frozen=True)
class Say:
    window: Window
    limit: int | None
    remaining: int | None
    reset_in_ms: int | None
    refills: bool


Step = Wait | Try | End | SetWall | Say

# Time is most interesting around a second, a minute and midnight.
WAITS: list[Step] = [
    *(Wait(ms) for ms in (1, 400, 900, 1_000, 20_000, 58_700, 59_100, 59_999, 60_000, 60_001, 61_000)),
    *(Wait(hours * HOUR_MS) for hours in (1, 3, 6, 11, 12, 14)),
]
TRIES: list[Step] = [Try(lane, tokens) for lane in LANES for tokens in (0, 1, 40, 50, 90, 120)]
ENDS: list[Step] = [
    End(which, spent, again)
    for which in range(3)
    for spent in (None, 0, 60, 150)
    for again in (False, False, True)
]
WALLS: list[Step] = [SetWall(hours * HOUR_MS) for hours in (-72, -24, -13, -8, -1, 0, 1, 8, 13, 24, 72)]
SAYINGS: list[Step] = [
    Say(window, limit, remaining, reset_in_ms, refills)
    for window in Window
    for limit in (None, 0, 1, 5)
    for remaining in (None, 0, 4)
    for reset_in_ms in (None, -1000, 0, 7, 30_000, 5 * HOUR_MS, 30 * HOUR_MS)
    for refills in (False, True)
]
TRY, END, WAIT = st.sampled_from(TRIES), st.sampled_from(ENDS), st.sampled_from(WAITS)
CALM = st.lists(TRY | TRY | END | WAIT, min_size=12, max_size=30)
WALL, SAYING = st.sampled_from(WALLS), st.sampled_from(SAYINGS)
STORMY = st.lists(TRY | TRY | TRY | END | WAIT | WAIT | WALL | WALL | SAYING, min_size=12, max_size=30)


@dataclass
class Opened:
    lane: LaneId
    at_ms: int
    tokens: int
    closed_ms: int | None = None
    spent: int = 0


@dataclass
class Witness:
    """Somebody who remembers every attempt and counts them by hand."""

    book: Ledger
    at_ms: int = 0
    ahead_ms: int = 0
    attempts: dict[str, Opened] = field(default_factory=dict)

    def take(self, step: Step) -> Opened | Exhausted | None:
        match step:
            case Wait(ms):
                self.at_ms += ms
            case SetWall(ahead_ms):
                self.ahead_ms = ahead_ms
            case Try(lane, tokens):
                answer = self.book.ask(self.at_ms, lane, tokens, self.ahead_ms)
                if isinstance(answer, Exhausted):
                    return answer
                attempt_id = self.book.open(self.at_ms, lane, tokens, self.ahead_ms)
                self.attempts[attempt_id] = Opened(lane, self.at_ms, tokens)
                return self.attempts[attempt_id]
            case End(which, spent, again):
                self.end(which, spent, again=again)
            case Say():
                self.say(step)
        return None

    def end(self, which: int, spent: int | None, *, again: bool) -> None:
        ids = [name for name, seen in self.attempts.items() if (seen.closed_ms is None) != again]
        if not ids:
            return
        attempt_id = ids[which % len(ids)]
        attempt = self.attempts[attempt_id]
        usage = None if spent is None else Usage(tokens_in=spent // 2, tokens_out=spent - spent // 2)
        self.book.close(attempt_id, self.at_ms, attempt.lane, ahead_ms=self.ahead_ms, usage=usage)
        if not again:
            attempt.closed_ms = self.at_ms
            attempt.spent = attempt.tokens if spent is None else spent

    def say(self, said: Say) -> None:
        now = Now(self.at_ms, self.ahead_ms)
        reset_ms = None if said.reset_in_ms is None else now.ms + said.reset_in_ms
        self.book.fold(
            LimitLearned(
                at_ms=now.ms,
                wall_ms=now.wall_ms,
                target=FLASH,
                window=said.window,
                limit=said.limit,
                remaining=said.remaining,
                reset_ms=reset_ms,
                refills=said.refills,
            )
        )

    def used(self, target: Target, window: Window) -> int:
        """What an exact observer would say of this window at this moment."""
        mine = [seen for seen in self.attempts.values() if covers(target, seen.lane)]
        since_ms = self.at_ms - 60_000
        today = self.day(self.at_ms)
        in_flight = [seen for seen in mine if seen.closed_ms is None]
        ended = [(seen.closed_ms, seen.spent) for seen in mine if seen.closed_ms is not None]
        reserved = sum(seen.tokens for seen in in_flight)
        match window:
            case Window.CONCURRENCY:
                return len(in_flight)
            case Window.RPM:
                return sum(seen.at_ms > since_ms for seen in mine)
            case Window.RPD:
                return sum(self.day(seen.at_ms) == today for seen in mine)
            case Window.TPM:
                return reserved + sum(spent for closed_ms, spent in ended if closed_ms > since_ms)
            case Window.TPD:
                return reserved + sum(spent for closed_ms, spent in ended if self.day(closed_ms) == today)

    def limit(self, target: Target, window: Window) -> int | None:
        gemini = self.book.settings.provider["gemini"]
        match target:
            case LaneId(model="flash"):
                of = gemini.models[0].limits
            case LaneId():
                of = gemini.models[1].limits
            case _ if target == FLASH.provider_id:
                of = gemini.limits
            case _:
                of = gemini.keys[0].limits
        return {
            Window.RPM: of.rpm,
            Window.RPD: of.rpd,
            Window.TPM: of.tpm,
            Window.TPD: of.tpd,
            Window.CONCURRENCY: of.concurrency,
        }[window]

    @staticmethod
    def day(at_ms: int) -> int:
        return day_of(Now(at_ms).wall_ms, "America/Los_Angeles")


@settings(max_examples=600, deadline=None)
@given(CONFIGS, CALM)
def test_no_window_of_the_chain_ever_holds_more_than_its_limit(limits: Config, steps: list[Step]) -> None:
    witness = Witness(Ledger(limits))
    for step in steps:
        taken = witness.take(step)
        if isinstance(taken, Opened):
            for target in chain(taken.lane):
                for window in Window:
                    limit = witness.limit(target, window)
                    assert limit is None or witness.used(target, window) <= limit


@settings(max_examples=500, deadline=None)
@given(CONFIGS, CALM, TRY)
def test_the_moment_that_a_refusal_names_is_neither_too_early_nor_too_late(
    limits: Config, steps: list[Step], attempt: Try
) -> None:
    witness = Witness(Ledger(limits))
    for step in steps:
        witness.take(step)
    refusal = witness.book.ask(witness.at_ms, attempt.lane, attempt.tokens)
    if isinstance(refusal, Reserved) or refusal.until_ms is None:
        return

    at_ms = refusal.until_ms
    still = witness.book.ask(at_ms - 1, attempt.lane, attempt.tokens)
    then = witness.book.ask(at_ms, attempt.lane, attempt.tokens)

    assert at_ms > witness.at_ms
    assert isinstance(still, Exhausted)
    assert isinstance(then, Reserved) or then.until_ms is None  # somebody in flight is in the way


@settings(max_examples=500, deadline=None)
@given(CONFIGS, STORMY)
def test_nothing_is_ever_less_than_nothing(limits: Config, steps: list[Step]) -> None:
    witness = Witness(Ledger(limits))
    for step in steps:
        witness.take(step)
        for lane in LANES:
            for target in chain(lane):
                meter = witness.book.limits.meter(target)
                mine = [seen for seen in witness.attempts.values() if covers(target, seen.lane)]
                in_flight = [seen for seen in mine if seen.closed_ms is None]
                assert meter.in_flight == len(in_flight)
                assert meter.tokens_in_flight == sum(seen.tokens for seen in in_flight)
                seconds = [notch.second for notch in meter.odometer.notches]
                assert seconds == sorted(set(seconds))
                assert len(seconds) <= 61


@settings(max_examples=500, deadline=None)
@given(CONFIGS, STORMY)
def test_a_new_day_begins_with_a_later_date_or_after_25_hours(limits: Config, steps: list[Step]) -> None:
    """Whatever the wall clock does: nothing is unlocked twice by one date."""
    witness = Witness(Ledger(limits))
    before = None
    for step in steps:
        witness.take(step)
        day = witness.book.limits.meter(FLASH).day
        if before is not None and day is not None and day != before:
            assert day.began_ms >= before.ends_ms
            assert day.number > before.number or day.began_ms >= before.began_ms + DAY_MS_MAX
        before = day


@settings(max_examples=500, deadline=None)
@given(CONFIGS, STORMY, st.integers(-400 * DAY_MS, 400 * DAY_MS), TRY)
def test_nothing_is_blocked_for_ever(limits: Config, steps: list[Step], ahead_ms: int, attempt: Try) -> None:
    """When all have ended and 25 hours have passed there is room, whatever was said and the wall shows."""
    witness = Witness(Ledger(limits))
    for step in steps:
        witness.take(step)
    for attempt_id, seen in witness.attempts.items():
        witness.book.close(attempt_id, witness.at_ms, seen.lane)

    answer = witness.book.ask(witness.at_ms + DAY_MS_MAX, attempt.lane, attempt.tokens, ahead_ms)

    assert isinstance(answer, Reserved) or answer.is_too_large


@settings(max_examples=500, deadline=None)
@given(CONFIGS, STORMY, TRY)
def test_what_a_provider_says_only_takes_room_away(limits: Config, steps: list[Step], attempt: Try) -> None:
    told, untold = Witness(Ledger(limits)), Ledger(limits)
    for step in steps:
        told.take(step)
    for event in told.book.events:
        if not isinstance(event, LimitLearned):
            untold.fold(event)

    with_it = told.book.ask(told.at_ms, attempt.lane, attempt.tokens)
    without = untold.ask(told.at_ms, attempt.lane, attempt.tokens)

    assert isinstance(without, Reserved) or isinstance(with_it, Exhausted)


@settings(max_examples=500, deadline=None)
@given(CONFIGS, STORMY, st.integers(0, 60))
def test_folding_in_two_halves_through_the_snapshot_is_folding_whole(
    limits: Config, steps: list[Step], cut: int
) -> None:
    witness = Witness(Ledger(limits))
    for step in steps:
        witness.take(step)
    events = witness.book.events

    half = Limits()
    for event in events[:cut]:
        half = fold_limits(half, event, limits)
    half = json.decode(json.encode(half), type=Limits)
    for event in events[cut:]:
        half = fold_limits(half, event, limits)

    assert half == witness.book.limits
