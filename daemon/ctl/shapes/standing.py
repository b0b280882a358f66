"""How everybody stands: `daemon.api.status`."""

from typing import TypedDict

__all__ = [
    "ForcedSaid",
    "HoldSaid",
    "JournalHealth",
    "KeySaid",
    "LaneSaid",
    "Measures",
    "PoolSaid",
    "ProviderSaid",
    "Spread",
    "Status",
    "SteeredSaid",
]


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
    anew: str


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
    clock_set_s: float
    journal: JournalHealth
    pools: list[PoolSaid]
    providers: list[ProviderSaid]
    forced: list[ForcedSaid]
    steered: list[SteeredSaid]
