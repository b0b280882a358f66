"""The journal's shape: schema, statements and rows as text and values; the file itself is opened elsewhere.

event     what happened, in order; never changed
snapshot  a cache of the fold, one row for each part of the state, as of `seq`
anchor    where the timeline stood at the last commit, and what the clocks said then
job, item and what belongs to them stand in the same file; their statements are in `state.jobs.rows`
"""

from msgspec import DecodeError, Struct
from msgspec.json import Decoder, Encoder

from state.events import (
    AttemptClosed,
    AttemptOpened,
    BoardShown,
    ConfigLoaded,
    Event,
    LimitLearned,
    LinkLost,
    LinkRestored,
    OperatorActed,
    ProbeClosed,
    RequestClosed,
    RequestOpened,
    Rescued,
)
from state.timeline import Anchor, Reading

__all__ = [
    "ANCHOR_READ",
    "ANCHOR_WRITE",
    "APPLICATION_ID",
    "EVENTS_AFTER",
    "EVENTS_DROP",
    "EVENTS_WRITE",
    "EVENT_WRITE",
    "LAST_SEQ",
    "MIGRATIONS",
    "OPENINGS_OF",
    "PRAGMAS",
    "SNAPSHOTS_CLEAR",
    "SNAPSHOTS_READ",
    "SNAPSHOT_WRITE",
    "VERSION",
    "EventRow",
    "Query",
    "Stored",
    "UnreadableEvent",
    "anchor_of",
    "anchor_row",
    "query_sql",
    "read_event",
    "write_event",
]

APPLICATION_ID = 0x464F5644
"""'FOVD': whether a file is a journal of ours at all."""

PRAGMAS = (
    # Takes effect only before the first table stands, so it is first.
    "PRAGMA auto_vacuum = INCREMENTAL",
    "PRAGMA journal_mode = WAL",
    # NORMAL loses acknowledged rows in a power cut, FULL does not: 2.7 ms a commit, shared by a group.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    # Purged job items must not stay readable in free pages.
    "PRAGMA secure_delete = ON",
    "PRAGMA journal_size_limit = 16777216",
)

MIGRATIONS: tuple[tuple[str, ...], ...] = (
    (
        """CREATE TABLE event (
             seq INTEGER PRIMARY KEY AUTOINCREMENT,
             at_ms INTEGER NOT NULL,
             wall_ms INTEGER NOT NULL,
             kind TEXT NOT NULL,
             request_id TEXT,
             body BLOB NOT NULL) STRICT""",
        "CREATE INDEX event_by_request ON event (request_id, seq) WHERE request_id IS NOT NULL",
        "CREATE INDEX event_by_wall ON event (wall_ms)",
        """CREATE TABLE snapshot (
             part TEXT PRIMARY KEY,
             seq INTEGER NOT NULL,
             body BLOB NOT NULL) STRICT, WITHOUT ROWID""",
        """CREATE TABLE anchor (
             one INTEGER PRIMARY KEY CHECK (one = 1),
             at_ms INTEGER NOT NULL,
             boot_id TEXT NOT NULL,
             boot_ms INTEGER NOT NULL,
             wall_ms INTEGER NOT NULL) STRICT""",
    ),
    (
        """CREATE TABLE job (
             seq INTEGER PRIMARY KEY AUTOINCREMENT,
             id TEXT NOT NULL UNIQUE,
             uid INTEGER,
             app TEXT NOT NULL,
             name TEXT NOT NULL,
             model TEXT NOT NULL,
             options BLOB NOT NULL,
             state TEXT NOT NULL,
             total INTEGER NOT NULL DEFAULT 0,
             tally BLOB NOT NULL,
             created_wall_ms INTEGER NOT NULL,
             finished_wall_ms INTEGER,
             deadline_ms INTEGER) STRICT""",
        # What changes with every step of an item is apart from what is large and written once.
        """CREATE TABLE item (
             job INTEGER NOT NULL REFERENCES job (seq),
             n INTEGER NOT NULL,
             state TEXT NOT NULL,
             kind TEXT NOT NULL,
             custom_id TEXT NOT NULL,
             request_id TEXT NOT NULL DEFAULT '',
             lane TEXT NOT NULL DEFAULT '',
             crashes INTEGER NOT NULL DEFAULT 0,
             UNIQUE (job, n)) STRICT""",
        # Finds what is to be done next, whatever has been done before.
        "CREATE INDEX item_by_state ON item (job, state, n)",
        """CREATE TABLE item_body (
             job INTEGER NOT NULL, n INTEGER NOT NULL, body BLOB NOT NULL, UNIQUE (job, n)) STRICT""",
        """CREATE TABLE item_outcome (
             job INTEGER NOT NULL, n INTEGER NOT NULL, outcome BLOB NOT NULL, answer BLOB,
             UNIQUE (job, n)) STRICT""",
    ),
)
"""Step n takes a file from `user_version` n to n + 1."""

VERSION = len(MIGRATIONS)

EVENT_WRITE = "INSERT INTO event (at_ms, wall_ms, kind, request_id, body) VALUES (?, ?, ?, ?, ?)"
EVENTS_WRITE = {rows: EVENT_WRITE + ", (?, ?, ?, ?, ?)" * (rows - 1) for rows in (100, 10, 1)}
"""By the number of rows in one statement. With each statement the writer's thread gives the interpreter away
and has to get it back from a busy event loop: row by row, that costs both ten times the writing itself."""
LAST_SEQ = "SELECT coalesce(max(seq), 0) FROM event"
EVENTS_AFTER = "SELECT seq, body FROM event WHERE seq > ? ORDER BY seq"
OPENINGS_OF = "SELECT body FROM event WHERE request_id = ? AND kind IN ('attempt_opened', 'request_opened')"
# Bounded work a step: retention never holds the writer for long.
EVENTS_DROP = """DELETE FROM event WHERE seq IN (
    SELECT seq FROM event WHERE wall_ms < ? AND seq <= ? ORDER BY seq LIMIT ?)"""
SNAPSHOTS_CLEAR = "DELETE FROM snapshot"
SNAPSHOT_WRITE = "INSERT OR REPLACE INTO snapshot (part, seq, body) VALUES (?, ?, ?)"
SNAPSHOTS_READ = "SELECT part, seq, body FROM snapshot"
ANCHOR_WRITE = "INSERT OR REPLACE INTO anchor (one, at_ms, boot_id, boot_ms, wall_ms) VALUES (1, ?, ?, ?, ?)"
ANCHOR_READ = "SELECT at_ms, boot_id, boot_ms, wall_ms FROM anchor"

QUERY_ROWS_MAX = 1_000

EventRow = tuple[int, int, str, str | None, bytes]
AnchorRow = tuple[int, str, int, int]


class UnreadableEvent(Exception):
    """A row that no version of ours wrote: skipped by the fold, kept in the file."""


class Stored(Struct, frozen=True):
    """An event with its place in the order."""

    seq: int
    event: Event


class Query(Struct, frozen=True, kw_only=True):
    """What somebody wants to read from the journal, newest first."""

    request_id: str = ""
    kinds: tuple[str, ...] = ()
    since_wall_ms: int | None = None
    until_wall_ms: int | None = None
    before_seq: int | None = None
    rows_max: int = 100


_encoder = Encoder()
_decoder: Decoder[Event] = Decoder(Event)


def write_event(event: Event) -> EventRow:
    """An event as a row."""
    kind = str(event.__struct_config__.tag)
    return event.at_ms, event.wall_ms, kind, _request_of(event), _encoder.encode(event)


def read_event(body: bytes) -> Event:
    """A row's event; raises UnreadableEvent for what is not one."""
    try:
        return _decoder.decode(body)
    except (DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableEvent(str(error)) from None


def anchor_row(anchor: Anchor) -> AnchorRow:
    """An anchor as a row."""
    reading = anchor.reading
    return anchor.at_ms, reading.boot_id, reading.boot_ms, reading.wall_ms


def anchor_of(row: AnchorRow) -> Anchor:
    """A row's anchor."""
    at_ms, boot_id, boot_ms, wall_ms = row
    return Anchor(at_ms, Reading(boot_id, boot_ms, wall_ms))


def query_sql(query: Query) -> tuple[str, tuple[str | int, ...]]:
    """A query as a statement and its arguments; never more rows than `QUERY_ROWS_MAX`."""
    conditions: list[tuple[str, tuple[str | int, ...]]] = []
    if query.request_id:
        conditions.append(("request_id = ?", (query.request_id,)))
    if query.kinds:
        conditions.append((f"kind IN ({', '.join('?' * len(query.kinds))})", query.kinds))
    if query.since_wall_ms is not None:
        conditions.append(("wall_ms >= ?", (query.since_wall_ms,)))
    if query.until_wall_ms is not None:
        conditions.append(("wall_ms < ?", (query.until_wall_ms,)))
    if query.before_seq is not None:
        conditions.append(("seq < ?", (query.before_seq,)))
    where = " AND ".join(text for text, _ in conditions) or "TRUE"
    arguments = [argument for _, each in conditions for argument in each]
    rows = max(1, min(query.rows_max, QUERY_ROWS_MAX))
    # The conditions are texts of ours; whatever a caller says is bound as an argument.
    statement = f"SELECT seq, body FROM event WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608
    return statement, (*arguments, rows)


def _request_of(event: Event) -> str | None:
    match event:
        case AttemptOpened() | AttemptClosed() | RequestOpened() | RequestClosed():
            return event.request_id
        case (
            ProbeClosed()
            | Rescued()
            | BoardShown()
            | LimitLearned()
            | LinkLost()
            | LinkRestored()
            | ConfigLoaded()
            | OperatorActed()
        ):
            return None
