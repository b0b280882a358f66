"""How a provider tells the router of its lanes: a standing in the words of the board."""

from state.config import Config
from state.events import Mark
from state.routing.board import USABLE, Condition, OnTrial, Out, Resting
from state.standing.admission import Admitted, admit
from state.standing.holds import Busy, HoldKind, Phase
from state.standing.standings import Standings
from state.words import LaneId

__all__ = ["condition"]


def condition(standings: Standings, lane: LaneId, at_ms: int, settings: Config) -> Condition:
    """What the board shows of a lane. A full slow start is told by how much the lane carries, not here."""
    decision = admit(standings, lane, at_ms, settings)
    if isinstance(decision, Admitted):
        mark = decision.terms.mark
        return USABLE if mark is Mark.NORMAL else OnTrial(mark=mark)
    why = decision.why
    if isinstance(why, Busy):
        return OnTrial(free=False) if why.phase is Phase.UNDER_TRIAL else USABLE
    if why.kind is HoldKind.REST and why.until_ms is not None:
        return Resting(why.until_ms, decision.reason)
    asked = admit(standings, lane, at_ms, settings, as_last_resort=True)
    return Out(why.until_ms, decision.reason, last_resort=isinstance(asked, Admitted))
