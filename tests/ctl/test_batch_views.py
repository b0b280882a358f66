"""What is seen of a job: bars that fit every screen, lines where there is none, the report at the end."""

import io
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from daemon.ctl.batch.bars import Glyphs, bar, how_far, rows
from daemon.ctl.batch.report import checkpoint, closing, ending, listing, status_lines
from daemon.ctl.batch.watching import Plain, item_said
from daemon.ctl.clock import clock_time
from daemon.ctl.plain import columns_of
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit
from tests.fakes.jobs import CREATED_MS, job_line, job_status

GLYPHS = Glyphs("#", "x", ".")
HOSTILE = "\x1b[2J\u202egnp.exe\n"


def lane(name="gemini/key1/flash", **changed):
    known = {"lane": name, "done": 0, "failed": 0, "in_flight": 0, "seconds_mean": None, "tokens": 0, "cost_usd": 0.0}  # fmt: skip
    return {**known, **changed}


HALF_WAY = job_status(
    counts={"done": 3400, "failed": 100, "pending": 1500},
    rate_per_min=31.2,
    left_s=2_880.0,
    lanes=[
        lane(done=1000, failed=100, in_flight=2, seconds_mean=2.31, tokens=120_000, cost_usd=0.12),
        lane("ollama/local/llava", done=2400, in_flight=4, seconds_mean=0.8, tokens=9_000),
    ],
)


def drawn(status, width=100, height=20):
    return ["".join(cell.text for cell in row) for row in rows(status, width, height, GLYPHS)]


# Bars.


def test_the_whole_and_each_lane():
    assert drawn(HALF_WAY) == [
        "all                 #############x......  3,500 of 5,000, 70%, 31/min, 48m left, 100 failed",
        "gemini/key1/flash   ###x................  1,000 done, 100 failed, 2 in flight, 2.31s each",
        "ollama/local/llava  #########...........  2,400 done, 4 in flight, 0.80s each",
    ]


def test_what_holds_it_up_stands_below():
    sleeping = job_status(state="sleeping", why="all quotas are used up", until_wall_ms=CREATED_MS)

    assert drawn(sleeping)[-1] == f"sleeping until {clock_time(CREATED_MS / 1000)}: all quotas are used up"


def test_lanes_that_find_no_room_are_counted():
    many = job_status(lanes=[lane(f"p/k/m{n}", done=n) for n in range(30)], counts={"done": 435})

    assert len(drawn(many, height=6)) == 6
    assert drawn(many, height=6)[-1] == "and 26 more lanes"


def test_lanes_keep_their_places_while_they_are_drawn_over_and_over():
    names = [line.split()[0] for line in drawn(HALF_WAY)]
    many = job_status(lanes=[lane(f"p/k/m{n}", done=n % 5) for n in range(10)], counts={"done": 20})

    assert names == ["all", "gemini/key1/flash", "ollama/local/llava"]
    assert [line.split()[0] for line in drawn(many, height=5)] == ["all", "p/k/m3", "p/k/m4", "p/k/m9", "and"]


COUNTS = st.fixed_dictionaries({name: st.integers(0, 10**7) for name in ("done", "failed", "pending", "unknown")})  # fmt: skip
LANES = st.builds(
    lane,
    st.text(max_size=80),
    done=st.integers(0, 10**7),
    failed=st.integers(0, 10**7),
    in_flight=st.integers(0, 64),
    seconds_mean=st.none() | st.floats(0, 1e5),
)
STATUSES = st.builds(
    job_status,
    counts=COUNTS,
    lanes=st.lists(LANES, max_size=12),
    state=st.sampled_from(["running", "sleeping", "paused", "done", "?\x1b"]),
    why=st.text(max_size=30),
    rate_per_min=st.none() | st.floats(0, 1e6),
    left_s=st.none() | st.floats(0, 1e7),
)


@settings(max_examples=500)
@given(STATUSES, st.integers(39, 300), st.integers(1, 40))
def test_no_picture_is_wider_or_higher_than_its_screen_or_moves_its_cursor(status, width, height):
    lines = drawn(status, width, height)

    assert 1 <= len(lines) <= height
    assert all(columns_of(line) <= width and (line.isprintable() or "\u200d" in line or "\u200c" in line) for line in lines)  # fmt: skip


@settings(max_examples=500)
@given(st.integers(1, 60), st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_bar_is_full_only_when_all_is_settled_and_hides_no_failure(width, done, failed, pending):
    total = done + failed + pending
    text = bar(width, done, failed, total, GLYPHS)

    assert len(text) == width
    assert re.fullmatch(r"#*x*\.*", text)
    assert ("." not in text) == (pending == 0 and total > 0)
    if (done + failed) * width >= total > 0 and failed:
        assert "x" in text


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({}, "0 of 0"),
        ({"pending": 3}, "0 of 3, 0%"),
        ({"done": 2, "unknown": 1}, "2 of 3, 66.7%, 1 held"),
        ({"done": 1, "cancelled": 1}, "2 of 2, 100%"),
    ],
)
def test_how_far_it_is_in_words(counts, says):
    assert how_far(job_status(counts=counts)) == says


# Lines.


def said_in_lines(*statuses):
    err = io.StringIO()
    plain = Plain(Terminal(io.StringIO(), err))
    for status in statuses:
        plain.show(status)
    return err.getvalue().splitlines()


def test_without_a_terminal_a_line_for_each_tenth_and_each_change_of_state():
    on_its_way = [job_status(counts={"done": n, "pending": 40 - n}) for n in range(9)]
    asleep = [job_status(state="sleeping", why="quota", until_wall_ms=None, counts={"done": 8, "pending": 32})] * 3  # fmt: skip

    assert said_in_lines(*on_its_way, *asleep) == [
        "0 of 40, 0%",
        "4 of 40, 10%",
        "8 of 40, 20%",
        "8 of 40, 20%; sleeping: quota",
    ]


def item(**changed):
    known = {"n": 4, "custom_id": "img5.png", "state": "done", "tag": "east-failover", "lane": "east/key1/llava", "reason": "north: timeout", "errors": []}  # fmt: skip
    return {**known, **changed}


def test_a_failover_is_one_line():
    assert item_said(item())[0] == "img5.png: east-failover: north: timeout, done by east/llava"


def test_a_failure_names_its_errors():
    errors = [
        {"lane": "north/key1/m", "kind": "unavailable", "status": 500, "said": HOSTILE},
        {"lane": "east/key1/m", "kind": "timeout"},
    ]
    told = item_said(item(state="failed", tag="both-failed", lane="", reason="", errors=errors))[0]

    assert told == (
        'img5.png: both-failed; north/m: it is out of order (unavailable, HTTP 500): "\\x1b[2J\\u202egnp.exe\\n"; '
        "east/m: it took too long (timeout)"
    )


def test_an_item_that_nobody_knows_about_is_told():
    assert item_said(item(state="unknown", tag="", lane="", reason=""))[0] == "img5.png: unknown"


def test_strangers_words_in_it_move_no_cursor():
    told = item_said(item(custom_id=HOSTILE, reason=HOSTILE, tag=HOSTILE, lane=HOSTILE))[0]

    assert told.isprintable()
    assert item_said(item(custom_id=""))[0].startswith("item 4: ")


# The report.

DONE = job_status(
    state="done",
    counts={"done": 97, "failed": 2, "unknown": 1},
    created_wall_ms=CREATED_MS,
    finished_wall_ms=CREATED_MS + 723_000,
    failovers=12,
    tags={"north": 85, "east-failover": 12, "both-failed": 2},
    errors={"quota": 3, "timeout": 13},
    tokens=120_400,
    cost_usd=0.42,
    lanes=[
        lane("north/key1/m", done=85, failed=14, seconds_mean=2.3, tokens=100_000, cost_usd=0.42),
        lane("east/key1/m", done=12, tokens=20_400),
    ],
)


def test_the_closing_report_counts_everything():
    assert list(closing(DONE, Terminal(io.StringIO(), io.StringIO()))) == [
        "job j1 is done: 97 of 100 items answered (97%) in 12m 3s",
        "",
        "failed     2 items failed; to ask again: failoverctl batch resume j1 --failed retry",
        "held       1 item may have been asked; to ask again: failoverctl batch resume j1 --unknown retry",
        "failovers  12",
        "tokens     120,400",
        "cost       $0.4200",
        "",
        "TAG            COUNT  SHARE",
        "north          85     85.9%",
        "east-failover  12     12.1%",
        "both-failed    2      2%",
        "",
        "ERROR    COUNT  SHARE",
        "timeout  13     81.2%",
        "quota    3      18.8%",
        "",
        "LANE          DONE  FAILED  EACH   TOKENS   COST",
        "north/key1/m  85    14      2.30s  100,000  $0.4200",
        "east/key1/m   12                   20,400   none counted",
    ]


def test_what_could_not_be_sent_is_not_to_be_asked_again():
    status = job_status(state="done", counts={"done": 1, "failed": 2}, tags={"north": 1, "unsent": 2})
    lines = list(closing(status, Terminal(io.StringIO(), io.StringIO())))

    assert lines[2] == "unsent     2 items could not be sent; the results say why"
    assert not any("--failed retry" in line for line in lines)


def test_only_what_is_wholly_done_ends_well():
    assert ending(job_status(state="done", counts={"done": 3})) is Exit.OK
    assert ending(DONE) is Exit.FAILED
    assert ending(job_status(state="cancelled", counts={"done": 3})) is Exit.FAILED


def test_the_checkpoint_tells_item_key_model_and_time():
    at: Any = {"n": 1203, "custom_id": "img1203.png", "lane": "gemini/key2/flash", "at_wall_ms": CREATED_MS}

    assert checkpoint(at, 5000, CREATED_MS / 1000 + 4) == (
        f"item 1,204 of 5,000 (img1203.png) by gemini/key2/flash, {clock_time(CREATED_MS / 1000)} (4s ago)"
    )
    assert checkpoint(None, 5000, 0.0) == "nothing is done yet"


def test_a_status_shows_where_it_stands():
    lines = list(status_lines(HALF_WAY, Terminal(io.StringIO(), io.StringIO()), CREATED_MS / 1000))

    assert lines[:6] == [
        "job j1 night",
        "",
        "state       running",
        "items       3,500 of 5,000, 70%, 31/min, 48m left, 100 failed",
        "checkpoint  nothing is done yet",
        f"begun       {clock_time(CREATED_MS / 1000)}",
    ]


def test_the_list_is_a_table_and_inert():
    screen = Terminal(io.StringIO(), io.StringIO())
    lines = listing([job_line(done=1), job_line(name=HOSTILE, state=HOSTILE, why=HOSTILE)], screen)

    assert lines[0].split() == ["JOB", "STATE", "DONE", "FAILED", "BEGUN", "NAME", "WHY"]
    assert lines[1].split()[:5] == ["j1", "running", "1", "of", "5"]
    assert all(line.isprintable() for line in lines)
    assert listing([], screen) == ["no jobs; failoverctl batch run FILE --out RESULTS makes one"]
