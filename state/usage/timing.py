"""How long the parts of one attempt may take: the settings, and what is usual for the lane."""

from msgspec import Struct

from state.events import Mark
from state.settings.tuning import TimeoutConfig
from state.timeline import ms

__all__ = ["Timing", "timing"]

USUAL_TIMES = 3
"""A model that thinks is slow, not dead: this many times its own 95th percentile is still patience."""


class Timing(Struct, frozen=True):
    """Spans of an attempt; None: this clock is not wound."""

    connect_ms: int
    first_token_ms: int | None
    gap_ms: int | None
    total_ms: int | None


def timing(timeout: TimeoutConfig, *, streams: bool, mark: Mark, usual_ms: int | None) -> Timing:
    """For a stream, silence is measured; for a whole answer only the whole can be.

    `usual_ms` is the 95th percentile of the lane's own first tokens, None if it has too few of them.
    """
    connect_ms = ms(timeout.connect_s)
    if not streams:
        return Timing(connect_ms, None, None, ms(timeout.total_s))
    first_ms = max(ms(timeout.first_token_s), USUAL_TIMES * (usual_ms or 0))
    if mark in (Mark.TRIAL, Mark.EARLY_TRIAL):
        first_ms = min(first_ms, ms(timeout.trial_first_token_s))
    return Timing(connect_ms, first_ms, ms(timeout.gap_s), None)
