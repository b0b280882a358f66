"""kill -9 at random instants while jobs run, against providers that keep ledgers of their own."""

import random
import signal
import time
from collections import Counter
from contextlib import suppress
from typing import Any

import pytest

from daemon.ctl.complaint import Complaint
from tests.jobs.counting import Counting, counting, provider_config
from tests.jobs.night import Night
from tests.process import running

KILLS = 100
"""Of each seed: three hundred in all."""
ITEMS = 120
PARALLEL = 4
ANSWER_S = 0.03
LIFE_S_MAX = 0.5
BOOT_S_MAX = 0.5
QUIET_S_MAX = 120.0


class Watched:
    """A job, all that was acknowledged of it, and what its provider charged."""

    def __init__(self, night: Night, provider: str, counting: Counting) -> None:
        self._night, self._provider, self._counting = night, provider, counting
        self.jobs_over = 0
        self.again = 0
        self.held = 0
        self._begin()

    def _begin(self) -> None:
        self._prefix = f"{self._provider}-{self.jobs_over}"
        self._job_id = self._night.submit(
            ITEMS, self._prefix, include=[f"{self._provider}/*"], parallel=PARALLEL
        )
        self._acknowledged: list[Any] = []
        self._deaths = 0

    def died(self) -> None:
        self._deaths += 1

    def look(self) -> None:
        """Take in what is acknowledged now; judge the job when it is over, and begin another."""
        first = max(0, len(self._acknowledged) - 5)
        page = self._night.ask("job.results", job_id=self._job_id, after=first - 1)
        again = self._acknowledged[first:]
        assert page["results"][: len(again)] == again, "what was acknowledged has changed"
        self._acknowledged = self._acknowledged[:first] + page["results"]
        if page["is_end"]:
            self._judge()
            self.jobs_over += 1
            self._begin()

    def finish(self) -> None:
        """With nobody to kill it any more."""
        over, until = self.jobs_over, time.monotonic() + QUIET_S_MAX
        while self.jobs_over == over:
            assert time.monotonic() < until, self._night.ask("job.status", job_id=self._job_id)
            self.look()
            time.sleep(0.1)

    def _judge(self) -> None:
        results = self._night.results(self._job_id)
        assert results[: len(self._acknowledged)] == self._acknowledged, "what was acknowledged has changed"
        assert [each["id"] for each in results] == [f"{self._job_id}-{n}" for n in range(ITEMS)]
        charges = Counter(self._counting.ledger())
        for n, result in enumerate(results):
            self._judge_item(f"{self._prefix} {n}", result, charges[f"{self._prefix} {n}"])
        extra = sum(charges[f"{self._prefix} {n}"] for n in range(ITEMS)) - ITEMS
        assert extra <= self._deaths * PARALLEL

    def _judge_item(self, text: str, result: Any, charges: int) -> None:
        block = result["failover"]
        if block["state"] == "done":
            (choice,) = result["response"]["body"]["choices"]
            assert choice["message"]["content"] == f"answer to {text}"
            assert charges >= 1
        else:
            assert (block["state"], result["error"]["code"]) == ("unknown", "unknown")
            self.held += 1
        if self._provider == "dear":
            assert charges <= 1, f"{text} was charged {charges} times"
        else:
            assert block["state"] == "done"
            assert charges == 1 or block["again"], f"{text} was charged {charges} times, and nobody says so"
            assert charges - 1 <= self._deaths
            self.again += block["again"]


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_killed_again_and_again_every_item_is_recorded_once_and_charged_as_promised(tmp_path_factory, seed):
    """`hold` (what costs): at most one charge. `retry` (what is free): one more a crash at most, and flagged."""
    rng = random.Random(seed)
    home = tmp_path_factory.mktemp("k")
    with counting(ANSWER_S) as dear, counting(ANSWER_S) as own:
        config = provider_config("dear", dear.url, paid=True) + provider_config("own", own.url, paid=False)
        night = Night(home, config)
        with night.daemon():
            watched = [Watched(night, "dear", dear), Watched(night, "own", own)]
        for _ in range(KILLS):
            with running(home) as daemon:
                if rng.random() < 0.2:
                    time.sleep(rng.uniform(0, BOOT_S_MAX))
                else:
                    daemon.wait_ready()
                    _look_on(watched, rng.uniform(0, LIFE_S_MAX))
                daemon.signal(signal.SIGKILL)
                daemon.wait_exit()
            for each in watched:
                each.died()
        with night.daemon():
            for each in watched:
                each.finish()
        told = {each._provider: (each.jobs_over, each.again, each.held) for each in watched}
    print(  # noqa: T201 - the measure is half of what it is for
        f"seed {seed}: jobs over, items asked again, items held: {told}"
    )
    assert watched[0].held + watched[1].again > 0, "no crash ever caught an item on its way"


def _look_on(watched: list[Watched], for_s: float) -> None:
    until = time.monotonic() + for_s
    while time.monotonic() < until:
        for each in watched:
            with suppress(Complaint):
                each.look()
        time.sleep(min(0.05, max(0.0, until - time.monotonic())))
