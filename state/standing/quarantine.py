"""How a standing loses its freedom, and how somebody's act gives it back; by itself it comes back by trial.

Every verb takes a standing and gives the one that follows; where nothing follows, the very same one.

    verb        holds                        row       epoch
    strike      quarantine, or none yet      one more  new
    rest        rest                         same      same: a rate limit is no failure
    put_out     quota, auth, not found       same      new
    order       disabled, quarantined        same      new
    lift        the named kinds are gone     gone      new, if something was there
    look_anew   not found ends now           same      same: a trial will tell
    unstrike    as before the strike         as then   new
"""

from collections.abc import Set as AbstractSet

from msgspec.structs import replace

from state.config import ProviderConfig
from state.events import AttemptClosed, Fact, Terms
from state.failures import Failure, Kind
from state.standing.consequences import consequence
from state.standing.holds import Hold, HoldKind, later
from state.standing.hosts import is_loopback
from state.standing.standing import Probing, Standing, Unstruck
from state.timeline import ms
from state.usage.calendars import next_midnight_wall_ms

__all__ = [
    "PARDONED",
    "lift",
    "look_anew",
    "order",
    "put_out",
    "rest",
    "sentence_ms",
    "strike",
    "unstrike",
]

PARDONED = frozenset({HoldKind.REST, HoldKind.QUARANTINE, HoldKind.QUOTA, HoldKind.ORDERED})
"""What a release ends. A refused key and a missing model do not get better by kindness."""

_UNSTRUCK_MAX = 3
_OUT_S_MAX = 32 * 86_400.0
"""A month's quota may take a month to come back; nobody's takes longer."""
_RESTS_MAX = 64
"""More would only make the number longer: every rest has long grown to its limit."""


def strike(standing: Standing, closed: AttemptClosed, failure: Failure, provider: ProviderConfig) -> Standing:
    """One failure more in the row, and the sentence for it."""
    row = standing.row + 1
    struck = replace(
        standing, row=row, epoch=standing.epoch + 1, unstruck=_remembering(standing, closed, failure)
    )
    if _spares(standing, closed.terms, row, provider):
        return struck
    until_ms = closed.at_ms + sentence_ms(row, failure.believed_s, closed.jitter, provider)
    quarantine = _hold(HoldKind.QUARANTINE, closed, until_ms, failure, row=row)
    step = standing.probing.step if standing.held(HoldKind.QUARANTINE) else 0
    return replace(
        struck,
        holds=_with(standing.holds, quarantine),
        slow=None,
        places=(),
        probing=Probing(at_ms=closed.at_ms, step=step),
    )


def sentence_ms(row: int, stated_s: float | None, jitter: float, provider: ProviderConfig) -> int:
    """How long a lane that failed this often in a row stays away. A stated wait may lengthen it only."""
    law = provider.quarantine
    if is_loopback(provider.url):
        most_s = law.loopback_s_max
        seconds = min(law.loopback_s * row, most_s)
    else:
        most_s = provider.rest.stated_s_max
        seconds = law.row_s if row >= law.row else law.single_s
    if stated_s is not None:
        seconds = max(seconds, min(stated_s, most_s))
    return ms(seconds * (1 + law.jitter * min(max(0.0, jitter), 1.0)))


def rest(standing: Standing, closed: AttemptClosed, failure: Failure, provider: ProviderConfig) -> Standing:
    """Wait out a rate limit. Unstated ones grow, but twenty refusals at once are one."""
    law = provider.rest
    stated_s = failure.wait_s
    rests = standing.rests
    if stated_s is not None:
        seconds = min(max(law.stated_s_min, stated_s), law.stated_s_max)
    else:
        resting = standing.held(HoldKind.REST)
        if resting is not None and resting.runs_at(closed.at_ms):
            return standing
        seconds = min(law.first_s * law.growth**rests, law.grown_s_max)
        rests = min(rests + 1, _RESTS_MAX)
        if is_loopback(provider.url):
            seconds = min(seconds, provider.quarantine.loopback_s_max)
    hold = _hold(HoldKind.REST, closed, closed.at_ms + ms(seconds), failure)
    return replace(standing, rests=rests, holds=_with(standing.holds, hold))


def put_out(
    standing: Standing, closed: AttemptClosed, failure: Failure, provider: ProviderConfig
) -> Standing:
    """Out by quota, by its key, or because it is not there. No strike: nobody is less reliable for it."""
    hold = _hold(_OUT[failure.kind], closed, _out_until_ms(closed, failure, provider), failure)
    return order(standing, hold)


def order(standing: Standing, hold: Hold) -> Standing:
    """Hold it, whatever it is doing: what is still on its way is old news."""
    return replace(
        standing, epoch=standing.epoch + 1, holds=_with(standing.holds, hold), slow=None, places=()
    )


def lift(standing: Standing, kinds: AbstractSet[HoldKind]) -> Standing:
    """End the holds of these kinds, by somebody's act. Who is released owes no proof."""
    holds = tuple(hold for hold in standing.holds if hold.kind not in kinds)
    forgives = HoldKind.QUARANTINE in kinds and (standing.row > 0 or standing.slow is not None)
    if len(holds) == len(standing.holds) and not forgives:
        return standing
    pardoned = replace(standing, epoch=standing.epoch + 1, holds=holds, places=(), unstruck=())
    if HoldKind.QUARANTINE not in kinds:
        return pardoned
    return replace(pardoned, row=0, rests=0, slow=None, probing=Probing(at_ms=standing.probing.at_ms))


def look_anew(standing: Standing, at_ms: int) -> Standing:
    """A missing model may be there by now: one request may look."""
    missing = standing.held(HoldKind.NOT_FOUND)
    if missing is None:
        return standing
    others = tuple(hold for hold in standing.holds if hold is not missing)
    return replace(standing, holds=(*others, replace(missing, until_ms=at_ms)))


def unstrike(standing: Standing, since_ms: int) -> Standing:
    """Our own network was at fault since then: the row and the quarantine are what they were before."""
    undone = [before for before in standing.unstruck if before.at_ms >= since_ms]
    if not undone:
        return standing
    before = undone[0]
    holds = tuple(hold for hold in standing.holds if hold.kind is not HoldKind.QUARANTINE)
    return replace(
        standing,
        epoch=standing.epoch + 1,
        row=before.row,
        holds=holds if before.quarantine is None else (*holds, before.quarantine),
        slow=before.slow,
        unstruck=tuple(kept for kept in standing.unstruck if kept.at_ms < since_ms),
    )


_OUT = {Kind.QUOTA: HoldKind.QUOTA, Kind.AUTH: HoldKind.AUTH, Kind.NOT_FOUND: HoldKind.NOT_FOUND}


def _out_until_ms(closed: AttemptClosed, failure: Failure, provider: ProviderConfig) -> int | None:
    match failure.kind:
        case Kind.AUTH:
            return None
        case Kind.NOT_FOUND:
            return closed.at_ms + ms(provider.rest.not_found_s)
    if failure.believed_s is not None:
        return closed.at_ms + ms(min(max(provider.rest.stated_s_min, failure.believed_s), _OUT_S_MAX))
    if _counts_days(provider):
        return closed.at_ms + next_midnight_wall_ms(closed.wall_ms, provider.reset_zone) - closed.wall_ms
    return closed.at_ms + ms(provider.rest.quota_s)


def _counts_days(provider: ProviderConfig) -> bool:
    """Whether its quotas are known to be daily: somebody named its zone, or a limit per day."""
    limits = [provider.limits, provider.model_limits]
    limits += [model.limits for model in provider.models]
    limits += [key.limits for key in provider.keys]
    return provider.reset_zone != "UTC" or any(limit.rpd or limit.tpd for limit in limits)


def _spares(standing: Standing, terms: Terms, row: int, provider: ProviderConfig) -> bool:
    """Whether the last one standing is struck without being benched. Who is on trial does not stand."""
    law = provider.quarantine
    stands = not any(hold.law.ends_in_trial for hold in standing.holds)
    return law.keep_last and terms.last_standing and stands and row < law.row


def _remembering(standing: Standing, closed: AttemptClosed, failure: Failure) -> tuple[Unstruck, ...]:
    if not consequence(failure).may_be_link:
        return standing.unstruck
    before = Unstruck(
        at_ms=closed.at_ms,
        row=standing.row,
        quarantine=standing.held(HoldKind.QUARANTINE),
        slow=standing.slow,
    )
    return (*standing.unstruck, before)[-_UNSTRUCK_MAX:]


def _hold(kind: HoldKind, fact: Fact, until_ms: int | None, failure: Failure, *, row: int = 0) -> Hold:
    return Hold(
        kind=kind,
        since_ms=fact.at_ms,
        until_ms=until_ms,
        since_wall_ms=fact.wall_ms,
        reason=failure.kind,
        rule=failure.rule,
        row=row,
    )


def _with(holds: tuple[Hold, ...], hold: Hold) -> tuple[Hold, ...]:
    """The holds with this one in the place of its kind, unless the one there ends later."""
    place = next((held for held in holds if held.kind is hold.kind), None)
    return (*(held for held in holds if held is not place), later(place, hold))
