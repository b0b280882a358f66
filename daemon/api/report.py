"""What happened on a request's way, told together with its answer: the `failover` block."""

from msgspec import Struct

from actors.case import Case, Closed
from daemon.api.refusal import AttemptSaid, attempts_said
from state.events import Verdict

__all__ = ["Report", "SeamSaid", "report_of"]


class SeamSaid(Struct, frozen=True):
    """Where one lane's answer was continued by another's."""

    at_char: int
    before: str
    after: str
    how: str


class Report(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who answered, and what it took."""

    request_id: str
    """For `explain`."""
    verdict: Verdict
    lane: str = ""
    """Who answered; empty: nobody, or it was not recorded."""
    pool: str = ""
    attempts: tuple[AttemptSaid, ...] = ()
    seams: tuple[SeamSaid, ...] = ()
    merged_with: str = ""
    from_cache: bool = False
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float | None = None


def report_of(case: Case, closed: Closed) -> Report:
    """All that a caller may want to know of it."""
    usage = closed.usage
    return Report(
        request_id=case.id,
        verdict=closed.verdict,
        lane="" if closed.lane is None else str(closed.lane),
        pool=case.pool.name,
        attempts=attempts_said(closed.trail),
        seams=tuple(
            SeamSaid(seam.at_char, str(seam.before), str(seam.after), seam.how) for seam in closed.seams
        ),
        merged_with=closed.merged_with,
        from_cache=closed.from_cache,
        tokens_in=0 if usage is None else usage.tokens_in,
        tokens_out=0 if usage is None else usage.tokens_out,
        cost_usd=closed.cost_usd,
    )
