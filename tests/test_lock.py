import os
import signal
import subprocess
import sys

import pytest

from daemon.lock import AlreadyRunning, only_instance

HOLDER = """
import sys, time
from pathlib import Path
from daemon.lock import only_instance
with only_instance(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Another real process that holds the lock."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    with process:
        yield process
        process.kill()


def test_the_second_instance_is_told_who_runs(tmp_path, holder):
    with pytest.raises(AlreadyRunning, match=f"process {holder.pid} holds .*failoverd.lock"):
        with only_instance(tmp_path):
            pytest.fail("two of us")


def test_kill_9_lets_go_of_the_lock(tmp_path, holder):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with only_instance(tmp_path):
        pass


def test_one_directory_for_all_is_locked_once(tmp_path):
    with only_instance(tmp_path, tmp_path):
        assert (tmp_path / "failoverd.lock").read_text() == f"{os.getpid()}\n"


def test_either_directory_in_use_is_reason_enough(tmp_path, holder):
    (tmp_path / "run").mkdir()
    with pytest.raises(AlreadyRunning):
        with only_instance(tmp_path / "run", tmp_path):
            pytest.fail("two of us")
    with only_instance(tmp_path / "run"):
        pass


def test_a_planted_symlink_is_not_followed(tmp_path):
    (tmp_path / "victim").write_text("precious")
    (tmp_path / "failoverd.lock").symlink_to(tmp_path / "victim")
    with pytest.raises(OSError, match="symbolic"):
        with only_instance(tmp_path):
            pytest.fail("followed")
    assert (tmp_path / "victim").read_text() == "precious"
