"""What has been counted, and what is left: `daemon.api.looking`."""

from typing import TypedDict

from daemon.ctl.shapes.standing import Spread

__all__ = ["CapacitySaid", "LaneCapacitySaid", "LaneStats", "LimitSaid", "StatsSaid", "Summary"]


class Summary(TypedDict):
    attempts: int
    answered: int
    failures: dict[str, int]
    success_rate: float | None
    latency: Spread | None
    first_token: Spread | None
    failovers: int
    rescues: int
    tokens_in: int
    tokens_out: int
    cost_usd: float
    unpriced: int


class LaneStats(TypedDict):
    lane: str
    stats: Summary


class StatsSaid(TypedDict):
    target: str
    total: Summary
    lanes: list[LaneStats]
    verdicts: dict[str, int]


class LimitSaid(TypedDict):
    target: str
    window: str
    limit: int | None
    used: int
    left: int
    whole_wall_ms: int | None
    stated: bool


class LaneCapacitySaid(TypedDict):
    lane: str
    left: dict[str, int]
    limits: list[LimitSaid]
    exhausted: str
    until_wall_ms: int | None


class CapacitySaid(TypedDict):
    left: dict[str, int]
    providers: dict[str, dict[str, int]]
    lanes: list[LaneCapacitySaid]
