"""The journal's file: opened with suspicion, written in whole transactions, set aside but never deleted.

open --> sound?    --yes--> migrate --> ready
          |  no: damaged, foreign, or from a newer version
          v
        moved to NAME.set-aside-WHEN, a new one is begun
"""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import aiosqlite
from anyio import CancelScope

from state.memory.durability import JournalSetAside
from state.memory.journal import APPLICATION_ID, MIGRATIONS, PRAGMAS, VERSION

__all__ = ["JournalDamaged", "JournalFile", "JournalLost", "JournalUnusable", "open_journal", "set_aside"]

T = TypeVar("T")

# What SQLite says when the bytes themselves are wrong; anything else (full, locked, read-only) is the
# world's condition and passes.
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
BUSY_S = 1.0
"""How long somebody else's lock is waited for, at a start too: calls are served meanwhile only after it."""
_LEFTOVERS = ("-wal", "-shm")


class JournalUnusable(Exception):
    """The file can't be written now: full disk, read-only directory, somebody's lock. Try again later."""


class JournalLost(Exception):
    """The file is no longer the one we opened, or can't be used as it is: open it anew."""


class JournalDamaged(JournalLost):
    """Its bytes are damaged: whoever opens it anew has to set it aside first."""


class JournalFile:
    """One read-write connection in one thread. Nobody else opens the file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = aiosqlite.Connection(self._connect, 64)
        self._inode = 0

    def __repr__(self) -> str:
        return f"journal {self.path}"

    async def open(self) -> None:
        """Create the file if need be, check whose it is, bring it to our format."""
        with CancelScope(shield=True):
            try:
                await self._connection
            except BaseException as error:
                # aiosqlite has told its thread to end but does not wait for it; left alone it may speak
                # to a loop that is gone.
                self._connection._thread.join()  # noqa: SLF001
                if isinstance(error, sqlite3.Error):
                    raise _translated(error) from error
                if isinstance(error, OSError):
                    raise JournalUnusable(f"{self.path}: {error.strerror or error}") from error
                raise

    async def run(self, transaction: Callable[[sqlite3.Connection], T]) -> T:
        """Run one transaction to its end in the connection's thread, even if the caller is cancelled.

        A cancelled statement would still be executed and leave its transaction open; so cancellation
        waits until the thread is done, which SQLite's busy timeout bounds.
        """

        def whole() -> T:
            self._check_inode()
            connection = self._connection._conn  # noqa: SLF001 - see below
            try:
                connection.execute("BEGIN IMMEDIATE")
                result = transaction(connection)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
            return result

        with CancelScope(shield=True):
            try:
                # aiosqlite offers its thread a statement at a time only; a transaction must not be cut
                # between two of them, so the whole function is handed to the thread.
                result: T = await self._connection._execute(whole)  # type: ignore[no-untyped-call]  # noqa: SLF001
            except sqlite3.Error as error:
                raise _translated(error) from error
            except OSError as error:
                raise JournalLost(f"{self.path}: {error.strerror or error}") from error
        return result

    async def close(self) -> None:
        """Fold the write-ahead log into the file and let go of it."""
        with CancelScope(shield=True):
            await self._connection.close()

    def _check_inode(self) -> None:
        """A deleted database takes commits without a word, into nowhere."""
        try:
            inode = self.path.stat().st_ino
        except FileNotFoundError:
            inode = 0
        if inode != self._inode:
            raise JournalLost(f"{self.path}: the file was deleted or replaced under us")

    def _connect(self) -> sqlite3.Connection:
        """Runs in the thread: create with the right mode, check, migrate."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        found = os.fstat(fd)
        os.close(fd)
        self._inode = found.st_ino
        connection = sqlite3.connect(self.path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
        try:
            if found.st_size > 0:
                _check_ours(connection)
            for pragma in PRAGMAS:
                connection.execute(pragma).fetchall()
            _migrate(connection, self.path)
        except BaseException:
            connection.close()
            raise
        return connection


async def open_journal(
    path: Path, *, wall_ms: int, lost: JournalLost | None = None
) -> tuple[JournalFile, JournalSetAside | None]:
    """Open the journal, or begin a new one beside a file that can't be trusted: `lost` says why the last one
    was given up. Not all damage shows when a file is opened.

    Raises JournalUnusable where neither is possible now.
    """
    if isinstance(lost, JournalDamaged):
        moved = set_aside(path, wall_ms, str(lost))
        return await _opened(path), moved
    try:
        return await _opened(path), None
    except (JournalLost, _NotOurs) as error:
        moved = set_aside(path, wall_ms, str(error))
        return await _opened(path), moved


class _NotOurs(Exception):
    """Another program's database, or a newer version's."""


async def _opened(path: Path) -> JournalFile:
    file = JournalFile(path)
    await file.open()
    return file


def _check_ours(connection: sqlite3.Connection) -> None:
    if _number(connection, "SELECT count(*) FROM sqlite_master") == 0:
        return  # we died between its first byte and its first table
    if _number(connection, "PRAGMA application_id") != APPLICATION_ID:
        raise _NotOurs("it is not a journal of failoverd")
    version = _number(connection, "PRAGMA user_version")
    if version > VERSION:
        raise _NotOurs(f"it was written by a newer failoverd (format {version}, this one knows {VERSION})")
    # No check of every page here: a million events must not delay the start. Damage shows where it is
    # touched, and leads to the same place.


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    version = _number(connection, "PRAGMA user_version")
    if 0 < version < VERSION:
        copy = path.with_name(f"{path.name}.format-{version}")
        connection.execute("VACUUM INTO ?", (os.fspath(copy),))
        copy.chmod(0o600)
    for step in range(version, VERSION):
        connection.execute("BEGIN IMMEDIATE")
        for statement in MIGRATIONS[step]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {step + 1}")
        connection.execute("COMMIT")


def _number(connection: sqlite3.Connection, question: str) -> int:
    return int(connection.execute(question).fetchone()[0])


def set_aside(path: Path, wall_ms: int, reason: str) -> JournalSetAside:
    """The write-ahead log goes with its file: alone, either is worth less."""
    target = path.with_name(f"{path.name}.set-aside-{wall_ms}")
    for suffix in ("", *_LEFTOVERS):
        _move(path.with_name(path.name + suffix), target.with_name(target.name + suffix))
    return JournalSetAside(reason, str(target))


def _move(source: Path, target: Path) -> None:
    try:
        source.rename(target)
    except FileNotFoundError:
        return
    except OSError as error:
        raise JournalUnusable(f"{source} can't be moved out of the way: {error.strerror}") from error


def _translated(error: sqlite3.Error) -> JournalUnusable | JournalLost:
    code = getattr(error, "sqlite_errorcode", None)
    damaged = code is not None and code & 0xFF in _DAMAGE
    if damaged or (code is None and isinstance(error, sqlite3.DatabaseError)):
        return JournalDamaged(str(error))
    return JournalUnusable(str(error))
