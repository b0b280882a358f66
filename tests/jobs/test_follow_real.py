"""failoverctl stays with a job while the daemon is killed and started anew, and a job goes on without failoverctl."""

import json
import signal
import time

import pytest

from daemon.exits import Exit
from tests.jobs.counting import counting, provider_config
from tests.jobs.night import Night, batch_file

ITEMS = 80
SLOW_S, QUICK_S = 0.4, 0.01
PATIENCE_S = 60.0


@pytest.fixture
def own():
    """So slow that nobody comes too late to disturb it."""
    with counting(SLOW_S) as own:
        yield own


@pytest.fixture
def night(tmp_path_factory, own):
    night = Night(tmp_path_factory.mktemp("w"), provider_config("own", own.url, paid=False))
    batch_file(night.home / "batch.jsonl", ITEMS)
    return night


def done(night: Night, job_id: str) -> int:
    return int(night.ask("job.status", job_id=job_id)["counts"]["done"])


def wait_done(night: Night, job_id: str, count: int) -> None:
    until = time.monotonic() + PATIENCE_S
    while done(night, job_id) < count:
        assert time.monotonic() < until
        time.sleep(0.02)


def job_of(night: Night) -> str:
    until = time.monotonic() + PATIENCE_S
    while not (jobs := [job for job in night.ask("job.list")["jobs"] if job["state"] == "running"]):
        assert time.monotonic() < until
        time.sleep(0.02)
    return str(jobs[0]["job_id"])


def written(night: Night) -> list[str]:
    return [json.loads(line)["custom_id"] for line in (night.home / "out").read_text().splitlines()]


@pytest.mark.slow
def test_a_run_survives_daemons_that_are_killed_and_stopped_while_it_follows(night, own):
    words = (
        "batch",
        "run",
        str(night.home / "batch.jsonl"),
        "--out",
        str(night.home / "out"),
        "--parallel",
        "4",
    )
    with night.daemon() as daemon:
        run = night.start(*words)
        job_id = job_of(night)
        wait_done(night, job_id, ITEMS // 10)
        daemon.signal(signal.SIGKILL)
        daemon.wait_exit()
    with night.daemon() as daemon:
        wait_done(night, job_id, 2 * ITEMS // 10)
        assert daemon.stop() == Exit.OK
    with night.daemon() as daemon:
        wait_done(night, job_id, 3 * ITEMS // 10)
        daemon.signal(signal.SIGKILL)
        daemon.wait_exit()
    own.answers_after(QUICK_S)
    with night.daemon():
        said, told = run.communicate(timeout=PATIENCE_S)
    assert run.returncode == Exit.OK, told
    assert written(night) == [f"c{n}" for n in range(ITEMS)]
    assert "waiting for it\nit goes on\n" in told
    assert f"{ITEMS} of {ITEMS} items answered (100%)" in said
    assert not (night.home / "out.job").exists()


@pytest.mark.slow
def test_ctrl_c_ends_the_watching_only_and_another_terminal_goes_on(night, own):
    out = str(night.home / "out")
    with night.daemon():
        run = night.start("batch", "run", str(night.home / "batch.jsonl"), "--out", out, "--parallel", "4")
        job_id = job_of(night)
        wait_done(night, job_id, ITEMS // 8)
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=PATIENCE_S)
        assert run.returncode == Exit.FAILED
        assert (
            f"detached; the job goes on\n  come back with: failoverctl batch attach {job_id} --out {out}\n"
            in told
        )
        again = night.ctl("batch", "run", str(night.home / "batch.jsonl"), "--out", out)
        assert again.returncode == Exit.USAGE
        assert f"belongs to job {job_id}, and is not complete yet" in again.stderr
        watcher = night.start("batch", "attach", job_id)
        own.answers_after(QUICK_S)
        attached = night.ctl("batch", "attach", job_id, "--out", out)
        assert attached.returncode == Exit.OK
        assert watcher.wait(PATIENCE_S) == Exit.OK
        watcher.communicate()
        assert night.ctl("batch", "purge", job_id).returncode == Exit.OK
        assert night.ctl("batch", "status", job_id).returncode == Exit.USAGE
    assert written(night) == [f"c{n}" for n in range(ITEMS)]


@pytest.mark.slow
def test_ctrl_c_while_it_is_submitted_leaves_nothing(night):
    with night.daemon():
        run = night.start("batch", "run", "-", "--out", str(night.home / "out"), keep_open=True)
        assert run.stdin is not None
        run.stdin.write('{"messages": [{"role": "user", "content": "hello"}]}\n' * 3000)
        run.stdin.flush()
        until = time.monotonic() + PATIENCE_S
        while not any(job["total"] for job in night.ask("job.list")["jobs"]):
            assert time.monotonic() < until
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, told = run.communicate(timeout=PATIENCE_S)
        assert run.returncode == Exit.FAILED
        assert "given up while it was being submitted\n  nothing of it is left\n" in told
        assert night.ask("job.list")["jobs"] == []
    assert not (night.home / "out").exists()


@pytest.mark.slow
def test_a_wrong_line_is_named_and_no_job_is_left(night):
    batch = night.home / "wrong"
    batch.write_text('{"messages": [{"role": "user", "content": "hello"}]}\n{"messages": []}\n')
    with night.daemon():
        said = night.ctl("batch", "run", str(batch))
        assert said.returncode == Exit.USAGE
        assert f"{batch}: line 2: `messages` " in said.stderr
        assert night.ask("job.list")["jobs"] == []
