"""A job in the words of the wire: a line, its whole status, a result in the shape of OpenAI's batches."""

import msgspec
from msgspec import Raw, Struct

from daemon.api.cast import Cast
from daemon.api.moment import Moment
from state.jobs.job import ItemState, Job, JobState
from state.jobs.outcome import Error, Outcome
from state.jobs.rows import Result
from state.jobs.tally import LaneTally

__all__ = [
    "Checkpoint",
    "ItemNews",
    "JobLine",
    "JobStatus",
    "LaneProgress",
    "line_of",
    "news_of",
    "result_said",
    "status_of",
]

_encode = msgspec.json.Encoder().encode
NO_LANE = LaneTally()


class JobLine(Struct, frozen=True, kw_only=True):
    """A job at a glance."""

    job_id: str
    name: str
    state: JobState
    why: str = ""
    """Why it sleeps or is paused."""
    until_wall_ms: int | None = None
    """When it goes on; None: it does, or nobody knows."""
    total: int
    done: int
    failed: int
    unknown: int
    created_wall_ms: int
    finished_wall_ms: int | None = None


class LaneProgress(Struct, frozen=True, kw_only=True):
    """One lane's part in it."""

    lane: str
    done: int
    failed: int
    in_flight: int
    seconds_mean: float | None = None
    """Of the items that it has done."""
    tokens: int
    cost_usd: float


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The item that was settled last, and with which key and model."""

    n: int
    custom_id: str
    lane: str
    at_wall_ms: int


class JobStatus(Struct, frozen=True, kw_only=True):
    """All about a job but its answers."""

    job_id: str
    name: str
    state: JobState
    why: str = ""
    until_wall_ms: int | None = None
    created_wall_ms: int
    finished_wall_ms: int | None = None
    total: int
    counts: dict[str, int]
    """By the items' state."""
    failovers: int
    tags: dict[str, int]
    errors: dict[str, int]
    """What lanes said instead of an answer, by kind; and why items failed that no lane was asked for."""
    lanes: tuple[LaneProgress, ...]
    checkpoint: Checkpoint | None = None
    rate_per_min: float | None = None
    """Lately; None: nothing was settled lately."""
    left_s: float | None = None
    tokens: int
    cost_usd: float


class ItemNews(Struct, frozen=True, kw_only=True):
    """An item that did not go as planned: it failed, failed over, or nobody knows what became of it."""

    n: int
    custom_id: str
    state: ItemState
    tag: str = ""
    lane: str = ""
    reason: str = ""
    errors: tuple[Error, ...] = ()


class _Block(Struct, frozen=True, kw_only=True):
    """What we have to say of a result."""

    state: ItemState
    tag: str = ""
    lane: str = ""
    model: str = ""
    seconds: float = 0.0
    attempts: int = 0
    reason: str = ""
    errors: tuple[Error, ...] = ()
    again: bool = False
    """It may have been sent once more than it was answered, because the daemon died."""
    tokens: int = 0
    cost_usd: float | None = None


_SAYS = {
    ItemState.UNKNOWN: "it may have been answered and paid for when the daemon died, and is held",
    ItemState.CANCELLED: "the job was cancelled before it was done",
}


def line_of(cast: Cast, job: Job) -> JobLine:
    """As it is at this moment."""
    live = cast.jobs.live(job)
    return JobLine(
        job_id=job.id,
        name=job.name,
        state=live.state,
        why=live.why,
        until_wall_ms=_wall(cast, live.until_ms),
        total=job.total,
        done=live.tally.done,
        failed=live.tally.failed,
        unknown=live.tally.unknown,
        created_wall_ms=job.created_wall_ms,
        finished_wall_ms=job.finished_wall_ms,
    )


def status_of(cast: Cast, job: Job) -> JobStatus:
    """As it is at this moment."""
    live = cast.jobs.live(job)
    tally = live.tally
    on_their_way = sum(live.in_flight.values())
    pending = max(0, job.total - tally.over - on_their_way)
    counts = {
        ItemState.PENDING: pending,
        ItemState.SENT: on_their_way,
        ItemState.DONE: tally.done,
        ItemState.FAILED: tally.failed,
        ItemState.UNKNOWN: tally.unknown,
        ItemState.CANCELLED: tally.cancelled,
    }
    lanes = sorted({*tally.lanes, *live.in_flight} - {""})
    last = tally.last
    return JobStatus(
        job_id=job.id,
        name=job.name,
        state=live.state,
        why=live.why,
        until_wall_ms=_wall(cast, live.until_ms),
        created_wall_ms=job.created_wall_ms,
        finished_wall_ms=job.finished_wall_ms,
        total=job.total,
        counts={str(state): count for state, count in counts.items()},
        failovers=tally.failovers,
        tags=tally.tags,
        errors=tally.errors,
        lanes=tuple(
            _lane(lane, tally.lanes.get(lane, NO_LANE), live.in_flight.get(lane, 0)) for lane in lanes
        ),
        checkpoint=None
        if last is None
        else Checkpoint(n=last.n, custom_id=last.custom_id, lane=last.lane, at_wall_ms=last.at_wall_ms),
        rate_per_min=live.rate_per_min,
        left_s=None if not live.rate_per_min else (pending + on_their_way) * 60 / live.rate_per_min,
        tokens=tally.tokens,
        cost_usd=tally.cost_usd,
    )


def result_said(job: Job, result: Result) -> Raw:
    """The answer's bytes are the provider's, and are spliced in as they are."""
    outcome = result.outcome
    id_ = _encode(f"{job.id}-{result.n}")
    head = b'{"id":%b,"custom_id":%b' % (id_, _encode(result.custom_id or str(result.n)))
    if outcome is None:
        said = {"code": result.state, "message": _SAYS.get(result.state, "it is not over yet")}
        block = _Block(state=result.state, lane=result.lane, model=_model(result.lane))
        return Raw(b'%b,"response":null,"error":%b,"failover":%b}' % (head, _encode(said), _encode(block)))
    block = _Block(
        state=result.state,
        tag=outcome.tag,
        lane=outcome.lane,
        model=_model(outcome.lane),
        seconds=outcome.duration_ms / 1000,
        attempts=outcome.attempts,
        reason=outcome.reason,
        errors=outcome.errors,
        again=outcome.crashes > 0,
        tokens=outcome.tokens,
        cost_usd=outcome.cost_usd,
    )
    if outcome.is_done and result.answer is not None:
        response = b'{"status_code":200,"request_id":%b,"body":%b}' % (
            _encode(outcome.request_id),
            result.answer.strip(),
        )
        return Raw(b'%b,"response":%b,"error":null,"failover":%b}' % (head, response, _encode(block)))
    error = {"code": outcome.code, "message": outcome.message}
    return Raw(b'%b,"response":null,"error":%b,"failover":%b}' % (head, _encode(error), _encode(block)))


def news_of(outcome: Outcome) -> ItemNews:
    """Of an item that did not go as planned."""
    return ItemNews(
        n=outcome.n,
        custom_id=outcome.custom_id,
        state=ItemState.DONE if outcome.is_done else ItemState.FAILED,
        tag=outcome.tag,
        lane=outcome.lane,
        reason=outcome.reason or outcome.message,
        errors=outcome.errors,
    )


def _wall(cast: Cast, at_ms: int | None) -> int | None:
    if at_ms is None:
        return None
    # To the second: the two clocks do not tick together, and nobody should hear of the same moment twice.
    return round(Moment(cast.clock.now_ms(), cast.clock.wall_ms()).wall_of(at_ms) / 1000) * 1000


def _model(lane: str) -> str:
    return lane.split("/", 2)[2] if lane.count("/") >= 2 else ""


def _lane(lane: str, tally: LaneTally, in_flight: int) -> LaneProgress:
    return LaneProgress(
        lane=lane,
        done=tally.done,
        failed=tally.failed,
        in_flight=in_flight,
        seconds_mean=tally.duration_ms / 1000 / tally.done if tally.done else None,
        tokens=tally.tokens,
        cost_usd=tally.cost_usd,
    )
