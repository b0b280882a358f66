"""Sums over lanes, keys, providers and the whole daemon: each ledger has a part of its own."""

from collections.abc import Iterable

from daemon.api.moment import Moment
from daemon.api.status import Measures
from state.memory.fold import State
from state.usage.capacity import Left
from state.usage.limits import Limits
from state.usage.meters import Meters
from state.usage.records import Statistics
from state.usage.statistics import Summary, summary
from state.words import Target

__all__ = ["left_of", "measures_of", "measures_of_all", "summary_of", "summary_of_all"]


def summary_of(state: State, target: Target | None, now: Moment) -> Summary:
    """Of one lane, key or provider."""
    return summary(state.statistics, state.limits, target, now.at_ms)


def summary_of_all(states: Iterable[State], now: Moment) -> Summary:
    """Of everybody together."""
    every = list(states)
    statistics = Statistics(
        providers={name: each for state in every for name, each in state.statistics.providers.items()}
    )
    meters = {name: each for state in every for name, each in state.limits.meters.providers.items()}
    return summary(statistics, Limits(meters=Meters(providers=meters)), None, now.at_ms)


def measures_of(state: State, target: Target, now: Moment) -> Measures:
    return _measures(summary_of(state, target, now))


def measures_of_all(states: Iterable[State], now: Moment) -> Measures:
    return _measures(summary_of_all(states, now))


def left_of(left: Left) -> dict[str, int]:
    return {str(window): amount for window, amount in left.items()}


def _measures(summed: Summary) -> Measures:
    return Measures(
        attempts=summed.attempts,
        answered=summed.answered,
        success_rate=summed.success_rate,
        samples=round(summed.samples, 3),
        latency=summed.latency,
        first_token=summed.first_token,
        rpm=summed.rpm,
        cost_usd=summed.cost_usd,
    )
