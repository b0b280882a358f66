"""kill -9 of the real daemon at each named step of an item; a provider with a ledger of its own tells the truth."""

import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.jobs.upstream import STEPS, Upstream
from tests.jobs.yard import items
from tests.phone import Phone, dialled
from tests.process import Process, running, write_config

pytestmark = pytest.mark.slow

COUNT = 5
VICTIM = 2
PATIENCE_S = 20.0


def in_the_file(home: Path, question: str) -> Any:
    """What another process sees of the journal."""
    with closing(sqlite3.connect(f"file:{home / 'state' / 'journal.db'}?mode=ro", uri=True)) as connection:
        return connection.execute(question).fetchone()[0]


def until(claim: Callable[[], object]) -> None:
    give_up = time.monotonic() + PATIENCE_S
    while not claim():
        assert time.monotonic() < give_up, "it never came true"
        time.sleep(0.002)


def kill(daemon: Process) -> None:
    daemon.signal(signal.SIGKILL)
    daemon.wait_exit()


def config(home: Path, upstream: Upstream) -> None:
    home.mkdir(exist_ok=True)
    text = f'[provider.a]\nurl = "{upstream.url}"\nmodels = [{{ name = "m" }}]\nretry = {{ retries = 0, patient_tries = 1 }}\n'
    write_config(home, text, http=False)


def submitted(phone: Phone, on_unknown: str) -> str:
    options = {"parallel": 1, "on_unknown": on_unknown}
    return str(phone.ask("job.submit", items=items(COUNT), model="auto", options=options)["job_id"])


def over(phone: Phone, job: str) -> dict[str, Any]:
    found: dict[str, Any] = {}

    def is_over() -> bool:
        found.update(phone.ask("job.status", job_id=job))
        return str(found["state"]) == "done"

    until(is_over)
    return found


@pytest.mark.parametrize("on_unknown", ["retry", "hold"])
@pytest.mark.parametrize("step", ["submitted", *STEPS, "outcome committed", "acknowledged"])
def test_killed_at_any_step_no_item_is_lost_doubled_or_charged_twice_unasked(tmp_path, step, on_unknown):
    with Upstream() as upstream:
        config(tmp_path, upstream)
        hold = step if step in STEPS else "last byte"
        upstream.hold(VICTIM, hold)
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                job = submitted(phone, on_unknown)
                if step != "submitted":
                    assert upstream.held.wait(PATIENCE_S)
                if step == "connecting":
                    until(
                        lambda: in_the_file(tmp_path, f"SELECT state FROM item WHERE n = {VICTIM}") == "sent"
                    )
                elif step == "outcome committed":
                    until(lambda: in_the_file(tmp_path, "SELECT count(*) FROM item_outcome") == VICTIM + 1)
                elif step == "acknowledged":
                    until(lambda: phone.ask("job.status", job_id=job)["counts"]["done"] == VICTIM + 1)
                acknowledged = phone.ask("job.status", job_id=job)["counts"]["done"]
            kill(daemon)
        upstream.release()
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                status = over(phone, job)
                results = phone.ask("job.results", job_id=job)["results"]
                assert daemon.stop() == 0
    states = [each["failover"]["state"] for each in results]
    charged = Counter(upstream.received)
    assert [each["custom_id"] for each in results] == [f"item-{n}" for n in range(COUNT)]
    assert states[:acknowledged] == ["done"] * acknowledged
    again = [n for n, each in enumerate(results) if each["failover"]["again"]]
    if on_unknown == "hold":
        assert max(charged.values()) == 1, "at most one charge for an item"
        assert set(states) <= {"done", "unknown"}
        assert status["counts"]["unknown"] <= 1
    else:
        assert states == ["done"] * COUNT
        assert all(charged[n] == 1 or (charged[n] == 2 and n in again) for n in range(COUNT))
        assert len(again) <= 1
    for n, each in enumerate(results):
        if each["response"] is not None:
            assert each["response"]["body"]["choices"][0]["message"]["content"] == f"answer {n}"
    in_doubt = {"submitted": {"done"}, "outcome committed": {"done"}, "acknowledged": {"done"}}
    certain = in_doubt.get(step, {"done", "unknown"} if step == "last byte" else {"unknown"})
    if on_unknown == "hold" and step != "submitted":
        assert states[VICTIM] in certain


def test_a_held_item_is_sent_again_when_its_owner_says_so(tmp_path):
    with Upstream() as upstream:
        config(tmp_path, upstream)
        upstream.hold(VICTIM, "sent")
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                job = submitted(phone, "hold")
                assert upstream.held.wait(PATIENCE_S)
            kill(daemon)
        upstream.release()
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                assert over(phone, job)["counts"]["unknown"] == 1
                phone.ask("job.resume", job_id=job, unknown="retry")
                status = over(phone, job)
                assert (status["counts"]["done"], status["counts"]["unknown"]) == (COUNT, 0)
                assert phone.ask("job.results", job_id=job)["results"][VICTIM]["failover"]["again"]


def test_a_drain_leaves_items_pending_and_the_next_life_goes_on(tmp_path):
    with Upstream() as upstream:
        config(tmp_path, upstream)
        upstream.hold(VICTIM, "sent")
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                job = submitted(phone, "hold")
                assert upstream.held.wait(PATIENCE_S)
                daemon.signal(signal.SIGTERM)
                daemon.wait_told("STOPPING=1")
                upstream.release()
            assert daemon.wait_exit() == 0
        assert in_the_file(tmp_path, "SELECT count(*) FROM item WHERE state = 'pending'") > 0
        assert in_the_file(tmp_path, "SELECT count(*) FROM item WHERE state = 'sent'") == 0
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                assert over(phone, job)["counts"]["done"] == COUNT
        assert max(Counter(upstream.received).values()) == 1


def test_a_cascade_goes_on_at_the_next_item_with_the_right_key_and_model_after_kill_9(tmp_path):
    with Upstream() as upstream:
        tmp_path.mkdir(exist_ok=True)
        models = ", ".join(f'{{ name = "m{n}", limits = {{ rpd = 2 }} }}' for n in range(1, 5))
        keys = ", ".join(f'{{ name = "key{n}" }}' for n in range(1, 4))
        text = f'[provider.g]\nurl = "{upstream.url}"\nmodels = [{models}]\nkeys = [{keys}]\n'
        write_config(tmp_path, text, http=False)
        lanes = [f"g/key{key}/m{model}" for key in range(1, 4) for model in range(1, 5) for _ in range(2)]
        upstream.hold(12, "sent")
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                options = {"parallel": 1, "on_unknown": "hold"}
                job = phone.ask("job.submit", items=items(30), model="auto", options=options)["job_id"]
                assert upstream.held.wait(PATIENCE_S)
                checkpoint = phone.ask("job.status", job_id=job)["checkpoint"]
                assert (checkpoint["n"], checkpoint["lane"]) == (11, lanes[11])
            kill(daemon)
        upstream.release()
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                until(lambda: phone.ask("job.status", job_id=job)["state"] == "sleeping")
                asleep = phone.ask("job.status", job_id=job)
                results = phone.ask("job.results", job_id=job)["results"]
            kill(daemon)
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone:
                until(lambda: phone.ask("job.status", job_id=job)["state"] == "sleeping")
                assert phone.ask("job.status", job_id=job)["until_wall_ms"] % 86_400_000 < 1_000
    done_by = [each["failover"]["lane"] for each in results]
    assert done_by == lanes, "item 12 is unknown, and its call counts as used all the same"
    assert [each["failover"]["state"] for each in results] == ["done"] * 12 + ["unknown"] + ["done"] * 11
    assert asleep["counts"]["pending"] == 6
    assert upstream.received == list(range(24))


def test_whoever_follows_hears_how_far_it_is_what_went_amiss_and_the_end(tmp_path):
    with Upstream() as upstream:
        config(tmp_path, upstream)
        upstream.hold(VICTIM, "sent")
        with running(tmp_path) as daemon:
            daemon.wait_ready()
            with dialled(daemon) as phone, dialled(daemon) as other:
                lines = [*items(COUNT), {"custom_id": "broken", "error": "it is empty"}]
                options = {"parallel": 1}
                job = phone.ask("job.submit", items=lines, model="auto", options=options)["job_id"]
                assert upstream.held.wait(PATIENCE_S)
                id_ = other.begin("job.follow", job_id=job)
                first = other.hear()
                assert first["method"] == "job.progress"
                status = first["params"]["status"]
                assert (status["state"], status["counts"]["done"], status["counts"]["sent"]) == (
                    "running",
                    VICTIM,
                    1,
                )
                assert [lane["in_flight"] for lane in status["lanes"]] == [1]
                upstream.release()
                while "method" in (last := other.hear()):
                    assert last["method"] == "job.progress"
                assert last["id"] == id_
                assert (last["result"]["state"], last["result"]["counts"]["done"]) == ("done", COUNT)
                assert last["result"]["tags"] == {"a": COUNT, "unsent": 1}
                assert [each["job_id"] for each in phone.ask("job.list")["jobs"]] == [job]
