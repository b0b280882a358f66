"""`failoverctl explain`: what happened to a request and why, told as a story.

look --> lanes that were passed over, and why --> the one that was chosen --> what became of it --> look ...
"""

import argparse
import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import cast

from daemon.ctl.clock import clock_time
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import call
from daemon.ctl.plain import counted, inert, joined, number, paragraph, seconds
from daemon.ctl.shapes.attempts import AttemptSaid
from daemon.ctl.shapes.story import LaneStory, LookStory, Story
from daemon.ctl.telling import attempt, cost, seam
from daemon.ctl.terminal import BAD, ENDLESS, FAINT, GOOD, STRONG, WARY, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "lines", "run"]

REASONS_SHOWN = 12
LANES_SHOWN = 4
"""Of a pool with a hundred lanes the first few of a kind tell the story; --json has them all."""
WIDTH = 100

_until = re.compile(r" until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ")

_WHY: Mapping[str, str] = MappingProxyType(
    {
        "gone": "no longer in the config",
        "disabled": "off",
        "incapable": "can't do what was asked",
        "too_small": "too small for the request",
        "not_included": "not among those that the request named",
        "excluded": "ruled out by the request",
        "data_class": "may not see such data",
        "over_budget": "too expensive for the request",
        "other_model": "another model, whose vectors would not fit",
        "already_tried": "tried already",
        "no_failover": "the request wanted no failover",
        "no_failover_to": "may be a first choice, never a second",
        "out": "out",
        "trial_taken": "on trial, and another request tests it",
        "resting": "resting",
        "exhausted": "its limit is used up",
        "slow_start": "back, starting slowly, and full for now",
    }
)
_LEADS: Mapping[str, str] = MappingProxyType(
    {
        "forced": "the operator sends everything there",
        "wished": "the request preferred it",
        "remembered": "it had rescued this context before",
    }
)
_MARKS: Mapping[str, str] = MappingProxyType(
    {
        "trial": "this request tests whether it is well again",
        "early_trial": "it looked well to probes, and this request tests it early",
        "last_resort": "as a last resort",
    }
)
_VERDICTS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "ok": ("was answered", GOOD),
        "partial": ("was answered in part, then it broke off", BAD),
        "caller_error": ("was refused: no provider takes what it asked", WARY),
        "unavailable": ("was not answered: no lane could", BAD),
        "deadline": ("was not answered before its deadline", BAD),
        "cancelled": ("was cancelled by whoever asked", WARY),
        "overloaded": ("was turned away: too much at once", WARY),
        "local_network_down": ("was not answered: this machine was offline", BAD),
        "interrupted": ("was interrupted: failoverd itself went away", BAD),
        "under_way": ("is under way", WARY),
    }
)


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument(
        "id", metavar="ID", nargs="?", default="last", help="of the request; `last` is the latest (last)"
    )
    parser.add_argument("--json", action="store_true", help="all of it, for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    result = call(sockets_of(args.socket), "explain", {"request_id": args.id})
    if args.json:
        screen.say_json(result)
    else:
        screen.say(*lines(cast("Story", result), screen))
    return Exit.OK


def lines(story: Story, screen: Terminal) -> Iterator[str]:
    """From the question to the end."""
    yield from _headline(story, screen)
    attempts = iter(story["attempts"])
    for at, look in enumerate(story["looks"], start=1):
        yield ""
        yield from _look(at, look, screen)
        if look.get("chose") and not look.get("refused"):
            tried = next(attempts, None)
            if tried is not None:
                yield from _attempt(tried, screen)
    for tried in attempts:
        yield ""
        yield from _paragraph(inert(tried.get("lane", "")), screen, indent=0, tone=STRONG)
        yield from _attempt(tried, screen)
    if story["seams"] or story["merged_with"] or story["from_cache"]:
        yield ""
    for one in story["seams"]:
        yield from _paragraph(_sentence(seam(one)), screen, indent=0)
    if story["merged_with"]:
        yield f"Its answer is that of {inert(story['merged_with'])}, which asked the same at the same time."
    if story["from_cache"]:
        yield "Its answer came from the cache: the same had been asked shortly before."


def _headline(story: Story, screen: Terminal) -> Iterator[str]:
    said, tone = _VERDICTS.get(story["verdict"], (inert(story["verdict"]), BAD))
    name = f"Request {inert(story['request_id'])}"
    by = f" by {inert(story['lane'])}" if story["lane"] else ""
    yield f"{screen.paint(name, STRONG)} {screen.paint(said, tone)}{by}."
    parts = []
    if story["closed_wall_ms"] is not None:
        parts.append(f"at {clock_time(story['closed_wall_ms'] / 1000)}")
    if story["duration_s"] is not None:
        parts.append(f"after {seconds(story['duration_s'])}")
    if story["pool"]:
        parts.append(f"pool {inert(story['pool'])}")
    if story["app"]:
        parts.append(f"asked by {inert(story['app'])}")
    if story["attempts"]:
        parts.append(counted(len(story["attempts"]), "attempt"))
    if story["cost_usd"] is not None:
        parts.append(cost(story["cost_usd"]))
    if parts:
        yield screen.paint(_sentence(", ".join(parts)), FAINT)


def _look(at: int, look: LookStory, screen: Terminal) -> Iterator[str]:
    lanes = [lane for lane in look.get("lanes", []) if lane.get("why") != "not_in_pool"]
    chose = inert(look.get("chose", ""))
    first = next((lane for lane in lanes if inert(lane.get("lane", "")) == chose), None)
    if not chose:
        text = "No lane could be tried."
    elif look.get("refused"):
        text = f"{chose} was next, but did not let it in: {inert(look['refused'])}."
    else:
        text = f"{chose} was {'tried' if at == 1 else 'tried next'}{_reason(first, look)}."
    yield from _paragraph(f"{at}. {text}", screen, indent=0, tone=STRONG)
    if not lanes:
        yield screen.paint("   What the other lanes were like then is not kept any more.", FAINT)
    passed: dict[str, list[str]] = {}
    for lane in lanes:
        if lane.get("place") is None:
            passed.setdefault(_passed(lane), []).append(inert(lane.get("lane", "")))
    behind = [
        inert(lane.get("lane", "")) for lane in lanes if lane.get("place") is not None and lane is not first
    ]
    for why, names in list(passed.items())[:REASONS_SHOWN]:
        yield from _paragraph(f"{_first_of(names)}: {why}", screen, indent=3, tone=FAINT)
    if len(passed) > REASONS_SHOWN:
        yield screen.paint(
            f"   and {number(len(passed) - REASONS_SHOWN)} more reasons not to use others", FAINT
        )
    if behind:
        yield from _paragraph(f"behind it: {_first_of(behind)}", screen, indent=3, tone=FAINT)


def _first_of(names: list[str]) -> str:
    more = len(names) - LANES_SHOWN
    return joined([*names[:LANES_SHOWN], *([f"{number(more)} more"] if more > 0 else [])])


def _reason(lane: LaneStory | None, look: LookStory) -> str:
    if look.get("as_last_resort"):
        return ", as a last resort: nobody else was left"
    if lane is None:
        return ""
    said = [_LEADS.get(lane.get("lead", ""), ""), _MARKS.get(lane.get("mark", ""), "")]
    why = "; ".join(part for part in said if part)
    return f": {why}" if why else ""


def _passed(lane: LaneStory) -> str:
    why = lane.get("why", "")
    text = _WHY.get(why, inert(why).replace("_", " "))
    detail = inert(lane.get("detail", ""))
    until_ms = lane.get("until_wall_ms")
    if until_ms is not None:
        # It stands behind, by the clock on this wall.
        detail = _until.sub("", detail)
    if detail:
        text += f" ({detail})"
    return text if until_ms is None else f"{text}, until {clock_time(until_ms / 1000)}"


def _attempt(tried: AttemptSaid, screen: Terminal) -> Iterator[str]:
    is_well = tried.get("outcome") == "answered"
    text = f"It {attempt(tried, said_columns=ENDLESS)}"
    details = []
    first_s = tried.get("first_token_s")
    if first_s is not None:
        details.append(f"first word after {seconds(first_s)}")
    if tried.get("tokens_in") or tried.get("tokens_out"):
        details.append(
            f"{number(tried.get('tokens_in', 0))} tokens in, {number(tried.get('tokens_out', 0))} out"
        )
    dollars = tried.get("cost_usd")
    if dollars is not None:
        details.append(cost(dollars))
    if tried.get("rule"):
        details.append(f"judged by the rule {inert(tried['rule'])}")
    yield from _paragraph(_sentence(text), screen, indent=3, tone=GOOD if is_well else WARY)
    if details:
        yield from _paragraph(_sentence("; ".join(details)), screen, indent=3, tone=FAINT)


def _paragraph(text: str, screen: Terminal, *, indent: int, tone: str = "") -> Iterator[str]:
    for line in paragraph(text, min(screen.width, WIDTH), indent=indent, hang=3):
        yield screen.paint(line, tone)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith('"') else ".")
