"""What becomes of an item after a look or a round: done, failed, asked now, or later. Pure.

a look     open, hopeless --> Ask      waiting, stuck --> Later     benched, deadline --> failed
a round    ok --> done
           the caller's error --> failed
           a lane is left that can be waited for --> Later
           every lane has failed it for good, or it had its rounds --> failed

Nothing loops for ever: each lane fails an item for good at most once, and the rounds are counted. Only
waiting may last, because that is what a night is for; a job's deadline ends it.
"""

from msgspec import Struct

from state.events import Verdict
from state.jobs.errand import ROUNDS_MAX, Errand, Round
from state.jobs.outcome import FAILOVER, Outcome
from state.jobs.prospect import Outlook, Prospect
from state.words import LaneId

__all__ = ["Ask", "Later", "before", "expired", "settle", "unsendable"]

SOON_MS = 1_000
LOOK_AGAIN_MS = 30_000
"""Whoever is stuck has to be helped by somebody: a reload, an operator, a cable."""
OFFLINE_MS = 5_000

ALL_FAILED = "all-failed"
BOTH_FAILED = "both-failed"
DEADLINE = "deadline"
BOTH = 2


class Ask(Struct, frozen=True):
    """Now."""


class Later(Struct, frozen=True, kw_only=True):
    """It has to wait, and loses nothing by it."""

    at_ms: int
    why: str
    is_stuck: bool = False
    """Time alone may not help."""


def before(
    errand: Errand, seen: Prospect, *, now_ms: int, deadline_ms: int | None, wall_ms: int
) -> Ask | Later | Outcome:
    """Whether it is asked at all, by what the board shows."""
    if deadline_ms is not None and now_ms >= deadline_ms:
        return expired(errand, wall_ms)
    match seen.outlook:
        case Outlook.OPEN | Outlook.HOPELESS:
            return Ask()
        case Outlook.BENCHED:
            assert seen.lane is not None
            return _failed(
                errand, f"{seen.lane.provider}-failed", "unavailable", seen.why, wall_ms, lane=str(seen.lane)
            )
        case Outlook.WAITING | Outlook.STUCK:
            return _wait(seen, now_ms)


def settle(
    errand: Errand, last: Round, seen: Prospect, *, now_ms: int, wall_ms: int, may_fail_over: bool
) -> Later | Outcome:
    """After a round; `errand` has it behind it, `seen` leaves out the lanes that have failed it for good."""
    if last.verdict is Verdict.OK:
        return _done(errand, last.lane, wall_ms)
    if last.verdict is Verdict.CALLER_ERROR:
        lane = last.trail[-1].lane if last.trail else None
        tag = ALL_FAILED if lane is None else f"{lane.provider}-failed"
        return _failed(errand, tag, last.verdict, last.message, wall_ms)
    if errand.rounds >= ROUNDS_MAX:
        return _failed(errand, _tag_of_all(errand), last.verdict, last.message, wall_ms)
    if last.verdict is Verdict.LOCAL_NETWORK_DOWN:
        return Later(at_ms=now_ms + OFFLINE_MS, why=last.message, is_stuck=True)
    if errand.spent and not may_fail_over:
        return _failed(errand, f"{errand.spent[0].provider}-failed", last.verdict, last.message, wall_ms)
    match seen.outlook:
        case Outlook.OPEN:
            return Later(at_ms=now_ms + SOON_MS, why=last.message)
        case Outlook.WAITING:
            return _wait(seen, now_ms)
        case Outlook.STUCK if not errand.spent:
            return _wait(seen, now_ms)
        case Outlook.STUCK | Outlook.BENCHED | Outlook.HOPELESS:
            return _failed(errand, _tag_of_all(errand), last.verdict, last.message, wall_ms)


def expired(errand: Errand, wall_ms: int) -> Outcome:
    """The job's deadline came first."""
    return _failed(errand, DEADLINE, "deadline", "the job's deadline came first", wall_ms)


def unsendable(errand: Errand, why: str, wall_ms: int) -> Outcome:
    """It was well when it was handed in, and is not any more."""
    return _failed(errand, ALL_FAILED, "caller_error", why, wall_ms)


def _wait(seen: Prospect, now_ms: int) -> Later:
    if seen.at_ms is None:
        return Later(at_ms=now_ms + LOOK_AGAIN_MS, why=seen.why, is_stuck=True)
    return Later(at_ms=max(seen.at_ms, now_ms + 1), why=seen.why)


def _done(errand: Errand, lane: LaneId | None, wall_ms: int) -> Outcome:
    provider = "" if lane is None else lane.provider
    return Outcome(
        n=errand.item.n,
        custom_id=errand.item.custom_id,
        is_done=True,
        tag=f"{provider}{FAILOVER}" if errand.reason else provider,
        request_id=errand.request_id,
        lane="" if lane is None else str(lane),
        reason=errand.reason,
        errors=errand.errors,
        attempts=errand.attempts,
        rounds=errand.rounds,
        crashes=errand.item.crashes,
        duration_ms=errand.duration_ms,
        tokens=errand.tokens,
        cost_usd=errand.cost_usd,
        at_wall_ms=wall_ms,
    )


def _tag_of_all(errand: Errand) -> str:
    lanes = {error.lane for error in errand.errors}
    return BOTH_FAILED if len(lanes) == BOTH else ALL_FAILED


def _failed(errand: Errand, tag: str, code: str, message: str, wall_ms: int, *, lane: str = "") -> Outcome:
    return Outcome(
        n=errand.item.n,
        custom_id=errand.item.custom_id,
        is_done=False,
        tag=tag,
        request_id=errand.request_id,
        lane=lane or (errand.errors[-1].lane if errand.errors else ""),
        code=str(code),
        message=message,
        reason=errand.reason,
        errors=errand.errors,
        attempts=errand.attempts,
        rounds=errand.rounds,
        crashes=errand.item.crashes,
        duration_ms=errand.duration_ms,
        tokens=errand.tokens,
        cost_usd=errand.cost_usd,
        at_wall_ms=wall_ms,
    )
