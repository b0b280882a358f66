"""The filters that lift by themselves: standing, limits, a slow start."""

from state.routing.board import LaneView, OnTrial, Out, Resting, Usable
from state.routing.filters import Filter, Test, first_reason, raised
from state.routing.question import Question, Skipped, Why

__all__ = ["SOON_MS", "WEATHER", "weather"]

SOON_MS = 1000
"""When a slot comes back that somebody else's attempt holds, nobody knows: a polite guess."""


def held(question: Question) -> Test:
    """No traffic to who is out or rests, and a single request to who is on trial."""
    now_ms = question.now_ms

    def test(view: LaneView) -> Skipped | None:
        match view.condition_at(now_ms):
            case Usable() | OnTrial(free=True):
                return None
            case Out(until_ms=until_ms, why=why):
                return Skipped(view.lane, Why.OUT, why, until_ms)
            case Resting(until_ms=end_ms, why=why):
                return Skipped(view.lane, Why.RESTING, why, end_ms)
            case OnTrial():
                return Skipped(view.lane, Why.TRIAL_TAKEN, "another request tests it", now_ms + SOON_MS)

    return test


def exhausted(question: Question) -> Test:
    """No headroom in one of its limits."""
    now_ms = question.now_ms

    def test(view: LaneView) -> Skipped | None:
        limit = view.exhausted
        if limit is None:
            return None
        if limit.until_ms is None:
            return Skipped(view.lane, Why.EXHAUSTED, limit.window, now_ms + SOON_MS)
        if limit.until_ms <= now_ms:
            return None
        return Skipped(view.lane, Why.EXHAUSTED, limit.window, limit.until_ms)

    return test


def slow_start(question: Question) -> Test:
    """Back from a trial, it carries one, then two, then four at once: a crowd would push it over again."""
    now_ms = question.now_ms

    def test(view: LaneView) -> Skipped | None:
        if not view.is_full:
            return None
        return Skipped(view.lane, Why.SLOW_START, f"carries {view.carries} at once", now_ms + SOON_MS)

    return test


WEATHER: tuple[Filter, ...] = (held, exhausted, slow_start)


def weather(question: Question) -> Test:
    """The first of them that stops a lane. Most lanes need none of them: nothing holds them, and nothing that
    they have is used up.
    """

    def test(view: LaneView) -> Skipped | None:
        if view.exhausted is None and view.carries is None and isinstance(view.condition, Usable):
            return None
        return first_reason(raised(question, WEATHER), view)

    return test
