"""What is kept of a request's way, so that it can be told later: what it asked, each look at the board, the
seams in its answer. The attempts have events of their own.
"""

from msgspec import Struct

from state.config import PoolConfig, Strategy
from state.routing.ask import Ask
from state.routing.pools import Pool, Share
from state.words import LaneId, Target

__all__ = ["Asked", "Look", "PoolThen", "Seam"]


class Asked(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What the choices of a request depended on for its whole life."""

    ask: Ask
    turn: int = 0
    chance: float = 0.0
    forced: Target | None = None
    """Where the operator wanted everything to go."""
    remembered: LaneId | None = None
    """The lane that had rescued its context before, instead of these."""
    instead_of: tuple[LaneId, ...] = ()
    steered: Strategy | None = None
    """How the operator wanted its pool to choose."""


class Look(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """One look at the board, and the lane that came of it."""

    at_ms: int
    board: int
    """The version of the board that was seen."""
    chose: LaneId | None = None
    """None: no lane could be tried."""
    refused: str = ""
    """Why the door did not let it in after all; empty: it did."""
    as_last_resort: bool = False
    has_waited: bool = False
    """It had queued since the look before: who had refused it is asked again."""
    outgrown: int = 0
    spent_usd: float = 0.0


class Seam(Struct, frozen=True):
    """Where one lane's answer was continued by another's."""

    at_char: int
    before: LaneId
    after: LaneId
    how: str
    """`prefill`, `repeated` (what was said again was dropped), or `restart`."""


class PoolThen(Struct, frozen=True):
    """A pool as it was, in a form that can be kept."""

    name: str
    lanes: tuple[LaneId, ...]
    shares: tuple[Share, ...]
    """One for each lane."""
    rules: PoolConfig

    @classmethod
    def of(cls, pool: Pool) -> "PoolThen":
        return cls(pool.name, pool.lanes, tuple(pool.shares[lane] for lane in pool.lanes), pool.rules)

    @property
    def pool(self) -> Pool:
        shares = dict(zip(self.lanes, self.shares, strict=True))
        return Pool(name=self.name, lanes=self.lanes, rules=self.rules, shares=shares)
