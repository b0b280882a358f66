"""One transaction of the journal, written into a real database."""

import sqlite3

import pytest

from actors.journal.batch import Batch
from state.events import LinkRestored
from state.memory.journal import EVENTS_AFTER, EVENTS_WRITE, MIGRATIONS, read_event
from state.timeline import Anchor, Reading


@pytest.fixture
def connection():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for step in MIGRATIONS:
        for statement in step:
            connection.execute(statement)
    yield connection
    connection.close()


@pytest.mark.parametrize("many", [0, 1, 9, 10, 11, 99, 100, 101, 321])
def test_a_batch_of_any_size_is_written_whole_and_in_order(connection, many):
    events = [LinkRestored(at_ms=at, wall_ms=0) for at in range(many)]
    Batch(events=events, anchor=Anchor(0, Reading("", 0, 0)), parts={}).write(connection)
    assert [read_event(body) for _, body in connection.execute(EVENTS_AFTER, (0,))] == events


def test_no_statement_has_more_values_than_an_old_sqlite_takes():
    assert max(statement.count("?") for statement in EVENTS_WRITE.values()) < 999
    assert min(EVENTS_WRITE) == 1, "what is left over goes row by row"
