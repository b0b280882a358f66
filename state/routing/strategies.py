"""Who goes first among those who may: six orders in which to visit the lanes.

An order takes the eligible lanes as they come, in the pool's order, and gives them back in its own. It may
be lazy: `primary_only` looks at no lane behind the first that is eligible.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from state.config import Strategy
from state.routing.board import LaneView
from state.routing.estimates import chance_of_success, expected_cost, expected_wait_ms, is_known
from state.routing.question import Question

__all__ = ["EXPLORE", "FIXED", "ORDERS", "Order", "golden"]

Order = Callable[[Iterable[LaneView], Question], Iterator[LaneView]]

EXPLORE = 0.10
"""So much of the traffic looks at lanes too little known, as long as there are any."""


def primary_only(views: Iterable[LaneView], _: Question) -> Iterator[LaneView]:
    """The pool's order; so back to the first as soon as it is healthy."""
    return iter(views)


def round_robin(views: Iterable[LaneView], question: Question) -> Iterator[LaneView]:
    """In turn."""
    seats = list(views)
    start = question.turn % max(1, len(seats))
    yield from seats[start:]
    yield from seats[:start]


def best_performance(views: Iterable[LaneView], question: Question) -> Iterator[LaneView]:
    """The shortest expected wait for a good answer first; the little known behind, except when exploring.

    Only a request that has not failed yet explores: nobody pays twice for what others want to know.
    """
    known: list[LaneView] = []
    unknown: list[LaneView] = []
    for view in views:
        (known if is_known(view, question.now_ms) else unknown).append(view)
    if unknown and question.chance < EXPLORE and not question.tried:
        explored = min(unknown, key=lambda view: view.performance.samples)
        unknown.remove(explored)
        yield explored
    yield from sorted(known, key=lambda view: expected_wait_ms(view, stream=question.ask.stream))
    yield from unknown


def weighted(views: Iterable[LaneView], question: Question) -> Iterator[LaneView]:
    """By weight, which the lanes of one provider (or pattern) share, and by how often each of them answers.

    The turn is drawn, not chance: see `golden`.
    """
    seats = list(views)
    shares = question.pool.shares
    sharing: dict[str, int] = {}
    for view in seats:
        of = shares[view.lane].of
        sharing[of] = sharing.get(of, 0) + 1
    pulls = [
        shares[view.lane].weight / sharing[shares[view.lane].of] * chance_of_success(view) for view in seats
    ]
    return _drawn(seats, pulls, golden(question.turn))


def random(views: Iterable[LaneView], question: Question) -> Iterator[LaneView]:
    """By chance alone."""
    seats = list(views)
    return _drawn(seats, [1.0] * len(seats), question.chance)


def cheapest(views: Iterable[LaneView], question: Question) -> Iterator[LaneView]:
    """What runs here costs nothing; then by what the request would cost; last what has no known price."""

    def dearness(view: LaneView) -> tuple[int, float]:
        if view.card.local:
            return 0, 0.0
        cost = expected_cost(view, question.ask)
        return (1, cost) if cost is not None else (2, 0.0)

    return iter(sorted(views, key=dearness))


ORDERS: Mapping[Strategy, Order] = MappingProxyType(
    {
        Strategy.PRIMARY_ONLY: primary_only,
        Strategy.ROUND_ROBIN: round_robin,
        Strategy.BEST_PERFORMANCE: best_performance,
        Strategy.WEIGHTED: weighted,
        Strategy.RANDOM: random,
        Strategy.CHEAPEST: cheapest,
    }
)

FIXED = frozenset({Strategy.PRIMARY_ONLY, Strategy.CHEAPEST})
"""These have a first lane even while it is out, so whoever stands in for it is a failover. The others
spread requests over those who are there, and the one whose turn it is stands in for nobody."""


def golden(turn: int) -> float:
    """The turn's place on a circle that is walked in steps of the golden ratio, in [0, 1).

    Any run of turns is spread over the circle as evenly as can be, so a weight is held to within a few picks
    in ten thousand, without bursts, whichever lanes come and go, and with nothing remembered but a number.
    """
    return ((turn * 0x9E3779B97F4A7C15 & 0xFFFF_FFFF_FFFF_FFFF) >> 11) / (1 << 53)


def _drawn(seats: list[LaneView], pulls: list[float], fraction: float) -> Iterator[LaneView]:
    """One after another without return, each with a chance like its pull.

    Where in a lane's own stretch the fraction fell is a fresh fraction for the next draw. It runs out of
    digits after a dozen lanes or so; from there on the order is the pool's, which harms nobody.
    """
    while seats:
        mark = fraction * sum(pulls)
        drawn = 0
        while mark >= pulls[drawn] and drawn + 1 < len(seats):
            mark -= pulls[drawn]
            drawn += 1
        fraction = min(mark / pulls[drawn], 1 - 2**-53)
        del pulls[drawn]
        yield seats.pop(drawn)
