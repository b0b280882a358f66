"""A hundred thousand items: through failoverctl into a real daemon, in constant memory, and on after kill -9."""

import json
import os
import signal
import time
from pathlib import Path

import pytest

from daemon.exits import Exit
from tests.jobs.counting import counting, provider_config
from tests.jobs.night import Night, batch_file, peak_mib

ITEMS = 100_000
PATIENCE_S = 900.0
MIB_MAX = 150.0


def cpu_s(pid: int) -> float:
    """What a process has used of the CPU until now."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def waited_for(night: Night, job_id: str, done: int) -> float:
    """Until so many items are done; returns when that was."""
    until = time.monotonic() + PATIENCE_S
    while (status := night.ask("job.status", job_id=job_id))["counts"]["done"] < done:
        assert time.monotonic() < until, status
        time.sleep(0.02)
    return time.monotonic()


@pytest.mark.slow
def test_a_hundred_thousand_items_in_constant_memory(tmp_path_factory):
    home = tmp_path_factory.mktemp("m")
    batch = batch_file(home / "batch.jsonl", ITEMS)
    out = home / "results.jsonl"
    with counting() as provider:
        night = Night(home, provider_config("own", provider.url, paid=False, connections=64))
        with night.daemon() as daemon:
            before_s = cpu_s(daemon.popen.pid)
            began = time.monotonic()
            submitting = night.start("batch", "run", str(batch), "--detach", "--parallel", "16")
            submit_mib = 0.0
            while submitting.poll() is None:
                submit_mib = max(submit_mib, _peak_or_0(submitting.pid))
                time.sleep(0.02)
            job_id, told = submitting.communicate()
            job_id = job_id.strip()
            assert submitting.returncode == Exit.OK, told
            submit_s, submit_cpu_s = time.monotonic() - began, cpu_s(daemon.popen.pid) - before_s
            waited_for(night, job_id, ITEMS // 10)
            daemon_mib = peak_mib(daemon.popen.pid)
            daemon.signal(signal.SIGKILL)
            daemon.wait_exit()
        asked_before = provider.count()
        with night.daemon() as daemon:
            ready = time.monotonic()
            while provider.count() == asked_before:
                assert time.monotonic() < ready + PATIENCE_S
                time.sleep(0.005)
            resume_s = time.monotonic() - ready
            first, before_s = provider.count(), cpu_s(daemon.popen.pid)
            attached = night.start("batch", "attach", job_id, "--out", str(out))
            attach_mib = 0.0
            while attached.poll() is None:
                attach_mib = max(attach_mib, _peak_or_0(attached.pid))
                time.sleep(0.1)
            said, told = attached.communicate()
            item_ms = (cpu_s(daemon.popen.pid) - before_s) / (provider.count() - first) * 1000
            daemon_mib = max(daemon_mib, peak_mib(daemon.popen.pid))
        assert attached.returncode == Exit.OK, told[-2000:]
    print(  # noqa: T201 - the measures are half of what it is for; only memory is asserted
        f"submitted in {submit_s:.1f} s ({submit_cpu_s / ITEMS * 1e6:.0f} us of the daemon's CPU an item); "
        f"all in all {item_ms:.2f} ms of CPU an item; resumed {resume_s:.2f} s after READY; "
        f"peaks: submit {submit_mib:.0f}, attach {attach_mib:.0f}, daemon {daemon_mib:.0f} MiB"
    )
    assert f"job {job_id} is done: 100,000 of 100,000 items answered (100%)" in said
    with out.open() as lines:
        for n, line in enumerate(lines):
            result = json.loads(line)
            assert (result["id"], result["custom_id"]) == (f"{job_id}-{n}", f"c{n}")
            assert result["response"]["body"]["choices"][0]["message"]["content"] == f"answer to item {n}"
    assert n == ITEMS - 1
    assert 0 < submit_mib < MIB_MAX
    assert 0 < attach_mib < MIB_MAX
    assert daemon_mib < MIB_MAX


def _peak_or_0(pid: int) -> float:
    """Of a process that may have ended just now."""
    try:
        return peak_mib(pid)
    except (FileNotFoundError, ProcessLookupError, StopIteration):
        return 0.0
