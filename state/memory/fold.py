"""State is the fold of events: the same function in a running daemon, at a start, and in a test.

    event --+--> standing      who is held, and until when
            +--> limits        what is used up
            +--> statistics    who does how well
            +--> preferences   who goes first for a while

Each part learns from an event in its own words and none looks at another, so what an event means for one of
them stands in one file.
"""

from collections.abc import Iterable

from msgspec import Struct

from state.config import Config
from state.events import Event
from state.routing.preferences import Preferences, fold_preferences
from state.standing.judgement import fold_standing
from state.standing.standings import Standings
from state.usage.limits import Limits, fold_limits
from state.usage.records import Statistics
from state.usage.statistics import fold_statistics

__all__ = ["NOTHING_KNOWN", "State", "fold", "fold_all"]


class State(Struct, frozen=True):
    """All that is known."""

    standing: Standings = Standings()
    limits: Limits = Limits()
    statistics: Statistics = Statistics()
    preferences: Preferences = Preferences()


NOTHING_KNOWN = State()


def fold(state: State, event: Event, settings: Config) -> State:
    """What is known after this event."""
    return State(
        standing=fold_standing(state.standing, event, settings),
        limits=fold_limits(state.limits, event, settings),
        statistics=fold_statistics(state.statistics, event, settings),
        preferences=fold_preferences(state.preferences, event, settings),
    )


def fold_all(events: Iterable[Event], settings: Config, state: State = NOTHING_KNOWN) -> State:
    """What is known after all of these, in their order."""
    for event in events:
        state = fold(state, event, settings)
    return state
