"""`failoverd demo`: the play itself, its parts, and that it tells the truth when something is lost."""

import io
import re

import pytest

from daemon.ctl.terminal import Terminal
from daemon.exits import Exit
from daemon.stage.audience import Attempt, Reply, Report, Seam
from daemon.stage.script import CAST, ENDS_S, PLAY
from daemon.stage.teller import Teller
from daemon.stage.verses import question, verse
from tests.ctl.screen import on_screen
from tests.process import running


def reply(number: int, by: str = "north", *attempts: Attempt, **over) -> Reply:
    report = Report(
        request_id=f"r{number}", lane=f"{by}/key1/parrot", attempts=attempts, seams=over.pop("seams", ())
    )
    usual = {"number": number, "at_s": 0.0, "seconds": 0.4, "text": verse(question(number)), "report": report}
    return Reply(**{**usual, **over})


SILENT = Attempt(lane="north/key1/parrot", outcome="failed", seconds=1.0, kind="timeout")
LIMITED = Attempt(lane="east/key1/parrot", outcome="failed", seconds=0.1, kind="rate_limit", status=429)
AGAIN = Attempt(lane="south/key1/parrot", outcome="answered", seconds=0.4, tries=2)


@pytest.fixture
def teller():
    return Teller(Terminal(io.StringIO(), io.StringIO()))


def told(teller: Teller) -> list[str]:
    teller.breathe()
    out = teller._screen.out
    assert isinstance(out, io.StringIO)
    return [line.strip() for line in out.getvalue().splitlines() if line]


def test_the_same_question_has_the_same_answer_whoever_gives_it():
    assert verse(question(7)) == verse(question(7))
    assert len({verse(question(number)) for number in range(50)}) == 50


def test_the_play_has_a_cast_and_happens_in_its_order():
    assert [act.at_s for act in PLAY] == sorted(act.at_s for act in PLAY)
    assert PLAY[-1].at_s < ENDS_S
    assert all(any(name in act.says for name in CAST) or act.at_s == 0 for act in PLAY)


def test_what_is_new_is_told_once_and_the_rest_is_counted(teller):
    teller.act(PLAY[1])
    for number in range(5):
        teller.reply(reply(number, "east", SILENT))
    for number in range(5, 10):
        teller.reply(reply(number, "east"))

    assert told(teller) == [
        f"2.5s  {PLAY[1].says}",
        "request 0: north said nothing for 1.00s, east answered; 0.40s in all",
        "east answers",
        "and 8 more answers, all by east",
    ]


def test_seams_second_tries_and_standings_are_told_in_words(teller):
    teller.reply(reply(1, "east", SILENT, seams=(Seam(at_char=46),)))
    teller.reply(reply(2, "south", LIMITED, AGAIN))
    teller.standing("north", "is left alone for 6s")

    assert told(teller) == [
        "request 1: north said nothing for 1.00s after 46 characters, east went",
        "on from there; 0.40s in all",
        "request 2: east was asked too often (429), south failed once, was",
        "asked again, and answered; 0.40s in all",
        "north is left alone for 6s",
    ]


def test_all_is_well_only_if_every_answer_came_whole(teller):
    teller.reply(reply(1))
    teller.reply(reply(2, "east", SILENT))
    assert teller.outcome(asked=2).is_well
    assert not teller.outcome(asked=3).is_well, "one never came back"

    teller.reply(reply(3, text="3. The Owl and the"))
    outcome = teller.outcome(asked=3)
    assert not outcome.is_well
    teller.finale(outcome, 27.0)
    assert "1 request of 3 got no whole answer:" in told(teller)
    assert "request 3: '3. The Owl and the'" in told(teller)


def test_a_play_in_which_nothing_failed_has_shown_nothing(teller):
    teller.reply(reply(1))

    assert not teller.outcome(asked=1).is_well


def test_an_error_is_a_loss_whatever_the_text(teller):
    teller.reply(reply(1, trouble="HungUp: chat"))

    assert told(teller) == ["request 1 is lost: HungUp: chat"]


@pytest.mark.slow
def test_the_play_goes_by_its_script_and_nothing_is_lost(tmp_path):
    with running(tmp_path, "-m", "daemon.main", "demo") as demo:
        out, _ = demo.popen.communicate(timeout=90)
    assert demo.popen.returncode == Exit.OK, out
    assert "\x1b" not in out, "no terminal, no colours"
    for line in (
        "north is left alone for",
        r"request \d+: north said nothing for 1.\d\ds, east answered",
        "east rests for",
        r"request \d+: east was asked too often \(429\), south answered",
        "north is back",
        r"request \d+: north broke off after \d+ characters, east went on from there",
        r"request \d+: east had no quota left \(429\), south answered",
        r"request \d+: south failed once, was asked again, and answered",
        r"\d+ requests in \d+s, all answered in full, word for word",
        r"Request \S+ was answered by east/key1/parrot",
    ):
        assert re.search(line, " ".join(out.split())), f"{line}\n{out}"
    assert demo.log == ""


@pytest.mark.slow
def test_who_wants_to_stay_ends_it_with_ctrl_c_and_that_is_well():
    with on_screen("-m", "daemon.main", "demo", "--keep") as screen:
        screen.wait_drawn("Ctrl-C ends it.", within_s=60)
        screen.press(b"\x03")
        assert screen.wait_end() == Exit.OK


@pytest.mark.slow
def test_on_a_terminal_it_has_colours_and_ctrl_c_ends_it_and_its_daemon():
    with on_screen("-m", "daemon.main", "demo") as screen:
        screen.wait_drawn("north answers")
        screen.press(b"\x03")
        assert screen.wait_end() == Exit.FAILED
    assert "\x1b[32mnorth answers\x1b[0m" in screen.drawn
    assert "Traceback" not in screen.drawn
    assert max(len(line) for line in screen.drawn.splitlines() if "--socket" not in line) <= 90
