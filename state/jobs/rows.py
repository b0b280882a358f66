"""The rows of jobs in the journal's file: statements and values; who runs them is elsewhere.

job           one row each; its tally changes with every batch of outcomes
item          small, because it changes often: how far it is, on which lane
item_body     what is asked, written once
item_outcome  how it ended, with the answer, written once
"""

import msgspec
from msgspec import Struct

from state.jobs.job import ITEM_STATES_OVER, Item, ItemKind, ItemState, Job, JobOptions, JobState, Owner
from state.jobs.outcome import Outcome
from state.jobs.tally import Tally

__all__ = [
    "ASKED",
    "BODIES_DROP",
    "BODY_WRITE",
    "CLAIM",
    "FORGOTTEN",
    "ITEMS_DROP",
    "ITEMS_LEFT",
    "ITEM_WRITE",
    "JOBS_OF_ALL",
    "JOBS_OF_STATE",
    "JOBS_OF_UID",
    "JOB_BY_ID",
    "JOB_DROP",
    "JOB_FINISH",
    "JOB_HIDE",
    "JOB_IS_THERE",
    "JOB_STATE",
    "JOB_TALLY",
    "JOB_TALLY_READ",
    "JOB_TOTAL",
    "JOB_WRITE",
    "MOVE",
    "OUTCOMES_DROP",
    "OUTCOME_WRITE",
    "PURGED",
    "RESULTS",
    "SENT",
    "SETTLE",
    "SOME_OF_STATE",
    "Result",
    "item_of",
    "job_of",
    "read_outcome",
    "read_tally",
    "result_of",
    "write_options",
    "write_outcome",
    "write_tally",
]

_JOB = """seq, id, uid, app, name, model, options, state, total, tally,
    created_wall_ms, finished_wall_ms, deadline_ms"""
# 'purged' is the state of a job that is being deleted, step by step: for everybody else it is gone.

# Its number is another in every file: whoever works on a job of a file that was lost finds no other's.
JOB_WRITE = """INSERT INTO job
    (id, uid, app, name, model, options, state, tally, created_wall_ms, deadline_ms, seq)
    VALUES (?, ?, ?, ?, ?, ?, 'filling', ?, ?, ?, max(?, (SELECT coalesce(max(seq), 0) + 1 FROM job)))"""
JOB_IS_THERE = "SELECT 1 FROM job WHERE seq = ?"
JOB_BY_ID = f"SELECT {_JOB} FROM job WHERE id = ? AND state != 'purged'"  # noqa: S608 - a text of ours
JOBS_OF_ALL = f"SELECT {_JOB} FROM job WHERE state != 'purged' ORDER BY seq DESC LIMIT ?"  # noqa: S608 - as above
JOBS_OF_UID = f"SELECT {_JOB} FROM job WHERE uid = ? AND state != 'purged' ORDER BY seq DESC LIMIT ?"  # noqa: S608 - as above
JOBS_OF_STATE = f"SELECT {_JOB} FROM job WHERE state = ? ORDER BY seq"  # noqa: S608 - as above
PURGED = "SELECT seq FROM job WHERE state = 'purged' LIMIT 1"
# One that was never handed in whole is forgotten like one that is over.
FORGOTTEN = """SELECT seq FROM job WHERE (state IN ('done', 'cancelled') AND finished_wall_ms < ?)
    OR (state = 'filling' AND created_wall_ms < ?) ORDER BY seq LIMIT 1"""
JOB_TOTAL = "UPDATE job SET total = ? WHERE seq = ?"
JOB_STATE = "UPDATE job SET state = ?, finished_wall_ms = NULL WHERE seq = ?"
JOB_FINISH = "UPDATE job SET state = ?, finished_wall_ms = ? WHERE seq = ?"
JOB_TALLY = "UPDATE job SET tally = ? WHERE seq = ?"
JOB_TALLY_READ = "SELECT tally FROM job WHERE seq = ?"
JOB_HIDE = "UPDATE job SET state = 'purged' WHERE seq = ?"
JOB_DROP = "DELETE FROM job WHERE seq = ?"

ITEM_WRITE = "INSERT INTO item (job, n, state, kind, custom_id) VALUES (?, ?, ?, ?, ?)"
BODY_WRITE = "INSERT INTO item_body (job, n, body) VALUES (?, ?, ?)"
OUTCOME_WRITE = "INSERT OR REPLACE INTO item_outcome (job, n, outcome, answer) VALUES (?, ?, ?, ?)"
CLAIM = """SELECT item.n, custom_id, kind, body, crashes
    FROM item JOIN item_body ON item_body.job = item.job AND item_body.n = item.n
    WHERE item.job = ? AND state = 'pending' AND item.n > ? ORDER BY item.n"""
SENT = "SELECT n, lane FROM item WHERE job = ? AND state = 'sent' ORDER BY n"
ASKED = "UPDATE item SET state = 'sent', lane = ?, request_id = ? WHERE job = ? AND n = ?"
SETTLE = "UPDATE item SET state = ? WHERE job = ? AND n = ?"
MOVE = "UPDATE item SET state = ?, crashes = crashes + ? WHERE job = ? AND n = ?"
SOME_OF_STATE = """SELECT item.n, outcome
    FROM item LEFT JOIN item_outcome ON item_outcome.job = item.job AND item_outcome.n = item.n
    WHERE item.job = ? AND state = ? ORDER BY item.n LIMIT ?"""
ITEMS_LEFT = "SELECT 1 FROM item WHERE job = ? AND state IN ('pending', 'sent') LIMIT 1"
RESULTS = """SELECT item.n, state, custom_id, request_id, lane, outcome, answer
    FROM item LEFT JOIN item_outcome ON item_outcome.job = item.job AND item_outcome.n = item.n
    WHERE item.job = ? AND item.n > ? ORDER BY item.n LIMIT ?"""
# Bounded work a step: nobody waits long for the file behind it.
BODIES_DROP = "DELETE FROM item_body WHERE rowid IN (SELECT rowid FROM item_body WHERE job = ? LIMIT ?)"
OUTCOMES_DROP = (
    "DELETE FROM item_outcome WHERE rowid IN (SELECT rowid FROM item_outcome WHERE job = ? LIMIT ?)"
)
ITEMS_DROP = "DELETE FROM item WHERE rowid IN (SELECT rowid FROM item WHERE job = ? LIMIT ?)"

JobRow = tuple[int, str, int | None, str, str, str, bytes, str, int, bytes, int, int | None, int | None]
ItemRow = tuple[int, str, str, bytes, int]
ResultRow = tuple[int, str, str, str, str, bytes | None, bytes | None]

_encoder = msgspec.json.Encoder()
_options: msgspec.json.Decoder[JobOptions] = msgspec.json.Decoder(JobOptions)
_tally: msgspec.json.Decoder[Tally] = msgspec.json.Decoder(Tally)
_outcome: msgspec.json.Decoder[Outcome] = msgspec.json.Decoder(Outcome)


class Result(Struct, frozen=True, kw_only=True):
    """An item as it stands, with what came of it."""

    n: int
    state: ItemState
    custom_id: str
    request_id: str = ""
    lane: str = ""
    outcome: Outcome | None = None
    answer: bytes | None = None

    @property
    def is_over(self) -> bool:
        return self.state in ITEM_STATES_OVER


def job_of(row: JobRow) -> Job:
    """A row's job."""
    seq, id_, uid, app, name, model, options, state, total, tally, created, finished, deadline = row
    return Job(
        seq=seq,
        id=id_,
        owner=Owner(uid=uid, app=app),
        name=name,
        model=model,
        options=_options.decode(options),
        state=JobState(state),
        total=total,
        tally=_tally.decode(tally),
        created_wall_ms=created,
        finished_wall_ms=finished,
        deadline_ms=deadline,
    )


def item_of(row: ItemRow) -> Item:
    """A row's item, to be asked."""
    n, custom_id, kind, body, crashes = row
    return Item(n=n, custom_id=custom_id, kind=ItemKind(kind), body=body, crashes=crashes)


def result_of(row: ResultRow) -> Result:
    """A row's item, to be told."""
    n, state, custom_id, request_id, lane, outcome, answer = row
    return Result(
        n=n,
        state=ItemState(state),
        custom_id=custom_id,
        request_id=request_id,
        lane=lane,
        outcome=None if outcome is None else read_outcome(outcome),
        answer=answer,
    )


def write_options(options: JobOptions) -> bytes:
    return _encoder.encode(options)


def write_tally(tally: Tally) -> bytes:
    return _encoder.encode(tally)


def read_tally(body: bytes) -> Tally:
    return _tally.decode(body)


def write_outcome(outcome: Outcome) -> bytes:
    return _encoder.encode(outcome)


def read_outcome(body: bytes) -> Outcome:
    return _outcome.decode(body)
