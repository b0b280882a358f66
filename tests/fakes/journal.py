"""A real SQLite in memory behind the journal's seam, with a disk that can be slow or broken."""

import sqlite3
from collections.abc import Callable
from typing import TypeVar

from anyio import Event
from anyio.lowlevel import cancel_shielded_checkpoint, checkpoint

T = TypeVar("T")


class FakeJournalBackend:
    """Runs each transaction whole, as the thread of the real one does, but at once and in memory.

    An error rolls back what it had changed and goes to the caller.
    """

    def __init__(self, connection: sqlite3.Connection | None = None) -> None:
        self.connection = connection or sqlite3.connect(":memory:", isolation_level=None)
        self.runs = 0
        """How many transactions were tried."""
        self._errors: list[Exception] = []
        self._open = Event()
        self._open.set()

    def __repr__(self) -> str:
        return f"<fake journal backend: {self.runs} transactions>"

    def fail_next(self, *errors: Exception) -> None:
        """The next transactions end so, one each, before they change anything."""
        self._errors.extend(errors)

    def hold(self) -> None:
        """The disk hangs: nothing is run until `release`."""
        self._open = Event()

    def release(self) -> None:
        self._open.set()

    async def close(self) -> None:
        self.connection.close()

    async def run(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        await checkpoint()
        await self._open.wait()
        self.runs += 1
        try:
            if self._errors:
                raise self._errors.pop(0)
            self.connection.execute("BEGIN IMMEDIATE")
            result = transaction(self.connection)
            self.connection.execute("COMMIT")
        except BaseException:
            if self.connection.in_transaction:
                self.connection.execute("ROLLBACK")
            raise
        # What was begun is finished and its result delivered, cancelled or not.
        await cancel_shielded_checkpoint()
        return result
