"""When no lane may be tried: how long until one may be back, and which would be the last resort."""

from collections.abc import Sequence

from msgspec import Struct, structs

from state.routing.board import LaneView, Out
from state.routing.filters import Test, first_reason, raised
from state.routing.laws import LAWS
from state.routing.question import Question, Skipped, Why
from state.routing.turns import TURNS
from state.routing.weather import WEATHER
from state.words import LaneId

__all__ = ["Nobody", "nobody"]


class Nobody(Struct, frozen=True, kw_only=True):
    """No lane may be tried now."""

    skipped: tuple[Skipped, ...]
    """Every lane of the pool, and why."""
    retry_at_ms: int | None
    """The earliest moment at which one may be back; None: waiting does not help."""
    last_resort: LaneId | None
    """The lane with the least time left, if only its quarantine is in the way."""


def nobody(question: Question, skipped: Sequence[Skipped]) -> Nobody:
    """What to say to a request for which no lane of its pool was left."""
    weather = raised(question, WEATHER)
    return Nobody(
        skipped=tuple(skipped),
        retry_at_ms=_back_at_ms(question, skipped, weather),
        last_resort=_last_resort(question, skipped, weather),
    )


def _back_at_ms(question: Question, skipped: Sequence[Skipped], weather: Sequence[Test]) -> int | None:
    """When the first lane is back that a new request could use, wherever this one has been."""
    again = raised(structs.replace(question, tried=()), (*LAWS, *TURNS))
    back_ms: int | None = None
    for reason in skipped:
        if back_ms is not None and reason.until_ms is not None and reason.until_ms >= back_ms:
            continue
        view = question.board.views.get(reason.lane)
        if view is None or first_reason(again, view) is not None:
            continue
        clear_ms = _clear_ms(view, weather)
        if clear_ms is not None and (back_ms is None or clear_ms < back_ms):
            back_ms = clear_ms
    return back_ms


def _clear_ms(view: LaneView, weather: Sequence[Test]) -> int | None:
    """When nothing holds the lane any more; None: not by itself, or nothing does."""
    stops = [stop for test in weather if (stop := test(view)) is not None]
    ends_ms = [stop.until_ms for stop in stops if stop.until_ms is not None]
    return max(ends_ms, default=None) if len(ends_ms) == len(stops) else None


def _last_resort(question: Question, skipped: Sequence[Skipped], weather: Sequence[Test]) -> LaneId | None:
    """The nearest to its end of those that are kept back by nothing but a quarantine."""
    benched: list[tuple[int, LaneView]] = []
    for reason in skipped:
        if reason.why is Why.OUT and reason.until_ms is not None:
            view = question.board.views[reason.lane]
            if isinstance(view.condition, Out) and view.condition.last_resort:
                benched.append((reason.until_ms, view))
    benched.sort(key=lambda bench: bench[0])
    for _, view in benched:
        if all(stop is None or stop.why is Why.OUT for stop in (test(view) for test in weather)):
            return view.lane
    return None
