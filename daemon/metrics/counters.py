"""What was counted, as families: it only ever grows, and begins at nothing with each life of the daemon."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily, Metric

from daemon.metrics.tally import Histogram, Tally

__all__ = ["LANE", "MODEL", "counters"]

MODEL = ("gen_ai_provider_name", "gen_ai_request_model")
LANE = ("gen_ai_provider_name", "failoverd_key", "gen_ai_request_model")


def counters(tally: Tally) -> Iterator[Metric]:
    """All of them, each once."""
    yield from _requests(tally)
    yield from _lanes(tally)
    yield from _models(tally)


def _requests(tally: Tally) -> Iterator[Metric]:
    verdicts = CounterMetricFamily(
        "failoverd_requests", "Requests, each with its one verdict.", labels=("pool", "verdict")
    )
    for labels, count in tally.verdicts.items():
        verdicts.add_metric(labels, count)
    failovers = CounterMetricFamily(
        "failoverd_failovers", "Requests that went on to another lane.", labels=("pool",)
    )
    for pool, count in tally.failovers.items():
        failovers.add_metric((pool,), count)
    seconds = HistogramMetricFamily(
        "failoverd_request_duration_seconds",
        "From admission to verdict, failover included.",
        labels=("gen_ai_operation_name",),
    )
    for operation, histogram in tally.seconds.items():
        _add(seconds, (operation,), histogram)
    yield from (verdicts, failovers, seconds)


def _lanes(tally: Tally) -> Iterator[Metric]:
    attempts = CounterMetricFamily(
        "failoverd_attempts",
        "Attempts, by lane and by what came of them: answered, cancelled, interrupted or a kind of failure.",
        labels=(*LANE, "outcome"),
    )
    rescues = CounterMetricFamily(
        "failoverd_rescues", "Requests that a lane answered after others had failed.", labels=LANE
    )
    for lane, counted in tally.lanes.items():
        labels = (lane.provider, lane.key, lane.model)
        for outcome, count in counted.outcomes.items():
            attempts.add_metric((*labels, outcome), count)
        rescues.add_metric(labels, counted.rescues)
    probes = CounterMetricFamily(
        "failoverd_probes", "Free health checks.", labels=("gen_ai_provider_name", "outcome")
    )
    for probed, count in tally.probes.items():
        probes.add_metric(probed, count)
    yield from (attempts, rescues, probes)


def _models(tally: Tally) -> Iterator[Metric]:
    seconds = HistogramMetricFamily(
        "gen_ai_client_operation_duration_seconds", "Attempts that were answered.", labels=MODEL
    )
    first_token = HistogramMetricFamily(
        "gen_ai_server_time_to_first_token_seconds", "Until the first token of a stream.", labels=MODEL
    )
    tokens = HistogramMetricFamily(
        "gen_ai_client_token_usage",
        "Tokens of an attempt, in the provider's count where it gave one.",
        labels=(*MODEL, "gen_ai_token_type"),
    )
    cost = CounterMetricFamily("failoverd_cost_usd", "What attempts cost.", labels=MODEL)
    unpriced = CounterMetricFamily(
        "failoverd_unpriced_attempts", "Attempts whose price nobody knows.", labels=MODEL
    )
    for labels, counted in tally.models.items():
        _add(seconds, labels, counted.seconds)
        _add(first_token, labels, counted.first_token)
        _add(tokens, (*labels, "input"), counted.tokens_in)
        _add(tokens, (*labels, "output"), counted.tokens_out)
        cost.add_metric(labels, counted.cost_usd)
        unpriced.add_metric(labels, counted.unpriced)
    yield from (seconds, first_token, tokens, cost, unpriced)


def _add(family: HistogramMetricFamily, labels: tuple[str, ...], histogram: Histogram) -> None:
    buckets: list[tuple[str, float]] = []
    so_far = 0
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        so_far += count
        buckets.append(("+Inf" if bound == float("inf") else repr(bound), so_far))
    if so_far:
        family.add_metric(labels, buckets, histogram.total)
