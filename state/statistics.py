"""How lanes have done: counted since the last reset, and judged by what is recent.

    AttemptClosed  -->  the lane's record; of keys, providers and the whole only what is no sum of it
    Rescued        -->  who was left, and who stepped in
    RequestClosed  -->  verdicts

A lane is remembered in about 4 KiB, however much it does, and in 26 at the very most. Judged is only what
it can help: a caller's mistake, a call given up and a dead network of our own are counted, but speak neither
for nor against anybody.
"""

from collections.abc import Iterator

from msgspec import Struct, structs

from state import fading, quantiles
from state.board import Performance
from state.config import Config
from state.consequences import Counts, consequence
from state.events import (
    Answered,
    AttemptClosed,
    Event,
    LinkLost,
    LinkRestored,
    OperatorActed,
    Outcome,
    RequestClosed,
    Rescued,
    StatsReset,
    Usage,
    Verdict,
)
from state.fading import Fading
from state.failures import Failure, Kind
from state.limits import Limits
from state.quantiles import Sketch
from state.tokens import believed
from state.words import LaneId, Target, names

__all__ = ["LaneRecord", "Spread", "Statistics", "Summary", "fold_statistics", "performance", "summary"]

ALL = ""
"""The name of everything, where a target has its own."""
LATEST = 0.2
"""What the latest outcome counts in `recent`: five attempts change it by two thirds."""


class LaneRecord(Struct, frozen=True):
    """Everything that is remembered of one lane."""

    attempts: int = 0
    answered: int = 0
    failures: dict[Kind, int] = {}
    """Of what kind. What is neither was given up by its caller, or cut short by our own end."""
    success: Fading = Fading()
    """One for each answer and zero for each failure of its own."""
    recent: float = 1.0
    """The same over the latest few, whenever they were."""
    latency: Sketch = Sketch()
    """Of answers: a quick refusal is no speed."""
    first_token: Sketch = Sketch()
    failovers: int = 0
    """Requests that had to leave it for another lane and were answered there."""
    rescues: int = 0
    """Requests that it answered in place of another."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    """Attempts whose cost nobody knows, and which are not in `cost_usd`."""


class Statistics(Struct, frozen=True):
    """What is remembered of everybody."""

    lanes: dict[str, LaneRecord] = {}
    """By the lane's name."""
    rows: dict[str, int] = {}
    """Failures since the last answer, of each lane, key and provider, and of all under the empty name: a
    row is broken by an answer of any lane below, so it is no sum. Who is not in it has none."""
    verdicts: dict[Verdict, int] = {}
    is_offline: bool = False
    """Whether our own network is down, so that failures to connect say nothing."""


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


def fold_statistics(statistics: Statistics, event: Event, settings: Config) -> Statistics:  # noqa: ARG001 - every part folds alike, and this one's numbers are nobody's setting
    """What is remembered after this event."""
    match event:
        case AttemptClosed():
            return _closed(statistics, event)
        case Rescued():
            return _rescued(statistics, event)
        case RequestClosed(verdict=verdict):
            counted = statistics.verdicts | {verdict: statistics.verdicts.get(verdict, 0) + 1}
            return structs.replace(statistics, verdicts=counted)
        case OperatorActed(act=StatsReset(target=target)):
            return _reset(statistics, target)
        case LinkLost():
            return structs.replace(statistics, is_offline=True)
        case LinkRestored():
            return structs.replace(statistics, is_offline=False)
    return statistics


def summary(statistics: Statistics, limits: Limits, target: Target | None, at_ms: int) -> Summary:
    """Of one lane, key or provider; None: of all. The last minute is on the meters of the limits already."""
    name = ALL if target is None else str(target)
    records = list(_below(statistics, name))
    success = fading.together(record.success for record in records)
    failures: dict[Kind, int] = {}
    for record in records:
        for kind, count in record.failures.items():
            failures[kind] = failures.get(kind, 0) + count
    return Summary(
        attempts=sum(record.attempts for record in records),
        answered=sum(record.answered for record in records),
        failures=failures,
        failures_in_row=statistics.rows.get(name, 0),
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
    record = statistics.lanes.get(str(lane), LaneRecord())
    success_rate = record.success.mean
    return Performance(
        samples=round(record.success.samples(at_ms)),
        success_rate=1.0 if success_rate is None else success_rate,
        recent=record.recent,
        latency_p50_ms=record.latency.quantile(0.5) or 0,
        first_token_p50_ms=record.first_token.quantile(0.5),
    )


def _closed(statistics: Statistics, event: AttemptClosed) -> Statistics:
    name = str(event.lane)
    record = statistics.lanes.get(name, LaneRecord())
    answered = isinstance(event.outcome, Answered)
    judged = answered or _is_own_fault(event.outcome, is_offline=statistics.is_offline)
    usage = Usage() if event.usage is None else believed(event.usage)
    first_token_ms = event.first_token_ms
    record = LaneRecord(
        attempts=record.attempts + 1,
        answered=record.answered + answered,
        failures=_counted(record.failures, event.outcome),
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
    rows = _rows(statistics.rows, event.lane, answered=answered) if judged else statistics.rows
    return Statistics(statistics.lanes | {name: record}, rows, statistics.verdicts, statistics.is_offline)


def _is_own_fault(outcome: Outcome, *, is_offline: bool) -> bool:
    if not isinstance(outcome, Failure):
        return False
    row = consequence(outcome)
    return row.counts is not Counts.NOTHING and not (is_offline and row.may_be_link)


def _counted(failures: dict[Kind, int], outcome: Outcome) -> dict[Kind, int]:
    if not isinstance(outcome, Failure):
        return failures
    return failures | {outcome.kind: failures.get(outcome.kind, 0) + 1}


def _rows(rows: dict[str, int], lane: LaneId, *, answered: bool) -> dict[str, int]:
    if answered and not rows:
        return rows
    touched = (ALL, *names(lane))
    if answered:
        return {name: row for name, row in rows.items() if name not in touched}
    return rows | {name: rows.get(name, 0) + 1 for name in touched}


def _rescued(statistics: Statistics, event: Rescued) -> Statistics:
    lanes = statistics.lanes.copy()
    for lane in dict.fromkeys(event.instead_of):
        record = lanes.get(str(lane), LaneRecord())
        lanes[str(lane)] = structs.replace(record, failovers=record.failovers + 1)
    record = lanes.get(str(event.lane), LaneRecord())
    lanes[str(event.lane)] = structs.replace(record, rescues=record.rescues + 1)
    return structs.replace(statistics, lanes=lanes)


def _reset(statistics: Statistics, target: Target | None) -> Statistics:
    """A lane is forgotten whole. The rows above it go on: they are not its own."""
    if target is None:
        return Statistics(is_offline=statistics.is_offline)
    name = str(target)
    return structs.replace(
        statistics,
        lanes={lane: record for lane, record in statistics.lanes.items() if not _is_below(lane, name)},
        rows={of: row for of, row in statistics.rows.items() if not _is_below(of, name)},
    )


def _below(statistics: Statistics, name: str) -> Iterator[LaneRecord]:
    return (record for lane, record in statistics.lanes.items() if _is_below(lane, name))


def _is_below(name: str, target: str) -> bool:
    """Whether this stands on that, or is it: a name begins with what it stands on."""
    return target in (ALL, name) or name.startswith(f"{target}/")


def _rpm(limits: Limits, target: Target | None, at_ms: int) -> int:
    if target is not None:
        return limits.meter(target).odometer.requests_in_minute(at_ms)
    providers = (meter for name, meter in limits.meters.items() if "/" not in name)
    return sum(meter.odometer.requests_in_minute(at_ms) for meter in providers)


def _spread(sketch: Sketch) -> Spread | None:
    p50_ms, p95_ms, p99_ms = sketch.quantiles(0.5, 0.95, 0.99)
    if sketch.ewma_ms is None or p50_ms is None or p95_ms is None or p99_ms is None:
        return None
    return Spread(sketch.ewma_ms, p50_ms, p95_ms, p99_ms)
