"""Attempts, and what is told beside an answer: `daemon.api.refusal` and `daemon.api.report`."""

from typing import TypedDict

__all__ = ["AttemptSaid", "Report", "SeamSaid"]


class AttemptSaid(TypedDict, total=False):
    lane: str
    outcome: str
    seconds: float
    kind: str
    rule: str
    status: int | None
    said: str
    wait_s: float | None
    tries: int
    first_token_s: float | None
    tokens_in: int
    tokens_out: int
    cost_usd: float | None


class SeamSaid(TypedDict):
    at_char: int
    before: str
    after: str
    how: str


class Report(TypedDict, total=False):
    request_id: str
    verdict: str
    lane: str
    pool: str
    attempts: list[AttemptSaid]
    seams: list[SeamSaid]
    merged_with: str
    from_cache: bool
    tokens_in: int
    tokens_out: int
    cost_usd: float | None
