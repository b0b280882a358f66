"""One request's way, told: every look at the board with a reason for each lane, every attempt, the end."""

from msgspec import Struct

from actors.case import Attempted
from daemon.api.moment import Moment
from daemon.api.refusal import AttemptSaid, attempts_said
from daemon.api.report import SeamSaid
from state.routing.board import LaneView, OnTrial, Out, Resting, Usable
from state.routing.question import Ranked
from state.telling.explanation import Explanation, LaneThen, LookThen, Try

__all__ = ["LaneStory", "LookStory", "Story", "story_of"]


class LaneStory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A lane at one look: its place, or why it had none, and how it stood."""

    lane: str
    place: int | None = None
    """1 is the one that was chosen; None: it could not be."""
    lead: str = ""
    mark: str = ""
    why: str = ""
    detail: str = ""
    until_wall_ms: int | None = None
    stood: str = ""
    in_flight: int = 0


class LookStory(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One look at the board, and what came of it."""

    at_wall_ms: int
    chose: str = ""
    """Empty: no lane could be tried."""
    refused: str = ""
    """Why the provider did not let it in after all."""
    as_last_resort: bool = False
    lanes: tuple[LaneStory, ...] = ()
    """Empty: the board of that time is not kept any more."""


class Story(Struct, frozen=True, kw_only=True):
    """All that is known of it."""

    request_id: str
    verdict: str
    """`under_way` while it is."""
    lane: str = ""
    pool: str = ""
    app: str = ""
    closed_wall_ms: int | None = None
    duration_s: float | None = None
    looks: tuple[LookStory, ...] = ()
    attempts: tuple[AttemptSaid, ...] = ()
    seams: tuple[SeamSaid, ...] = ()
    merged_with: str = ""
    from_cache: bool = False
    cost_usd: float | None = None


def story_of(found: Explanation, now: Moment) -> Story:
    """In the words of the wire."""
    costs = [tried.cost_usd for tried in found.tries]
    return Story(
        request_id=found.request_id,
        verdict="under_way" if found.verdict is None else found.verdict,
        lane="" if found.lane is None else str(found.lane),
        pool=found.pool,
        app=found.app,
        closed_wall_ms=found.closed_wall_ms,
        duration_s=None if found.duration_ms is None else found.duration_ms / 1000,
        looks=tuple(_look(then, now) for then in found.looks),
        attempts=attempts_said(tuple(_attempted(tried) for tried in found.tries)),
        seams=tuple(
            SeamSaid(seam.at_char, str(seam.before), str(seam.after), seam.how) for seam in found.seams
        ),
        merged_with=found.merged_with,
        from_cache=found.from_cache,
        cost_usd=None if not costs or None in costs else sum(cost for cost in costs if cost is not None),
    )


def _look(then: LookThen, now: Moment) -> LookStory:
    look = then.look
    return LookStory(
        at_wall_ms=now.wall_of(look.at_ms),
        chose="" if look.chose is None else str(look.chose),
        refused=look.refused,
        as_last_resort=look.as_last_resort,
        lanes=tuple(_lane(lane, look.at_ms, now) for lane in then.lanes),
    )


def _lane(then: LaneThen, at_ms: int, now: Moment) -> LaneStory:
    placing, view = then.placing, then.view
    stood = "" if view is None else _stood(view, at_ms)
    in_flight = 0 if view is None else view.in_flight
    if isinstance(placing, Ranked):
        return LaneStory(
            lane=str(placing.lane),
            place=placing.place,
            lead=placing.lead,
            mark=placing.mark,
            stood=stood,
            in_flight=in_flight,
        )
    return LaneStory(
        lane=str(placing.lane),
        why=placing.why,
        detail=placing.detail,
        until_wall_ms=None if placing.until_ms is None else now.wall_of(placing.until_ms),
        stood=stood,
        in_flight=in_flight,
    )


def _stood(view: LaneView, at_ms: int) -> str:
    match view.condition_at(at_ms):
        case Usable():
            return "well"
        case OnTrial(free=free):
            return "on trial" if free else "under trial"
        case Resting(why=why):
            return why or "resting"
        case Out(why=why):
            return why or "out"


def _attempted(tried: Try) -> Attempted:
    return Attempted(
        attempt_id="",
        lane=tried.lane,
        terms=tried.terms,
        outcome=tried.outcome,
        at_ms=tried.at_ms,
        tries=tried.tries,
        duration_ms=tried.duration_ms,
        first_token_ms=tried.first_token_ms,
        usage=tried.usage,
        cost_usd=tried.cost_usd,
    )
