"""One transaction of the journal as a value: what it writes, and what it forgets."""

import sqlite3
from collections.abc import Sequence
from itertools import chain

from msgspec import Struct
from msgspec.json import Encoder

from state.events import Event
from state.memory.durability import Retention
from state.memory.journal import (
    ANCHOR_WRITE,
    EVENTS_DROP,
    EVENTS_WRITE,
    LAST_SEQ,
    SNAPSHOT_WRITE,
    SNAPSHOTS_CLEAR,
    EventRow,
    anchor_row,
    write_event,
)
from state.timeline import Anchor

__all__ = ["Batch"]

DROP_ROWS = 1_000
"""Forgetting is done in bounded steps, so that no commit waits long behind it."""
FREE_PAGES = 256

_encode = Encoder().encode


class Batch(Struct, frozen=True, kw_only=True):
    """Events with the moment of their commit, and now and then the state that they led to."""

    events: Sequence[Event]
    anchor: Anchor
    parts: dict[str, Struct]
    """The state behind the last of the events; empty: no snapshot this time."""
    alone: bool = False
    """What the file has of other parts counts moments on another timeline."""
    forget: Retention | None = None

    def write(self, connection: sqlite3.Connection) -> None:
        """Runs in the journal's thread, inside its transaction."""
        _append(connection, [write_event(event) for event in self.events])
        connection.execute(ANCHOR_WRITE, anchor_row(self.anchor))
        if self.parts:
            seq = connection.execute(LAST_SEQ).fetchone()[0]
            if self.alone:
                connection.execute(SNAPSHOTS_CLEAR)
            rows = [(name, seq, _encode(part)) for name, part in self.parts.items()]
            connection.executemany(SNAPSHOT_WRITE, rows)
            if self.forget is not None:
                _forget(connection, self.forget, self.anchor.reading.wall_ms, seq)


def _append(connection: sqlite3.Connection, rows: Sequence[EventRow]) -> None:
    """In order, as many at once as there is a statement for."""
    at = 0
    for many, statement in EVENTS_WRITE.items():
        while len(rows) - at >= many:
            connection.execute(statement, tuple(chain.from_iterable(rows[at : at + many])))
            at += many


def _forget(connection: sqlite3.Connection, keep: Retention, wall_ms: int, seq: int) -> None:
    """By age, and the oldest of all when the file is too large."""
    connection.execute(EVENTS_DROP, (wall_ms - keep.keep_ms, seq, DROP_ROWS))
    pages, free, size = (_pragma(connection, name) for name in ("page_count", "freelist_count", "page_size"))
    if (pages - free) * size > keep.keep_bytes:
        connection.execute(EVENTS_DROP, (wall_ms + 1, seq, DROP_ROWS))
    if free > FREE_PAGES:
        connection.execute(f"PRAGMA incremental_vacuum({FREE_PAGES})")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
