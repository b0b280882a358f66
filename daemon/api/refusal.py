"""Why somebody does not get what was asked for: one value, for people and for programs, whatever the wire."""

from msgspec import Struct

from actors.case import Attempted, Closed
from actors.wire.complaint import BadRequest
from daemon.verdicts import ErrorKind
from state.events import Answered, Cancelled, Interrupted, Outcome
from state.failures import Failure
from state.routing.names import Unknown

__all__ = ["AttemptSaid", "Refusal", "attempts_said", "bad_request", "refusal_of", "unknown"]


class AttemptSaid(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One attempt, in the words of the wire."""

    lane: str
    outcome: str
    """`answered`, `failed`, `cancelled` or `interrupted`."""
    seconds: float
    kind: str = ""
    """What kind of failure it was; empty: none."""
    rule: str = ""
    """By which rule that was decided."""
    status: int | None = None
    said: str = ""
    """The provider's own words, at most 2 KiB."""
    wait_s: float | None = None
    """What the provider asked to wait."""
    tries: int = 1
    first_token_s: float | None = None
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None


class Refusal(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The error: its kind decides code, status and exit, see `daemon.verdicts`."""

    kind: ErrorKind
    message: str
    """Whose fault it is, what happened, and what to do; one line."""
    retry_after_s: float | None = None
    attempts: tuple[AttemptSaid, ...] = ()
    partial: str = ""
    """What had been delivered of an answer that broke off."""
    request_id: str = ""
    field: str = ""
    """Which field of the params is wrong."""
    problems: tuple[str, ...] = ()
    """Of a config: a line for each."""


def refusal_of(closed: Closed, request_id: str) -> Refusal:
    """A verdict that is no answer."""
    trouble = closed.trouble
    return Refusal(
        kind=ErrorKind(closed.verdict),
        message=str(closed.verdict) if trouble is None else trouble.message,
        retry_after_s=None if trouble is None else trouble.retry_after_s,
        attempts=attempts_said(closed.trail),
        partial="" if trouble is None else trouble.partial,
        request_id=request_id,
    )


def bad_request(bad: BadRequest) -> Refusal:
    """The body is not as it should be."""
    return Refusal(kind=ErrorKind.INVALID_PARAMS, message=str(bad), field=bad.field)


def unknown(name: Unknown) -> Refusal:
    """Nothing goes by that name."""
    return Refusal(kind=ErrorKind.UNKNOWN_NAME, message=str(name), field="model")


def attempts_said(trail: tuple[Attempted, ...]) -> tuple[AttemptSaid, ...]:
    """A trail, attempt by attempt."""
    return tuple(_said(line) for line in trail)


def _said(line: Attempted) -> AttemptSaid:
    failure = line.outcome if isinstance(line.outcome, Failure) else None
    usage = line.usage
    return AttemptSaid(
        lane=str(line.lane),
        outcome=_word(line.outcome),
        seconds=line.duration_ms / 1000,
        kind="" if failure is None else failure.kind,
        rule="" if failure is None else failure.rule,
        status=None if failure is None else failure.status,
        said="" if failure is None else failure.said,
        wait_s=None if failure is None else failure.wait_s,
        tries=line.tries,
        first_token_s=None if line.first_token_ms is None else line.first_token_ms / 1000,
        tokens_in=0 if usage is None else usage.tokens_in,
        tokens_out=0 if usage is None else usage.tokens_out,
        cost_usd=line.cost_usd,
    )


def _word(outcome: Outcome) -> str:
    match outcome:
        case Answered():
            return "answered"
        case Failure():
            return "failed"
        case Cancelled():
            return "cancelled"
        case Interrupted():
            return "interrupted"
