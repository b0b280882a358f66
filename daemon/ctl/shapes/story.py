"""A request's way: `daemon.api.story`."""

from typing import TypedDict

from daemon.ctl.shapes.attempts import AttemptSaid, SeamSaid

__all__ = ["LaneStory", "LookStory", "Story"]


class LaneStory(TypedDict, total=False):
    lane: str
    place: int | None
    lead: str
    mark: str
    why: str
    detail: str
    until_wall_ms: int | None


class LookStory(TypedDict, total=False):
    at_wall_ms: int
    chose: str
    refused: str
    as_last_resort: bool
    lanes: list[LaneStory]


class Story(TypedDict):
    request_id: str
    verdict: str
    lane: str
    pool: str
    app: str
    closed_wall_ms: int | None
    duration_s: float | None
    looks: list[LookStory]
    attempts: list[AttemptSaid]
    seams: list[SeamSaid]
    merged_with: str
    from_cache: bool
    cost_usd: float | None
