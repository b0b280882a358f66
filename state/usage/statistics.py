"""How lanes have done: counted since the last reset, and judged by what is recent.

    AttemptClosed  -->  the lane's record; of keys, providers and the whole only what is no sum of it
    Rescued        -->  who was left, and who stepped in
    RequestClosed  -->  verdicts

A lane is remembered in about 4 KiB, however much it does, and in 26 at the very most. Judged is only what
it can help: a caller's mistake, a call given up and a dead network of our own are counted, but speak neither
for nor against anybody.
"""

from msgspec import Struct, structs

from state.config import Config
from state.events import (
    Answered,
    AttemptClosed,
    ConfigLoaded,
    Event,
    LinkLost,
    LinkRestored,
    OperatorActed,
    Outcome,
    RequestClosed,
    Rescued,
    StatsReset,
    Usage,
)
from state.failures import Failure, Kind
from state.routing.board import Performance
from state.standing.consequences import Counts, consequence
from state.usage import fading, quantiles
from state.usage.limits import Limits
from state.usage.quantiles import Sketch
from state.usage.records import LaneRecord, Statistics
from state.usage.tokens import believed
from state.words import LaneId, Target, covers

__all__ = ["Spread", "Summary", "fold_statistics", "performance", "summary"]

FADED = 0.001
"""So many fresh outcomes or less are nothing: a single one of two days ago."""
LATEST = 0.2
"""What the latest outcome counts in `recent`: five attempts change it by two thirds."""


class Spread(Struct, frozen=True):
    """How long something takes, lately."""

    ewma_ms: float
    p50_ms: int
    p95_ms: int
    p99_ms: int


class Summary(Struct, frozen=True, kw_only=True):
    """What is to be said of a lane, a key, a provider or all."""

    attempts: int
    answered: int
    failures: dict[Kind, int]
    failures_in_row: int
    samples: float
    """How many fresh outcomes the judgement is worth."""
    success_rate: float | None
    """None: nothing to judge by."""
    latency: Spread | None
    first_token: Spread | None
    rpm: int
    """Attempts that left in the last minute."""
    failovers: int
    rescues: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    unpriced: int


def fold_statistics(statistics: Statistics, event: Event, settings: Config) -> Statistics:
    """What is remembered after this event."""
    match event:
        case AttemptClosed():
            return _closed(statistics, event)
        case Rescued():
            return _rescued(statistics, event, settings)
        case RequestClosed(verdict=verdict):
            counted = statistics.verdicts | {verdict: statistics.verdicts.get(verdict, 0) + 1}
            return structs.replace(statistics, verdicts=counted)
        case OperatorActed(act=StatsReset(target=None)):
            return Statistics(is_offline=statistics.is_offline)
        case OperatorActed(act=StatsReset(target=target)) if target is not None:
            return statistics.without(target)
        case ConfigLoaded():
            return _swept(statistics, event.at_ms, frozenset(settings.lanes))
        case LinkLost():
            return structs.replace(statistics, is_offline=True)
        case LinkRestored():
            return structs.replace(statistics, is_offline=False)
    return statistics


def summary(statistics: Statistics, limits: Limits, target: Target | None, at_ms: int) -> Summary:
    """Of one lane, key or provider; None: of all. The last minute is on the meters of the limits already."""
    records = [record for lane, record in statistics.lanes() if target is None or covers(target, lane)]
    success = fading.together(record.success for record in records)
    failures: dict[Kind, int] = {}
    for record in records:
        for kind, count in record.failures.items():
            failures[kind] = failures.get(kind, 0) + count
    return Summary(
        attempts=sum(record.attempts for record in records),
        answered=sum(record.answered for record in records),
        failures=failures,
        failures_in_row=statistics.row_of(target),
        samples=success.samples(at_ms),
        success_rate=success.mean,
        latency=_spread(quantiles.together(record.latency for record in records)),
        first_token=_spread(quantiles.together(record.first_token for record in records)),
        rpm=_rpm(limits, target, at_ms),
        failovers=sum(record.failovers for record in records),
        rescues=sum(record.rescues for record in records),
        tokens_in=sum(record.tokens_in for record in records),
        tokens_out=sum(record.tokens_out for record in records),
        cost_usd=sum(record.cost_usd for record in records),
        unpriced=sum(record.unpriced for record in records),
    )


def performance(statistics: Statistics, lane: LaneId, at_ms: int) -> Performance:
    """What the router is told."""
    record = statistics.lane(lane)
    success_rate = record.success.mean
    return Performance(
        samples=round(record.success.samples(at_ms)),
        success_rate=1.0 if success_rate is None else success_rate,
        recent=record.recent,
        latency_p50_ms=record.latency.quantile(0.5) or 0,
        first_token_p50_ms=record.first_token.quantile(0.5),
    )


def _closed(statistics: Statistics, event: AttemptClosed) -> Statistics:
    record = statistics.lane(event.lane)
    answered = isinstance(event.outcome, Answered)
    judged = answered or _is_own_fault(event.outcome, is_offline=statistics.is_offline)
    usage = Usage() if event.usage is None else believed(event.usage)
    first_token_ms = event.first_token_ms
    record = LaneRecord(
        attempts=record.attempts + 1,
        answered=record.answered + answered,
        failures=_counted(record.failures, event.outcome),
        row=0 if answered else record.row + judged,
        success=record.success.add(answered, event.at_ms) if judged else record.success,
        recent=record.recent + LATEST * (answered - record.recent) if judged else record.recent,
        latency=record.latency.add(event.duration_ms, event.at_ms) if answered else record.latency,
        first_token=record.first_token
        if first_token_ms is None
        else record.first_token.add(first_token_ms, event.at_ms),
        failovers=record.failovers,
        rescues=record.rescues,
        tokens_in=record.tokens_in + usage.tokens_in,
        tokens_out=record.tokens_out + usage.tokens_out,
        cost_usd=record.cost_usd + (event.cost_usd or 0.0),
        unpriced=record.unpriced + (event.cost_usd is None),
    )
    if not judged:
        return statistics.with_lane(event.lane, record)
    return statistics.with_outcome(event.lane, record, answered=answered)


def _is_own_fault(outcome: Outcome, *, is_offline: bool) -> bool:
    if not isinstance(outcome, Failure):
        return False
    row = consequence(outcome)
    return row.counts is not Counts.NOTHING and not (is_offline and row.may_be_link)


def _counted(failures: dict[Kind, int], outcome: Outcome) -> dict[Kind, int]:
    if not isinstance(outcome, Failure):
        return failures
    return failures | {outcome.kind: failures.get(outcome.kind, 0) + 1}


def _rescued(statistics: Statistics, event: Rescued, settings: Config) -> Statistics:
    """Of both sides, those whose record is kept here: each provider keeps that of its own lanes alone."""
    for lane in dict.fromkeys(event.instead_of):
        if lane.provider in settings.provider:
            record = statistics.lane(lane)
            statistics = statistics.with_lane(lane, structs.replace(record, failovers=record.failovers + 1))
    if event.lane.provider in settings.provider:
        record = statistics.lane(event.lane)
        statistics = statistics.with_lane(event.lane, structs.replace(record, rescues=record.rescues + 1))
    return statistics


def _swept(statistics: Statistics, at_ms: int, named: frozenset[LaneId]) -> Statistics:
    """Without the lanes that the config does not name and that have faded: models are found and go."""
    for lane, record in list(statistics.lanes()):
        if lane not in named and record.success.samples(at_ms) < FADED:
            statistics = statistics.without(lane)
    return statistics


def _rpm(limits: Limits, target: Target | None, at_ms: int) -> int:
    if target is not None:
        return limits.meter(target).odometer.requests_in_minute(at_ms)
    providers = limits.meters.providers.values()
    return sum(provider.own.odometer.requests_in_minute(at_ms) for provider in providers)


def _spread(sketch: Sketch) -> Spread | None:
    p50_ms, p95_ms, p99_ms = sketch.quantiles(0.5, 0.95, 0.99)
    if sketch.ewma_ms is None or p50_ms is None or p95_ms is None or p99_ms is None:
        return None
    return Spread(sketch.ewma_ms, p50_ms, p95_ms, p99_ms)
