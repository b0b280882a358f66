"""What the daemon tells of jobs, as far as failoverctl reads it; a test compares it with the daemon's own."""

from typing import TypedDict

from daemon.ctl.shapes.attempts import AttemptSaid

__all__ = ["Checkpoint", "ItemNews", "JobLine", "JobStatus", "LaneProgress"]


class JobLine(TypedDict):
    job_id: str
    name: str
    state: str
    why: str
    until_wall_ms: int | None
    total: int
    done: int
    failed: int
    unknown: int
    created_wall_ms: int
    finished_wall_ms: int | None


class LaneProgress(TypedDict):
    lane: str
    done: int
    failed: int
    in_flight: int
    seconds_mean: float | None
    tokens: int
    cost_usd: float


class Checkpoint(TypedDict):
    n: int
    custom_id: str
    lane: str
    at_wall_ms: int


class JobStatus(TypedDict):
    job_id: str
    name: str
    state: str
    why: str
    until_wall_ms: int | None
    created_wall_ms: int
    finished_wall_ms: int | None
    total: int
    counts: dict[str, int]
    failovers: int
    tags: dict[str, int]
    errors: dict[str, int]
    lanes: list[LaneProgress]
    checkpoint: Checkpoint | None
    rate_per_min: float | None
    left_s: float | None
    tokens: int
    cost_usd: float


class ItemNews(TypedDict):
    n: int
    custom_id: str
    state: str
    tag: str
    lane: str
    reason: str
    errors: list[AttemptSaid]
