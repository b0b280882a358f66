"""Where a request may still go, now that it has been elsewhere: what stays with its first lane, and what
must never be a second choice.

A lane is a failover when the request has failed before, and under a fixed order (priority, price) also when
it stands in for a lane that is out. Where requests are spread over several lanes, whoever has the turn
stands in for nobody; and neither does the lane that the operator forces.
"""

from collections.abc import Callable

from state.routing.board import LaneView
from state.routing.filters import Filter, Test, first_reason, raised
from state.routing.laws import first_meaning, lawful
from state.routing.question import Question, Skipped, Why
from state.routing.strategies import FIXED, ORDERS
from state.routing.weather import WEATHER
from state.words import LaneId, covers

__all__ = ["TURNS", "absent_above"]


def no_failover(question: Question) -> Test | None:
    """The first lane or a clear error."""
    if question.may_fail_over:
        return None
    is_failover = _failover(question)

    def test(view: LaneView) -> Skipped | None:
        return Skipped(view.lane, Why.NO_FAILOVER) if is_failover(view.lane) else None

    return test


def no_failover_to(question: Question) -> Test | None:
    """May be a first choice, never a second."""
    patterns = (*question.pool.rules.no_failover_to, *question.ask.no_failover_to)
    if not patterns:
        return None
    is_failover = _failover(question)

    def test(view: LaneView) -> Skipped | None:
        hit = first_meaning(patterns, view.lane)
        if hit is None or not is_failover(view.lane):
            return None
        return Skipped(view.lane, Why.NO_FAILOVER_TO, f"by {hit!r}")

    return test


TURNS: tuple[Filter, ...] = (no_failover, no_failover_to)


def absent_above(question: Question, lane: LaneId) -> tuple[LaneId, ...]:
    """Whom a fixed order would have asked before this lane, had they been there: whoever stands in for one
    that failed stands in for these as well.
    """
    if question.strategy not in FIXED:
        return ()
    weather = raised(question, WEATHER)
    absent: list[LaneId] = []
    for view in ORDERS[question.strategy](lawful(question), question):
        if view.lane == lane:
            break
        if first_reason(weather, view) is not None:
            absent.append(view.lane)
    return tuple(absent)


def _failover(question: Question) -> Callable[[LaneId], bool]:
    if question.tried:
        return lambda _: True
    if question.strategy not in FIXED:
        return lambda _: False
    head = next(ORDERS[question.strategy](lawful(question), question), None)
    forced = question.preferences.forced_for(question.pool.name, question.now_ms)

    def is_failover(lane: LaneId) -> bool:
        return (head is None or lane != head.lane) and (forced is None or not covers(forced, lane))

    return is_failover
