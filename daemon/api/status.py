"""How it stands, at a glance: what `status` answers. Documented and stable; fields are added, never changed.

moments    `..._wall_ms`: Unix time in milliseconds
spans      `..._s`: seconds
sentences  `says`: for people, without a full stop; everything that matters in them is a field, too
"""

from enum import StrEnum

from msgspec import Struct

from state.memory.durability import JournalHealth
from state.usage.statistics import Spread

__all__ = [
    "ChildSaid",
    "Condition",
    "ForcedSaid",
    "Health",
    "HoldSaid",
    "KeySaid",
    "LaneSaid",
    "Measures",
    "PoolSaid",
    "ProviderSaid",
    "Status",
    "SteeredSaid",
]


class Health(StrEnum):
    """All of it in one word."""

    WELL = "well"
    DEGRADED = "degraded"
    """It serves, but somebody should look."""
    FAILING = "failing"
    """A pool has nobody who could answer now."""


class Condition(StrEnum):
    """How a lane, key or provider stands."""

    WELL = "well"
    SLOW_START = "slow_start"
    ON_TRIAL = "on_trial"
    UNDER_TRIAL = "under_trial"
    RESTING = "resting"
    QUARANTINED = "quarantined"
    OUT = "out"
    DISABLED = "disabled"


class HoldSaid(Struct, frozen=True, kw_only=True):
    """What keeps it out, or has to be proven over."""

    kind: str
    """`rest`, `quarantine`, `quota`, `auth`, `not_found`, `ordered` or `disabled`."""
    why: str = ""
    """The kind of failure, or the reason that somebody gave."""
    rule: str = ""
    by: str = ""
    """Who ordered it; empty: failoverd itself."""
    row: int = 0
    """How many failures in a row it stands for."""
    since_wall_ms: int
    until_wall_ms: int | None = None
    """None: until somebody acts."""
    left_s: float | None = None


class Measures(Struct, frozen=True, kw_only=True):
    """How it has done lately."""

    attempts: int
    answered: int
    success_rate: float | None = None
    """None: nothing to judge by."""
    samples: float = 0.0
    """How many fresh outcomes that judgement is worth."""
    latency: Spread | None = None
    """Of answers, in milliseconds."""
    first_token: Spread | None = None
    rpm: int = 0
    """Attempts in the last minute."""
    cost_usd: float = 0.0


class LaneSaid(Struct, frozen=True, kw_only=True):
    """One lane."""

    lane: str
    model: str
    key: str
    is_usable: bool
    """Whether the next request could use it: nothing holds it, and no limit is in its way."""
    condition: Condition
    """Of the lane by itself; what it stands on has its own."""
    says: str
    last_standing: str = ""
    """`last one standing, 1 of 3`: it has failed, and is kept because nobody else is left."""
    hold: HoldSaid | None = None
    in_flight: int
    exhausted: str = ""
    """The limit that is used up: `rpm`, `rpd`, `tpm`, `tpd` or `concurrency`."""
    exhausted_until_wall_ms: int | None = None
    left: dict[str, int]
    """What is left of each limit; what is not limited is not in it."""
    measures: Measures


class KeySaid(Struct, frozen=True, kw_only=True):
    """One key of a provider."""

    key: str
    condition: Condition
    says: str
    hold: HoldSaid | None = None


class ProviderSaid(Struct, frozen=True, kw_only=True):
    """One provider with all that stands on it."""

    provider: str
    is_enabled: bool
    condition: Condition
    says: str
    hold: HoldSaid | None = None
    actor: str
    """How its actor lives: `alive`, `resting` after a crash, `buried` after many."""
    usable: int
    """Of its lanes."""
    in_flight: int
    probed_wall_ms: int | None = None
    """When it was last looked at."""
    left: dict[str, int]
    measures: Measures
    keys: tuple[KeySaid, ...]
    lanes: tuple[LaneSaid, ...]


class PoolSaid(Struct, frozen=True, kw_only=True):
    """What can be asked for, and who would answer now."""

    pool: str
    strategy: str
    serves: str = ""
    """The lane that a plain request would be given now; empty: none."""
    lead: str = ""
    """Why that one: `strategy`, `forced`, `wished` or `remembered`."""
    usable: int
    lanes: tuple[str, ...]
    """In their order."""
    back_in_s: float | None = None
    """With nobody left: when the first may be back."""


class ForcedSaid(Struct, frozen=True, kw_only=True):
    """Where the operator wants everything to go."""

    target: str
    pool: str = ""
    """Empty: every pool."""
    until_wall_ms: int
    left_s: float


class SteeredSaid(Struct, frozen=True, kw_only=True):
    """How the operator wants a pool to choose."""

    pool: str
    strategy: str
    until_wall_ms: int
    left_s: float


class ChildSaid(Struct, frozen=True, kw_only=True):
    """One supervised part of the daemon."""

    name: str
    standing: str
    life: int
    deaths: int
    waiting: int
    """Messages in its mailbox."""


class Status(Struct, frozen=True, kw_only=True):
    """All of it."""

    health: Health
    says: tuple[str, ...]
    """What somebody should know, the worst first; empty: all is well."""
    version: str
    uptime_s: float
    pid: int
    source: str
    """The file that the config came from, or `environment`."""
    at_wall_ms: int
    in_flight: int
    is_offline: bool
    """Our own network is down: nobody is blamed for it."""
    verdicts: dict[str, int]
    """How requests have ended, since the last reset."""
    measures: Measures
    clock_set_s: float
    """How far somebody has set the wall clock since the last life, negative: back. No wait depends on it."""
    journal: JournalHealth
    pools: tuple[PoolSaid, ...]
    providers: tuple[ProviderSaid, ...]
    forced: tuple[ForcedSaid, ...]
    steered: tuple[SteeredSaid, ...]
    remembered: int
    """Contexts that keep the lane which rescued them."""
    children: tuple[ChildSaid, ...]
