"""How a request ends: its verdict, with its whole trail, and for whoever gets no answer the reason why."""

from actors.case import Attempted, Case, Closed, Trouble
from actors.router.board_keeper import OFFLINE
from actors.router.rescue import Relay
from actors.router.switchboard import Switchboard
from actors.wire.call import Answer
from state.events import Usage, Verdict
from state.failures import Failure
from state.routing.board import Usable
from state.routing.question import Skipped, Why
from state.routing.routing import Nobody
from state.standing.consequences import Counts, consequence
from state.telling.trail import Seam
from state.telling.trouble import all_failed, in_short, own_words
from state.words import LaneId

__all__ = ["Ending"]

OFFLINE_RETRY_S = 5.0
"""So often somebody looks whether the link is back."""
AT_ONCE_S = 1.0
"""Where nothing but bad luck was in the way."""

_CALLERS_OWN = frozenset(
    {
        Why.ALREADY_TRIED,
        Why.DATA_CLASS,
        Why.EXCLUDED,
        Why.INCAPABLE,
        Why.NO_FAILOVER,
        Why.NO_FAILOVER_TO,
        Why.NOT_INCLUDED,
        Why.OTHER_MODEL,
        Why.OVER_BUDGET,
        Why.TOO_SMALL,
    }
)
"""With nothing but these in the way no waiting helps, only another request."""


class Ending:
    """Takes the trail down, and closes it."""

    def __init__(self, case: Case, switchboard: Switchboard, relay: Relay | None) -> None:
        self.trail: list[Attempted] = []
        self.seams: list[Seam] = []
        self._case = case
        self._switchboard = switchboard
        self._relay = relay

    def ok(self, lane: LaneId, answer: Answer | None) -> Closed:
        return self._closed(Verdict.OK, None, answer=answer, lane=lane)

    def refused(self, failure: Failure) -> Closed:
        """The provider says that the request itself is wrong: its words are the answer."""
        trouble = Trouble(message=own_words(failure), partial=self._partial)
        return self._closed(Verdict.CALLER_ERROR, trouble)

    def nobody(self, nobody: Nobody) -> Closed:
        """No lane is left. What was delivered of a stream stays with its caller."""
        if self._has_begun:
            return self.broken("the stream broke off, and no other lane could go on with it")
        skipped, now_ms = nobody.skipped, self._switchboard.clock.now_ms()
        if any(_is_offline(skip) for skip in skipped):
            trouble = Trouble(message=f"{OFFLINE}: no provider can be reached", retry_after_s=OFFLINE_RETRY_S)
            return self._closed(Verdict.LOCAL_NETWORK_DOWN, trouble)
        if self._is_callers_own(skipped):
            return self._closed(Verdict.CALLER_ERROR, Trouble(message=self._tell(skipped, None)))
        after_s = self._retry_after_s(nobody, now_ms)
        trouble = Trouble(message=self._tell(skipped, after_s), retry_after_s=after_s)
        return self._closed(Verdict.UNAVAILABLE, trouble)

    def broken(self, why: str) -> Closed:
        """A stream that cannot be finished."""
        last = f" ({self.trail[-1].lane}: {in_short(self.trail[-1].outcome)})" if self.trail else ""
        return self._closed(Verdict.PARTIAL, Trouble(message=why + last, partial=self._partial))

    def deadline(self) -> Closed:
        seconds = (self._case.deadline_ms - self._case.opened_ms) / 1000
        tried = "; ".join(f"{line.lane}: {in_short(line.outcome)}" for line in self.trail)
        message = f"no answer within {seconds:g} s: {tried or 'it was still waiting for a lane'}"
        return self._closed(Verdict.DEADLINE, Trouble(message=message, partial=self._partial))

    def cancelled(self) -> Closed:
        trouble = Trouble(message="cancelled by the caller", partial=self._partial)
        return self._closed(Verdict.CANCELLED, trouble)

    def interrupted(self) -> Closed:
        trouble = Trouble(message="interrupted by a fault of failoverd itself", partial=self._partial)
        return self._closed(Verdict.INTERRUPTED, trouble)

    @property
    def _has_begun(self) -> bool:
        return self._relay is not None and self._relay.has_begun

    @property
    def _partial(self) -> str:
        return "" if self._relay is None else self._relay.delivered

    def _tell(self, skipped: tuple[Skipped, ...], retry_after_s: float | None) -> str:
        tried = [(line.lane, line.outcome) for line in self.trail]
        return all_failed(self._case.pool.name, tried, skipped, retry_after_s=retry_after_s)

    def _is_callers_own(self, skipped: tuple[Skipped, ...]) -> bool:
        """Whether every lane that there is was asked in vain or ruled out by the request itself."""
        return all(skip.why in _CALLERS_OWN for skip in skipped) and all(
            isinstance(line.outcome, Failure) and consequence(line.outcome).counts is Counts.NOTHING
            for line in self.trail
        )

    def _retry_after_s(self, nobody: Nobody, now_ms: int) -> float | None:
        """The shortest wait until one may be back."""
        views = self._switchboard.keeper.board.views
        for line in self.trail:
            view = views.get(line.lane)
            if view is not None and isinstance(view.condition_at(now_ms), Usable) and view.exhausted is None:
                return AT_ONCE_S
        if nobody.retry_at_ms is None:
            return None
        return max(0.1, (nobody.retry_at_ms - now_ms) / 1000)

    def _closed(
        self,
        verdict: Verdict,
        trouble: Trouble | None,
        *,
        answer: Answer | None = None,
        lane: LaneId | None = None,
    ) -> Closed:
        trail = self.trail
        if len(trail) == 1:
            usage, cost_usd = trail[0].usage, trail[0].cost_usd
        else:
            usage, cost_usd = _summed(trail), _cost_of(trail)
        return Closed(
            verdict=verdict,
            answer=answer,
            lane=lane,
            trouble=trouble,
            trail=tuple(trail),
            seams=tuple(self.seams),
            usage=usage,
            cost_usd=cost_usd,
        )


def _is_offline(skip: Skipped) -> bool:
    return skip.why is Why.OUT and skip.detail == OFFLINE


def _summed(trail: list[Attempted]) -> Usage | None:
    """All attempts together: whoever pays, pays for the failed ones too."""
    used = [line.usage for line in trail if line.usage is not None]
    if not used:
        return None
    return Usage(
        tokens_in=sum(usage.tokens_in for usage in used),
        tokens_out=sum(usage.tokens_out for usage in used),
        tokens_cached=sum(usage.tokens_cached for usage in used),
        images=sum(usage.images for usage in used),
        estimated=any(usage.estimated for usage in used),
    )


def _cost_of(trail: list[Attempted]) -> float | None:
    """None where a part of it is unpriced, which is not free."""
    costs = [line.cost_usd for line in trail if line.usage is not None]
    known = [cost for cost in costs if cost is not None]
    return sum(known) if known and len(known) == len(costs) else None
