"""Who of the eligible goes before the strategy's own order, and in which order among themselves.

forced      by the operator, until its end
wished      by the caller: `preferred_provider`
remembered  by the context: the lane that rescued it last
"""

from collections.abc import Callable, Iterator, Sequence

from state.routing.board import Usable
from state.routing.filters import Test, first_reason
from state.routing.pools import means
from state.routing.preferences import context_key
from state.routing.question import Lead, Question
from state.words import LaneId, covers

__all__ = ["tiers"]

GoesFirst = Callable[[LaneId], bool]


def tiers(question: Question, tests: Sequence[Test]) -> Iterator[tuple[Lead, Sequence[LaneId]]]:
    """The pool's lanes, sorted into who goes first, who next, and all the others."""
    rest: Sequence[LaneId] = question.pool.lanes
    for lead, goes_first in (
        (Lead.FORCED, _forced(question)),
        (Lead.WISHED, _wished(question)),
        (Lead.REMEMBERED, _remembered(question, tests)),
    ):
        if goes_first is not None:
            tier: list[LaneId] = []
            others: list[LaneId] = []
            for lane in rest:
                (tier if goes_first(lane) else others).append(lane)
            yield lead, tier
            rest = others
    yield Lead.STRATEGY, rest


def _forced(question: Question) -> GoesFirst | None:
    target = question.preferences.forced_for(question.pool.name, question.now_ms)
    return None if target is None else lambda lane: covers(target, lane)


def _wished(question: Question) -> GoesFirst | None:
    wish = question.ask.preferred_provider
    return (lambda lane: means(wish, lane)) if wish else None


def _remembered(question: Question, tests: Sequence[Test]) -> GoesFirst | None:
    """A rescuer keeps its context while none of those it stood in for is there: so callers do not pay for a
    dead lane again and again, and the first one is back as soon as it is well. A sticky context stays.

    A lane on trial counts as there while its one request is still to come: if every context with a memory
    passed it by, an app with a single context would never find out that its first lane is well again.
    """
    preferences, ask, pool = question.preferences, question.ask, question.pool
    if not preferences.remembered:
        return None
    memory = preferences.remembered_for(context_key(ask.context, ask.app, pool.name), question.now_ms)
    if memory is None:
        return None
    view = question.board.views.get(memory.lane)
    if view is None or not isinstance(view.condition_at(question.now_ms), Usable):
        return None
    if not (ask.sticky or pool.rules.sticky) and _gives_way(question, memory.instead_of, tests):
        return None
    return lambda lane: lane == memory.lane


def _gives_way(question: Question, above: tuple[LaneId, ...], tests: Sequence[Test]) -> bool:
    """Whether one of those it stood in for is there again; and if it stood in for nobody, to everybody."""
    there = (view for view in question.views if view.lane in above and view.lane not in question.tried)
    return not above or any(first_reason(tests, view) is None for view in there)
