"""What came of an act: `daemon.api.steering` and `daemon.api.probing`."""

from typing import TypedDict

__all__ = ["Acted", "ProbeSaid", "Probed"]


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
