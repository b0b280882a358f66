"""The other commands: what each asks the daemon for, what it says, how it ends."""

import json
import time
from typing import Any

import pytest

from daemon.api.looking import (
    CapacitySaid,
    JournalSaid,
    LaneCapacitySaid,
    LaneStats,
    LimitSaid,
    StatsSaid,
)
from daemon.api.probing import Probed, ProbeSaid
from daemon.api.steering import Acted
from daemon.api.upkeep import Draining
from daemon.ctl.clock import clock_time
from daemon.exits import Exit
from daemon.verdicts import ErrorKind
from state.events import (
    Answered,
    AttemptClosed,
    Cancelled,
    ConfigLoaded,
    Event,
    Interrupted,
    LimitLearned,
    LinkLost,
    LinkRestored,
    OperatorActed,
    ProbeClosed,
    Quarantine,
    ReleaseAll,
    RequestClosed,
    Rescued,
    Verdict,
)
from state.failures import Failure, Kind, Scope
from state.marks import Window
from state.memory.journal import Stored
from state.usage.statistics import Spread, Summary
from state.words import KeyId, LaneId, ProviderId
from tests.ctl.prompt import ctl
from tests.ctl.said import NOON, NOON_MS, as_json
from tests.fakes.daemon import FakeDaemon, refuses, says

NORTH, EAST = LaneId("north", "key1", "parrot"), LaneId("east", "key1", "parrot")
FAILURE = Failure(
    kind=Kind.RATE_LIMIT, scope=Scope.MODEL, rule="r", wait_s=20.0, status=429, said="slow\x1b[2J"
)


# Steering.


@pytest.mark.parametrize(
    ("words", "method", "params"),
    [
        ("enable gemini/key2", "enable", {"target": "gemini/key2"}),
        ("disable openai --for 8h", "disable", {"target": "openai", "for_s": 28_800.0}),
        ("disable openai", "disable", {"target": "openai", "for_s": 3600.0}),
        ("quarantine gemini", "quarantine", {"target": "gemini", "for_s": 600.0, "reason": ""}),
        (
            "quarantine g --for 90 --reason bill",
            "quarantine",
            {"target": "g", "for_s": 90.0, "reason": "bill"},
        ),
        ("release gemini", "release", {"target": "gemini"}),
        ("release --all", "release", {"all": True}),
        ("force ollama --for 1h", "force", {"target": "ollama", "for_s": 3600.0, "pool": ""}),
        ("force ollama --pool night", "force", {"target": "ollama", "for_s": 3600.0, "pool": "night"}),
        ("clear", "prefer.clear", {"context": ""}),
        ("clear my-bot", "prefer.clear", {"context": "my-bot"}),
        (
            "strategy auto round_robin --for 2h",
            "strategy.set",
            {"pool": "auto", "strategy": "round_robin", "for_s": 7200.0},
        ),
    ],
)
def test_each_act_is_one_method_and_one_sentence(daemon, words, method, params):
    daemon.on(method, says(as_json(Acted(says="it holds", is_durable=True))))

    said = ctl(daemon, *words.split())

    assert daemon.asked == [(method, params)]
    assert (said.code, said.out, said.err) == (Exit.OK, "it holds\n", "")


def test_an_act_with_an_end_says_when(daemon):
    until_ms = round(time.time() * 1000) + 600_000
    daemon.on(
        "quarantine",
        says(as_json(Acted(says="gemini is quarantined", is_durable=True, until_wall_ms=until_ms))),
    )

    assert ctl(daemon, "quarantine", "gemini").out == (
        f"gemini is quarantined, until {clock_time(until_ms / 1000)} (10m)\n"
    )


def test_what_a_crash_would_forget_is_no_success(daemon):
    acted = Acted(says="gemini is released", is_durable=False, why_not_durable="disk full")
    daemon.on("release", says(as_json(acted)))

    said = ctl(daemon, "release", "gemini")

    assert (said.code, said.out) == (Exit.FAILED, "gemini is released\n")
    assert said.err.startswith("it holds, but a crash would forget it: disk full\n  failoverctl doctor")


@pytest.mark.parametrize("words", [("release",), ("release", "gemini", "--all")])
def test_release_wants_to_know_whom(daemon, words):
    said = ctl(daemon, *words)

    assert (said.code, daemon.asked) == (Exit.USAGE, [])
    assert said.err.startswith("failoverctl: release whom?\n  failoverctl release TARGET, or ")


def test_a_name_that_nobody_has(daemon):
    daemon.on(
        "enable",
        refuses(ErrorKind.UNKNOWN_NAME, "there is no target 'gemni'; did you mean gemini?", field="target"),
    )

    said = ctl(daemon, "enable", "gemni")

    assert said.code == Exit.USAGE
    assert said.err == (
        "failoverctl: there is no target 'gemni'; did you mean gemini?\n"
        "  failoverctl providers lists every provider, key and model by name\n"
    )


# Looking after it.


def test_reload_says_what_changed(daemon):
    daemon.on("config.reload", says({"says": "reloaded: added ollama", "changes": {}}))

    assert ctl(daemon, "reload").out == "reloaded: added ollama\n"


def test_a_bad_config_is_told_line_by_line(daemon):
    lines = ["/f.toml: provider.x.url: is no URL", "/f.toml: pool.y.lanes: \x1b[2J"]
    daemon.on("config.reload", refuses(ErrorKind.CALLER_ERROR, "the config is wrong", problems=lines))

    said = ctl(daemon, "reload")

    assert said.code == Exit.USAGE
    assert said.err == (
        "failoverctl: the config is wrong, and everything stays as it was\n"
        "  /f.toml: provider.x.url: is no URL\n"
        "  /f.toml: pool.y.lanes: \\x1b[2J\n"
        "  failoverctl check looks again\n"
    )


def test_drain(daemon):
    daemon.on("drain", says(as_json(Draining("stopping when 3 requests are done", 3))))

    assert ctl(daemon, "drain").out == "stopping when 3 requests are done\n"


# Looking.


def test_probes_cost_nothing_and_tell_why(daemon):
    probed = Probed(
        (
            ProbeSaid(target="gemini", is_well=True, seconds=0.21),
            ProbeSaid(
                target="openai",
                is_well=False,
                seconds=0.4,
                kind="auth",
                rule="r",
                status=401,
                said="no \x1b[2J",
            ),
        )
    )
    daemon.on("probe", says(as_json(probed)))

    said = ctl(daemon, "probe", columns=100)

    assert daemon.asked == [("probe", {"target": ""})]
    assert said.code == Exit.FAILED
    assert said.out == (
        "TARGET  HEALTH  TOOK   WHY\n"
        "gemini  well    0.21s\n"
        'openai  unwell  0.40s  its key was refused (auth, HTTP 401): "no \\x1b[2J"\n'
    )
    assert json.loads(ctl(daemon, "probe", "--json").out) == as_json(probed)


def summary(**over: object) -> Summary:
    usual: dict[str, object] = {
        "attempts": 1200, "answered": 1188, "failures": {Kind.TIMEOUT: 12}, "failures_in_row": 0, "samples": 60.0,
        "success_rate": 0.99, "latency": Spread(1.0, 420, 1210, 1800), "first_token": Spread(1.0, 200, 400, 600),
        "rpm": 3, "failovers": 12, "rescues": 4, "tokens_in": 30_000, "tokens_out": 2_000_000, "cost_usd": 1.5,
        "unpriced": 7,
    }  # fmt: skip
    return Summary(**{**usual, **over})  # type: ignore[arg-type]


def test_statistics_lane_by_lane_and_in_all(daemon):
    fresh = summary(
        attempts=0,
        success_rate=None,
        latency=None,
        first_token=None,
        rescues=0,
        tokens_in=0,
        tokens_out=0,
        cost_usd=0.0,
    )
    lanes = (LaneStats(str(NORTH), summary()), LaneStats(str(EAST), fresh))
    daemon.on("stats", says(as_json(StatsSaid(target="", total=summary(), lanes=lanes, verdicts={}))))

    assert ctl(daemon, "stats", columns=90).out == """\
LANE               TRIED  SUCCESS  MEDIAN  95%    WORD   RESCUED  TOKENS  COST
north/key1/parrot  1,200  99%      0.42s   1.21s  0.20s  4        2.0M    $1.50
in all             1,200  99%      0.42s   1.21s  0.20s  4        2.0M    $1.50

1 lane not tried since the last reset

failed attempts: 12 timeout
7 attempts have no price in the config, and are not in the cost
"""  # fmt: skip


def test_counting_begins_anew(daemon):
    daemon.on("stats.reset", says(as_json(Acted(says="counting of gemini begins anew", is_durable=True))))

    assert ctl(daemon, "stats", "gemini", "--reset").out == "counting of gemini begins anew\n"
    assert daemon.asked == [("stats.reset", {"target": "gemini"})]


def test_capacity_tells_each_limit_once(daemon):
    own = LimitSaid(target=str(NORTH), window="rpm", limit=10, used=9, left=1, whole_wall_ms=NOON_MS)
    shared = LimitSaid(
        target="north", window="rpd", limit=None, used=250, left=0, whole_wall_ms=NOON_MS, stated=True
    )
    twin = str(LaneId("north", "key1", "owl"))
    said = CapacitySaid(
        left={},
        providers={},
        lanes=(
            LaneCapacitySaid(lane=str(NORTH), left={}, limits=(own, shared)),
            LaneCapacitySaid(lane=twin, left={}, limits=(shared,)),
            LaneCapacitySaid(lane=str(EAST), left={}, limits=()),
        ),
    )
    daemon.on("capacity", says(as_json(said)))

    out = ctl(daemon, "capacity", columns=100).out

    assert out.count("requests/day") == 1
    assert (
        out.splitlines()[0]
        == f"LIMIT OF           LEFT  OF                BACK BY{' ' * max(0, len(NOON) - 7)}".rstrip()
    )
    assert f"north/key1/parrot  1     10  requests/min  {NOON}\n" in out
    assert f"north              0         requests/day  {NOON}  said by the provider\n" in out
    assert out.endswith(
        "no limit known  east/key1/parrot\nin all          not limited: at least one provider has no limit\n"
    )


# What happened.

AT: Any = {"at_ms": 1, "wall_ms": NOON_MS}
EVENTS: tuple[tuple[Event, str], ...] = (
    (
        AttemptClosed(
            **AT, attempt_id="a", request_id="01JD", lane=NORTH, outcome=Answered(), duration_ms=420
        ),
        "north/key1/parrot answered 01JD in 0.42s",
    ),
    (
        AttemptClosed(**AT, attempt_id="a", request_id="01JD", lane=NORTH, outcome=FAILURE, duration_ms=1000),
        (
            "north/key1/parrot failed 01JD after 1.00s: asked too often (rate_limit, HTTP 429), come back in 20s: "
            '"slow\\x1b[2J"'
        ),
    ),
    (
        AttemptClosed(
            **AT, attempt_id="a", request_id="01JD", lane=NORTH, outcome=Cancelled(), duration_ms=9
        ),
        "north/key1/parrot was stopped after 9.0ms, 01JD no longer wanted it",
    ),
    (
        AttemptClosed(**AT, attempt_id="a", request_id="01JD", lane=NORTH, outcome=Interrupted()),
        "north/key1/parrot was interrupted by a fault of failoverd's own",
    ),
    (
        RequestClosed(**AT, request_id="01JD", verdict=Verdict.OK, lane=EAST, duration_ms=1400),
        "request 01JD ended ok by east/key1/parrot after 1.40s",
    ),
    (ProbeClosed(**AT, target=ProviderId("north")), "north looks well to a probe"),
    (
        ProbeClosed(**AT, target=ProviderId("north"), failure=FAILURE),
        (
            "north looks unwell to a probe: asked too often (rate_limit, HTTP 429), come back in 20s: "
            '"slow\\x1b[2J"'
        ),
    ),
    (
        Rescued(**AT, context="c", lane=EAST, instead_of=(NORTH,)),
        "east/key1/parrot answered in the place of north/key1/parrot",
    ),
    (
        OperatorActed(**AT, act=Quarantine(KeyId("north", "key1"), 5, "bill\x07"), by="uid 0"),
        "uid 0 ordered: quarantine north/key1 bill\\x07",
    ),
    (OperatorActed(**AT, act=ReleaseAll()), "somebody ordered: release all"),
    (
        LimitLearned(**AT, target=NORTH, window=Window.RPM, limit=10, remaining=3),
        "north/key1/parrot stated its rpm: limit 10, left 3",
    ),
    (LinkLost(**AT, since_ms=0), "this machine is offline; nobody is blamed for it"),
    (LinkRestored(**AT), "this machine is online again"),
    (ConfigLoaded(**AT, digest="d"), "a config was loaded"),
)


@pytest.mark.parametrize(("event", "line"), EVENTS)
def test_every_event_that_people_care_for_is_a_line(daemon, event, line):
    daemon.on("journal.query", says(as_json(JournalSaid((Stored(1, event),)))))

    assert ctl(daemon, "events").out == f"{NOON}  {line}\n"


def test_looks_at_providers_health_do_not_bury_the_rest(daemon):
    daemon.on("journal.query", says({"events": []}))

    ctl(daemon, "events")
    ctl(daemon, "events", "--kind", "probe_closed")

    usual, asked = (set(params["kinds"]) for _, params in daemon.asked)
    assert "request_closed" in usual
    assert "probe_closed" not in usual
    assert asked == {"probe_closed"}


def test_events_come_in_their_order_and_then_as_they_happen(daemon):
    first, second, third = (EVENTS[at][0] for at in (11, 12, 13))
    daemon.on("journal.query", says(as_json(JournalSaid((Stored(2, second), Stored(1, first))))))
    notice = ("events.event", {"id": 2, "event": as_json(third)})
    daemon.on("events.subscribe", says({"told": 1, "missed": 0}, notice))

    said = ctl(daemon, "events", "--follow", "--json", "-n", "2", "--kind", "config_loaded")

    assert [json.loads(line) for line in said.out.splitlines()] == [
        as_json(each) for each in (first, second, third)
    ]
    assert daemon.asked[1] == ("events.subscribe", {"kinds": ["config_loaded"]})


def closed(number: int, **over: object) -> Stored:
    usual: dict[str, object] = {
        **AT, "request_id": f"r{number}", "verdict": Verdict.OK, "lane": EAST, "attempts": 2, "duration_ms": 1400,
        "app": "bot",
    }  # fmt: skip
    return Stored(number, RequestClosed(**{**usual, **over}))  # type: ignore[arg-type]


def test_the_journal_lists_requests(daemon):
    lost = closed(2, verdict=Verdict.UNAVAILABLE, lane=None)
    daemon.on("journal.query", says(as_json(JournalSaid((lost, closed(1))))))

    said = ctl(daemon, "journal", columns=100)

    pad = " " * max(0, len(NOON) - 4)
    assert said.out == (
        f"WHEN{pad}  REQUEST  ENDED        TOOK   TRIED  BY                ASKED BY\n"
        f"{NOON}  r2       unavailable  1.40s  2                        bot\n"
        f"{NOON}  r1       ok           1.40s  2      east/key1/parrot  bot\n"
    )
    assert (
        ctl(daemon, "journal", "--failed", "--json").out == json.dumps([as_json(lost.event)], indent=2) + "\n"
    )
    assert "r1" not in ctl(daemon, "journal", "--lane", "north").out
    assert "r1" in ctl(daemon, "journal", "--lane", "east/key1").out


def test_the_journal_is_read_page_by_page_until_there_is_enough(daemon: FakeDaemon):
    full = tuple(closed(number) for number in range(1000, 500, -1))
    daemon.on(
        "journal.query",
        says(as_json(JournalSaid(full))),
        says(as_json(JournalSaid((closed(7, verdict="partial"),)))),
    )

    out = ctl(daemon, "journal", "--failed", "--since", "2h").out

    assert " r7 " in out
    assert daemon.asked[1][1]["before_seq"] == 501
    assert time.time() * 1000 - daemon.asked[0][1]["since_wall_ms"] == pytest.approx(7_200_000, abs=60_000)


def test_an_empty_journal_is_no_error(daemon):
    daemon.on("journal.query", says({"events": []}))

    said = ctl(daemon, "journal")

    assert (said.code, said.out, said.err) == (Exit.OK, "", "no such request is in the journal\n")


@pytest.mark.parametrize(
    "words", [("journal", "-n", "0"), ("journal", "-n", "1001"), ("events", "-n", "1001")]
)
def test_bounds_are_told(daemon, words):
    assert ctl(daemon, *words).code == Exit.USAGE


# Pictures.

PNG = "iVBORw0KGgo="


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_picture_gets_a_name_of_its_own(daemon, here):
    daemon.on("image", says({"data": [{"b64_json": PNG}], "failover": {"lane": "x/key1/flux"}}))

    assert ctl(daemon, "image", "--size", "512x512", "a", "cat").out == "image-1.png\n"
    said = ctl(daemon, "image", "a cat")

    assert said.out == "image-2.png\n"
    assert said.err_but_times == "answered by x/key1/flux in T\n"
    assert (here / "image-2.png").read_bytes() == b"\x89PNG\r\n\x1a\n"
    assert daemon.asked[0][1]["size"] == "512x512"
    assert daemon.asked[0][1]["prompt"] == "a cat"


def test_a_picture_goes_where_one_says(daemon, here):
    daemon.on("image", says({"data": [{"b64_json": PNG}]}))

    assert ctl(daemon, "image", "a cat", "-o", "cat.png").out == "cat.png\n"
    assert (here / "cat.png").exists()
    assert ctl(daemon, "image", "a cat", "-o", "no/cat.png").code == Exit.FAILED


@pytest.mark.parametrize(
    ("result", "line"),
    [
        ({"data": [{"b64_json": "!!"}]}, "the picture that came can't be decoded"),
        ({"data": [{"url": "https://x/\x1b[2J"}]}, "the provider sent an address and no picture"),
        ({"data": []}, "the answer holds no picture"),
    ],
)
def test_what_is_no_picture_is_told(daemon, here, result, line):
    daemon.on("image", says(result))

    said = ctl(daemon, "image", "a cat")

    assert said.code == Exit.FAILED
    assert said.err.startswith(f"failoverctl: {line}\n  ")
    assert list(here.iterdir()) == []
