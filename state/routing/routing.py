"""Which lane, and why not the others: filters first, then who leads, then the strategy's order.

    the pool's lanes --filters--> eligible --leads, strategy--> in order --trials last--> ranking

`choose` takes the first of the walk and stops looking; `rank` walks to its end and writes down a reason for
every lane there is. Both go the same way over the same frozen question, so an explanation that is asked for
later is the one that was true then, and nobody pays for it before.
"""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from state.events import Mark
from state.routing.board import LaneView, OnTrial
from state.routing.filters import Filter, Test, first_reason, raised
from state.routing.laws import LAWS
from state.routing.leads import tiers
from state.routing.nobody import Nobody, nobody
from state.routing.question import Lead, Placing, Question, Ranked, Skipped, Why
from state.routing.strategies import ORDERS
from state.routing.turns import TURNS
from state.routing.weather import WEATHER, weather
from state.words import LaneId

__all__ = ["FILTERS", "Choice", "Nobody", "Ranking", "choose", "rank"]

FILTERS: tuple[Filter, ...] = (*LAWS, *TURNS, *WEATHER)
"""Every filter there is, in the order in which they are asked: of several reasons, the first is given."""


class Choice(Struct, frozen=True, gc=False, kw_only=True):
    """The lane to try, and on which terms."""

    lane: LaneId
    mark: Mark
    lead: Lead
    last_standing: bool
    """No other lane of what the request could use is usable."""
    passed: tuple[Skipped, ...]
    """Those that were looked at on the way and may not be used."""


class Ranking(Struct, frozen=True):
    """A place or a reason for every lane: first those that may be chosen, in order."""

    placings: tuple[Placing, ...]

    @property
    def order(self) -> tuple[LaneId, ...]:
        return tuple(placing.lane for placing in self.placings if isinstance(placing, Ranked))

    @property
    def skipped(self) -> tuple[Skipped, ...]:
        return tuple(placing for placing in self.placings if isinstance(placing, Skipped))

    def __str__(self) -> str:
        return "\n".join(map(str, self.placings))


def choose(question: Question) -> Choice | Nobody:
    """The first lane of the ranking; or when one may be back."""
    laws, turns, fair = raised(question, LAWS), raised(question, TURNS), weather(question)
    passed: list[Skipped] = []
    first = next(_walk(question, [*laws, *turns, fair], passed), None)
    if first is None:
        return nobody(question, passed)
    view, lead = first
    return Choice(
        lane=view.lane,
        mark=_mark(view, question.now_ms),
        lead=lead,
        last_standing=_stands_alone(question, view, [*laws, fair]),
        passed=tuple(passed),
    )


def rank(question: Question) -> Ranking:
    """Every lane on the board, with its place or the reason why it has none."""
    skipped: list[Skipped] = []
    ranked = [
        Ranked(view.lane, place, lead, _mark(view, question.now_ms))
        for place, (view, lead) in enumerate(_walk(question, raised(question, FILTERS), skipped), 1)
    ]
    pool = frozenset(question.pool.lanes)
    outside = [Skipped(lane, Why.NOT_IN_POOL) for lane in question.board.views if lane not in pool]
    return Ranking((*ranked, *skipped, *outside))


def _walk(
    question: Question, tests: Sequence[Test], skipped: list[Skipped]
) -> Iterator[tuple[LaneView, Lead]]:
    """The eligible lanes in order, as far as one looks; who is not eligible is written down in passing.

    A trial may cost its caller a few seconds, so it is for a request that has not waited yet: the very first
    lane may be on trial, which brings a recovered primary back; behind it, all who are well come before.
    """
    order = ORDERS[question.strategy]
    tried, now_ms = question.tried, question.now_ms
    fresh = not tried
    trials: list[tuple[LaneView, Lead]] = []
    for lead, lanes in tiers(question, tests):
        for view in order(_eligible(question, lanes, tests, skipped), question):
            if view.lane in tried:
                skipped.append(Skipped(view.lane, Why.ALREADY_TRIED))
            elif not fresh and isinstance(view.condition_at(now_ms), OnTrial):
                trials.append((view, lead))
            else:
                fresh = False
                yield view, lead
    yield from trials


def _eligible(
    question: Question, lanes: Sequence[LaneId], tests: Sequence[Test], skipped: list[Skipped]
) -> Iterator[LaneView]:
    """Also lanes that were tried: they keep their seats in the order, so that the next lane is the one that
    would have been next, and not somebody else's turn.
    """
    views, tried = question.board.views, question.tried
    for lane in lanes:
        view = views.get(lane)
        if view is None:
            skipped.append(Skipped(lane, Why.GONE, "no longer in the config"))
        elif lane in tried:
            yield view
        elif (reason := first_reason(tests, view)) is not None:
            skipped.append(reason)
        else:
            yield view


def _mark(view: LaneView, now_ms: int) -> Mark:
    condition = view.condition_at(now_ms)
    return condition.mark if isinstance(condition, OnTrial) else Mark.NORMAL


def _stands_alone(question: Question, view: LaneView, tests: Sequence[Test]) -> bool:
    """Whether benching this lane would leave nobody: who was tried in vain but is well still stands."""
    now_ms = question.now_ms
    for other in question.views:
        if other is view or isinstance(other.condition_at(now_ms), OnTrial):
            continue
        if first_reason(tests, other) is None:
            return False
    return True
