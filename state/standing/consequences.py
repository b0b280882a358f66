"""What follows from a failure: one row for each kind, and whom it blames.

The attempt reads `in_place`, the router `then`, the standing `counts`. None of them knows a kind by name.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

from state.failures import Failure, Kind, Scope
from state.words import LaneId, Target

__all__ = ["CONSEQUENCES", "Consequence", "Counts", "InPlace", "Then", "blamed", "consequence"]


class InPlace(StrEnum):
    """Whether the same lane is asked again before the failure counts."""

    NEVER = "never"
    STATED = "stated"
    """Once, after a short wait that the provider stated."""
    CONFIRM = "confirm"
    """Once more before the first byte, after a blink: a hiccup is not an outage."""


class Then(StrEnum):
    """Who gets it next."""

    NEXT_LANE = "next lane"
    LARGER_CONTEXT = "next lane with a larger context"
    CALLER = "the caller"


class Counts(StrEnum):
    """What it does to the standing of whom it blames."""

    REST = "rest"
    OUT = "out"
    STRIKE = "strike"
    NOTHING = "nothing"


class Consequence(Struct, frozen=True):
    """All that follows from one kind of failure."""

    in_place: InPlace
    then: Then
    counts: Counts
    widest: Scope = Scope.PROVIDER
    """Nobody above this is blamed, whatever the failure says."""
    may_be_link: bool = False
    """Whether our own dead network looks just like this."""

    @property
    def transient(self) -> bool:
        """Whether a caller with patience gains anything by trying the same lane again."""
        return self.counts in (Counts.REST, Counts.STRIKE)


# fmt: off
CONSEQUENCES: Mapping[Kind, Consequence] = MappingProxyType({
    #                                 in place         then                 counts          widest
    Kind.RATE_LIMIT:     Consequence(InPlace.STATED,  Then.NEXT_LANE,      Counts.REST),
    Kind.QUOTA:          Consequence(InPlace.NEVER,   Then.NEXT_LANE,      Counts.OUT),
    Kind.AUTH:           Consequence(InPlace.NEVER,   Then.NEXT_LANE,      Counts.OUT,     Scope.KEY),
    Kind.NOT_FOUND:      Consequence(InPlace.NEVER,   Then.NEXT_LANE,      Counts.OUT,     Scope.MODEL),
    Kind.UNAVAILABLE:    Consequence(InPlace.CONFIRM, Then.NEXT_LANE,      Counts.STRIKE),
    Kind.NETWORK:        Consequence(InPlace.CONFIRM, Then.NEXT_LANE,      Counts.STRIKE,  may_be_link=True),
    Kind.TIMEOUT:        Consequence(InPlace.NEVER,   Then.NEXT_LANE,      Counts.STRIKE,  may_be_link=True),
    Kind.BAD_RESPONSE:   Consequence(InPlace.NEVER,   Then.NEXT_LANE,      Counts.STRIKE),
    Kind.CONTEXT_LENGTH: Consequence(InPlace.NEVER,   Then.LARGER_CONTEXT, Counts.NOTHING),
    Kind.CONTENT_POLICY: Consequence(InPlace.NEVER,   Then.CALLER,         Counts.NOTHING),
    Kind.BAD_REQUEST:    Consequence(InPlace.NEVER,   Then.CALLER,         Counts.NOTHING),
})
# fmt: on

_MODEL_CANNOT = Consequence(InPlace.NEVER, Then.NEXT_LANE, Counts.NOTHING)
"""A bad request whose scope is the model: it has no tools, or no eyes, and another one may."""

_WIDTHS = (Scope.REQUEST, Scope.MODEL, Scope.KEY, Scope.PROVIDER)


def consequence(failure: Failure) -> Consequence:
    """The row of the table that speaks of this failure."""
    if failure.kind is Kind.BAD_REQUEST and failure.scope is not Scope.REQUEST:
        return _MODEL_CANNOT
    return CONSEQUENCES[failure.kind]


def blamed(failure: Failure, lane: LaneId) -> Target | None:
    """Whose standing it touches; None: nobody's.

    What counts is held against the lane at least, even where the text speaks of the request: an empty
    answer may have been this prompt's fault, but nobody can know that before it happens twice.
    """
    row = consequence(failure)
    if row.counts is Counts.NOTHING:
        return None
    match min(failure.scope, row.widest, key=_WIDTHS.index):
        case Scope.PROVIDER:
            return lane.provider_id
        case Scope.KEY:
            return lane.key_id
        case Scope.MODEL | Scope.REQUEST:
            return lane
