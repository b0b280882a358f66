"""How a standing wins its freedom back: one request at a time, then two, then four.

    verb          on trial or under trial              starting slowly          else
    take_place    the one place there is               one of 1, 2, 4, ...      none is needed
    yield_place   still on trial                       one more is free         nothing
    answer        all that was on trial is forgiven    one step further         the row is over

and `probe`, which never frees anybody, but may bring the trial forward.
"""

from msgspec.structs import replace

from state.config import ProviderConfig
from state.events import AttemptOpened, ProbeClosed
from state.standing.holds import Hold, HoldKind, Phase
from state.standing.standing import Place, Probing, Standing

__all__ = ["answer", "probe", "take_place", "yield_place"]


def take_place(standing: Standing, opened: AttemptOpened, provider: ProviderConfig) -> Standing:
    """Reserve the place that a trial or a slow start has to give. The last resort takes none."""
    if standing.is_free or standing.phase(opened.at_ms, provider) not in _GIVES_PLACES:
        return standing
    capacity = standing.capacity(opened.at_ms, provider)
    assert capacity is not None, "who is on trial or starts slowly has counted places"
    taken = (*standing.taken(opened.at_ms, provider), Place(opened.attempt_id, opened.at_ms))
    return replace(standing, places=taken[-capacity:])


def yield_place(standing: Standing, attempt_id: str) -> Standing:
    """Give the place back, however the attempt ended."""
    if not standing.places:
        return standing
    places = tuple(place for place in standing.places if place.attempt_id != attempt_id)
    return standing if len(places) == len(standing.places) else replace(standing, places=places)


def answer(standing: Standing, at_ms: int, provider: ProviderConfig) -> Standing:
    """A success of the current epoch: the row is over, and so is what was on trial.

    Whoever answers under a quarantine was sent there on purpose, as a trial or as the last resort; an
    operator's order is the one thing that no answer shortens.
    """
    if standing.is_spotless:
        return standing
    rests = standing.rests if _is_resting(standing, at_ms) else 0
    holds = tuple(hold for hold in standing.holds if _outlasts_answer(hold, at_ms))
    if any(hold.law.ends_in_trial and hold not in holds for hold in standing.holds):
        return replace(
            standing,
            epoch=standing.epoch + 1,
            row=0,
            rests=rests,
            holds=holds,
            slow=0,
            probing=Probing(at_ms=standing.probing.at_ms),
            unstruck=(),
        )
    slow = standing.slow
    if slow is not None:
        slow = slow + 1 if slow + 1 < len(provider.quarantine.slow_start) else None
    places = standing.places if slow is not None else ()
    return replace(standing, row=0, rests=rests, holds=holds, slow=slow, places=places, unstruck=())


def probe(standing: Standing, closed: ProbeClosed, provider: ProviderConfig) -> Standing:
    """Climb the ladder: enough good probes in a row bring the trial forward, a bad one takes that back.

    A probe never strikes: completions may work where the free endpoint does not.
    """
    quarantine = standing.held(HoldKind.QUARANTINE)
    began_ms = closed.at_ms - closed.duration_ms
    if quarantine is None or not quarantine.runs_at(closed.at_ms):
        return replace(standing, probing=replace(standing.probing, at_ms=began_ms))
    step, enough = standing.probing.step, provider.probe.good_in_row
    good = min(standing.probing.good + 1, enough) if closed.failure is None else 0
    if good in (0, enough):
        step += 1
    return replace(standing, probing=Probing(at_ms=began_ms, step=step, good=good))


_GIVES_PLACES = frozenset({Phase.ON_TRIAL, Phase.UNDER_TRIAL, Phase.SLOW_START})


def _is_resting(standing: Standing, at_ms: int) -> bool:
    rest = standing.held(HoldKind.REST)
    return rest is not None and rest.runs_at(at_ms)


def _outlasts_answer(hold: Hold, at_ms: int) -> bool:
    """A quarantine of our own making ends with an answer, whatever else only with its time."""
    return hold.kind is not HoldKind.QUARANTINE and hold.runs_at(at_ms)
