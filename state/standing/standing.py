"""When a lane, a key or a provider may be used: one value each, and every question one can ask it.

                strike                 time, or two good probes              one request
       well ------------> quarantined --------------------------> on trial ------------> under trial
        ^                      ^                                      ^     cancelled     |  |   |
        |                      |                                      +-------------------+  |   |
        |                      +------------------- failed, one step further ----------------+   |
        +-- 1, 2, 4, ... at once -- slow start <------------------ answered ---------------------+

Each kind of hold has a place of its own, where a later deadline replaces an earlier one. A rest (rate
limit) and an order (disabled) simply end; from everything else the way back leads through a trial.
"""

from msgspec import Struct

from state.config import ProviderConfig
from state.standing.holds import Busy, Hold, HoldKind, Phase, span
from state.timeline import ms

__all__ = ["WELL", "Place", "Probing", "Standing", "Unstruck"]


class Place(Struct, frozen=True):
    """Taken by an attempt that a trial or a slow start let through."""

    attempt_id: str
    since_ms: int


class Probing(Struct, frozen=True, omit_defaults=True):
    """How far the probes have come."""

    at_ms: int | None = None
    """When the last one began; in quarantine, at first when that began."""
    step: int = 0
    """Of the ladder. As long as there is no success it only goes on, through failed trials too."""
    good: int = 0
    """In a row. Enough of them bring the trial forward."""


class Unstruck(Struct, frozen=True, omit_defaults=True):
    """What a strike replaced, kept for the case that our own network was at fault."""

    at_ms: int
    row: int = 0
    quarantine: Hold | None = None
    slow: int | None = None


class Standing(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All that is held for or against one lane, key or provider."""

    epoch: int = 0
    """Grows with every strike and every pardon: what left before is old news."""
    row: int = 0
    """Strikes since the last success."""
    rests: int = 0
    """Rests of unstated length since the last success: they grow."""
    holds: tuple[Hold, ...] = ()
    """At most one of each kind."""
    slow: int | None = None
    """How far the slow start is; None: at full speed."""
    places: tuple[Place, ...] = ()
    probing: Probing = Probing()
    unstruck: tuple[Unstruck, ...] = ()

    @property
    def is_free(self) -> bool:
        """Whether nothing holds it or ever has to be proven: most are, so this is asked first."""
        return not self.holds and self.slow is None

    @property
    def is_spotless(self) -> bool:
        """Whether a success can make nothing better."""
        return not (self.holds or self.row or self.rests or self.unstruck) and self.slow is None

    def held(self, kind: HoldKind) -> Hold | None:
        """The hold of this kind, running or over."""
        for hold in self.holds:
            if hold.kind is kind:
                return hold
        return None

    def runs(self, hold: Hold, at_ms: int, provider: ProviderConfig) -> bool:
        """Whether it keeps requests out: it has time left, and probes have not brought its end forward."""
        return hold.runs_at(at_ms) and not (
            hold.kind is HoldKind.QUARANTINE and self.is_brought_forward(provider)
        )

    def is_brought_forward(self, provider: ProviderConfig) -> bool:
        """Whether probes have earned it an early trial."""
        return self.probing.good >= provider.probe.good_in_row and provider.quarantine.early_trial

    def hold(self, at_ms: int, provider: ProviderConfig) -> Hold | None:
        """The hold that runs now; of several, the one that ends last."""
        last: Hold | None = None
        for hold in self.holds:
            if self.runs(hold, at_ms, provider) and (last is None or _end(hold) > _end(last)):
                last = hold
        return last

    def awaits_trial(self, at_ms: int, provider: ProviderConfig) -> bool:
        """Whether a hold is over that only an answer can take away."""
        return any(hold.law.ends_in_trial and not self.runs(hold, at_ms, provider) for hold in self.holds)

    def capacity(self, at_ms: int, provider: ProviderConfig) -> int | None:
        """How many requests at once it may carry; None: as many as its limits allow."""
        if self.awaits_trial(at_ms, provider):
            return 1
        if self.slow is None:
            return None
        steps = provider.quarantine.slow_start
        return steps[min(self.slow, len(steps) - 1)]

    def taken(self, at_ms: int, provider: ProviderConfig) -> tuple[Place, ...]:
        """The places whose attempts may still come home."""
        if not self.places:
            return ()
        lost_ms = at_ms - ms(provider.quarantine.trial_s_max)
        return tuple(place for place in self.places if place.since_ms > lost_ms)

    def gate(self, at_ms: int, provider: ProviderConfig) -> Hold | Busy | None:
        """What keeps one more request out now. None: come in."""
        if self.is_free:
            return None
        if hold := self.hold(at_ms, provider):
            return hold
        capacity = self.capacity(at_ms, provider)
        if capacity is None:
            return None
        taken = self.taken(at_ms, provider)
        if len(taken) < capacity:
            return None
        first_token_ms = taken[0].since_ms + ms(provider.timeout.trial_first_token_s)
        phase = self.phase(at_ms, provider)
        return Busy(phase, len(taken), capacity, max(first_token_ms, at_ms + _SOON_MS))

    def phase(self, at_ms: int, provider: ProviderConfig) -> Phase:
        """What all this amounts to, in a word."""
        if hold := self.hold(at_ms, provider):
            return hold.law.phase
        if self.awaits_trial(at_ms, provider):
            return Phase.UNDER_TRIAL if self.taken(at_ms, provider) else Phase.ON_TRIAL
        return Phase.WELL if self.slow is None else Phase.SLOW_START

    def say(self, at_ms: int, provider: ProviderConfig) -> str:
        """One sentence for an operator, without its full stop."""
        if hold := self.hold(at_ms, provider):
            left_ms = hold.left_ms(at_ms)
            return str(hold) if left_ms is None else f"{hold.law.says} for {span(left_ms)} more{hold.because}"
        if self.awaits_trial(at_ms, provider):
            was = max((hold for hold in self.holds if hold.law.ends_in_trial), key=_end)
            early = ", early after good probes" if was.runs_at(at_ms) else ""
            return f"{self.phase(at_ms, provider)}{early}: was {was.law.says}{was.because}"
        if self.slow is not None:
            taken = len(self.taken(at_ms, provider))
            return f"starting slowly, {taken} of {self.capacity(at_ms, provider)} at once"
        return f"last one standing, {self.row} of {provider.quarantine.row}" if self.row else "well"


WELL = Standing()
"""Nothing is known against it."""

_SOON_MS = 1000


def _end(hold: Hold) -> float:
    return float("inf") if hold.until_ms is None else hold.until_ms
