"""The last word on whether a request may use a lane: admitted, on which terms, or held, by whom and why."""

from collections.abc import Iterable

from msgspec import Struct

from state.config import Config, ProviderConfig
from state.events import Epochs, Mark, Terms
from state.standing.holds import Busy, Hold, HoldKind
from state.standing.judgement import provider_config
from state.standing.standing import Standing
from state.standing.standings import Standings
from state.timeline import ms
from state.words import LaneId, Target, chain

__all__ = ["Admitted", "Held", "admit", "explain", "is_usable", "last_resort", "places"]


class Admitted(Struct, frozen=True, gc=False):
    """Come in. The place is reserved by folding an `AttemptOpened` with these terms."""

    terms: Terms


class Held(Struct, frozen=True):
    """Not now."""

    target: Target
    """The lane, or the key or provider that it stands on."""
    why: Hold | Busy

    @property
    def until_ms(self) -> int | None:
        """When asking again makes sense; None: not before somebody acts."""
        return self.why.until_ms

    @property
    def hold(self) -> Hold | None:
        """None: not held, only somebody else's trial or a slow start is in the way."""
        return self.why if isinstance(self.why, Hold) else None

    @property
    def reason(self) -> str:
        return f"{self.target} {self.why}"


def is_usable(standings: Standings, lane: LaneId, at_ms: int, settings: Config) -> bool:
    """Whether no hold of the lane, its key or its provider runs, and none of them is full."""
    own, key, above = standings.chain(lane)
    if own.is_free and key.is_free and above.is_free:
        return True
    provider = provider_config(settings, lane)
    return all(standing.gate(at_ms, provider) is None for standing in (own, key, above))


def admit(
    standings: Standings,
    lane: LaneId,
    at_ms: int,
    settings: Config,
    *,
    may_strike: bool = True,
    last_standing: bool = False,
    as_last_resort: bool = False,
) -> Admitted | Held:
    """Whether one more request may use this lane, by its standing; limits are asked elsewhere.

    Of several reasons against it, the one that lasts longest is told. The last resort passes a quarantine
    of our own making and nothing else: no order, no refused key, no rate limit.
    """
    own, key, above = on_its_way = standings.chain(lane)
    mark = Mark.NORMAL
    if not (own.is_free and key.is_free and above.is_free):
        provider = provider_config(settings, lane)
        held: tuple[float, int, Hold | Busy] | None = None
        for height, standing in enumerate(on_its_way):
            if standing.is_free:
                continue
            gate = standing.gate(at_ms, provider)
            if gate is None:
                mark = max(mark, _mark(standing, at_ms, provider), key=_MARKS.index)
            elif as_last_resort and _is_quarantine_alone(gate, standing, at_ms):
                mark = Mark.LAST_RESORT
            elif held is None or _end(gate) > held[0]:
                held = _end(gate), height, gate
        if held is not None:
            return Held(chain(lane)[held[1]], held[2])
    epochs = Epochs(own.epoch, key.epoch, above.epoch)
    return Admitted(Terms(mark=mark, epochs=epochs, may_strike=may_strike, last_standing=last_standing))


def last_resort(
    standings: Standings, eligible: Iterable[LaneId], at_ms: int, settings: Config
) -> LaneId | None:
    """With everything eligible held, the quarantined lane with the least time left; of equals, the first.

    None: something is usable after all, nothing is merely quarantined, or the whole daemon has had its
    attempt for this while.
    """
    best: LaneId | None = None
    best_ms = 0.0
    for lane in eligible:
        provider = provider_config(settings, lane)
        gates = [
            (standing, gate)
            for standing in standings.chain(lane)
            if (gate := standing.gate(at_ms, provider)) is not None
        ]
        if not gates:
            return None
        if not all(_is_quarantine_alone(gate, standing, at_ms) for standing, gate in gates):
            continue
        if not _is_last_resort_due(standings.last_resort_ms, at_ms, provider):
            continue
        end_ms = max(_end(gate) for _, gate in gates)
        if best is None or end_ms < best_ms:
            best, best_ms = lane, end_ms
    return best


def places(standings: Standings, lane: LaneId, at_ms: int, settings: Config) -> int | None:
    """How many more requests the lane may carry by its standing; None: as many as its limits allow."""
    provider = provider_config(settings, lane)
    free: list[int] = []
    for standing in standings.chain(lane):
        if standing.gate(at_ms, provider) is not None:
            return 0
        if (capacity := standing.capacity(at_ms, provider)) is not None:
            free.append(capacity - len(standing.taken(at_ms, provider)))
    return min(free, default=None)


def explain(standings: Standings, lane: LaneId, at_ms: int, settings: Config) -> str:
    """How it stands, in one sentence: whatever keeps the lane out, first; else what there is to tell."""
    provider = provider_config(settings, lane)
    decision = admit(standings, lane, at_ms, settings)
    if isinstance(decision, Held):
        return f"{decision.target}: {standings.of(decision.target).say(at_ms, provider)}"
    for target, standing in zip(chain(lane), standings.chain(lane), strict=True):
        if (sentence := standing.say(at_ms, provider)) != "well":
            return f"{target}: {sentence}"
    return f"{lane}: well"


_MARKS = (Mark.NORMAL, Mark.TRIAL, Mark.EARLY_TRIAL, Mark.LAST_RESORT)
"""The more of an exception, the later; the greatest one in the chain names the attempt."""


def _mark(standing: Standing, at_ms: int, provider: ProviderConfig) -> Mark:
    if not standing.awaits_trial(at_ms, provider):
        return Mark.NORMAL
    quarantine = standing.held(HoldKind.QUARANTINE)
    is_early = quarantine is not None and quarantine.runs_at(at_ms)
    return Mark.EARLY_TRIAL if is_early else Mark.TRIAL


def _is_quarantine_alone(gate: Hold | Busy, standing: Standing, at_ms: int) -> bool:
    """Whether a quarantine of our own making is in the way, and nothing else."""
    return isinstance(gate, Hold) and all(
        hold.kind is HoldKind.QUARANTINE for hold in standing.holds if hold.runs_at(at_ms)
    )


def _is_last_resort_due(last_ms: int | None, at_ms: int, provider: ProviderConfig) -> bool:
    return last_ms is None or at_ms - last_ms >= ms(provider.quarantine.last_resort_s)


def _end(why: Hold | Busy) -> float:
    return float("inf") if why.until_ms is None else why.until_ms
