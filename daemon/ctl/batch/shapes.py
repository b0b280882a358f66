"""What the daemon tells of jobs, as far as failoverctl reads it; a test compares it with the daemon's own."""

from typing import TypedDict

__all__ = ["Checkpoint", "Counts", "ItemSaid", "JobLine", "JobStatus", "LaneDone"]


class Counts(TypedDict):
    pending: int
    sent: int
    done: int
    failed: int
    unknown: int
    cancelled: int


class JobLine(TypedDict):
    job_id: str
    name: str
    state: str
    why: str
    until_wall_ms: int | None
    created_wall_ms: int
    finished_wall_ms: int | None
    total: int
    counts: Counts


class LaneDone(TypedDict):
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


class JobStatus(JobLine):
    failovers: int
    tags: dict[str, int]
    lanes: list[LaneDone]
    checkpoint: Checkpoint | None
    rate_per_min: float | None
    left_s: float | None
    tokens: int
    cost_usd: float


class ItemSaid(TypedDict):
    n: int
    custom_id: str
    tag: str
    lane: str
    reason: str
    errors: list[str]
