"""What the daemon's answers look like, as far as failoverctl reads them.

The values themselves are defined in `daemon.api`; a test compares the two. What is empty there is often
left out.
"""

from typing import TypedDict

__all__ = [
    "Acted",
    "AttemptSaid",
    "CapacitySaid",
    "ForcedSaid",
    "HoldSaid",
    "JournalHealth",
    "KeySaid",
    "LaneCapacitySaid",
    "LaneSaid",
    "LaneStats",
    "LaneStory",
    "LimitSaid",
    "LookStory",
    "Measures",
    "PoolSaid",
    "ProbeSaid",
    "Probed",
    "ProviderSaid",
    "Report",
    "SeamSaid",
    "Spread",
    "StatsSaid",
    "Status",
    "SteeredSaid",
    "Story",
    "Summary",
]


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


class HoldSaid(TypedDict):
    kind: str
    why: str
    left_s: float | None


class Spread(TypedDict):
    p50_ms: int
    p95_ms: int


class Measures(TypedDict):
    attempts: int
    answered: int
    success_rate: float | None
    latency: Spread | None
    first_token: Spread | None
    rpm: int
    cost_usd: float


class LaneSaid(TypedDict):
    lane: str
    model: str
    key: str
    is_usable: bool
    condition: str
    says: str
    last_standing: str
    hold: HoldSaid | None
    in_flight: int
    exhausted: str
    exhausted_until_wall_ms: int | None
    left: dict[str, int]
    measures: Measures


class KeySaid(TypedDict):
    key: str
    condition: str
    says: str
    hold: HoldSaid | None


class ProviderSaid(TypedDict):
    provider: str
    is_enabled: bool
    condition: str
    says: str
    hold: HoldSaid | None
    actor: str
    usable: int
    in_flight: int
    probed_wall_ms: int | None
    left: dict[str, int]
    measures: Measures
    keys: list[KeySaid]
    lanes: list[LaneSaid]


class PoolSaid(TypedDict):
    pool: str
    strategy: str
    serves: str
    lead: str
    usable: int
    lanes: list[str]
    back_in_s: float | None


class ForcedSaid(TypedDict):
    target: str
    pool: str
    left_s: float


class SteeredSaid(TypedDict):
    pool: str
    strategy: str
    left_s: float


class JournalHealth(TypedDict):
    degraded: str
    pending: int
    lost: int
    written: int


class Status(TypedDict):
    health: str
    says: list[str]
    version: str
    uptime_s: float
    source: str
    at_wall_ms: int
    in_flight: int
    is_offline: bool
    verdicts: dict[str, int]
    measures: Measures
    journal: JournalHealth
    pools: list[PoolSaid]
    providers: list[ProviderSaid]
    forced: list[ForcedSaid]
    steered: list[SteeredSaid]


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


class Acted(TypedDict):
    says: str
    is_durable: bool
    why_not_durable: str
    until_wall_ms: int | None


class ProbeSaid(TypedDict):
    target: str
    is_well: bool
    seconds: float
    kind: str
    rule: str
    status: int | None
    said: str


class Probed(TypedDict):
    probes: list[ProbeSaid]


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
