"""Where jobs turn: recovered, cancelled, resumed, finished, purged; transactions in the journal's file.

Each is a bounded step, so that nobody waits long for the file behind it; the tally moves with the items.
"""

import sqlite3
from collections.abc import Callable, Sequence
from functools import reduce

from msgspec.structs import replace

from state.jobs import rows
from state.jobs.job import ItemState, JobState
from state.jobs.tally import NOTHING_DONE, Tally, unfold

__all__ = [
    "finish",
    "forgotten",
    "hide",
    "leave_no_trace",
    "move_some",
    "purge_step",
    "reconsider",
    "reopen",
    "sent",
]

ROWS_MAX = 500
"""Deleted or moved in one step."""


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


def _tally(connection: sqlite3.Connection, job: int) -> Tally:
    row = connection.execute(rows.JOB_TALLY_READ, (job,)).fetchone()
    return NOTHING_DONE if row is None else rows.read_tally(row[0])


def _note(connection: sqlite3.Connection, job: int, tally: Tally) -> None:
    connection.execute(rows.JOB_TALLY, (rows.write_tally(tally), job))
