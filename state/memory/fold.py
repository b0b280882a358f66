"""State is the fold of events: the same function in a running daemon, at a start, and in a test.

    event --+--> standing      who is held, and until when
            +--> limits        what is used up
            +--> statistics    who does how well
            +--> preferences   who goes first for a while

Each part learns from an event in its own words and none looks at another, so what an event means for one of
them stands in one file. Here stands only who is told of what: most events of a busy day concern one or two.
"""

from collections.abc import Iterable

from msgspec import Struct

from state.config import Config
from state.events import (
    AttemptClosed,
    AttemptOpened,
    ConfigLoaded,
    Event,
    LimitLearned,
    LinkLost,
    LinkRestored,
    OperatorActed,
    ProbeClosed,
    RequestClosed,
    Rescued,
)
from state.routing.preferences import Preferences, fold_preferences
from state.standing.judgement import fold_standing
from state.standing.standings import Standings
from state.usage.limits import Limits, fold_limits
from state.usage.records import Statistics
from state.usage.statistics import fold_statistics

__all__ = ["NOTHING_KNOWN", "State", "fold", "fold_all"]


class State(Struct, frozen=True, gc=False):
    """All that is known."""

    standing: Standings = Standings()
    limits: Limits = Limits()
    statistics: Statistics = Statistics()
    preferences: Preferences = Preferences()


NOTHING_KNOWN = State()

# fmt: off
OF_STANDING = frozenset(
    {AttemptOpened, AttemptClosed, ProbeClosed, OperatorActed, ConfigLoaded, LinkLost, LinkRestored}
)
OF_LIMITS = frozenset({AttemptOpened, AttemptClosed, LimitLearned, ConfigLoaded})
OF_STATISTICS = frozenset(
    {AttemptClosed, Rescued, RequestClosed, OperatorActed, ConfigLoaded, LinkLost, LinkRestored}
)
OF_PREFERENCES = frozenset({Rescued, OperatorActed})
# fmt: on


def fold(state: State, event: Event, settings: Config) -> State:
    """What is known after this event."""
    kind = type(event)
    standing, limits, statistics, preferences = (
        state.standing,
        state.limits,
        state.statistics,
        state.preferences,
    )
    if kind in OF_STANDING:
        standing = fold_standing(standing, event, settings)
    if kind in OF_LIMITS:
        limits = fold_limits(limits, event, settings)
    if kind in OF_STATISTICS:
        statistics = fold_statistics(statistics, event, settings)
    if kind in OF_PREFERENCES:
        preferences = fold_preferences(preferences, event, settings)
    return State(standing, limits, statistics, preferences)


def fold_all(events: Iterable[Event], settings: Config, state: State = NOTHING_KNOWN) -> State:
    """What is known after all of these, in their order."""
    for event in events:
        state = fold(state, event, settings)
    return state
