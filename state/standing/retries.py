"""Whether a failed try is repeated on the same lane, and after which pause: the only retries there are."""

from state.config import Patience, RetryConfig
from state.failures import Failure
from state.standing.consequences import InPlace, consequence

__all__ = ["pause_before_retry_s"]


def pause_before_retry_s(
    failure: Failure,
    retry: RetryConfig,
    *,
    tries: int,
    patience: Patience = Patience.INTERACTIVE,
    alone: bool = False,
    before_first_byte: bool = True,
    chance: float = 0.0,
) -> float | None:
    """How long to wait before the same lane is asked again; None: do not, go on.

    `tries` is how often it has been asked for this request, the failed try included; `alone` says that no
    other lane is eligible; `chance` is drawn from [0, 1). The caller sees to its deadline.
    """
    assert tries >= 1, "a failure comes after a try"
    row = consequence(failure)
    if not before_first_byte:
        return None
    if row.in_place is InPlace.STATED:
        return _rate_limit_pause_s(failure.wait_s, retry, tries, climbs=alone or patience is Patience.PATIENT)
    if patience is Patience.PATIENT and row.transient:
        return retry.patient_pause_s if tries < retry.patient_tries else None
    if row.in_place is InPlace.CONFIRM and tries <= retry.retries:
        return retry.pause_s_min + chance * max(0.0, retry.pause_s_max - retry.pause_s_min)
    return None


def _rate_limit_pause_s(
    stated_s: float | None, retry: RetryConfig, tries: int, *, climbs: bool
) -> float | None:
    """A stated wait is never cut short: what is longer than the ladder is for another lane to spare us."""
    if tries == 1 and stated_s is not None and stated_s <= retry.stated_wait_s_max:
        return max(0.0, stated_s)
    if not climbs or tries > len(retry.ladder_s):
        return None
    rung_s = retry.ladder_s[tries - 1]
    if stated_s is None:
        return rung_s
    return max(rung_s, stated_s) if stated_s <= max(retry.ladder_s) else None
