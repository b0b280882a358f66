"""`failoverctl status` and `providers`: golden pages of 80 columns, on a pipe and on a terminal."""

import json
import re

import pytest

from daemon.api.status import Condition, Health
from daemon.exits import Exit
from tests.ctl.prompt import ctl
from tests.ctl.said import STATUS, TROUBLED, hold, lane, measures, provider, status
from tests.ctl.screen import on_screen
from tests.fakes.daemon import raw, says

COLOURS = re.compile(r"\x1b\[[\d;]*m")

WELL_PAGE = """\
failoverd is well                                               0.1.0, up 4m 12s

serves    auto: gemini/key1/gemini-2.5-flash (2 more behind it)
requests  1,204, 99.3% answered; 8 unavailable and 6 cancelled
speed     median 0.42s, 95% within 1.21s, first word 0.20s
traffic   3 in flight, 12 attempts in the last minute
journal   well
config    /etc/failoverd/failoverd.toml

PROVIDER    LANES   STANDING  BACK IN  SUCCESS  MEDIAN  BUSY  LEFT
gemini      1 of 1  well               99%      0.42s         9/min, 241/day
openrouter  1 of 1  well               99%      0.42s   3     20/min
ollama      1 of 1  well               99%      0.42s
"""

TROUBLED_PAGE = """\
failoverd is degraded                                           0.1.0, up 4m 12s
  ! openai/key1: out, its key was refused until its config changes or it is
    enabled
  ! gemini/key1/gemini-2.5-flash: quarantined for 4m 12s more after 3 in a row:
    timeout (rule first-token)

serves    captions: gemini/key1/gemini-2.5-flash-lite (it rescued this pool,
          nobody behind it)
          night: nobody; one may be back in 4m 12s
forced    pool captions to gemini for 58m 2s more
steered   auto chooses by round_robin for 1m more
requests  1,204, 99.3% answered; 8 unavailable and 6 cancelled
speed     median 0.42s, 95% within 1.21s, first word 0.20s
traffic   3 in flight, 12 attempts in the last minute
journal   degraded: disk full; 120 wait, 0 lost
config    /etc/failoverd/failoverd.toml

PROVIDER  LANES   STANDING            BACK IN  SUCCESS  MEDIAN  BUSY  LEFT
gemini    1 of 2  partly quarantined  4m 12s   41%      0.42s         9/min
openai    0 of 1  out                 by hand
ollama    1 of 1  off                          99%      0.42s
"""


def test_all_is_well_at_a_glance(daemon):
    daemon.on("status", says(STATUS))

    said = ctl(daemon, "status", columns=80)

    assert (said.code, said.out, said.err) == (Exit.OK, WELL_PAGE, "")


@pytest.mark.parametrize(("set_s", "says_so"), [(86_400, "set forward by 1d"), (-7_200.0, "set back by 2h")])
def test_a_clock_that_was_set_is_told_and_is_no_trouble(daemon, set_s, says_so):
    daemon.on("status", says(STATUS | {"clock_set_s": set_s}))

    said = ctl(daemon, "status", columns=80)

    assert said.code == Exit.OK
    assert f"\nclock     {says_so} while nobody looked; no wait depends on it\n" in said.out


def test_trouble_is_told_first_and_the_exit_code_says_it_too(daemon):
    daemon.on("status", says(TROUBLED))

    said = ctl(daemon, "status", columns=80)

    assert (said.code, said.out, said.err) == (Exit.FAILED, TROUBLED_PAGE, "")


def test_a_young_daemon_has_nothing_to_boast_of(daemon):
    young = measures(attempts=0, answered=0, success_rate=None, latency=None, first_token=None, rpm=0)
    daemon.on(
        "status", says(status(provider("x", lane("x/key1/m"), measures=young), verdicts={}, measures=young))
    )

    page = ctl(daemon, "status", columns=80).out

    assert "requests  none yet\ntraffic   3 in flight, 0 attempts in the last minute\n" in page
    assert "x         1 of 1  well\n" in page


def test_failing_is_the_worst_word(daemon):
    daemon.on(
        "status",
        says(status(health=Health.FAILING, says=("our own network is down",), is_offline=True, pools=())),
    )

    said = ctl(daemon, "status", columns=80)

    assert said.code == Exit.FAILED
    assert said.out.startswith("failoverd is failing ")
    assert "  ! our own network is down\n" in said.out


def test_as_json_it_is_the_daemons_own_object(daemon):
    daemon.on("status", says(TROUBLED))

    said = ctl(daemon, "status", "--json")

    assert said.code == Exit.FAILED
    assert json.loads(said.out) == TROUBLED


@pytest.mark.parametrize("columns", [40, 60, 80, 100, 132])
@pytest.mark.parametrize("command", ["status", "providers"])
def test_no_line_is_wider_than_the_terminal(daemon, command, columns):
    daemon.on("status", says(TROUBLED))

    lines = ctl(daemon, command, columns=columns).out.splitlines()

    widest = max(map(len, lines))
    # A name is never cut: whoever needs it needs all of it.
    assert widest <= max(columns, len("  gemini/key1/gemini-2.5-flash-lite  partly quarantined"))


def test_for_a_pipe_nothing_is_cut_or_folded(daemon):
    daemon.on("status", says(TROUBLED))

    out = ctl(daemon, "status").out

    assert (
        "serves    captions: gemini/key1/gemini-2.5-flash-lite (it rescued this pool, nobody behind it)\n"
        in out
    )


def test_offline_nobody_else_is_to_blame(daemon):
    unreachable = provider("x", lane("x/key1/m", is_usable=False), usable=0)
    daemon.on("status", says(status(unreachable, is_offline=True)))

    assert "\nx         0 of 1  offline " in ctl(daemon, "status", columns=80).out
    assert "\n  x/key1/m  offline " in ctl(daemon, "providers", columns=80).out


def test_of_many_troubles_the_first_tell_it(daemon):
    daemon.on(
        "status", says(status(health=Health.DEGRADED, says=tuple(f"lane {at}: out" for at in range(30))))
    )

    page = ctl(daemon, "status", columns=80).out

    assert "\n  ! lane 7: out\n    and 22 more: failoverctl providers\n\n" in page


def test_a_very_long_name_is_cut_inside_and_the_columns_stay(daemon):
    long = f"x/key1/org/{'very' * 20}long-模型-instruct:latest"
    daemon.on("status", says(status(provider("x", lane(long), lane("x/key1/m")))))

    lines = ctl(daemon, "providers", columns=80).out.splitlines()

    assert lines[2].startswith("  x/key1/org/veryve…模型-instruct:latest  well")
    assert lines[3].startswith(f"  x/key1/m{' ' * 32}well")
    assert long in ctl(daemon, "providers", "--names").out.splitlines()


def test_words_of_strangers_can_not_steer_the_terminal(daemon):
    evil = "\x1b[2J\x1b]0;owned\x07\u202e"
    bad = lane(
        "x/key1/m",
        is_usable=False,
        condition=Condition.QUARANTINED,
        says=evil,
        hold=hold("ordered", evil, 9.0),
    )
    daemon.on("status", says(status(provider("x", bad), says=(evil,), version=evil, source=evil)))

    for command in ("status", "providers"):
        assert all(char == "\n" or char.isprintable() for char in ctl(daemon, command).out)


def test_providers_lane_by_lane(daemon):
    daemon.on("status", says(TROUBLED))

    assert ctl(daemon, "providers", columns=132).out == """\
NAME                                 STANDING            BACK IN  SUCCESS  MEDIAN  LEFT
gemini                               partly quarantined  4m 12s   41%      0.42s   9/min
  gemini/key1/gemini-2.5-flash       quarantined         4m 12s   99%      0.42s
  gemini/key1/gemini-2.5-flash-lite  well                         99%      0.42s
openai                               out                 by hand
  openai/key1                        out                 by hand
  openai/key1/gpt-4o-mini            held above                   99%      0.42s
ollama                               off                          99%      0.42s
  ollama/key1/llava:7b               off                          99%      0.42s
"""  # fmt: skip


@pytest.mark.parametrize(
    ("over", "row"),
    [
        ({"condition": Condition.ON_TRIAL, "hold": hold("quarantine", "timeout", 0.0)}, "1 of 1  on trial"),
        ({"condition": Condition.SLOW_START}, "1 of 1  slow start"),
        (
            {"condition": Condition.RESTING, "is_usable": False, "hold": hold("rest", "x", 9.0)},
            "0 of 1  resting     9s",
        ),
        ({"is_usable": False, "exhausted": "rpd"}, "0 of 1  used up"),
        ({"condition": Condition.UNDER_TRIAL, "is_usable": False}, "0 of 1  under trial"),
    ],
)
def test_a_provider_stands_as_its_lanes_do(daemon, over, row):
    daemon.on(
        "status", says(status(provider("x", lane("x/key1/m", **over), measures=measures(success_rate=None))))
    )

    assert re.sub(" +", " ", row) in re.sub(" +", " ", ctl(daemon, "status").out)


@pytest.mark.parametrize("actor", ["resting", "buried"])
def test_a_crashed_actor_is_told(daemon, actor):
    daemon.on("status", says(status(provider("x", lane("x/key1/m"), actor=actor))))

    assert f" crashed, {actor} " in ctl(daemon, "status").out


def test_one_provider_of_them(daemon):
    daemon.on("status", says(TROUBLED))

    assert (
        ctl(daemon, "providers", "ollama/key1", "--names").out
        == "ollama\nollama/key1\nollama/key1/llava:7b\n"
    )
    assert [each["provider"] for each in json.loads(ctl(daemon, "providers", "ollama", "--json").out)] == [
        "ollama"
    ]


def test_a_provider_that_is_not_there(daemon):
    daemon.on("status", says(TROUBLED))

    said = ctl(daemon, "providers", "gemni")

    assert said.code == Exit.USAGE
    assert said.err == "failoverctl: there is no provider 'gemni'\n  there are: gemini, openai, ollama\n"


def test_a_terminal_gets_colours_and_the_same_words(daemon):
    daemon.on("status", says(TROUBLED))

    with on_screen("-m", "daemon.ctl", "--socket", str(daemon.path), "status") as screen:
        assert screen.wait_end() == Exit.FAILED

    assert COLOURS.sub("", screen.drawn) == TROUBLED_PAGE
    assert "\x1b[1;33mdegraded\x1b[0m" in screen.drawn
    assert "\x1b[31mout\x1b[0m" in screen.drawn


@pytest.mark.parametrize("environ", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_who_wants_no_colours_gets_none(daemon, environ):
    daemon.on("status", says(STATUS))

    with on_screen("-m", "daemon.ctl", "--socket", str(daemon.path), "status", environ=environ) as screen:
        assert screen.wait_end() == Exit.OK

    assert screen.drawn == WELL_PAGE


def test_watching_redraws_outlives_a_restart_and_ends_well_with_ctrl_c(daemon):
    daemon.on("status", says(STATUS), raw(), says(TROUBLED))
    words = ("-m", "daemon.ctl", "--socket", str(daemon.path), "status", "--watch", "--every", "0.05s")

    with on_screen(*words, rows=40) as screen:
        screen.wait_drawn("failoverd is \x1b[0m\x1b[1;32mwell")
        screen.wait_drawn("the daemon hung up without an answer")
        screen.wait_drawn("failoverd is \x1b[0m\x1b[1;33mdegraded")
        screen.wait_drawn("Ctrl-C ends it")
        screen.press(b"\x03")
        assert screen.wait_end() == Exit.OK

    assert screen.drawn.count("\x1b[H") >= 3
    assert "\x1b[2J" not in screen.drawn, "a whole screen wiped would flicker"


def test_watching_never_draws_more_than_the_screen_has(daemon):
    daemon.on("status", says(TROUBLED))
    words = ("-m", "daemon.ctl", "--socket", str(daemon.path), "status", "--watch")

    with on_screen(*words, rows=10) as screen:
        screen.wait_drawn("...\x1b[K")
        screen.press(b"\x03")
        screen.wait_end()

    first = screen.drawn.split("\x1b[H")[1]
    assert first.count("\n") < 10
