"""Where jobs stand: transactions in the journal's file, each run whole in its thread.

Here they are taken in and looked at. How they turn is elsewhere, and the steps of items on their way are the
book's, many in one transaction.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import reduce

from msgspec import Struct
from msgspec.structs import replace

from state.jobs import rows
from state.jobs.job import Item, ItemKind, ItemState, Job, JobOptions, JobState, Owner
from state.jobs.outcome import Outcome
from state.jobs.rows import Result
from state.jobs.tally import NOTHING_DONE, fold

__all__ = [
    "Gap",
    "NewItem",
    "NewJob",
    "Piece",
    "claim",
    "find",
    "of_state",
    "owned_by",
    "results",
    "store",
]


class NewItem(Struct, frozen=True, kw_only=True):
    """An item that is handed in."""

    kind: ItemKind
    custom_id: str
    body: bytes
    asks: str = ""
    """The pool or model that it names."""
    refused: Outcome | None = None
    """It cannot be sent at all: it is stored as failed, and the others are not held up."""


class NewJob(Struct, frozen=True, kw_only=True):
    """A job that is handed in."""

    id: str
    owner: Owner
    name: str
    model: str
    options: JobOptions
    created_wall_ms: int
    deadline_ms: int | None


class Piece(Struct, frozen=True, kw_only=True):
    """Some items of a job in their order."""

    items: Sequence[NewItem]
    start: int | None
    """The place of the first of them; None: behind what is there. What is stored already is passed over."""
    more: bool
    """Further pieces are to come."""


class Gap(Struct, frozen=True):
    """A piece that does not begin where the last one ended; the next item is this one."""

    total: int


def store(job: NewJob | Job, piece: Piece) -> Callable[[sqlite3.Connection], Job | Gap]:
    """A new job with its first piece, or a further piece of one that is being filled."""

    def write(connection: sqlite3.Connection) -> Job | Gap:
        found = _begin(connection, job) if isinstance(job, NewJob) else _find(connection, job.id)
        assert found is not None, "whoever hands a piece in has seen the job"
        start = found.total if piece.start is None else piece.start
        if start > found.total:
            return Gap(found.total)
        fresh = piece.items[found.total - start :]
        if fresh:
            found = _append(connection, found, fresh)
        if not piece.more and found.state is JobState.FILLING:
            connection.execute(rows.JOB_STATE, (JobState.RUNNING, found.seq))
            found = replace(found, state=JobState.RUNNING)
        return found

    return write


def find(job_id: str) -> Callable[[sqlite3.Connection], Job | None]:
    return lambda connection: _find(connection, job_id)


def owned_by(uid: int | None, *, sees_all: bool, jobs_max: int) -> Callable[[sqlite3.Connection], list[Job]]:
    """The newest first."""

    def read(connection: sqlite3.Connection) -> list[Job]:
        if sees_all:
            found = connection.execute(rows.JOBS_OF_ALL, (jobs_max,))
        else:
            found = connection.execute(rows.JOBS_OF_UID, (uid, jobs_max))
        return [rows.job_of(row) for row in found]

    return read


def of_state(state: JobState) -> Callable[[sqlite3.Connection], list[Job]]:
    """The oldest first."""
    return lambda connection: [rows.job_of(row) for row in connection.execute(rows.JOBS_OF_STATE, (state,))]


def results(
    job: int, after: int, *, items_max: int, bytes_max: int
) -> Callable[[sqlite3.Connection], list[Result]]:
    """Those that are over, in order, up to the first that is not."""

    def read(connection: sqlite3.Connection) -> list[Result]:
        found: list[Result] = []
        size = 0
        for row in connection.execute(rows.RESULTS, (job, after, items_max)):
            result = rows.result_of(row)
            size += len(result.answer or b"")
            if not result.is_over or (found and size > bytes_max):
                break
            found.append(result)
        return found

    return read


# For the runner.


def claim(
    job: int, after: int, *, items_max: int, bytes_max: int
) -> Callable[[sqlite3.Connection], list[Item]]:
    """The next that are to be asked, in order; fewer where they are large."""

    def read(connection: sqlite3.Connection) -> list[Item]:
        found: list[Item] = []
        size = 0
        cursor = connection.execute(rows.CLAIM, (job, after))
        while len(found) < items_max and size < bytes_max and (row := cursor.fetchone()) is not None:
            item = rows.item_of(row)
            found.append(item)
            size += len(item.body)
        cursor.close()
        return found

    return read


def _begin(connection: sqlite3.Connection, job: NewJob) -> Job:
    connection.execute(
        rows.JOB_WRITE,
        (
            job.id,
            job.owner.uid,
            job.owner.app,
            job.name,
            job.model,
            rows.write_options(job.options),
            rows.write_tally(NOTHING_DONE),
            job.created_wall_ms,
            job.deadline_ms,
            job.created_wall_ms,
        ),
    )
    found = _find(connection, job.id)
    assert found is not None
    return found


def _find(connection: sqlite3.Connection, job_id: str) -> Job | None:
    row = connection.execute(rows.JOB_BY_ID, (job_id,)).fetchone()
    return None if row is None else rows.job_of(row)


def _append(connection: sqlite3.Connection, job: Job, items: Sequence[NewItem]) -> Job:
    placed = list(enumerate(items, job.total))
    connection.executemany(
        rows.ITEM_WRITE,
        [
            (job.seq, n, ItemState.FAILED if item.refused else ItemState.PENDING, item.kind, item.custom_id)
            for n, item in placed
        ],
    )
    connection.executemany(rows.BODY_WRITE, [(job.seq, n, item.body) for n, item in placed])
    refused = [replace(item.refused, n=n) for n, item in placed if item.refused is not None]
    tally = job.tally
    if refused:
        tally = reduce(fold, refused, tally)
        connection.executemany(
            rows.OUTCOME_WRITE, [(job.seq, each.n, rows.write_outcome(each), None) for each in refused]
        )
        connection.execute(rows.JOB_TALLY, (rows.write_tally(tally), job.seq))
    total = job.total + len(items)
    connection.execute(rows.JOB_TOTAL, (total, job.seq))
    return replace(job, total=total, tally=tally)
