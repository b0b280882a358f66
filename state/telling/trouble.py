"""Why there is no answer, in one message that names each lane, what became of it, and when to come back."""

from collections.abc import Sequence

from state.events import Answered, Cancelled, Interrupted, Outcome
from state.failures import Failure
from state.routing.question import Skipped, Why
from state.words import LaneId

__all__ = ["MESSAGE_CHARS_MAX", "all_failed", "in_short", "own_words"]

LANES_MAX = 16
"""Of a pool with a hundred lanes the first few tell the story."""
SAID_CHARS_MAX = 160
MESSAGE_CHARS_MAX = 4096

_NOT_WORTH_SAYING = frozenset({Why.ALREADY_TRIED, Why.NOT_IN_POOL, Why.NO_FAILOVER})
_AS_WISHED = {
    Why.NOT_INCLUDED: "not among those that the request named",
    Why.EXCLUDED: "ruled out by the request",
}
"""Whoever asked knows which: they are counted."""


def all_failed(
    pool: str,
    tried: Sequence[tuple[LaneId, Outcome]],
    skipped: Sequence[Skipped],
    *,
    retry_after_s: float | None,
) -> str:
    """Nobody answered: each lane that was asked and how it failed, each that was not and why."""
    lines = [f"{lane}: {in_short(outcome)}" for lane, outcome in tried]
    lines += [_passed(skip) for skip in skipped if skip.why not in _NOT_WORTH_SAYING | _AS_WISHED.keys()]
    more = len(lines) - LANES_MAX
    if more > 0:
        lines[LANES_MAX:] = [f"and {more} more"]
    for why, says in _AS_WISHED.items():
        count = sum(skip.why is why for skip in skipped)
        if count:
            lines.append(f"{count} {says}")
    head = f"no lane of {pool!r} could answer"
    when = "" if retry_after_s is None else f"; one may be back in {_seconds(retry_after_s)}"
    return f"{head}: {'; '.join(lines) or 'it has none'}{when}"[:MESSAGE_CHARS_MAX]


def in_short(outcome: Outcome) -> str:
    """An outcome in half a line."""
    match outcome:
        case Answered():
            return "answered"
        case Cancelled():
            return "cut off"
        case Interrupted():
            return "interrupted by a fault of our own"
        case Failure(kind=kind, status=status, said=said):
            http = "" if status is None else f" ({status})"
            words = f": {said[:SAID_CHARS_MAX]}" if said else ""
            return f"{kind}{http}{words}"


def own_words(failure: Failure) -> str:
    """What the provider said, for a caller whose request it refused."""
    return (failure.said or f"{failure.kind}, by rule {failure.rule}")[:MESSAGE_CHARS_MAX]


def _passed(skip: Skipped) -> str:
    detail = f", {skip.detail}" if skip.detail else ""
    return f"{skip.lane}: {skip.why}{detail}"


def _seconds(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"
