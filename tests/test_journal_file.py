"""The journal's file, with real SQLite files and what happens to real files."""

import sqlite3
import stat
from contextlib import asynccontextmanager
from pathlib import Path

import anyio
import pytest

from actors.journal.journal_file import JournalFile, JournalLost, JournalUnusable, open_journal
from actors.journal.recall import open_and_recall
from state.events import LinkRestored
from state.memory.journal import (
    APPLICATION_ID,
    EVENT_WRITE,
    EVENTS_AFTER,
    SNAPSHOT_WRITE,
    VERSION,
    write_event,
)

WALL_MS = 1_767_225_600_000


@asynccontextmanager
async def opened(path: Path):
    file, moved = await open_journal(path, wall_ms=WALL_MS)
    try:
        yield file, moved
    finally:
        await file.close()


def insert(connection: sqlite3.Connection) -> None:
    connection.execute(EVENT_WRITE, write_event(LinkRestored(at_ms=1, wall_ms=2)))


def count(connection: sqlite3.Connection) -> int:
    return int(connection.execute("SELECT count(*) FROM event").fetchone()[0])


def pragma(name: str):
    return lambda connection: connection.execute(f"PRAGMA {name}").fetchone()[0]


@pytest.fixture
def path(tmp_path):
    return tmp_path / "journal.db"


async def test_a_new_journal_is_ours_alone_and_says_what_it_is(path):
    async with opened(path) as (file, moved):
        assert moved is None
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert await file.run(pragma("application_id")) == APPLICATION_ID
        assert await file.run(pragma("user_version")) == VERSION
        assert await file.run(pragma("journal_mode")) == "wal"
        assert await file.run(pragma("synchronous")) == 2, (
            "FULL: NORMAL loses acknowledged rows in a power cut"
        )


async def test_a_transaction_that_fails_leaves_nothing(path):
    def half(connection):
        insert(connection)
        raise ValueError("in the middle")

    async with opened(path) as (file, _):
        with pytest.raises(ValueError, match="in the middle"):
            await file.run(half)
        assert await file.run(count) == 0


async def test_a_cancelled_caller_does_not_cut_a_transaction(path):
    async with opened(path) as (file, _):
        with anyio.CancelScope() as scope:
            scope.cancel()
            await file.run(insert)
        assert await file.run(count) == 1
        await file.run(insert)
        assert await file.run(count) == 2


async def test_what_was_written_is_there_after_reopening(path):
    async with opened(path) as (file, _):
        await file.run(insert)
    async with opened(path) as (file, moved):
        assert moved is None
        assert await file.run(count) == 1


@pytest.mark.parametrize(
    ("name", "spoil"),
    [
        ("garbage", lambda path: path.write_bytes(b"not a database, " * 1000)),
        ("a text", lambda path: path.write_text("hello\n")),
        ("a broken header", lambda path: path.write_bytes(b"\0" * 100 + path.read_bytes()[100:])),
    ],
)
async def test_a_file_that_is_no_journal_is_set_aside_and_a_new_one_begun(path, name, spoil):
    async with opened(path) as (file, _):
        await file.run(insert)
    spoil(path)
    before = path.read_bytes()
    async with opened(path) as (file, moved):
        assert moved is not None
        assert Path(moved.moved_to).read_bytes() == before
        assert await file.run(count) == 0
        await file.run(insert)


async def test_a_file_that_breaks_when_it_is_read_is_set_aside_too(path):
    async with opened(path) as (file, _):
        await file.run(insert)
    page = 4096
    whole = path.read_bytes()
    path.write_bytes(whole[:page] + b"\xff" * (len(whole) - page))
    file, recalled, moved = await open_and_recall(path, (), wall_ms=WALL_MS)
    assert moved is not None
    assert Path(moved.moved_to).exists()
    assert recalled.tail == []
    await file.run(insert)
    await file.close()


async def test_another_programs_database_is_not_touched(path):
    with sqlite3.connect(path) as foreign:
        foreign.execute("CREATE TABLE photos (name TEXT)")
        foreign.execute("INSERT INTO photos VALUES ('precious')")
    foreign.close()
    async with opened(path) as (_, moved):
        assert moved is not None
        assert moved.reason == "it is not a journal of failoverd"
        with sqlite3.connect(moved.moved_to) as foreign:
            assert foreign.execute("SELECT name FROM photos").fetchall() == [("precious",)]
        foreign.close()


async def test_a_newer_versions_journal_is_kept_for_it(path):
    async with opened(path) as (file, _):
        await file.run(lambda connection: connection.execute(f"PRAGMA user_version = {VERSION + 1}"))
    async with opened(path) as (_, moved):
        assert moved is not None
        assert moved.reason.startswith("it was written by a newer failoverd")


async def test_a_start_that_died_before_the_first_table_is_continued(path):
    blank = sqlite3.connect(path)
    blank.execute("PRAGMA journal_mode = WAL")
    blank.close()
    assert path.stat().st_size > 0
    async with opened(path) as (file, moved):
        assert moved is None
        await file.run(insert)


async def test_a_deleted_file_takes_no_commit_silently(path):
    async with opened(path) as (file, _):
        path.unlink()
        with pytest.raises(JournalLost, match="deleted or replaced"):
            await file.run(insert)


async def test_a_replaced_file_is_noticed(path, tmp_path):
    async with opened(path) as (file, _):
        (tmp_path / "other").write_bytes(b"")
        (tmp_path / "other").replace(path)
        with pytest.raises(JournalLost, match="deleted or replaced"):
            await file.run(insert)


async def test_somebodys_lock_is_a_condition_that_passes(path):
    async with opened(path) as (file, _):
        await file.run(lambda connection: connection.execute("SELECT 1").fetchall())
        rude = sqlite3.connect(path, isolation_level=None)
        rude.execute("BEGIN IMMEDIATE")
        with pytest.raises(JournalUnusable, match="locked"):
            await file.run(insert)
        rude.execute("ROLLBACK")
        rude.close()
        await file.run(insert)
        assert await file.run(count) == 1


async def test_a_directory_that_is_not_there_is_a_condition_too(tmp_path):
    with pytest.raises(JournalUnusable, match="No such file or directory"):
        await open_journal(tmp_path / "absent" / "journal.db", wall_ms=WALL_MS)


async def test_a_planted_symlink_is_not_followed(path, tmp_path):
    (tmp_path / "victim").write_text("precious")
    path.symlink_to(tmp_path / "victim")
    with pytest.raises(JournalUnusable):
        await open_journal(path, wall_ms=WALL_MS)
    assert (tmp_path / "victim").read_text() == "precious"


async def test_a_full_disk_is_a_condition_and_the_same_connection_recovers(path):
    async with opened(path) as (file, _):
        pages = await file.run(pragma("page_count"))

        def fill(connection):
            for _ in range(2000):
                insert(connection)

        await file.run(lambda connection: connection.execute(f"PRAGMA max_page_count = {pages}").fetchone())
        with pytest.raises(JournalUnusable, match="full"):
            await file.run(fill)
        await file.run(lambda connection: connection.execute("PRAGMA max_page_count = 100000").fetchone())
        await file.run(fill)
        assert await file.run(count) == 2000


def test_a_journal_says_where_it_is(path):
    assert repr(JournalFile(path)) == f"journal {path}"


async def test_a_start_reads_nothing_that_the_snapshots_cover(path):
    """What lies before them could be a million events, or no events at all."""

    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(EVENT_WRITE, [(0, 0, "junk", None, b"\xff")] * 10_000)
        connection.executemany(SNAPSHOT_WRITE, [("router", 10_000, b"{}"), ("provider:a", 10_000, b"{}")])
        insert(connection)

    async with opened(path) as (file, _):
        await file.run(fill)
    file, recalled, _ = await open_and_recall(path, {"router", "provider:a"}, wall_ms=WALL_MS)
    plan = await file.run(
        lambda connection: connection.execute(f"EXPLAIN QUERY PLAN {EVENTS_AFTER}", (0,)).fetchall()
    )
    await file.close()

    assert ([stored.seq for stored in recalled.tail], recalled.unreadable) == ([10_001], 0)
    assert "SEARCH event USING INTEGER PRIMARY KEY" in plan[0][-1]
