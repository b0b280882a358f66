"""Facts that change what we know. State is the fold of these; the journal keeps them in order.

Every event carries its moment on the timeline (`at_ms`, what decisions use) and on the wall (`wall_ms`,
for people and for daily calendars).
"""

from enum import StrEnum

from msgspec import Struct

from state.config import Strategy
from state.failures import Failure
from state.marks import Mark, Window
from state.routing.board import LaneView
from state.telling.trail import Asked, Look, PoolThen, Seam
from state.words import LaneId, Target

__all__ = [
    "Answered",
    "AttemptClosed",
    "AttemptOpened",
    "BoardShown",
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
    "RequestOpened",
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


class Epochs(Struct, frozen=True, gc=False, omit_defaults=True):
    """The age of a lane, its key and its provider when an attempt left: a later strike or pardon makes
    what it brings home old news.
    """

    lane: int = 0
    key: int = 0
    provider: int = 0


class Terms(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """On which terms an attempt left."""

    mark: Mark = Mark.NORMAL
    epochs: Epochs = Epochs()
    may_strike: bool = True
    """False once the request has struck a lane with a response-class failure: a poison prompt must not
    take the fleet down."""
    last_standing: bool = False
    """No other lane was usable for the request when it left."""


class Usage(Struct, frozen=True, gc=False, kw_only=True):
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


class Fact(Struct, frozen=True, gc=False, kw_only=True):
    """Something that happened, and when."""

    at_ms: int
    wall_ms: int


class AttemptOpened(Fact, frozen=True, kw_only=True, tag="attempt_opened", omit_defaults=True):
    """Queued before the first byte leaves."""

    attempt_id: str
    request_id: str
    lane: LaneId
    terms: Terms = Terms()
    tokens_reserved: int = 0


class AttemptClosed(Fact, frozen=True, kw_only=True, tag="attempt_closed", omit_defaults=True):
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
    absent: tuple[LaneId, ...] = ()
    """Those above it that were not even asked, because they were out."""


class RequestOpened(Fact, frozen=True, kw_only=True, tag="request_opened"):
    """A request that its caller named came in. On the disk before anything is sent for it, so that the same
    name after a crash is known, and nothing is sent twice unasked.
    """

    request_id: str
    content: str
    """What it asked, as a digest: the name alone is not enough to be the same request."""
    app: str = ""


class RequestClosed(Fact, frozen=True, kw_only=True, tag="request_closed", omit_defaults=True):
    """One request, one verdict; and all that its choices depended on, so that they can be explained."""

    request_id: str
    verdict: Verdict
    pool: str = ""
    app: str = ""
    lane: LaneId | None = None
    attempts: int = 0
    duration_ms: int = 0
    asked: Asked | None = None
    looks: tuple[Look, ...] = ()
    seams: tuple[Seam, ...] = ()
    merged_with: str = ""
    """The request whose answer it shared while that one was under way."""
    from_cache: bool = False
    content: str = ""
    """Of a request that its caller named: see `RequestOpened`."""


class BoardShown(Fact, frozen=True, kw_only=True, tag="board_shown"):
    """What the router sees from here on, where it differs from before in what matters to a choice."""

    version: int
    """Looks at the board refer to it. Counts from one again in each life of the daemon."""
    is_whole: bool
    """Every lane is here; else only those that changed."""
    views: tuple[LaneView, ...] = ()
    gone: tuple[LaneId, ...] = ()
    pools: tuple[PoolThen, ...] = ()
    """Those that are asked for the first time since the last whole picture."""


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
    | RequestOpened
    | RequestClosed
    | BoardShown
    | LimitLearned
    | LinkLost
    | LinkRestored
    | ConfigLoaded
    | OperatorActed
)
