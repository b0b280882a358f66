"""A provider as the router sees it: ask to be let in, then send. Behind it lives an actor.

knock(lane)  --Ticket--> attempt(ticket) --Tried--> the router decides what follows
             --Held | Exhausted | Gap | Shut--> next lane, with a reason
"""

from typing import Protocol

from msgspec import Struct

from actors.case import Attempted, Case, Sink
from actors.wire.call import Answer
from actors.wire.dialect import Gap
from state.events import Terms
from state.standing.admission import Held
from state.usage.limits import Exhausted
from state.words import LaneId

__all__ = ["Door", "Knock", "Refused", "Shut", "Ticket", "Tried"]


class Knock(Struct, frozen=True, gc=False, kw_only=True):
    """One request at one lane's door."""

    case: Case
    lane: LaneId
    may_strike: bool = True
    last_standing: bool = False
    as_last_resort: bool = False
    alone: bool = False
    """No other lane is eligible: a rate limit is worth waiting for."""
    may_retry: bool = True
    """False when too many second tries are under way already: a brown-out must not be doubled by us."""
    prefill: str = ""
    """What another lane has said already, to be continued from exactly there."""


class Ticket(Struct, frozen=True, gc=False):
    """Let in: the place is taken, the opening is on its way to the journal. It must be used or given back."""

    attempt_id: str
    knock: Knock
    terms: Terms
    tokens_reserved: int


class Shut(Struct, frozen=True):
    """The provider's actor is not there: dead for the moment, buried, or stopping."""

    why: str


Refused = Held | Exhausted | Gap | Shut


class Tried(Struct, frozen=True, gc=False, kw_only=True):
    """How an attempt ended: a line for the trail, and what came of it."""

    attempted: Attempted
    answer: Answer | None = None
    """The whole answer; None if there is none, or if it was streamed."""
    spoken: str = ""
    """The visible text that was delivered to the sink before it ended."""
    in_tool: bool = False
    """A tool call had begun: nobody else may continue it."""


class Door(Protocol):
    """One provider."""

    @property
    def name(self) -> str: ...

    def knock(self, knock: Knock) -> Ticket | Refused:
        """The last word, at once: the router's picture may be old."""
        ...

    async def attempt(self, ticket: Ticket, sink: Sink | None) -> Tried:
        """Run it to its one outcome, in the caller's task. Cancelling frees everything within 100 ms and
        closes it as nobody's fault. Failures are values.
        """
        ...

    def continues(self, lane: LaneId) -> bool:
        """Whether an answer's beginning can be given to the lane, to be continued from exactly there."""
        ...

    def warm(self, lane: LaneId) -> None:
        """A request may come soon: have a connection ready."""
        ...
