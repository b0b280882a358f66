"""Facts that change what we know. State is the fold of these; the journal keeps them in order.

Every event carries its moment on the timeline (`at_ms`, what decisions use) and on the wall (`wall_ms`,
for people and for daily calendars).
"""

from enum import StrEnum

from msgspec import Struct

from state.config import Strategy
from state.failures import Failure
from state.words import LaneId, Target

__all__ = [
    "Answered",
    "AttemptClosed",
    "AttemptOpened",
    "Cancelled",
    "ConfigLoaded",
    "Disable",
    "Enable",
    "Epochs",
    "Event",
    "Fact",
    "Force",
    "Interrupted",
    "LimitLearned",
    "LinkLost",
    "LinkRestored",
    "Mark",
    "OperatorAct",
    "OperatorActed",
    "Outcome",
    "PreferenceCleared",
    "ProbeClosed",
    "Quarantine",
    "Release",
    "ReleaseAll",
    "RequestClosed",
    "Rescued",
    "StatsReset",
    "StrategySet",
    "Terms",
    "Usage",
    "Verdict",
    "Window",
]


class Verdict(StrEnum):
    """How a request ended. Exactly one each."""

    OK = "ok"
    PARTIAL = "partial"
    CALLER_ERROR = "caller_error"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    CANCELLED = "cancelled"
    OVERLOADED = "overloaded"
    LOCAL_NETWORK_DOWN = "local_network_down"
    INTERRUPTED = "interrupted"


class Mark(StrEnum):
    """Why an attempt may use its lane."""

    NORMAL = "normal"
    TRIAL = "trial"
    EARLY_TRIAL = "early_trial"
    LAST_RESORT = "last_resort"


class Epochs(Struct, frozen=True):
    """The age of a lane, its key and its provider when an attempt left: a later strike or pardon makes
    what it brings home old news.
    """

    lane: int = 0
    key: int = 0
    provider: int = 0


class Terms(Struct, frozen=True, kw_only=True):
    """On which terms an attempt left."""

    mark: Mark = Mark.NORMAL
    epochs: Epochs = Epochs()
    may_strike: bool = True
    """False once the request has struck a lane with a response-class failure: a poison prompt must not
    take the fleet down."""
    last_standing: bool = False
    """No other lane was usable for the request when it left."""


class Usage(Struct, frozen=True, kw_only=True):
    """What an attempt consumed, in the provider's own count where it gave one."""

    tokens_in: int = 0
    tokens_out: int = 0
    tokens_cached: int = 0
    images: int = 0
    estimated: bool = False


class Answered(Struct, frozen=True, tag="answered"):
    """The lane answered in full."""


class Cancelled(Struct, frozen=True, tag="cancelled"):
    """The caller left or its deadline came: nobody's fault."""


class Interrupted(Struct, frozen=True, tag="interrupted"):
    """We died in between: found at start, opened and never closed."""


Outcome = Answered | Failure | Cancelled | Interrupted


class Fact(Struct, frozen=True, kw_only=True):
    """Something that happened, and when."""

    at_ms: int
    wall_ms: int


class AttemptOpened(Fact, frozen=True, kw_only=True, tag="attempt_opened"):
    """Queued before the first byte leaves."""

    attempt_id: str
    request_id: str
    lane: LaneId
    terms: Terms = Terms()
    tokens_reserved: int = 0


class AttemptClosed(Fact, frozen=True, kw_only=True, tag="attempt_closed"):
    """One attempt, one outcome."""

    attempt_id: str
    request_id: str
    lane: LaneId
    outcome: Outcome
    terms: Terms = Terms()
    tokens_reserved: int = 0
    tries: int = 1
    """How often the lane was asked: second tries in place are part of the attempt, and of what it used."""
    duration_ms: int = 0
    first_token_ms: int | None = None
    usage: Usage | None = None
    cost_usd: float | None = None
    """None: unpriced, which is not zero."""
    jitter: float = 0.0
    """Chance drawn for the sentence that may follow, in [0, 1): with it the fold has no dice of its own."""


class ProbeClosed(Fact, frozen=True, kw_only=True, tag="probe_closed"):
    """A free health check ended."""

    target: Target
    failure: Failure | None = None
    duration_ms: int = 0


class Rescued(Fact, frozen=True, kw_only=True, tag="rescued"):
    """A lane answered after the ones before it failed: its context will remember it."""

    context: str
    lane: LaneId
    instead_of: tuple[LaneId, ...] = ()


class RequestClosed(Fact, frozen=True, kw_only=True, tag="request_closed"):
    """One request, one verdict."""

    request_id: str
    verdict: Verdict
    pool: str = ""
    app: str = ""
    lane: LaneId | None = None
    attempts: int = 0
    duration_ms: int = 0


class Window(StrEnum):
    """What a limit counts, over which time."""

    RPM = "rpm"
    RPD = "rpd"
    TPM = "tpm"
    TPD = "tpd"
    CONCURRENCY = "concurrency"


class LimitLearned(Fact, frozen=True, kw_only=True, tag="limit_learned"):
    """A provider stated a limit in an answer's headers."""

    target: Target
    window: Window
    limit: int | None = None
    remaining: int | None = None
    reset_ms: int | None = None
    """The timeline's moment at which the window is whole again."""
    refills: bool = False
    """Whether it comes back evenly until then, as a bucket does, and not all at once at the end."""


class LinkLost(Fact, frozen=True, kw_only=True, tag="link_lost"):
    """We are offline: connection failures since `since_ms` were our own network's."""

    since_ms: int


class LinkRestored(Fact, frozen=True, kw_only=True, tag="link_restored"):
    """We are back."""


class ConfigLoaded(Fact, frozen=True, kw_only=True, tag="config_loaded"):
    """A start or a reload: changed keys get a fresh chance, missing models are looked at anew."""

    digest: str
    keys_changed: tuple[str, ...] = ()
    """Of the form `provider/key`."""


class Enable(Struct, frozen=True, tag="enable"):
    target: Target


class Disable(Struct, frozen=True, tag="disable"):
    target: Target
    until_ms: int


class Quarantine(Struct, frozen=True, tag="quarantine"):
    target: Target
    until_ms: int
    reason: str = ""


class Release(Struct, frozen=True, tag="release"):
    target: Target


class ReleaseAll(Struct, frozen=True, tag="release_all"):
    pass


class Force(Struct, frozen=True, tag="force"):
    """Everything that can use this lane, key or provider does, until then."""

    target: Target
    until_ms: int
    pool: str = ""
    """Empty: every pool."""


class PreferenceCleared(Struct, frozen=True, tag="preference_cleared"):
    """Force and remembered rescues are dropped; for one context or pool, or (empty) for all."""

    context: str = ""


class StrategySet(Struct, frozen=True, tag="strategy_set"):
    pool: str
    strategy: Strategy
    until_ms: int


class StatsReset(Struct, frozen=True, tag="stats_reset"):
    target: Target | None = None
    """None: all."""


OperatorAct = (
    Enable
    | Disable
    | Quarantine
    | Release
    | ReleaseAll
    | Force
    | PreferenceCleared
    | StrategySet
    | StatsReset
)


class OperatorActed(Fact, frozen=True, kw_only=True, tag="operator_acted"):
    """Somebody steered. Acknowledged after the commit."""

    act: OperatorAct
    by: str = ""


Event = (
    AttemptOpened
    | AttemptClosed
    | ProbeClosed
    | Rescued
    | RequestClosed
    | LimitLearned
    | LinkLost
    | LinkRestored
    | ConfigLoaded
    | OperatorActed
)
