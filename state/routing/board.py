"""What the router sees: one picture of every lane, as its provider last published it.

card       what a lane is: from the config, the same until a reload
condition  whether it may be used: usable, on trial, resting, out
the rest   how much it carries now, and how it has done lately
"""

from collections.abc import Iterable

from msgspec import Struct

from state.config import Capability, PriceConfig
from state.marks import Mark, Window
from state.words import LaneId

__all__ = [
    "USABLE",
    "Board",
    "Card",
    "Condition",
    "LaneView",
    "OnTrial",
    "Out",
    "Performance",
    "Resting",
    "Usable",
    "UsedUp",
]


class Card(Struct, frozen=True, kw_only=True):
    """What a lane is, by the operator's word."""

    can: frozenset[Capability] = frozenset({Capability.CHAT, Capability.TOOLS, Capability.JSON})
    context: int | None = None
    """Tokens; None: unknown, so never filtered by it."""
    price: PriceConfig = PriceConfig()
    local: bool = False
    """On this machine: costs nobody a cent."""
    priority: int = 10
    """Lower goes first."""
    weight: float = 1.0
    """Of its provider: what all its lanes share."""
    data_classes: frozenset[str] = frozenset()
    """Classes of data that it is cleared to see."""
    enabled: bool = True


class Usable(Struct, frozen=True, tag="usable"):
    """Nothing holds it."""


class OnTrial(Struct, frozen=True, tag="on_trial"):
    """Its quarantine is over and one request may test whether the trouble is."""

    free: bool = True
    """Whether that one request is still to come."""
    mark: Mark = Mark.TRIAL


class Resting(Struct, frozen=True, tag="resting"):
    """Waits out a rate limit; sending earlier would only make it longer."""

    until_ms: int
    why: str = ""


class Out(Struct, frozen=True, tag="out"):
    """No traffic: in quarantine, or taken out by somebody."""

    until_ms: int | None
    """None: until somebody acts; time alone does not bring it back."""
    why: str = ""
    last_resort: bool = True
    """Whether it may be asked all the same when nothing else is left: not with a key that was refused."""


Condition = Usable | OnTrial | Resting | Out

USABLE = Usable()


class UsedUp(Struct, frozen=True):
    """A limit is used up."""

    window: Window
    until_ms: int | None = None
    """None: until another attempt ends (concurrency)."""


class Performance(Struct, frozen=True, gc=False, kw_only=True):
    """How a lane has done lately, and on how many attempts that judgement rests."""

    samples: int = 0
    success_rate: float = 1.0
    """Over everything that is remembered."""
    recent: float = 1.0
    """The same over the latest few: how good its answers are now."""
    latency_p50_ms: int = 0
    first_token_p50_ms: int | None = None


class LaneView(Struct, frozen=True, gc=False, kw_only=True):
    """One lane, as seen from outside its provider. The provider has the last word all the same."""

    lane: LaneId
    card: Card = Card()
    condition: Condition = USABLE
    exhausted: UsedUp | None = None
    in_flight: int = 0
    carries: int | None = None
    """So many at once while it starts slowly after a trial; None: whatever its limits allow."""
    performance: Performance = Performance()

    @property
    def is_full(self) -> bool:
        """Whether it carries as many as it may while it starts slowly."""
        return self.carries is not None and self.in_flight >= self.carries

    def condition_at(self, now_ms: int) -> Condition:
        """A hold that has run out is what follows it, whether or not its provider has said so yet."""
        condition = self.condition
        if isinstance(condition, Out) and condition.until_ms is not None and condition.until_ms <= now_ms:
            return OnTrial()
        if isinstance(condition, Resting) and condition.until_ms <= now_ms:
            return USABLE
        return condition


class Board(Struct, frozen=True, gc=False):
    """Every lane there is. Never changed, only replaced: a choice can be explained by what it saw."""

    views: dict[LaneId, LaneView] = {}

    @classmethod
    def of(cls, views: Iterable[LaneView]) -> "Board":
        return cls({view.lane: view for view in views})

    def showing(self, *views: LaneView) -> "Board":
        """The same board with these lanes as they are now."""
        return Board(self.views | {view.lane: view for view in views})
