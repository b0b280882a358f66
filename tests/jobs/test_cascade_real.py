"""A cascade of keys and models with daily quotas, killed in the middle: it goes on at the next item, key and model."""

import signal
import time
from collections import Counter
from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest

from tests.jobs.counting import counting, provider_config
from tests.jobs.night import Night

KEYS, MODELS = ("canary-a", "canary-b", "canary-c"), ("m1", "m2", "m3", "m4")
DAILY = 3
ALL = len(KEYS) * len(MODELS) * DAILY
ITEMS = ALL + 4
IN_ORDER = [lane for lane in product(KEYS, MODELS) for _ in range(DAILY)]
SLOW_S, QUICK_S = 0.3, 0.01
"""Slow until it is killed: it must not be over by then, however busy the machine is."""
PATIENCE_S = 60.0


@pytest.mark.slow
def test_a_killed_cascade_goes_on_with_the_right_key_and_model_and_sleeps_when_all_are_used_up(
    tmp_path_factory,
):
    home = tmp_path_factory.mktemp("c")
    for key in KEYS:
        (home / key).write_text(key)
        (home / key).chmod(0o600)
    with counting(SLOW_S) as provider:
        config = provider_config(
            "p",
            provider.url,
            paid=False,
            keys=[f"file:{home / key}" for key in KEYS],
            models=list(MODELS),
            model_limits={"rpd": DAILY},
            reset_zone=_far_from_midnight(),
        )
        night = Night(home, config)
        with night.daemon() as daemon:
            job_id = night.submit(ITEMS, parallel=1)
            before = _wait_done(night, job_id, 10)
            daemon.signal(signal.SIGKILL)
            daemon.wait_exit()
        asked = provider.count()
        provider.answers_after(QUICK_S)
        with night.daemon():
            resumed = night.ask("job.status", job_id=job_id)
            asleep = _wait_asleep(night, job_id)
            shown = night.ctl("batch", "status", job_id).stdout
        lanes = provider.lanes()
        texts = provider.ledger()
    assert before["checkpoint"]["lane"] == _lane_of(IN_ORDER[before["checkpoint"]["n"]])
    assert resumed["checkpoint"]["n"] >= before["checkpoint"]["n"]
    # What was on its way when the daemon died counts, whether it got there or not: nobody gets a fourth.
    assert lanes == sorted(lanes, key=IN_ORDER.index)
    assert max(Counter(lanes).values()) == DAILY
    assert len(lanes) >= ALL - 1
    assert texts[asked] in (texts[asked - 1], f"item {int(texts[asked - 1].split()[1]) + 1}")
    assert len(set(texts)) == asleep["counts"]["done"] >= ALL - 1
    assert asleep["until_wall_ms"] > time.time() * 1000
    assert "state       sleeping until " in shown
    assert f"checkpoint  item {asleep['counts']['done']} of {ITEMS} by p/" in shown
    assert "/m4, " in shown


def _lane_of(lane: tuple[str, str]) -> str:
    key, model = lane
    return f"p/key{KEYS.index(key) + 1}/{model}"


def _wait_done(night: Night, job_id: str, count: int) -> Any:
    until = time.monotonic() + PATIENCE_S
    while (status := night.ask("job.status", job_id=job_id))["counts"]["done"] < count:
        assert time.monotonic() < until, status
        time.sleep(0.02)
    return status


def _wait_asleep(night: Night, job_id: str) -> Any:
    until = time.monotonic() + PATIENCE_S
    while (status := night.ask("job.status", job_id=job_id))["state"] != "sleeping":
        assert time.monotonic() < until, status
        time.sleep(0.05)
    return status


def _far_from_midnight() -> str:
    """A zone in which no quota comes back while we look on."""
    return "Etc/GMT+12" if datetime.now(UTC).hour in (23, 0) else "UTC"
