"""`failoverctl batch` on a real terminal: bars that are redrawn in their place, and Ctrl-C that ends the watching."""

import json
import re
import threading

import pytest

from daemon.exits import Exit
from tests.ctl.screen import on_screen
from tests.fakes.daemon import says
from tests.fakes.jobs import FakeJobs, job_status

LANES = [{"lane": "north/key1/parrot", "done": 2, "failed": 0, "in_flight": 1, "seconds_mean": 0.5, "tokens": 0, "cost_usd": 0.0}]  # fmt: skip
PROGRESS = {"counts": {"done": 2, "pending": 3}, "lanes": LANES, "rate_per_min": 30.0, "left_s": 6.0}
FAILOVER = {"n": 1, "custom_id": "c1\x1b[2J", "tag": "east-failover", "state": "done", "lane": "east/key1/m", "reason": "timeout", "errors": []}  # fmt: skip
UP = re.compile(r"\x1b\[(\d+)A")


class Held(FakeJobs):
    """It is followed until somebody lets go."""

    def __init__(self, daemon):
        super().__init__(daemon)
        self.let_go = threading.Event()
        self.between = threading.Event()

    def _follow(self, request):
        progress = ("job.progress", {"status": job_status(**PROGRESS)})
        yield from list(says(None, progress, ("job.item", {"item": FAILOVER}))(request))[:-1]
        self.between.wait(20)
        yield from list(says(None, progress)(request))[:-1]
        self.let_go.wait(20)
        yield from says(self.status)(request)


@pytest.fixture
def jobs(daemon):
    jobs = Held(daemon)
    yield jobs
    jobs.between.set()
    jobs.let_go.set()


@pytest.fixture
def run(daemon, tmp_path):
    path = tmp_path / "night.jsonl"
    path.write_text("".join(json.dumps({"messages": [n]}) + "\n" for n in range(5)))

    def run(**options):
        return on_screen(
            "-m", "daemon.ctl", "--socket", str(daemon.path), "batch", "run", str(path), **options
        )

    return run


def test_bars_are_drawn_in_their_place_and_news_stand_above(jobs, run):
    with run() as screen:
        screen.wait_drawn("timeout")
        jobs.between.set()
        jobs.let_go.set()
        assert screen.wait_end() == Exit.OK

    assert "\x1b[1mall" in screen.drawn
    assert "2 of 5, 40%, 30/min, 6s left" in screen.drawn
    assert "░" in screen.drawn
    assert "c1\\x1b[2J: east-failover: timeout, done by east/m" in screen.drawn
    assert set(UP.findall(screen.drawn)) <= {"1", "2", "3"}
    assert screen.drawn.rindex("job j1 is done: 5 of 5") > max(at.start() for at in UP.finditer(screen.drawn))
    assert "\x1b[2J" not in screen.drawn


def test_ctrl_c_detaches_and_says_how_to_come_back(jobs, run, daemon):
    with run() as screen:
        screen.wait_drawn("timeout")
        screen.press(b"\x03")
        assert screen.wait_end() == Exit.FAILED

    assert "detached; the job goes on\n  come back with: failoverctl batch attach j1\n" in screen.drawn
    assert not any(method == "job.cancel" for method, _ in daemon.asked)


def test_what_was_said_while_it_was_submitted_is_gone_when_it_failed(daemon, jobs, tmp_path):
    path = tmp_path / "wrong.jsonl"
    path.write_text('{"messages": []}\n' * 1500 + "what?\n")
    with on_screen("-m", "daemon.ctl", "--socket", str(daemon.path), "batch", "run", str(path)) as screen:
        assert screen.wait_end() == Exit.USAGE

    assert "submitted 1,000 items\n\x1b[1A\r\x1b[Jfailoverctl:" in re.sub(r"\x1b\[[\d;]*m", "", screen.drawn)


def test_without_colour_bars_are_still_bars(jobs, run):
    with run(environ={"NO_COLOR": "1"}) as screen:
        jobs.between.set()
        jobs.let_go.set()
        assert screen.wait_end() == Exit.OK

    assert "░" in screen.drawn
    assert re.search(r"\x1b\[\d*(;\d+)*m", screen.drawn) is None


def test_a_locale_without_blocks_has_bars_of_letters(jobs, run):
    with run(environ={"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}) as screen:
        jobs.between.set()
        jobs.let_go.set()
        assert screen.wait_end() == Exit.OK

    assert "###" in screen.drawn
    assert screen.drawn.isascii()


def test_a_terminal_that_can_nothing_gets_lines(jobs, run):
    with run(environ={"TERM": "dumb"}) as screen:
        jobs.between.set()
        jobs.let_go.set()
        assert screen.wait_end() == Exit.OK

    assert "\x1b" not in screen.drawn
    assert "\n2 of 5, 40%, 30/min, 6s left\n" in screen.drawn


def test_when_the_terminal_gets_narrower_the_bars_do_too(jobs, run):
    with run(columns=100) as screen:
        screen.wait_drawn("timeout")
        before = len(screen.drawn)
        screen.resize(columns=44)
        screen.wait_drawn("\nnorth/key…  ", after=before)
        before = len(screen.drawn)
        jobs.between.set()
        screen.wait_drawn("2 of 5", after=before)
        jobs.let_go.set()
        assert screen.wait_end() == Exit.OK

    drawn = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", screen.drawn[before:]).replace("\r", "")
    assert max(map(len, drawn[: drawn.index("job j1 is done")].splitlines())) < 44
