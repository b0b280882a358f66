"""A siege that is over, with all that can be read of it."""

import sqlite3

from msgspec import Struct

from state.events import (
    Event,
)
from state.memory.journal import read_event
from tests.siege.siege import Besieged

__all__ = ["Aftermath"]


class Aftermath(Struct, frozen=True):
    """A siege that is over, with all that can be read of it."""

    siege: Besieged
    events: list[Event]
    snapshots: dict[str, bytes]
    """The last of each part, written when it went."""
    raw: dict[str, bytes]
    """Everything in which a secret must not stand, by where it stands."""

    @classmethod
    def of(cls, siege: Besieged) -> "Aftermath":
        state = siege.home / "state"
        with sqlite3.connect(state / "journal.db") as journal:
            rows = journal.execute("SELECT body FROM event ORDER BY seq").fetchall()
            snapshots = dict(journal.execute("SELECT part, body FROM snapshot").fetchall())
        journal.close()
        raw = {path.name: path.read_bytes() for path in state.iterdir() if path.is_file()}
        raw |= {"log": siege.process.log.encode(), "what visitors heard": b"\n".join(siege.street.heard)}
        return cls(siege, [read_event(body) for (body,) in rows], snapshots, raw)
