"""Where jobs stand: transactions in the journal's file, each run whole in its thread.

Here are those for which somebody waits by name: submit, look, cancel, resume, purge, recover. The steps of
items on their way are the book's, many in one transaction.
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
from state.jobs.tally import NOTHING_DONE, Tally, fold, unfold

__all__ = [
    "Gap",
    "NewItem",
    "NewJob",
    "Piece",
    "claim",
    "find",
    "finish",
    "forgotten",
    "hide",
    "leave_no_trace",
    "move_some",
    "of_state",
    "owned_by",
    "purge_step",
    "reconsider",
    "reopen",
    "results",
    "sent",
    "store",
]

ROWS_MAX = 500
"""Deleted or moved in one step, so that nobody waits long for the file behind it."""


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


def sent(job: int) -> Callable[[sqlite3.Connection], list[tuple[int, str]]]:
    """The items of which nobody knows what became, each with the lane that it was on."""
    return lambda connection: connection.execute(rows.SENT, (job,)).fetchall()


def reconsider(job: int, moves: Sequence[tuple[int, ItemState]]) -> Callable[[sqlite3.Connection], None]:
    """What becomes of items that were on their way when we died: (n, where)."""

    def write(connection: sqlite3.Connection) -> None:
        connection.executemany(rows.MOVE, [(state, 1, job, n) for n, state in moves])
        held = sum(state is ItemState.UNKNOWN for _, state in moves)
        tally = _tally(connection, job)
        _note(connection, job, replace(tally, unknown=tally.unknown + held))

    return write


def move_some(job: int, old: ItemState, new: ItemState) -> Callable[[sqlite3.Connection], bool]:
    """Some items go from one state to another, and the tally with them; whether there were any."""

    def write(connection: sqlite3.Connection) -> bool:
        found = connection.execute(rows.SOME_OF_STATE, (job, old, ROWS_MAX)).fetchall()
        connection.executemany(rows.MOVE, [(new, 0, job, n) for n, _ in found])
        tally = _tally(connection, job)
        if old in (ItemState.DONE, ItemState.FAILED):
            tally = reduce(unfold, (rows.read_outcome(body) for _, body in found), tally)
        change = len(found)
        _note(
            connection,
            job,
            replace(
                tally,
                unknown=tally.unknown - change * (old is ItemState.UNKNOWN),
                cancelled=tally.cancelled
                + change * ((new is ItemState.CANCELLED) - (old is ItemState.CANCELLED)),
            ),
        )
        return bool(found)

    return write


def reopen(job: int) -> Callable[[sqlite3.Connection], None]:
    """It runs again, with whatever is pending now."""

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(rows.JOB_STATE, (JobState.RUNNING, job))

    return write


def finish(job: int, state: JobState, wall_ms: int) -> Callable[[sqlite3.Connection], bool]:
    """It is over; False: it is not, somebody has asked for items again meanwhile."""

    def write(connection: sqlite3.Connection) -> bool:
        if state is JobState.DONE and connection.execute(rows.ITEMS_LEFT, (job,)).fetchone() is not None:
            return False
        connection.execute(rows.JOB_FINISH, (state, wall_ms, job))
        return True

    return write


# For the housekeeping.


def forgotten(before_wall_ms: int) -> Callable[[sqlite3.Connection], int | None]:
    """A job of which nothing has to be kept: purged by half, or over for so long."""

    def read(connection: sqlite3.Connection) -> int | None:
        row = connection.execute(rows.PURGED).fetchone()
        if row is None:
            row = connection.execute(rows.FORGOTTEN, (before_wall_ms, before_wall_ms)).fetchone()
        return None if row is None else int(row[0])

    return read


def hide(job: int) -> Callable[[sqlite3.Connection], None]:
    """For everybody else it is gone; what it holds is deleted step by step."""

    def write(connection: sqlite3.Connection) -> None:
        connection.execute(rows.JOB_HIDE, (job,))

    return write


def purge_step(job: int) -> Callable[[sqlite3.Connection], bool]:
    """Delete some of it; whether all is gone."""

    def write(connection: sqlite3.Connection) -> bool:
        for statement in (rows.BODIES_DROP, rows.OUTCOMES_DROP, rows.ITEMS_DROP):
            if connection.execute(statement, (job, ROWS_MAX)).rowcount:
                return False
        connection.execute(rows.JOB_DROP, (job,))
        return True

    return write


def leave_no_trace(connection: sqlite3.Connection) -> None:
    """What was deleted is still in the write-ahead log, until that is folded into the file and cut off. It
    cannot be done within a transaction, so this one ends here, and another begins for whoever ends it.
    """
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    connection.execute("BEGIN IMMEDIATE")


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


def _tally(connection: sqlite3.Connection, job: int) -> Tally:
    row = connection.execute(rows.JOB_TALLY_READ, (job,)).fetchone()
    return NOTHING_DONE if row is None else rows.read_tally(row[0])


def _note(connection: sqlite3.Connection, job: int, tally: Tally) -> None:
    connection.execute(rows.JOB_TALLY, (rows.write_tally(tally), job))
