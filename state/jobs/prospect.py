"""Who would take an item now, or when somebody will: one look at the board, in the words of a job.

open      somebody would take it now
waiting   nobody now, but the time is known at which a lane is back
stuck     nobody, and time alone brings nobody back: a key was refused, we are offline
benched   its only lane is in quarantine, and it may not go to another
hopeless  no lane is made for it
"""

from enum import StrEnum

from msgspec import Struct

from state.routing.board import Out
from state.routing.question import Question, Skipped, Why
from state.routing.routing import Choice, Nobody
from state.routing.turns import absent_above
from state.words import LaneId

__all__ = ["Outlook", "Prospect", "prospect"]


class Outlook(StrEnum):
    OPEN = "open"
    WAITING = "waiting"
    STUCK = "stuck"
    BENCHED = "benched"
    HOPELESS = "hopeless"


class Prospect(Struct, frozen=True, kw_only=True):
    """What an item has to expect."""

    outlook: Outlook
    at_ms: int | None = None
    """When a lane is back, while waiting."""
    why: str = ""
    """What is in the way of the lane that is back first, or why somebody stands in for another."""
    lane: LaneId | None = None
    """Who is benched."""


_UNTIL_SOMEBODY_ACTS = frozenset({Why.OUT, Why.DISABLED, Why.GONE})


def prospect(question: Question, found: Choice | Nobody) -> Prospect:
    """What the choice means for an item that has time."""
    if isinstance(found, Choice):
        return Prospect(outlook=Outlook.OPEN, why=_stands_in_for(question, found))
    if not question.may_fail_over and found.last_resort is not None:
        benched = next(skip for skip in found.skipped if skip.lane == found.last_resort)
        return Prospect(outlook=Outlook.BENCHED, why=told(benched), lane=benched.lane)
    if found.retry_at_ms is not None:
        return Prospect(outlook=Outlook.WAITING, at_ms=found.retry_at_ms, why=_first_back(found))
    stuck = [skip for skip in found.skipped if skip.why in _UNTIL_SOMEBODY_ACTS]
    if stuck:
        return Prospect(outlook=Outlook.STUCK, why=told(stuck[0]))
    return Prospect(outlook=Outlook.HOPELESS)


def told(skip: Skipped) -> str:
    """Why a lane was passed over, in half a line."""
    return f"{skip.lane}: {skip.detail or skip.why}"


def _stands_in_for(question: Question, choice: Choice) -> str:
    """Lanes that would have gone first but are out. One whose limit is used up has done its part."""
    outs = []
    for lane in absent_above(question, choice.lane):
        condition = question.board.views[lane].condition_at(question.now_ms)
        if isinstance(condition, Out):
            outs.append(told(Skipped(lane, Why.OUT, condition.why)))
    return "; ".join(outs)


def _first_back(nobody: Nobody) -> str:
    """Of several reasons, that of the lane that is back when the job goes on."""
    waits = [skip for skip in nobody.skipped if skip.until_ms is not None]
    first = min(waits, key=lambda skip: abs((skip.until_ms or 0) - (nobody.retry_at_ms or 0)), default=None)
    return "" if first is None else told(first)
