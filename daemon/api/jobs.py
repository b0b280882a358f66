"""What can be done with jobs: hand in, look, fetch results, cancel, resume, purge. Others' do not exist."""

from typing import Annotated, Literal

import msgspec
from anyio.lowlevel import checkpoint
from msgspec import Meta, Raw, Struct

from actors.jobs.intake import read_item
from actors.jobs.shelf import Gap, NewItem, NewJob, Piece
from actors.journal.journal_file import JournalUnusable
from actors.wire.complaint import BadRequest
from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.jobs_said import JobLine, JobStatus, line_of, result_said, status_of
from daemon.api.params import Nothing, Params
from daemon.api.refusal import Refusal
from daemon.verdicts import ErrorKind
from state.jobs.job import Job, JobOptions, JobState, OnUnknown, Owner
from state.routing.names import Unknown
from state.timeline import ms

__all__ = [
    "FollowParams",
    "JobParams",
    "JobsSaid",
    "ResultsParams",
    "ResultsSaid",
    "ResumeParams",
    "SubmitParams",
    "Submitted",
    "cancel",
    "jobs",
    "purge",
    "results",
    "resume",
    "sought",
    "status",
    "submit",
]

ITEMS_MAX = 5_000
"""In one piece; a job may have any number of pieces."""
TURN_ITEMS = 50
"""So many are looked into, then others have their turn."""
JOBS_MAX = 200
RESULTS_MAX = 1_000
RESULTS_BYTES_MAX = 1024 * 1024

JobId = Annotated[str, Meta(min_length=1, max_length=64)]


class SubmitParams(Params, frozen=True, kw_only=True):
    """A job, or a further piece of one."""

    items: Annotated[list[Raw], Meta(max_length=ITEMS_MAX)]
    """Lines of OpenAI's batch file, or plain requests, or `{custom_id, error}` for what can't be sent."""
    name: Annotated[str, Meta(max_length=200)] = ""
    model: Annotated[str, Meta(max_length=256)] = ""
    """A pool or a model, for items that name none."""
    options: JobOptions = JobOptions()
    job_id: Annotated[str, Meta(max_length=64)] = ""
    """Of the job that this is a further piece of; empty: a new one."""
    from_: Annotated[int, Meta(ge=0)] | None = msgspec.field(default=None, name="from")
    """The place of the first of these items. What is stored already is passed over, so that a piece may be
    sent twice."""
    more: bool = False
    """Further pieces are to come; the job begins with the last."""


class Submitted(Struct, frozen=True, kw_only=True):
    """On the disk."""

    job_id: str
    stored: int
    """Items that the job has now."""
    state: JobState


class JobParams(Params, frozen=True):
    job_id: JobId


class FollowParams(JobParams, frozen=True):
    pass


class JobsSaid(Struct, frozen=True):
    """The newest first."""

    jobs: tuple[JobLine, ...]


class ResultsParams(Params, frozen=True):
    job_id: JobId
    after: Annotated[int, Meta(ge=-1)] = -1
    """The place of the last item that one has; -1: from the beginning."""
    items_max: Annotated[int, Meta(ge=1, le=RESULTS_MAX)] = RESULTS_MAX


class ResultsSaid(Struct, frozen=True, kw_only=True):
    """In order, as far as there are any."""

    results: tuple[Raw, ...]
    """In the shape of OpenAI's batch results, with a `failover` block."""
    next: int
    """Where to go on: the next `after`."""
    is_end: bool
    """There will be no more."""


class ResumeParams(Params, frozen=True, kw_only=True):
    job_id: JobId
    unknown: OnUnknown | None = None
    """What to do with items that may have been sent before a crash and are held."""
    failed: Literal["retry"] | None = None
    """Ask those again that have failed."""


async def submit(cast: Cast, params: SubmitParams, caller: Caller) -> Submitted | Refusal:
    """All of the piece is on the disk, or nothing."""
    try:
        job = await _found(cast, params.job_id, caller) if params.job_id else _new(cast, params, caller)
        if isinstance(job, Refusal):
            return job
        items = await _read(cast, params, job)
        if isinstance(items, Refusal):
            return items
        if not isinstance(job, NewJob) and job.state is not JobState.FILLING:
            if not _is_repeated(params, job):
                return _refused("job_id", f"job {job.id} is complete: it takes no more items")
            return Submitted(job_id=job.id, stored=job.total, state=job.state)
        stored = await cast.jobs.store(job, Piece(items=items, start=params.from_, more=params.more))
    except JournalUnusable as error:
        return _unusable(error)
    if isinstance(stored, Gap):
        return _refused("from", f"must be at most {stored.total}: so many items are there")
    return Submitted(job_id=stored.id, stored=stored.total, state=stored.state)


async def jobs(cast: Cast, _: Nothing, caller: Caller) -> JobsSaid | Refusal:
    """All of one's own."""
    try:
        there = await cast.jobs.owned_by(caller.client.uid, sees_all=caller.sees_all, jobs_max=JOBS_MAX)
    except JournalUnusable as error:
        return _unusable(error)
    return JobsSaid(tuple(line_of(cast, job) for job in there))


async def status(cast: Cast, params: JobParams, caller: Caller) -> JobStatus | Refusal:
    """How far it is, and where it would go on."""
    job = await sought(cast, params.job_id, caller)
    return job if isinstance(job, Refusal) else status_of(cast, job)


async def results(cast: Cast, params: ResultsParams, caller: Caller) -> ResultsSaid | Refusal:
    """A page of what is there, in order."""
    job = await sought(cast, params.job_id, caller)
    if isinstance(job, Refusal):
        return job
    try:
        page = await cast.jobs.results(
            job, params.after, items_max=params.items_max, bytes_max=RESULTS_BYTES_MAX
        )
    except JournalUnusable as error:
        return _unusable(error)
    last = page[-1].n if page else params.after
    return ResultsSaid(
        results=tuple(result_said(job, result) for result in page),
        next=last,
        is_end=job.state.is_over and last + 1 >= job.total,
    )


async def cancel(cast: Cast, params: JobParams, caller: Caller) -> JobLine | Refusal:
    """No more items are asked; those on their way are cut off."""
    job = await sought(cast, params.job_id, caller)
    if isinstance(job, Refusal):
        return job
    try:
        return line_of(cast, await cast.jobs.cancel(job))
    except JournalUnusable as error:
        return _unusable(error)


async def resume(cast: Cast, params: ResumeParams, caller: Caller) -> JobLine | Refusal:
    """Go on with what is left, and with what is asked to be tried again."""
    job = await sought(cast, params.job_id, caller)
    if isinstance(job, Refusal):
        return job
    if job.state is JobState.FILLING:
        return _refused("job_id", f"job {job.id} is not complete yet: its last piece is missing")
    try:
        resumed = await cast.jobs.resume(
            job, unknown=params.unknown == "retry", failed=params.failed == "retry"
        )
    except JournalUnusable as error:
        return _unusable(error)
    return line_of(cast, resumed)


async def purge(cast: Cast, params: JobParams, caller: Caller) -> JobLine | Refusal:
    """Delete it with its items and answers."""
    job = await sought(cast, params.job_id, caller)
    if isinstance(job, Refusal):
        return job
    try:
        line = line_of(cast, await cast.jobs.cancel(job))
        await cast.jobs.housekeeper.purge(job.seq)
    except JournalUnusable as error:
        return _unusable(error)
    return line


async def _found(cast: Cast, job_id: str, caller: Caller) -> Job | Refusal:
    """One's own job. Raises JournalUnusable."""
    job = await cast.jobs.find(job_id)
    if job is None or not caller.owns(job.owner.uid):
        return Refusal(
            kind=ErrorKind.UNKNOWN_NAME, message=f"there is no job {job_id[:64]!r}", field="job_id"
        )
    return job


async def sought(cast: Cast, job_id: str, caller: Caller) -> Job | Refusal:
    """The same; that the journal can't be read is a refusal too."""
    try:
        return await _found(cast, job_id, caller)
    except JournalUnusable as error:
        return _unusable(error)


def _new(cast: Cast, params: SubmitParams, caller: Caller) -> NewJob | Refusal:
    if params.from_:
        return _refused("from", "must be 0: the job is new")
    if params.model and isinstance(name := cast.router.resolve(params.model), Unknown):
        return Refusal(kind=ErrorKind.UNKNOWN_NAME, message=str(name), field="model")
    deadline_s = params.options.deadline_s
    return NewJob(
        id=cast.jobs.new_id(),
        owner=Owner(uid=caller.client.uid, app=params.options.app or caller.client.app),
        name=params.name,
        model=params.model,
        options=params.options,
        created_wall_ms=cast.clock.wall_ms(),
        deadline_ms=None if deadline_s is None else cast.clock.now_ms() + ms(deadline_s),
    )


async def _read(cast: Cast, params: SubmitParams, job: NewJob | Job) -> list[NewItem] | Refusal:
    read: list[NewItem] = []
    names: set[str] = set()
    wall_ms = cast.clock.wall_ms()
    for at, raw in enumerate(params.items):
        if at % TURN_ITEMS == 0:
            await checkpoint()
        item = read_item(raw, job.model, wall_ms)
        if isinstance(item, BadRequest):
            where = f"items[{at}]" + (f".{item.field}" if item.field else "")
            return _refused(where, item.why)
        asks = job.options.pool or item.asks
        if asks and asks not in names:
            if isinstance(name := cast.router.resolve(asks), Unknown):
                message = f"`items[{at}]`: {name}"
                return Refusal(kind=ErrorKind.UNKNOWN_NAME, message=message, field=f"items[{at}].model")
            names.add(asks)
        read.append(item)
    return read


def _is_repeated(params: SubmitParams, job: Job) -> bool:
    """The last piece, or the seal, once more: its acknowledgement did not get through."""
    return not params.items or (params.from_ is not None and params.from_ + len(params.items) <= job.total)


def _refused(field: str, why: str) -> Refusal:
    return Refusal(kind=ErrorKind.INVALID_PARAMS, message=f"`{field}` {why}", field=field)


def _unusable(error: JournalUnusable) -> Refusal:
    return Refusal(
        kind=ErrorKind.JOURNAL_UNAVAILABLE,
        message=f"the journal can't be used now, so nothing can be promised: {error}",
        retry_after_s=5.0,
    )
