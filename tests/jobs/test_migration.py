"""A journal of the first format gets room for jobs, and loses nothing."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from actors.journal.journal_file import open_journal
from state.events import LinkLost
from state.jobs import rows
from state.memory.journal import APPLICATION_ID, EVENT_WRITE, MIGRATIONS, VERSION, read_event, write_event

pytestmark = pytest.mark.anyio


def written_by_version_1(path: Path) -> LinkLost:
    """As it was on somebody's disk before there were jobs."""
    event = LinkLost(at_ms=5, wall_ms=7, since_ms=3)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
        connection.execute("PRAGMA journal_mode = WAL")
        for statement in MIGRATIONS[0]:
            connection.execute(statement)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute("PRAGMA user_version = 1")
        connection.execute(EVENT_WRITE, write_event(event))
    return event


def asking(question: str, *arguments: int) -> Callable[[sqlite3.Connection], list[Any]]:
    return lambda connection: connection.execute(question, arguments).fetchall()


async def test_a_file_of_the_first_format_is_brought_to_ours_and_a_copy_is_kept(tmp_path):
    path = tmp_path / "journal.db"
    event = written_by_version_1(path)
    file, set_aside = await open_journal(path, wall_ms=1)
    try:
        assert set_aside is None
        assert await file.run(asking("PRAGMA user_version")) == [(VERSION,)]
        bodies = await file.run(asking("SELECT body FROM event"))
        assert [read_event(body) for (body,) in bodies] == [event]
        for table in ("job", "item", "item_body", "item_outcome"):
            assert await file.run(asking(f"SELECT count(*) FROM {table}")) == [(0,)]
    finally:
        await file.close()
    copy = tmp_path / "journal.db.format-1"
    assert copy.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("PRAGMA user_version").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (1,)


async def test_the_next_item_is_found_by_an_index_whatever_has_been_done_before(tmp_path):
    file, _ = await open_journal(tmp_path / "journal.db", wall_ms=1)
    try:
        for statement in (rows.CLAIM, rows.SENT, rows.ITEMS_LEFT):
            arguments = (1,) * statement.count("?")
            plan = [step[3] for step in await file.run(asking(f"EXPLAIN QUERY PLAN {statement}", *arguments))]
            assert "item_by_state" in plan[0]
            assert not any("SCAN" in step or "TEMP B-TREE" in step for step in plan)
    finally:
        await file.close()
