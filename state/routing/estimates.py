"""What a request would probably cost on a lane: in dollars, and in waiting."""

from state.routing.board import LaneView, OnTrial
from state.routing.question import Ask

__all__ = ["SAMPLES_MIN", "chance_of_success", "expected_cost", "expected_wait_ms", "is_known"]

SAMPLES_MIN = 20
"""With fewer attempts behind it nobody is judged: one failure in five says nothing."""
FAILED_MS = 10_000
"""What a failure costs who waits for it: about the time in which a first token is due."""
CHANCE_MIN = 0.05
"""Nobody is without hope: a lane this bad is taken out by quarantine, not by arithmetic."""
TYPICAL_TOKENS_OUT = 500
"""Of an answer whose request sets no bound."""


def expected_cost(view: LaneView, ask: Ask) -> float | None:
    """US dollars; nothing on this machine; None where a part of it is unpriced, which is not free."""
    if view.card.local:
        return 0.0
    price = view.card.price
    tokens_out = ask.tokens_out
    if tokens_out is None:
        tokens_out = 0 if ask.images_out else TYPICAL_TOKENS_OUT
    cost = 0.0
    for amount, unit_usd, units in (
        (ask.tokens_in, price.input, 1e6),
        (tokens_out, price.output, 1e6),
        (ask.images_out, price.image, 1.0),
    ):
        if amount == 0:
            continue
        if unit_usd is None:
            return None
        cost += amount * unit_usd / units
    return cost


def expected_wait_ms(view: LaneView, *, stream: bool) -> float:
    """Until a good answer, or its first token, counting the failures on the way to it.

    One number for speed and success, so that no weights between them have to be guessed: a lane that fails
    every third time is worth it only if it saves its callers half of `FAILED_MS`.
    """
    performance = view.performance
    first_token_ms = performance.first_token_p50_ms
    wait_ms = first_token_ms if stream and first_token_ms is not None else performance.latency_p50_ms
    chance = chance_of_success(view)
    return wait_ms + (1 - chance) / chance * FAILED_MS


def chance_of_success(view: LaneView) -> float:
    """A good history does not excuse a bad hour, nor a good hour a bad history."""
    performance = view.performance
    if performance.samples < SAMPLES_MIN:
        return 1.0
    return max(CHANCE_MIN, min(performance.success_rate, performance.recent))


def is_known(view: LaneView, now_ms: int) -> bool:
    """Whether there is enough to judge it by. What was known before a quarantine is not known now."""
    return view.performance.samples >= SAMPLES_MIN and not isinstance(view.condition_at(now_ms), OnTrial)
