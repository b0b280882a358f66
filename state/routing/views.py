"""What the router is shown of a lane: all that is known of it, boiled down to what a choice needs."""

from state.config import Config
from state.memory.fold import State
from state.routing.board import Card, LaneView, Out, Performance, Resting, UsedUp
from state.routing.outlook import condition
from state.standing.admission import places
from state.usage.limits import Allowance, Reserved, reserve
from state.usage.statistics import performance
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
    lately: Performance | None = None,
) -> LaneView:
    """The lane at this moment; what time alone will change is in it as a moment. How good it is takes longer
    to find out than all the rest: who has looked `lately` may say so.
    """
    in_flight = state.limits.meter(lane).in_flight
    room = reserve(state.limits, allowance, 0, at_ms, wall_ms)
    standing = condition(state.standing, lane, at_ms, settings)
    # A hold ends by time alone, so what it leaves no place for must not be written down beside it.
    is_held = isinstance(standing, Resting | Out)
    free = None if is_held else places(state.standing, lane, at_ms, settings)
    return LaneView(
        lane=lane,
        card=card,
        condition=standing,
        exhausted=None if isinstance(room, Reserved) else UsedUp(room.window, room.until_ms),
        in_flight=in_flight,
        carries=None if free is None else in_flight + free,
        performance=performance(state.statistics, lane, at_ms) if lately is None else lately,
    )


def same_prospects(one: LaneView, other: LaneView) -> bool:
    """Whether both would be chosen in the same cases; how good they are may differ, and how busy
    as long as there is room.
    """
    return (
        one.condition == other.condition
        and one.exhausted == other.exhausted
        and one.carries == other.carries
        and one.is_full == other.is_full
        and one.card == other.card
    )
