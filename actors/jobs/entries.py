"""What is entered in the book of jobs, and how a batch of it is written: in order, with one commit.

intend    a byte is about to leave: sent          settle    the outcome: done or failed
release   nothing is on its way: pending again    flush     all before it is on the disk
"""

import sqlite3
from collections.abc import Callable, Sequence
from itertools import groupby

from msgspec import Struct

from state.jobs import rows
from state.jobs.job import ItemState
from state.jobs.outcome import Outcome
from state.jobs.tally import Tally

__all__ = ["Entry", "Flush", "Intent", "Released", "Settled", "writing"]


class Intent(Struct, frozen=True):
    """A byte of this item is about to leave, to this lane."""

    job: int
    n: int
    lane: str
    request_id: str


class Released(Struct, frozen=True):
    """It is known that nothing of it is on its way any more, and it has no outcome: it is pending again."""

    job: int
    n: int


class Settled(Struct, frozen=True):
    """It is done or failed."""

    job: int
    outcome: Outcome
    answer: bytes | None = None


class Flush(Struct, frozen=True):
    """Nothing; but all that came before it is on the disk."""


Entry = Intent | Released | Settled | Flush


def writing(
    entries: Sequence[Entry], tallies: dict[int, Tally]
) -> Callable[[sqlite3.Connection], frozenset[int]]:
    """Runs in the journal's thread: in the order in which they came, as many at once as are of a kind. Says
    which jobs are not there.
    """

    def write(connection: sqlite3.Connection) -> frozenset[int]:
        jobs = {each.job for each in entries if not isinstance(each, Flush)}
        lost = frozenset(
            job for job in jobs if connection.execute(rows.JOB_IS_THERE, (job,)).fetchone() is None
        )
        there = [each for each in entries if isinstance(each, Flush) or each.job not in lost]
        for kind, group in groupby(there, key=type):
            if kind is Intent:
                _ask(connection, [each for each in group if isinstance(each, Intent)])
            elif kind is Released:
                _release(connection, [each for each in group if isinstance(each, Released)])
            elif kind is Settled:
                _settle(connection, [each for each in group if isinstance(each, Settled)])
        connection.executemany(
            rows.JOB_TALLY, [(rows.write_tally(tally), job) for job, tally in tallies.items()]
        )
        return lost

    return write


def _ask(connection: sqlite3.Connection, intents: Sequence[Intent]) -> None:
    connection.executemany(rows.ASKED, [(each.lane, each.request_id, each.job, each.n) for each in intents])


def _release(connection: sqlite3.Connection, released: Sequence[Released]) -> None:
    connection.executemany(rows.SETTLE, [(ItemState.PENDING, each.job, each.n) for each in released])


def _settle(connection: sqlite3.Connection, settled: Sequence[Settled]) -> None:
    connection.executemany(
        rows.SETTLE,
        [
            (ItemState.DONE if each.outcome.is_done else ItemState.FAILED, each.job, each.outcome.n)
            for each in settled
        ],
    )
    connection.executemany(
        rows.OUTCOME_WRITE,
        [(each.job, each.outcome.n, rows.write_outcome(each.outcome), each.answer) for each in settled],
    )
