"""The metrics page: what was counted, and how everything stands at the moment of the scrape.

    tally ----------------------+
    board, ledgers, journal ----+--> families --prometheus_client--> text
    supervisor -----------------+

Names and labels are those of OpenTelemetry's gen_ai conventions where they have one (written as Prometheus
writes them: dots as underscores, units and `_total` at the end), and `failoverd_` where they have none.
"""

from collections.abc import Iterator

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector

from daemon.api.cast import Cast
from daemon.metrics.counters import counters
from daemon.metrics.gauges import gauges
from daemon.metrics.tally import Tally

__all__ = ["Page"]


class Page:
    """A registry of its own: nothing that a library counts by itself gets onto it."""

    def __init__(self, tally: Tally, cast: Cast) -> None:
        self._registry = CollectorRegistry()
        self._registry.register(_Families(tally, cast))
        ProcessCollector(registry=self._registry)

    def render(self) -> bytes:
        """As text."""
        return generate_latest(self._registry)


class _Families(Collector):
    def __init__(self, tally: Tally, cast: Cast) -> None:
        self._tally = tally
        self._cast = cast

    def describe(self) -> Iterator[Metric]:
        """Nothing is to be collected just for being registered."""
        return iter(())

    def collect(self) -> Iterator[Metric]:
        yield from counters(self._tally)
        yield from gauges(self._cast)
