"""How long a start takes with a million events in the journal: what recall costs, and until a daemon is ready.

python -m bench.micro_boot [EVENTS]

The worst start: the last snapshot is as old as it gets, so that the daemon folds the 20,000 events behind it.
"""

import asyncio
import resource
import sqlite3
import sys
import tempfile
import time
from itertools import chain, islice, repeat
from pathlib import Path

from msgspec.json import encode

from actors.journal.journal_file import open_journal
from actors.journal.lag import SNAPSHOT_EVENTS
from bench.micro_fold import KEYS, MODELS, PROVIDERS, config, events
from daemon.past import open_past
from state.failures import Kind
from state.memory.journal import ANCHOR_WRITE, EVENT_WRITE, SNAPSHOT_WRITE, anchor_row, write_event
from state.memory.parts import ROUTER, part_name
from state.memory.remembered import remember
from state.timeline import Anchor, Reading
from tests.process import running, write_config

STORY = 50_000
SETTINGS = config()


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory(prefix="failoverd-boot-") as made:
        home = Path(made)
        path = home / "state" / "journal.db"
        path.parent.mkdir(mode=0o700)
        asyncio.run(write(path, count))
        print(f"{count} events, {path.stat().st_size >> 20} MiB, {SNAPSHOT_EVENTS} behind the snapshot")
        asyncio.run(recall(path))
        write_config(home, providers())
        for _ in range(3):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began_s = time.monotonic()
            with running(
                home, environ={f"KEY{number}": f"sk-a-long-key-{number}" for number in range(KEYS)}
            ) as daemon:
                daemon.wait_ready()
                ready_s = time.monotonic() - began_s
                daemon.popen.kill()
                daemon.wait_exit()
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            spent_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(f"  daemon is ready after {ready_s:5.2f} s, {spent_s:5.2f} s of CPU")


async def write(path: Path, count: int) -> None:
    """All the events, and a snapshot of what the first of them led to."""
    story = events(STORY, SETTINGS.lanes, 0.1, Kind.TIMEOUT)
    covered = story[:-SNAPSHOT_EVENTS]
    known = remember({}, [], SETTINGS).after(covered, SETTINGS)
    parts = {part_name(name): state for name, state in known.providers.items()} | {ROUTER: known.router}
    rows = [write_event(event) for event in story]
    old = islice(chain.from_iterable(repeat(rows[: len(covered)])), count - SNAPSHOT_EVENTS)
    anchor = Anchor(story[-1].at_ms, Reading("bench", 0, story[-1].wall_ms))

    def fill(connection: sqlite3.Connection) -> None:
        connection.executemany(EVENT_WRITE, old)
        snapshots = [(part, count - SNAPSHOT_EVENTS, encode(state)) for part, state in parts.items()]
        connection.executemany(SNAPSHOT_WRITE, snapshots)
        connection.executemany(EVENT_WRITE, rows[len(covered) :])
        connection.execute(ANCHOR_WRITE, anchor_row(anchor))

    file, _ = await open_journal(path, wall_ms=0)
    await file.run(fill)
    await file.close()


async def recall(path: Path) -> None:
    began_s, spent_s = time.monotonic(), time.process_time()
    file, past, _ = await open_past(path, SETTINGS, wall_ms=0)
    took_s, cpu_s = time.monotonic() - began_s, time.process_time() - spent_s
    await file.close()
    lanes = sum(1 for state in past.remembered.providers.values() for _ in state.statistics.lanes())
    print(f"  recalled {lanes} lanes in {took_s:5.2f} s, {cpu_s:5.2f} s of CPU")


def providers() -> str:
    models = [f"model{number}" for number in range(MODELS)]
    keys = [f"env:KEY{number}" for number in range(KEYS)]
    return "".join(
        f'[provider.provider{number}]\nurl = "https://provider{number}.example/v1"\nmodels = {models}\nkeys = {keys}\n'
        for number in range(PROVIDERS)
    )


if __name__ == "__main__":
    main()
