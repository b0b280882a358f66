"""A disk that is full in the middle of a job: it pauses and says so, promises nothing, and goes on by itself."""

import os
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from daemon.exits import Exit
from tests.jobs.counting import counting, provider_config
from tests.jobs.night import Night, batch_file

ITEMS = 400
PARALLEL = 4
QUICK_S, SLOW_S = 0.02, 0.5
"""Slow while the disk is being filled: it must not be over by then, however busy the machine is."""
DISK_MIB = 16
PATIENCE_S = 60.0


@pytest.fixture
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its `state` is a disk of its own, and a small one."""
    home = tmp_path_factory.mktemp("f")
    (home / "state").mkdir(mode=0o700)
    size = f"size={DISK_MIB}m,mode=0700"
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", size, "none", home / "state"], capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.decode().strip()}")
    yield home
    subprocess.run(["umount", "--lazy", home / "state"], check=True)


@contextmanager
def full(disk: Path) -> Iterator[None]:
    """No byte more goes on it."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        step = 1024 * 1024
        while step:
            try:
                file.write(b"x" * step)
            except OSError:
                step //= 2
    try:
        yield
    finally:
        ballast.unlink()


def wait_for(look: Callable[[], Any], what: str) -> Any:
    until = time.monotonic() + PATIENCE_S
    while not (found := look()):
        assert time.monotonic() < until, f"never: {what}"
        time.sleep(0.05)
    return found


@pytest.mark.slow
def test_a_full_disk_pauses_a_job_and_nothing_that_is_not_stored_is_acknowledged(home):
    with counting(QUICK_S) as provider:
        night = Night(home, provider_config("dear", provider.url, paid=True))
        with night.daemon():
            job_id = night.submit(ITEMS, parallel=PARALLEL)

            def status() -> Any:
                return night.ask("job.status", job_id=job_id)

            wait_for(lambda: status()["counts"]["done"] > ITEMS // 10, "it begins")
            provider.answers_after(SLOW_S)
            with full(home / "state"):
                # Until something is written, nobody can know. What the file has room for inside may still go.
                paused = wait_for(lambda: (now := status())["state"] == "paused" and now, "it pauses")
                assert "full" in paused["why"]
                asked = provider.count()
                told = night.ctl("batch", "status", job_id)
                assert told.returncode == Exit.FAILED
                assert "paused" in told.stdout
                assert "full" in told.stdout
                another = night.start(
                    "batch", "run", str(batch_file(home / "b.jsonl", 3)), "--out", str(home / "r")
                )
                assert another.stderr is not None
                assert "waiting for it" in another.stderr.readline()
                time.sleep(1.0)  # it is let try: nothing may come of it
                assert status()["counts"]["done"] == paused["counts"]["done"]
                assert provider.count() - asked <= PARALLEL
                assert status()["state"] == "paused"
            provider.answers_after(QUICK_S)
            wait_for(lambda: status()["state"] == "done", "it goes on by itself")
            results = night.results(job_id)
            assert another.wait(PATIENCE_S) == Exit.OK
            another.communicate()
        charges = Counter(provider.ledger())
    assert [each["id"] for each in results] == [f"{job_id}-{n}" for n in range(ITEMS)]
    assert {each["failover"]["state"] for each in results} == {"done"}
    assert {charges[f"item {n}"] for n in range(3, ITEMS)} == {1}, "nobody died, so nothing was asked twice"
    assert len((home / "r").read_text().splitlines()) == 3


@pytest.mark.slow
def test_killed_while_the_disk_is_full_nothing_acknowledged_is_lost(home):
    with counting(QUICK_S) as provider:
        night = Night(home, provider_config("dear", provider.url, paid=True))
        with night.daemon() as daemon:
            job_id = night.submit(ITEMS, parallel=PARALLEL)
            wait_for(lambda: len(night.results(job_id)) > ITEMS // 10, "it begins")
            provider.answers_after(SLOW_S)
            with full(home / "state"):
                wait_for(lambda: night.ask("job.status", job_id=job_id)["state"] == "paused", "it pauses")
                acknowledged = night.ask("job.status", job_id=job_id)["counts"]["done"]
                daemon.popen.kill()
                daemon.wait_exit()
        provider.answers_after(QUICK_S)
        with night.daemon():
            wait_for(
                lambda: night.ask("job.status", job_id=job_id)["state"] == "done", "it goes on by itself"
            )
            results = night.results(job_id)
        charges = Counter(provider.ledger())
    states = Counter(each["failover"]["state"] for each in results)
    assert states["done"] >= acknowledged
    assert states["done"] + states["unknown"] == ITEMS
    assert max(charges.values()) == 1
    assert os.path.ismount(home / "state")
