"""`failoverctl explain`: a request's way, told as a story."""

import json

from daemon.api.refusal import AttemptSaid
from daemon.api.report import SeamSaid
from daemon.api.story import LaneStory, LookStory, Story
from daemon.exits import Exit
from daemon.verdicts import ErrorKind
from tests.ctl.prompt import ctl
from tests.ctl.said import NOON, NOON_MS, as_json
from tests.fakes.daemon import refuses, says

NORTH, EAST, SOUTH = (f"{name}/key1/parrot" for name in ("north", "east", "south"))


def story(**over: object) -> object:
    usual: dict[str, object] = {
        "request_id": "01JD",
        "verdict": "ok",
        "lane": EAST,
        "pool": "auto",
        "app": "bot",
        "duration_s": 1.42,
        "looks": (
            LookStory(
                at_wall_ms=NOON_MS,
                chose=NORTH,
                lanes=(
                    LaneStory(lane=NORTH, place=1, lead="strategy", mark="trial"),
                    LaneStory(lane=EAST, place=2, lead="strategy", mark="normal"),
                    LaneStory(lane=SOUTH, why="out", detail="its key was refused"),
                    LaneStory(lane="west/key1/x", why="not_in_pool"),
                ),
            ),
            LookStory(
                at_wall_ms=NOON_MS,
                chose=EAST,
                lanes=(
                    LaneStory(lane=EAST, place=1, lead="remembered", mark="normal"),
                    LaneStory(lane=NORTH, why="already_tried"),
                    LaneStory(lane=SOUTH, why="out", detail="its key was refused"),
                ),
            ),
        ),
        "attempts": (
            AttemptSaid(
                lane=NORTH, outcome="failed", seconds=1.0, kind="rate_limit", rule="says-wait", status=429,
                said="Slow down.", wait_s=20.0,
            ),
            AttemptSaid(
                lane=EAST, outcome="answered", seconds=0.4, first_token_s=0.02, tokens_in=13, tokens_out=1200,
                cost_usd=0.0021, tries=2,
            ),
        ),
        "seams": (SeamSaid(46, NORTH, EAST, "prefill"),),
        "cost_usd": 0.0021,
    }  # fmt: skip
    return as_json(Story(**{**usual, **over}))  # type: ignore[arg-type]


STORY = """\
Request 01JD was answered by east/key1/parrot.
After 1.42s, pool auto, asked by bot, 2 attempts, $0.0021.

1. north/key1/parrot was tried: this request tests whether it is well again.
   south/key1/parrot: out (its key was refused)
   behind it: east/key1/parrot
   It failed after 1.00s: asked too often (rate_limit, HTTP 429), come back
      in 20s: "Slow down."
   Judged by the rule says-wait.

2. east/key1/parrot was tried next: it had rescued this context before.
   north/key1/parrot: tried already
   south/key1/parrot: out (its key was refused)
   It answered after 0.40s; asked 2 times.
   First word after 0.02s; 13 tokens in, 1,200 out; $0.0021.

After 46 characters north/parrot broke off; east/parrot continued what had
   been said.
"""


def test_a_failover_reads_like_a_story(daemon):
    daemon.on("explain", says(story()))

    said = ctl(daemon, "explain", "01JD", columns=80)

    assert daemon.asked == [("explain", {"request_id": "01JD"})]
    assert (said.code, said.out, said.err) == (Exit.OK, STORY, "")


def test_the_last_request_needs_no_name(daemon):
    daemon.on("explain", says(story()))

    ctl(daemon, "explain")

    assert daemon.asked == [("explain", {"request_id": "last"})]


def test_nobody_could_be_tried(daemon):
    lanes = (LaneStory(lane=NORTH, why="resting"), LaneStory(lane=EAST, why="unheard_of"))
    look = LookStory(at_wall_ms=NOON_MS, lanes=lanes)
    daemon.on(
        "explain",
        says(story(verdict="unavailable", lane="", looks=(look,), attempts=(), seams=(), cost_usd=None)),
    )

    out = ctl(daemon, "explain", "01JD").out

    assert out.startswith("Request 01JD was not answered: no lane could.\n")
    assert (
        "1. No lane could be tried.\n   north/key1/parrot: resting\n   east/key1/parrot: unheard of\n" in out
    )


def test_the_end_of_a_quarantine_is_told_once_and_by_the_clock_on_this_wall(daemon):
    detail = "quarantined until 2026-09-21 14:13:20Z: timeout (rule first-token)"
    lanes = (LaneStory(lane=NORTH, why="out", detail=detail, until_wall_ms=NOON_MS),)
    daemon.on("explain", says(story(looks=(LookStory(at_wall_ms=NOON_MS, lanes=lanes),))))

    out = ctl(daemon, "explain").out

    assert f"out (quarantined: timeout (rule first-token)), until {NOON}" in " ".join(out.split())


def test_of_many_lanes_behind_it_the_first_are_named(daemon):
    lanes = tuple(LaneStory(lane=f"north/key1/m{at}", place=at) for at in range(1, 31))
    look = LookStory(at_wall_ms=NOON_MS, chose="north/key1/m1", lanes=lanes)
    daemon.on("explain", says(story(looks=(look,))))

    out = ctl(daemon, "explain").out

    behind = "behind it: north/key1/m2, north/key1/m3, north/key1/m4, north/key1/m5 and 25 more"
    assert behind in " ".join(out.split())


def test_a_look_that_is_not_kept_any_more_is_told_as_far_as_it_is(daemon):
    daemon.on("explain", says(story(looks=(LookStory(at_wall_ms=NOON_MS, chose=NORTH),))))

    out = ctl(daemon, "explain").out

    assert (
        "1. north/key1/parrot was tried.\n   What the other lanes were like then is not kept any more.\n"
        in out
    )
    assert "\neast/key1/parrot\n   It answered after 0.40s; asked 2 times.\n" in out, (
        "an attempt without its look"
    )


def test_doors_that_were_shut_last_resorts_caches_and_twins(daemon):
    looks = (
        LookStory(at_wall_ms=NOON_MS, chose=NORTH, refused="full"),
        LookStory(at_wall_ms=NOON_MS, chose=EAST, as_last_resort=True),
    )
    daemon.on("explain", says(story(looks=looks, attempts=(), seams=(), merged_with="01AA", from_cache=True)))

    out = ctl(daemon, "explain").out

    assert "1. north/key1/parrot was next, but did not let it in: full.\n" in out
    assert "2. east/key1/parrot was tried next, as a last resort: nobody else was left.\n" in out
    assert "Its answer is that of 01AA, which asked the same at the same time.\n" in out
    assert "Its answer came from the cache: the same had been asked shortly before.\n" in out


def test_of_a_hundred_lanes_the_first_tell_the_story(daemon):
    lanes = tuple(LaneStory(lane=f"p/key1/{n}", why="excluded") for n in range(100))
    daemon.on("explain", says(story(looks=(LookStory(at_wall_ms=NOON_MS, lanes=lanes),))))

    out = ctl(daemon, "explain").out

    told = "p/key1/0, p/key1/1, p/key1/2, p/key1/3 and 96 more: ruled out by the request"
    assert f"   {told}\n" in out


def test_of_many_reasons_the_first_tell_the_story(daemon):
    lanes = tuple(LaneStory(lane=f"p/key1/{n}", why="out", detail=f"because {n}") for n in range(100))
    daemon.on("explain", says(story(looks=(LookStory(at_wall_ms=NOON_MS, lanes=lanes),))))

    out = ctl(daemon, "explain").out

    assert out.count("because") == 12
    assert "   and 88 more reasons not to use others\n" in out


def test_providers_words_are_inert(daemon):
    attempt = AttemptSaid(lane=NORTH, outcome="failed", seconds=1.0, said="\x1b[2Jboo\u202e")
    daemon.on("explain", says(story(attempts=(attempt,))))

    assert '"\\x1b[2Jboo\\u202e"' in ctl(daemon, "explain").out


def test_for_programs_it_is_the_daemons_object(daemon):
    daemon.on("explain", says(story()))

    assert json.loads(ctl(daemon, "explain", "--json").out) == story()


def test_a_request_that_is_not_known(daemon):
    daemon.on("explain", refuses(ErrorKind.UNKNOWN_NAME, "no request is called 'x'", field="request_id"))

    said = ctl(daemon, "explain", "x")

    assert said.code == Exit.USAGE
    assert said.err == (
        "failoverctl: no request is called 'x'\n  failoverctl journal lists the requests of the past\n"
    )
