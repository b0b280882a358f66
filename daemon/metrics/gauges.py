"""How everything stands when somebody looks: nothing of it is kept up to date in between."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from daemon.api.cast import Cast
from daemon.metrics.counters import LANE
from state.routing.board import Condition, LaneView, OnTrial, Out, Resting, Usable
from state.routing.pools import AUTO
from state.usage.capacity import capacity
from state.usage.limits import allowance_of

__all__ = ["gauges"]

STANDINGS = ("usable", "on_trial", "resting", "out", "disabled")


def gauges(cast: Cast) -> Iterator[Metric]:
    """All of them, each once."""
    yield from _lanes(cast)
    yield from _limits(cast)
    yield from _pools(cast)
    yield from _journal(cast)
    yield from _actors(cast)


def _lanes(cast: Cast) -> Iterator[Metric]:
    standing = GaugeMetricFamily(
        "failoverd_lane_standing", "1 for what the lane is, 0 for what it is not.", labels=(*LANE, "standing")
    )
    left = GaugeMetricFamily(
        "failoverd_lane_quarantine_remaining_seconds",
        "Until the lane may be tried again; +Inf: not by time alone.",
        labels=LANE,
    )
    in_flight = GaugeMetricFamily("failoverd_lane_in_flight", "Attempts under way.", labels=LANE)
    now_ms = cast.clock.now_ms()
    for lane, view in cast.router.switchboard.keeper.board.views.items():
        labels = (lane.provider, lane.key, lane.model)
        condition = view.condition_at(now_ms)
        word = _word(view, condition)
        for each in STANDINGS:
            standing.add_metric((*labels, each), float(each == word))
        left.add_metric(labels, _left_s(condition, now_ms))
        in_flight.add_metric(labels, view.in_flight)
    yield from (standing, left, in_flight)


def _limits(cast: Cast) -> Iterator[Metric]:
    remaining = GaugeMetricFamily(
        "failoverd_limit_remaining",
        "What is left of a lane's limits: rpm, rpd, tpm, tpd, concurrency.",
        labels=(*LANE, "window"),
    )
    now_ms, wall_ms = cast.clock.now_ms(), cast.clock.wall_ms()
    for door in cast.doors.values():
        ledger = door.ledger
        allowances = (allowance_of(ledger.provider, lane) for lane in ledger.lanes)
        for room in capacity(ledger.state.limits, allowances, now_ms, wall_ms).lanes:
            labels = (room.lane.provider, room.lane.key, room.lane.model)
            for window, amount in room.left.items():
                remaining.add_metric((*labels, window), amount)
    yield remaining


def _pools(cast: Cast) -> Iterator[Metric]:
    router, now_ms = cast.router, cast.clock.now_ms()
    board, names = router.switchboard.keeper.board, router.names
    usable = GaugeMetricFamily(
        "failoverd_pool_usable_lanes", "Lanes that could be asked now.", labels=("pool",)
    )
    lanes = GaugeMetricFamily("failoverd_pool_lanes", "Lanes that the pool has.", labels=("pool",))
    for name in (*router.switchboard.config.pool, AUTO):
        views = [board.views[lane] for lane in names.meant[name].lanes if lane in board.views]
        usable.add_metric((name,), sum(_word(view, view.condition_at(now_ms)) == "usable" for view in views))
        lanes.add_metric((name,), len(views))
    in_flight = GaugeMetricFamily("failoverd_requests_in_flight", "Requests under way.")
    in_flight.add_metric((), router.status.in_flight)
    offline = GaugeMetricFamily("failoverd_local_network_down", "1 while this machine is offline.")
    offline.add_metric((), float(router.status.is_offline))
    yield from (usable, lanes, in_flight, offline)


def _journal(cast: Cast) -> Iterator[Metric]:
    health = cast.journal.health
    degraded = GaugeMetricFamily("failoverd_journal_degraded", "1 while the journal cannot be written.")
    degraded.add_metric((), float(bool(health.degraded)))
    lag = GaugeMetricFamily("failoverd_journal_lag_seconds", "Age of the oldest event not on the disk yet.")
    lag.add_metric((), health.lag_ms / 1000)
    pending = GaugeMetricFamily("failoverd_journal_pending_events", "Events that wait for the disk.")
    pending.add_metric((), health.pending)
    written = CounterMetricFamily("failoverd_journal_written_events", "Events on the disk.")
    written.add_metric((), health.written)
    lost = CounterMetricFamily("failoverd_journal_lost_events", "Events that never got there.")
    lost.add_metric((), health.lost)
    yield from (degraded, lag, pending, written, lost)


def _actors(cast: Cast) -> Iterator[Metric]:
    depth = GaugeMetricFamily("failoverd_mailbox_depth", "Messages that wait to be read.", labels=("actor",))
    lives = GaugeMetricFamily("failoverd_actor_lives", "Lives so far; 1: never crashed.", labels=("actor",))
    for child in cast.wishes.children:
        depth.add_metric((child.name,), child.waiting)
        lives.add_metric((child.name,), child.life)
    build = GaugeMetricFamily("failoverd_build_info", "Always 1.", labels=("version",))
    build.add_metric((cast.version,), 1)
    uptime = GaugeMetricFamily("failoverd_uptime_seconds", "Since the daemon was started.")
    uptime.add_metric((), (cast.clock.now_ms() - cast.began_ms) / 1000)
    yield from (depth, lives, build, uptime)


def _word(view: LaneView, condition: Condition) -> str:
    if not view.card.enabled:
        return "disabled"
    match condition:
        case Usable():
            return "usable"
        case OnTrial():
            return "on_trial"
        case Resting():
            return "resting"
        case Out():
            return "out"


def _left_s(condition: Condition, now_ms: int) -> float:
    match condition:
        case Usable() | OnTrial():
            return 0.0
        case Resting(until_ms=until_ms) | Out(until_ms=until_ms):
            return float("inf") if until_ms is None else max(0.0, (until_ms - now_ms) / 1000)
