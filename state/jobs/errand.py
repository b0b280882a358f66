"""An item under way: what has been tried for it, round after round, until it is settled.

A lane that has failed it for good is not asked again; one that was only full, resting or used up is.
"""

from msgspec import Struct, structs

from state.events import Answered, Cancelled, Interrupted, Outcome, Verdict
from state.failures import Failure, Kind
from state.jobs.job import Item
from state.jobs.outcome import Error
from state.standing.consequences import Counts, consequence
from state.words import LaneId

__all__ = ["NO_ROUND", "ROUNDS_MAX", "Errand", "Round", "Tried", "after"]

ROUNDS_MAX = 100
"""A lane that always asks to wait is believed that often: with rests that grow to five minutes, a night."""
NO_ROUND = frozenset({Verdict.OVERLOADED, Verdict.LOCAL_NETWORK_DOWN})
"""Our own troubles: whoever comes back with these has not had its turn, and no lane has failed it."""
ERRORS_MAX = 16
"""The last of them are kept."""


class Tried(Struct, frozen=True):
    """A line of the trail."""

    lane: LaneId
    outcome: Outcome


class Round(Struct, frozen=True, kw_only=True):
    """How one request for an item ended."""

    request_id: str
    verdict: Verdict
    lane: LaneId | None = None
    """Who answered."""
    trail: tuple[Tried, ...] = ()
    message: str = ""
    duration_ms: int = 0
    tokens: int = 0
    cost_usd: float | None = None


class Errand(Struct, frozen=True, kw_only=True):
    """One item and all that was tried for it in this life of the daemon."""

    item: Item
    rounds: int = 0
    """In which something was asked, or should have been."""
    spent: tuple[LaneId, ...] = ()
    """Lanes that have failed it for good."""
    errors: tuple[Error, ...] = ()
    reason: str = ""
    """Why the first choice did not do it."""
    request_id: str = ""
    attempts: int = 0
    duration_ms: int = 0
    tokens: int = 0
    cost_usd: float | None = None

    def __str__(self) -> str:
        return f"item {self.item.n}, round {self.rounds}"


def after(errand: Errand, now: Round) -> Errand:
    """The errand with one more round behind it."""
    is_round = now.verdict not in NO_ROUND
    failed = [line for line in now.trail if not isinstance(line.outcome, Answered)]
    spent = [line.lane for line in failed if is_round and _is_spent(line.outcome)]
    errors = (*errand.errors, *(_error(line) for line in failed))[-ERRORS_MAX:]
    cost_usd = errand.cost_usd
    if now.cost_usd is not None:
        cost_usd = (cost_usd or 0.0) + now.cost_usd
    return structs.replace(
        errand,
        rounds=errand.rounds + is_round,
        spent=(*errand.spent, *(lane for lane in spent if lane not in errand.spent)),
        errors=errors,
        reason=errand.reason or (_in_short(errors[0]) if errors else ""),
        request_id=now.request_id,
        attempts=errand.attempts + len(now.trail),
        duration_ms=errand.duration_ms + now.duration_ms,
        tokens=errand.tokens + now.tokens,
        cost_usd=cost_usd,
    )


def _is_spent(outcome: Outcome) -> bool:
    """Whether asking that lane again could only fail again: its limits pass, its faults with us may not."""
    match outcome:
        case Failure():
            return consequence(outcome).counts in (Counts.STRIKE, Counts.NOTHING)
        case Cancelled():
            return True  # its whole deadline went by there
        case Answered() | Interrupted():
            return False


def _error(line: Tried) -> Error:
    match line.outcome:
        case Failure(kind=kind, status=status, said=said):
            return Error(lane=str(line.lane), kind=kind, status=status, said=said)
        case Cancelled():
            return Error(lane=str(line.lane), kind=Kind.TIMEOUT, said="cut off by the item's deadline")
        case Interrupted() | Answered():
            return Error(lane=str(line.lane), kind="interrupted", said="by a fault of failoverd itself")


def _in_short(error: Error) -> str:
    status = "" if error.status is None else f" ({error.status})"
    said = f": {error.said[:200]}" if error.said else ""
    return f"{error.lane}: {error.kind}{status}{said}"
