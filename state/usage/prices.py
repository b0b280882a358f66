"""What attempts cost, each by itself: an answer is paid for, and so are the ways that did not lead to it.

    openrouter/key1/llama   rescued     812 in   64 out   $0.000410     broke off after its first token
    gemini/key1/flash       answered    876 in  301 out   unpriced      nobody told us the price
                                                          $0.000410 and 1 unpriced

Prices are the operator's word; none are built in, because they change and a wrong one is worse than none.
What has no price is unpriced, never free; free is what is declared to cost 0.
"""

from collections.abc import Iterable
from enum import StrEnum
from math import fsum
from typing import assert_never

from msgspec import Struct

from state.events import Answered, AttemptClosed, Cancelled, Interrupted, Usage
from state.failures import Failure
from state.settings.offer import PriceConfig
from state.usage.tokens import believed
from state.words import LaneId

__all__ = ["Bill", "Line", "Part", "bill", "cost", "dollars"]

TOKENS_PER_PRICE = 1_000_000
UNPRICED = PriceConfig()


class Part(StrEnum):
    """What an attempt was to its request."""

    ANSWERED = "answered"
    RETRIED = "retried"
    """Failed, and the same lane was tried again."""
    RESCUED = "rescued"
    """Broke off after its first token, and another lane went on."""
    ABANDONED = "abandoned"
    """Failed before its first token, and another lane was tried."""
    FAILED = "failed"
    """Failed, and nobody came after it."""
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Line(Struct, frozen=True, kw_only=True):
    """One attempt on the bill."""

    attempt_id: str
    lane: LaneId
    part: Part
    usage: Usage | None
    """None: nobody counted."""
    cost_usd: float | None
    """None: unpriced."""


class Bill(Struct, frozen=True):
    """All that one request cost."""

    lines: tuple[Line, ...]

    @property
    def total_usd(self) -> float:
        """Of the lines that have a price."""
        return fsum(line.cost_usd for line in self.lines if line.cost_usd is not None)

    @property
    def unpriced(self) -> int:
        """Of how many lines nobody knows the cost: with any, the total is only a part of it."""
        return sum(line.cost_usd is None for line in self.lines)

    def __str__(self) -> str:
        if not self.unpriced:
            return dollars(self.total_usd)
        if self.unpriced == len(self.lines):
            return dollars(None)
        return f"{dollars(self.total_usd)} and {self.unpriced} unpriced"


def cost(price: PriceConfig, usage: Usage | None) -> float | None:
    """US dollars for this usage; None where nobody counted, or a part of it has no price.

    Cached tokens are a part of those that went in; without a price of their own they cost what the others do.
    """
    if usage is None or price == UNPRICED:
        return None
    counted = believed(usage)
    cached_price = price.input if price.cached_input is None else price.cached_input
    total_usd = 0.0
    for amount, unit_usd, unit in (
        (counted.tokens_in - counted.tokens_cached, price.input, TOKENS_PER_PRICE),
        (counted.tokens_cached, cached_price, TOKENS_PER_PRICE),
        (counted.tokens_out, price.output, TOKENS_PER_PRICE),
        (counted.images, price.image, 1),
    ):
        if amount and unit_usd is None:
            return None
        total_usd += amount * (unit_usd or 0.0) / unit
    return total_usd


def bill(attempts: Iterable[AttemptClosed]) -> Bill:
    """Of one request's attempts, in the order in which they ended: a line for each."""
    closed = list(attempts)
    lines = (
        Line(
            attempt_id=attempt.attempt_id,
            lane=attempt.lane,
            part=_part(attempt, follower),
            usage=attempt.usage,
            cost_usd=attempt.cost_usd,
        )
        for attempt, follower in zip(closed, [*closed[1:], None], strict=False)
    )
    return Bill(tuple(lines))


def dollars(cost_usd: float | None) -> str:
    """As people read it: to a millionth, because most calls cost less than a cent."""
    if cost_usd is None:
        return "unpriced"
    return "<$0.000001" if 0 < cost_usd < 1e-6 else f"${cost_usd:.6f}"


def _part(attempt: AttemptClosed, follower: AttemptClosed | None) -> Part:
    match attempt.outcome:
        case Answered():
            return Part.ANSWERED
        case Cancelled():
            return Part.CANCELLED
        case Interrupted():
            return Part.INTERRUPTED
        case Failure():
            if follower is None:
                return Part.FAILED
            if follower.lane == attempt.lane:
                return Part.RETRIED
            return Part.ABANDONED if attempt.first_token_ms is None else Part.RESCUED
    assert_never(attempt.outcome)
