"""What can be looked at: statistics, capacity, one request's way, what the journal keeps."""

from typing import Annotated

from msgspec import Meta, Struct

from actors.journal.journal_file import JournalUnusable
from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.moment import Moment
from daemon.api.params import Params
from daemon.api.refusal import Refusal
from daemon.api.story import Story, story_of
from daemon.api.targets import named
from daemon.api.totals import left_of, summary_of, summary_of_all
from daemon.verdicts import ErrorKind
from state.events import RequestClosed
from state.memory.journal import Query, Stored
from state.usage.capacity import WindowLeft, capacity
from state.usage.limits import allowance_of
from state.usage.statistics import Summary
from state.words import covers

__all__ = [
    "CapacitySaid",
    "ExplainParams",
    "JournalParams",
    "JournalSaid",
    "LaneCapacitySaid",
    "LaneStats",
    "LimitSaid",
    "StatsParams",
    "StatsSaid",
    "explain",
    "journal",
    "room",
    "stats",
]

LAST = "last"


class StatsParams(Params, frozen=True):
    target: Annotated[str, Meta(max_length=400)] = ""
    """A provider, a key or a lane; empty: all."""


class LaneStats(Struct, frozen=True):
    """One lane's."""

    lane: str
    stats: Summary


class StatsSaid(Struct, frozen=True, kw_only=True):
    """Counted since the last reset, judged by what is recent."""

    target: str
    """Empty: everybody."""
    total: Summary
    lanes: tuple[LaneStats, ...]
    verdicts: dict[str, int]
    """How requests have ended; of all of them."""


class LimitSaid(Struct, frozen=True, kw_only=True):
    """One limit on a lane's way: its own, its key's or its provider's."""

    target: str
    window: str
    limit: int | None
    """None: the provider said only what remains."""
    used: int
    left: int
    whole_wall_ms: int | None = None
    """When all of it is back; None: when the attempts in flight have ended."""
    stated: bool = False
    """By the provider, not by the config."""


class LaneCapacitySaid(Struct, frozen=True, kw_only=True):
    """What one lane may still do."""

    lane: str
    left: dict[str, int]
    """What is not in it is not limited."""
    limits: tuple[LimitSaid, ...]
    exhausted: str = ""
    """What is in the way of the very next request, in a sentence."""
    until_wall_ms: int | None = None


class CapacitySaid(Struct, frozen=True, kw_only=True):
    """What all may still do."""

    left: dict[str, int]
    """In all: limited only where every provider is."""
    providers: dict[str, dict[str, int]]
    lanes: tuple[LaneCapacitySaid, ...]


class ExplainParams(Params, frozen=True):
    request_id: Annotated[str, Meta(min_length=1, max_length=128)] = LAST
    """`last`: the latest that you may see."""


class JournalParams(Params, frozen=True):
    request_id: Annotated[str, Meta(max_length=128)] = ""
    kinds: Annotated[tuple[str, ...], Meta(max_length=32)] = ()
    since_wall_ms: int | None = None
    until_wall_ms: int | None = None
    before_seq: int | None = None
    """The last `seq` of a page, to get the next one."""
    rows_max: Annotated[int, Meta(ge=1, le=1000)] = 100


class JournalSaid(Struct, frozen=True):
    """Events as they are kept, the newest first."""

    events: tuple[Stored, ...]


def stats(cast: Cast, params: StatsParams) -> StatsSaid | Refusal:
    """How lanes have done."""
    target = named(cast, params.target) if params.target else None
    if isinstance(target, Refusal):
        return target
    now = _now(cast)
    ledgers = [door.ledger for name, door in cast.doors.items() if target is None or name == target.provider]
    total = (
        summary_of_all((ledger.state for ledger in ledgers), now)
        if target is None
        else summary_of(ledgers[0].state, target, now)
    )
    return StatsSaid(
        target=params.target,
        total=total,
        lanes=tuple(
            LaneStats(str(lane), summary_of(ledger.state, lane, now))
            for ledger in ledgers
            for lane in ledger.lanes
            if target is None or covers(target, lane)
        ),
        verdicts={str(verdict): count for verdict, count in cast.router.status.verdicts.items()},
    )


def room(cast: Cast) -> CapacitySaid:
    """What is left of every limit, and when it comes back."""
    now = _now(cast)
    parts = [
        capacity(
            ledger.state.limits,
            (allowance_of(ledger.provider, lane) for lane in ledger.lanes),
            now.at_ms,
            now.wall_ms,
        )
        for ledger in (door.ledger for door in cast.doors.values())
    ]
    providers = {name: left_of(left) for part in parts for name, left in part.providers.items()}
    windows = frozenset.intersection(*(frozenset(left) for left in providers.values())) if providers else ()
    lanes = [each for part in parts for each in part.lanes]
    return CapacitySaid(
        left={window: sum(left[window] for left in providers.values()) for window in sorted(windows)},
        providers=providers,
        lanes=tuple(
            LaneCapacitySaid(
                lane=str(each.lane),
                left=left_of(each.left),
                limits=tuple(_limit(window, now) for window in each.windows),
                exhausted="" if each.exhausted is None else str(each.exhausted),
                until_wall_ms=None if each.exhausted is None else _wall(each.exhausted.until_ms, now),
            )
            for each in lanes
        ),
    )


async def explain(cast: Cast, params: ExplainParams, caller: Caller) -> Story | Refusal:
    """Why a request went where it went. Somebody else's looks as if it did not exist."""
    try:
        request_id = await _last(cast, caller) if params.request_id == LAST else params.request_id
        found = await cast.router.explain(request_id) if cast.under_way.shows(request_id, caller) else None
    except JournalUnusable as error:
        return _unreadable(error)
    if found is None:
        message = "there is no request yet" if not request_id else f"no request is called {request_id!r}"
        return Refusal(kind=ErrorKind.UNKNOWN_NAME, message=message, field="request_id")
    return story_of(found, _now(cast))


async def journal(cast: Cast, params: JournalParams) -> JournalSaid | Refusal:
    """What the journal keeps."""
    query = Query(
        request_id=params.request_id,
        kinds=params.kinds,
        since_wall_ms=params.since_wall_ms,
        until_wall_ms=params.until_wall_ms,
        before_seq=params.before_seq,
        rows_max=params.rows_max,
    )
    try:
        return JournalSaid(tuple(await cast.journal.query(query)))
    except JournalUnusable as error:
        return _unreadable(error)


async def _last(cast: Cast, caller: Caller) -> str:
    """The latest of one's own; for who may see all, the latest of all, if need be of a former life."""
    known = cast.under_way.last(caller)
    if known or not caller.sees_all:
        return known
    stored = await cast.journal.query(Query(kinds=("request_closed",), rows_max=1))
    return next((each.event.request_id for each in stored if isinstance(each.event, RequestClosed)), "")


def _now(cast: Cast) -> Moment:
    return Moment(cast.clock.now_ms(), cast.clock.wall_ms())


def _wall(at_ms: int | None, now: Moment) -> int | None:
    return None if at_ms is None else now.wall_of(at_ms)


def _limit(window: WindowLeft, now: Moment) -> LimitSaid:
    return LimitSaid(
        target=str(window.target),
        window=window.window,
        limit=window.limit,
        used=window.used,
        left=window.left,
        whole_wall_ms=_wall(window.whole_ms, now),
        stated=window.stated,
    )


def _unreadable(error: JournalUnusable) -> Refusal:
    return Refusal(kind=ErrorKind.JOURNAL_UNAVAILABLE, message=f"the journal can't be read now: {error}")
