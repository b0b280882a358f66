"""What a filter is: asked about the question once, it answers with a test for lanes.

Or with None where the question does not raise it, so that nobody pays for wishes that were not made.

laws      what the request, the pool and the config decide: time does not lift them
turns     where this request may still go, now that it has been elsewhere
weather   what lifts by itself: standing, limits, a slow start
"""

from collections.abc import Callable, Iterable

from state.routing.board import LaneView
from state.routing.question import Question, Skipped

__all__ = ["Filter", "Test", "first_reason", "raised"]

Test = Callable[[LaneView], Skipped | None]
"""The reason why this lane may not be chosen, if there is one."""
Filter = Callable[[Question], Test | None]


def raised(question: Question, filters: Iterable[Filter]) -> list[Test]:
    """The tests that this question calls for."""
    return [test for ask in filters if (test := ask(question)) is not None]


def first_reason(asked: Iterable[Test], view: LaneView) -> Skipped | None:
    """None: the lane passes."""
    for test in asked:
        if (reason := test(view)) is not None:
            return reason
    return None
