"""What the router is shown of a lane: all that is known of it, boiled down to what a choice needs."""

from state.admission import Admitted, admit, places
from state.board import USABLE, Card, Condition, Exhausted, LaneView, OnTrial, Out, Resting
from state.config import Config
from state.events import Mark
from state.fold import State
from state.holds import Busy, Hold, HoldKind, Phase
from state.limits import Allowance, Reserved, reserve
from state.statistics import performance
from state.words import LaneId

__all__ = ["same_prospects", "view_of"]


def view_of(
    lane: LaneId,
    card: Card,
    state: State,
    allowance: Allowance,
    settings: Config,
    *,
    at_ms: int,
    wall_ms: int,
) -> LaneView:
    """The lane at this moment; what time alone will change is in it as a moment."""
    in_flight = state.limits.meter(lane).in_flight
    room = reserve(state.limits, allowance, 0, at_ms, wall_ms)
    condition = _condition(lane, state, at_ms, settings)
    # A hold ends by time alone, so what it leaves no place for must not be written down beside it.
    is_held = isinstance(condition, Resting | Out)
    free = None if is_held else places(state.standing, lane, at_ms, settings)
    return LaneView(
        lane=lane,
        card=card,
        condition=condition,
        exhausted=None if isinstance(room, Reserved) else Exhausted(room.window, room.until_ms),
        in_flight=in_flight,
        carries=None if free is None else in_flight + free,
        performance=performance(state.statistics, lane, at_ms),
    )


def same_prospects(one: LaneView, other: LaneView) -> bool:
    """Whether both would be chosen in the same cases; only how busy and how good they are may differ."""
    return (
        one.condition == other.condition
        and one.exhausted == other.exhausted
        and one.carries == other.carries
        and one.card == other.card
    )


def _condition(lane: LaneId, state: State, at_ms: int, settings: Config) -> Condition:
    decision = admit(state.standing, lane, at_ms, settings)
    if isinstance(decision, Admitted):
        mark = decision.terms.mark
        return USABLE if mark is Mark.NORMAL else OnTrial(free=True, mark=mark)
    match decision.why:
        case Busy(phase=Phase.UNDER_TRIAL):
            return OnTrial(free=False)
        case Busy():
            return USABLE  # full for now, which `carries` says
        case Hold(kind=HoldKind.REST, until_ms=int(until_ms)):
            return Resting(until_ms, decision.reason)
        case Hold(kind=kind, until_ms=until_ms):
            return Out(until_ms, decision.reason, last_resort=kind is HoldKind.QUARANTINE)
