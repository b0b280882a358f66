"""Whatever becomes of the journal's file, calls are served, `status` says so, and it recovers by itself.

Real daemons, real files: full, locked, truncated, garbled, somebody else's, deleted, read-only; and clocks that
were set.
"""

import os
import resource
import signal
import sqlite3
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from daemon.exits import Exit
from tests.fakeserver import Line
from tests.fakeserver.answers import answer
from tests.phone import Failed, Phone, dialled, serving_apart
from tests.process import PATIENCE_S, Process, running, write_config

pytestmark = pytest.mark.slow

MESSAGES = [{"role": "user", "content": "hello"}]
DAY_MS = 86_400_000


async def obliges(line: Line) -> None:
    while True:
        await line.hear()
        await line.say(answer())


class House(Struct):
    """A daemon with two providers, and somebody on the phone with it."""

    home: Path
    daemon: Process
    phone: Phone

    def serves(self) -> None:
        said = self.phone.ask("chat", model="auto", messages=MESSAGES)
        assert said["choices"][0]["message"]["content"] == "hello"

    def quarantines(self, target: str, for_s: float = 3600.0) -> dict[str, Any]:
        said: dict[str, Any] = self.phone.ask("quarantine", target=target, for_s=for_s, reason="a test")
        return said

    @property
    def says(self) -> str:
        """What somebody should know of the journal."""
        return "; ".join(line for line in self.phone.ask("status")["says"] if line.startswith("journal"))

    def left_s(self, target: str) -> float | None:
        """How long the provider is still held."""
        for provider in self.phone.ask("status")["providers"]:
            if provider["provider"] == target:
                return None if provider["hold"] is None else provider["hold"]["left_s"]
        raise AssertionError(f"{target} is not there")

    def wait_says(self, is_so: Callable[[str], bool]) -> str:
        give_up = time.monotonic() + PATIENCE_S
        while not is_so(says := self.says):
            assert time.monotonic() < give_up, f"it still says {says!r}"
            time.sleep(0.05)
        return says

    def wait_degraded(self) -> None:
        self.wait_says(lambda says: says.startswith("journal: degraded, "))

    def wait_well(self) -> None:
        self.wait_says(lambda says: says == "")


@contextmanager
def upstream(home: Path) -> Iterator[None]:
    with serving_apart(obliges) as server:
        there = "".join(
            f'[provider.{name}]\nurl = "{server.url}/v1"\nmodels = ["m"]\nprobe = {{ enabled = false }}\n'
            for name in ("first", "second")
        )
        write_config(home, there)
        yield


@contextmanager
def living(home: Path) -> Iterator[House]:
    with running(home) as daemon:
        daemon.wait_ready()
        with dialled(daemon) as phone:
            yield House(home, daemon, phone)
        assert daemon.stop() == Exit.OK, daemon.log
        assert "Traceback" not in daemon.log, daemon.log


@pytest.fixture
def home(tmp_path):
    with upstream(tmp_path):
        yield tmp_path


@pytest.fixture
def file(home):
    return home / "state" / "journal.db"


# Full.


@contextmanager
def filled_by_a_limit(daemon: Process, _: Path) -> Iterator[None]:
    """No file of the daemon's may grow: what everybody can do to a process of his own."""
    pid, hard = daemon.popen.pid, resource.prlimit(daemon.popen.pid, resource.RLIMIT_FSIZE)[1]
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (1, hard))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def filled_by_a_file(_: Process, state: Path) -> Iterator[None]:
    filler = state / "filler"
    with filler.open("wb", buffering=0) as stream, suppress(OSError):
        while True:
            stream.write(bytes(4096))
    try:
        yield
    finally:
        filler.unlink()


@pytest.fixture
def small_disk(home):
    with mounted(home / "state", "size=4m"):
        yield home


@contextmanager
def mounted(where: Path, options: str) -> Iterator[None]:
    where.mkdir(mode=0o700, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"{options},mode=0700", "tmpfs", str(where)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        pytest.skip(f"nothing can be mounted here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(where)], check=True)


def test_on_a_full_disk_it_serves_and_writes_everything_when_there_is_room(home):
    with living(home) as house:
        _is_filled(house, filled_by_a_limit)


def test_on_a_disk_that_is_really_full_it_does_so_too(small_disk):
    with living(small_disk) as house:
        _is_filled(house, filled_by_a_file)


def _is_filled(house: House, filled: Callable[..., Any]) -> None:
    house.serves()
    with filled(house.daemon, house.home / "state"):
        house.serves()
        house.wait_degraded()
        said = house.quarantines("first")
        assert (said["is_durable"], said["why_not_durable"] != "") == (False, True)
        house.serves()
    house.wait_well()
    kinds = {"kinds": ["operator_acted"]}
    (acted,) = house.phone.ask("journal.query", **kinds)["events"]
    assert acted["event"]["act"]["reason"] == "a test"
    assert house.quarantines("second")["is_durable"]


def test_a_start_on_a_full_disk_serves_and_recalls_when_there_is_room(small_disk):
    with living(small_disk) as house:
        assert house.quarantines("first")["is_durable"]
    with running(small_disk) as daemon:
        with filled_by_a_file(daemon, small_disk / "state"):
            daemon.wait_ready()
            with dialled(daemon) as phone:
                house = House(small_disk, daemon, phone)
                house.serves()
                house.wait_degraded()
        with dialled(daemon) as phone:
            house = House(small_disk, daemon, phone)
            house.wait_well()
            left_s = house.left_s("first")
            assert left_s is not None
            assert 3500 < left_s <= 3600
        assert daemon.stop() == Exit.OK


# Locked.


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program has it for itself alone."""
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


@contextmanager
def written_by_another(file: Path) -> Iterator[None]:
    connection = sqlite3.connect(file, isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        connection.execute("ROLLBACK")
        connection.close()


def test_while_another_program_locks_it_calls_are_served(home, file):
    with living(home) as house:
        house.serves()
        with written_by_another(file):
            house.serves()
            house.wait_degraded()
            assert not house.quarantines("first")["is_durable"]
            house.serves()
        house.wait_well()
        assert len(house.phone.ask("journal.query", kinds=["operator_acted"])["events"]) == 1


def test_what_a_file_knows_that_was_locked_at_the_start_is_recalled_with_what_has_happened_since(home, file):
    with living(home) as house:
        house.serves()
        assert house.quarantines("first", 1800.0)["is_durable"]
        house.phone.ask("force", target="second", pool="auto", for_s=7200.0)
    with running_while(locked(file), home) as (house, unlock):
        house.wait_degraded()
        assert house.left_s("first") is None, "nobody could know"
        assert not house.quarantines("second", 900.0)["is_durable"]
        house.serves()
        since = house.phone.ask("status")["verdicts"]["ok"]
        unlock()
        house.wait_well()
        _knows_both(house, since)
    with living(home) as house:
        _knows_both(house, since)


def _knows_both(house: House, since: int) -> None:
    status = house.phone.ask("status")
    held = {name: house.left_s(name) or 0.0 for name in ("first", "second")}
    assert 1700 < held["first"] <= 1800
    assert 800 < held["second"] <= 900
    assert [(force["target"], force["pool"]) for force in status["forced"]] == [("second", "auto")]
    assert status["verdicts"]["ok"] == since + 1


@contextmanager
def running_while(
    trouble: AbstractContextManager[None], home: Path
) -> Iterator[tuple[House, Callable[[], None]]]:
    """A life that begins in the middle of some trouble, and how to end that."""
    with ExitStack() as stack:
        stack.enter_context(trouble)
        with living(home) as house:
            yield house, stack.close


# Damaged.


def halved(file: Path) -> None:
    os.truncate(file, file.stat().st_size // 2)


def garbled(file: Path) -> None:
    """Its first page is well, so that it looks like a journal."""
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))


def foreign(file: Path) -> None:
    file.unlink()
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE photos (name TEXT)")
    connection.commit()
    connection.close()


def a_text(file: Path) -> None:
    file.write_text("dear diary\n" * 1000)


@pytest.mark.parametrize("spoil", [halved, garbled, foreign, a_text])
def test_a_file_that_cannot_be_used_is_kept_aside_and_a_new_one_begun(home, file, spoil):
    with living(home) as house:
        house.serves()
        house.quarantines("first")
    spoil(file)
    before = file.read_bytes()
    with living(home) as house:
        house.serves()
        assert house.says.startswith("journal: the journal could not be used (")
        assert house.phone.ask("status")["health"] == "degraded"
        assert house.quarantines("second")["is_durable"]
    (aside,) = (each for each in file.parent.glob("journal.db.set-aside-*") if each.suffix != ".db-shm")
    header = 100  # in which SQLite counts who opened it
    assert aside.read_bytes()[header:] == before[header:]
    with living(home) as house:
        house.wait_well()
        assert house.left_s("second") is not None, "the new one is a journal like any other"


def test_a_file_that_breaks_under_it_is_set_aside_and_nothing_is_forgotten(home, file):
    with living(home) as house:
        house.serves()
        house.quarantines("first")
        connection = sqlite3.connect(file)
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        connection.close()
        garbled(file)
        give_up = time.monotonic() + PATIENCE_S
        while not house.says.startswith("journal: the journal could not be used ("):
            assert time.monotonic() < give_up, house.says
            house.serves()
        assert house.quarantines("second")["is_durable"]
    with living(home) as house:
        assert house.left_s("first") is not None
        assert house.left_s("second") is not None


def test_a_file_that_is_deleted_is_begun_anew_with_all_that_is_known(home, file):
    with living(home) as house:
        house.quarantines("first")
        for each in file.parent.glob("journal.db*"):
            each.unlink()
        house.serves()
        house.wait_says(lambda says: says.endswith("was deleted or replaced under us; a new one is begun"))
        assert house.quarantines("second")["is_durable"]
    with living(home) as house:
        assert house.left_s("first") is not None
        assert house.left_s("second") is not None


# Read-only.


def test_where_nothing_can_be_written_it_starts_and_serves(home):
    with mounted(home / "state", "size=4m") if os.geteuid() == 0 else nullcontext():
        with living(home) as house:
            house.quarantines("first")
        _remount(home / "state", "ro")
        with living(home) as house:
            house.serves()
            house.wait_degraded()
            _remount(home / "state", "rw")
            house.wait_well()
            assert house.left_s("first") is not None
        _remount(home / "state", "rw")


def _remount(where: Path, how: str) -> None:
    """As root by the mount, because modes do not keep root out."""
    if os.geteuid() == 0:
        subprocess.run(["mount", "-o", f"remount,{how}", str(where)], check=True)
    else:
        where.chmod(0o500 if how == "ro" else 0o700)


# Clocks that were set.


ALL = (3500, 3600)


@pytest.mark.parametrize(
    ("set_by_ms", "reboots", "told"),
    [
        (+DAY_MS, False, (ALL, 1)),
        (-DAY_MS, False, (ALL, -1)),
        (-DAY_MS, True, (ALL, -1)),
        (+DAY_MS, True, ((0, 0), 0)),
    ],
    ids=["forward", "back", "back over a reboot", "forward over a reboot"],
)
def test_a_clock_that_is_set_makes_no_quarantine_longer_and_is_told(home, file, set_by_ms, reboots, told):
    """As if it had been set: what the last life wrote down of its clocks is moved the other way."""
    with living(home) as house:
        house.quarantines("first")
    connection = sqlite3.connect(file)
    boot = "'another'" if reboots else "boot_id"
    connection.execute(f"UPDATE anchor SET wall_ms = wall_ms - ?, boot_id = {boot}", (set_by_ms,))
    connection.commit()
    connection.close()
    with living(home) as house:
        house.serves()
        (least_s, most_s), days = told
        assert least_s <= (house.left_s("first") or 0) <= most_s
        assert round(house.phone.ask("status")["clock_set_s"] * 1000 / DAY_MS, 2) == days
        house.wait_well()


# A name, and a death.


def test_a_named_request_that_a_death_cut_off_is_said_to_be_interrupted_and_never_sent_again(tmp_path):
    async def hears_and_is_silent(line: Line) -> None:
        await line.hear()
        await line.sleep()

    named = {"model": "auto", "messages": MESSAGES, "failover": {"request_id": "mine"}}
    with serving_apart(hears_and_is_silent) as server:
        write_config(
            tmp_path,
            f'[provider.p]\nurl = "{server.url}/v1"\nmodels = ["m"]\nprobe = {{ enabled = false }}\n',
        )
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                phone.begin("chat", **named)
                give_up = time.monotonic() + PATIENCE_S
                while not server.asked:
                    assert time.monotonic() < give_up
                    time.sleep(0.01)
                daemon.signal(signal.SIGKILL)
                daemon.wait_exit()
        with living(tmp_path) as house:
            for _ in range(2):
                with pytest.raises(Failed) as failed:
                    house.phone.ask("chat", **named)
                assert failed.value.data["kind"] == "interrupted"
            with pytest.raises(Failed, match="used before"):
                house.phone.ask("chat", **{**named, "messages": [{"role": "user", "content": "other"}]})
            told = house.phone.ask("explain", request_id="mine")
            assert told["verdict"] == "interrupted"
        assert len(server.asked) == 1
