"""What the journal remembers when the daemon starts: the clocks, the snapshots, and what came after."""

import sqlite3
from collections.abc import Callable, Container, Iterable
from functools import partial
from pathlib import Path

from msgspec import Struct

from actors.journal.journal_file import JournalFile, JournalLost, open_journal, set_aside
from state.events import Event
from state.memory.durability import JournalSetAside
from state.memory.journal import (
    ANCHOR_READ,
    EVENTS_AFTER,
    OPENINGS_OF,
    SNAPSHOTS_READ,
    Stored,
    UnreadableEvent,
    anchor_of,
    read_event,
)
from state.memory.remembered import Cover
from state.timeline import Anchor

__all__ = ["Recalled", "open_and_recall", "opened_by", "recall"]


class Recalled(Struct, frozen=True, kw_only=True):
    """All that a start needs; the fold makes state of it."""

    anchor: Anchor | None = None
    snapshots: dict[str, Cover] = {}
    tail: list[Stored] = []
    """Every event that the oldest snapshot does not cover yet, in order."""
    unreadable: int = 0


async def open_and_recall(
    path: Path, parts: Container[str], *, wall_ms: int
) -> tuple[JournalFile, Recalled, JournalSetAside | None]:
    """Open the journal and read what these parts need; a file that breaks meanwhile is set aside too.

    Raises JournalUnusable where there can be no file now.
    """
    file, moved = await open_journal(path, wall_ms=wall_ms)
    try:
        return file, await file.run(partial(recall, parts)), moved
    except JournalLost as error:
        await file.close()
        moved = set_aside(path, wall_ms, str(error))
        file, _ = await open_journal(path, wall_ms=wall_ms)
        return file, Recalled(), moved


def recall(parts: Container[str], connection: sqlite3.Connection) -> Recalled:
    """Runs in the journal's thread. The snapshot of a provider that left the config grows old, and nobody
    has to read all that happened since.
    """
    row = connection.execute(ANCHOR_READ).fetchone()
    rows = connection.execute(SNAPSHOTS_READ)
    snapshots = {part: Cover(seq, body) for part, seq, body in rows if part in parts}
    covered = min((snapshot.seq for snapshot in snapshots.values()), default=0)
    tail, unreadable = [], 0
    for seq, body in connection.execute(EVENTS_AFTER, (covered,)):
        try:
            tail.append(Stored(seq, read_event(body)))
        except UnreadableEvent:
            unreadable += 1
    return Recalled(
        anchor=anchor_of(row) if row else None, snapshots=snapshots, tail=tail, unreadable=unreadable
    )


def opened_by(attempt_ids: Iterable[str]) -> Callable[[sqlite3.Connection], list[Event]]:
    """A transaction that finds how attempts and their requests were opened; an attempt's name begins with its
    request's.
    """
    requests = sorted({attempt_id.rpartition(".")[0] for attempt_id in attempt_ids})

    def read(connection: sqlite3.Connection) -> list[Event]:
        rows = (row for request in requests for row in connection.execute(OPENINGS_OF, (request,)))
        return [read_event(body) for (body,) in rows]

    return read
