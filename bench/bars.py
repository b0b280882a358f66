"""How fast it must be, should be, and could be: the bars, and how to read each from what was measured."""

import operator
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from bench.notebook import Notebook
from bench.parts import RPC, SLOW_AT_ONCE

__all__ = ["BARS", "Bar", "Height", "height"]

US = 1000.0
"""In a millisecond."""
OURS = "failoverd"
BUSY, ALONE, WIDE, NARROW = "0 ms, 64 at once", "0 ms, 1 at once", "0 ms, 256 at once", "0 ms, 16 at once"

Reads = Callable[[Notebook], float | None]


class Height(StrEnum):
    """How far it got."""

    UNKNOWN = "not measured"
    MISSED = "missed"
    MUST = "must"
    GOAL = "goal"
    STRETCH = "stretch"


class Bar(Struct, frozen=True):
    """One row of the law: a number, and three heights to clear."""

    says: str
    unit: str
    reads: Reads
    must: float
    goal: float | None = None
    stretch: float | None = None
    more_is_better: bool = False


def height(bar: Bar, value: float | None) -> Height:
    """The highest that it clears."""
    if value is None:
        return Height.UNKNOWN
    clears = operator.ge if bar.more_is_better else operator.le
    for each, bound in ((Height.STRETCH, bar.stretch), (Height.GOAL, bar.goal), (Height.MUST, bar.must)):
        if bound is not None and clears(value, bound):
            return each
    return Height.MISSED


def _median(part: str, case: str, metric: str, who: str = OURS, scale: float = 1.0) -> Reads:
    def reads(notes: Notebook) -> float | None:
        value = notes.median(part, case, who, metric)
        return None if value is None else value / scale

    return reads


def _times(of: str) -> Reads:
    return lambda notes: notes.times("plain", BUSY, OURS, "per_s", of=of)


def _more(part: str, case: str, metric: str, than: str = "direct") -> Reads:
    def reads(notes: Notebook) -> float | None:
        value = notes.more(part, case, OURS, metric, than=than)
        return None if value is None else value / US

    return reads


def _of_two_cases(
    part: str, first: str, second: str, metric: str, join: Callable[[float, float], float]
) -> Reads:
    def reads(notes: Notebook) -> float | None:
        one, other = (notes.median(part, case, OURS, metric) for case in (first, second))
        return None if one is None or other is None else join(one, other)

    return reads


def _failing_over(case: str) -> Reads:
    return _of_two_cases("failover", case, "plain", "p50_us", lambda failed, well: (failed - well) / US)


def _rpc_over_http(notes: Notebook) -> float | None:
    rpc = notes.median("doors", "32 at once", RPC, "per_s")
    by_http = notes.median("doors", "32 at once", OURS, "per_s")
    return None if rpc is None or not by_http else rpc / by_http


def _many_lanes(notes: Notebook) -> float | None:
    few = notes.median("lanes", "64 at once", "10 lanes", "cpu_us")
    many = notes.median("lanes", "64 at once", "1000 lanes", "cpu_us")
    return None if many is None or not few else many / few


_THOUSAND = f"{SLOW_AT_ONCE} at once, 2 s each"
_PACED = "64, a chunk each 5 ms"

# fmt: off
BARS: tuple[Bar, ...] = (
    Bar("CPU per request, 64 connections", "us", _median("plain", BUSY, "cpu_us"), 125, 66, 42),
    Bar("throughput of nginx's, 64 connections", "x", _times("nginx"), 0.17, 0.32, 0.5, more_is_better=True),
    Bar("throughput of Portkey's", "x", _times("portkey"), 10, 19, 30, more_is_better=True),
    Bar("throughput of LiteLLM's", "x", _times("litellm"), 60, 110, 180, more_is_better=True),
    Bar("throughput at 256 over that at 16", "x",
        _of_two_cases("plain", WIDE, NARROW, "per_s", operator.truediv), 0.6, 0.75, 0.9, more_is_better=True),
    Bar("added at the median, one connection", "ms", _more("plain", ALONE, "p50_us"), 0.30, 0.20, 0.15),
    Bar("added by a failover after a 500", "ms", _failing_over("after-500"), 0.4, 0.2),
    Bar("added by a failover after a refusal", "ms", _failing_over("after-refused"), 0.3, 0.15),
    Bar("added to the first chunk", "ms", _more("streams", "one, as fast as it goes", "first_p50_us"), 0.5, 0.3, 0.2),
    Bar("CPU per chunk, 64 streams in step", "us", _median("streams", _PACED, "cpu_us_per_chunk"), 25, 15, 11),
    Bar("idle memory (PSS)", "MiB", _median("start", "from nothing", "idle_pss_mib"), 50, 35),
    Bar("cold start to first answer", "ms", _median("start", "from nothing", "first_answer_ms"), 300, 200),
    Bar("JSON-RPC ping on one socket", "/s",
        _median("doors", "ping, 32 at once", "per_s", RPC), 8_000, 15_000, more_is_better=True),
    Bar("JSON-RPC chat over HTTP, same callers", "x", _rpc_over_http, 1.0, more_is_better=True),
    Bar("of 1,000 requests in flight, answered", "", _median("slow", _THOUSAND, "answered"), SLOW_AT_ONCE,
        more_is_better=True),
    Bar("the most that one of them was late", "ms", _median("slow", _THOUSAND, "late_max_us", scale=US), 50),
    Bar("memory with them (PSS)", "MiB", _median("slow", _THOUSAND, "pss_mib"), 200),
    Bar("CPU per request, 1,000 lanes over 10", "x", _many_lanes, 1.2),
    Bar("idle processor time", "%", _median("idle", "20 providers, none reachable", "cpu_percent"), 0.5),
    Bar("start to READY, 20 providers, none reachable", "ms", _median("idle", "20 providers, none reachable", "ready_ms"), 500),
    Bar("idle memory with them (RSS)", "MiB", _median("idle", "20 providers, none reachable", "rss_mib"), 70),
)
# fmt: on
