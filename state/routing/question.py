"""Which lane? The question with all that its answer depends on, frozen: kept, it can be explained later.

ask          what the request needs and wishes; the same for its whole life
pool         the lanes that it means, in order
board        how every lane is
preferences  what the operator ordered and which lanes contexts remember
tried        where this request has been already
"""

from collections.abc import Iterator
from enum import StrEnum

from msgspec import Struct

from state.config import Strategy
from state.marks import Mark
from state.routing.ask import Ask
from state.routing.board import Board, LaneView
from state.routing.pools import Pool
from state.routing.preferences import Preferences
from state.words import LaneId

__all__ = ["Ask", "Lead", "Placing", "Question", "Ranked", "Skipped", "Why"]


class Question(Struct, frozen=True, gc=False, kw_only=True):
    """Which lane for this request, now?"""

    ask: Ask
    pool: Pool
    board: Board
    preferences: Preferences = Preferences()
    now_ms: int = 0
    turn: int = 0
    """How many requests of this kind the pool has had before: steps once for each request, not for each of
    its attempts, so that two lanes tried are not two turns taken."""
    chance: float = 0.0
    """A fraction in [0, 1), drawn once for each request."""
    tried: tuple[LaneId, ...] = ()
    outgrown: int = 0
    """The largest context size that this request has turned out not to fit into."""

    @property
    def views(self) -> Iterator[LaneView]:
        """The pool's lanes as they are; a reload may have taken some away since the request came."""
        views = self.board.views
        return (views[lane] for lane in self.pool.lanes if lane in views)

    @property
    def strategy(self) -> Strategy:
        """The nearest word counts: the request's, the operator's for now, the pool's."""
        return (
            self.ask.strategy
            or self.preferences.strategy_for(self.pool.name, self.now_ms)
            or self.pool.rules.strategy
        )

    @property
    def may_fail_over(self) -> bool:
        return self.ask.failover and self.pool.rules.failover


class Why(StrEnum):
    """Why a lane was passed over."""

    NOT_IN_POOL = "not_in_pool"
    GONE = "gone"
    DISABLED = "disabled"
    INCAPABLE = "incapable"
    TOO_SMALL = "too_small"
    NOT_INCLUDED = "not_included"
    EXCLUDED = "excluded"
    DATA_CLASS = "data_class"
    OVER_BUDGET = "over_budget"
    OTHER_MODEL = "other_model"
    ALREADY_TRIED = "already_tried"
    NO_FAILOVER = "no_failover"
    NO_FAILOVER_TO = "no_failover_to"
    OUT = "out"
    TRIAL_TAKEN = "trial_taken"
    RESTING = "resting"
    EXHAUSTED = "exhausted"
    SLOW_START = "slow_start"


class Lead(StrEnum):
    """What put a lane where it stands in the ranking."""

    FORCED = "forced"
    WISHED = "wished"
    REMEMBERED = "remembered"
    STRATEGY = "strategy"


class Ranked(Struct, frozen=True, tag="ranked"):
    """A lane that may be chosen, and when: the first is."""

    lane: LaneId
    place: int
    lead: Lead = Lead.STRATEGY
    mark: Mark = Mark.NORMAL

    def __str__(self) -> str:
        lead = "" if self.lead is Lead.STRATEGY else f", {self.lead}"
        mark = "" if self.mark is Mark.NORMAL else f", {self.mark}"
        return f"{self.place}. {self.lane}{lead}{mark}"


class Skipped(Struct, frozen=True, gc=False, tag="skipped"):
    """A lane that may not be chosen, and why."""

    lane: LaneId
    why: Why
    detail: str = ""
    until_ms: int | None = None
    """When this reason ends by itself; None: it does not, or nobody knows."""

    def __str__(self) -> str:
        return f"-  {self.lane}: {self.why}" + (f", {self.detail}" if self.detail else "")


Placing = Ranked | Skipped
