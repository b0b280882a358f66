"""`failoverctl journal`: the requests of the past and how they ended, the newest first."""

import argparse
from collections.abc import Iterator
from typing import cast

from daemon.ctl.clock import wall_s
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.happenings import lane_of, time_of
from daemon.ctl.line import Json, Line
from daemon.ctl.plain import inert, number, seconds
from daemon.ctl.spans import period
from daemon.ctl.terminal import BAD, FAINT, GOOD, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

ROWS_MAX = 1000
PAGE = 500
PAGES_MAX = 200
"""A hundred thousand requests are looked through; who wants to go further says --since."""
_MILD = frozenset({"cancelled", "caller_error"})


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("-n", type=int, default=20, metavar="COUNT", help="so many (20)")
    parser.add_argument("--since", type=period, metavar="TIME", help="only of the last 30m, 2h, 1d")
    parser.add_argument("--failed", action="store_true", help="only those that got no whole answer")
    parser.add_argument(
        "--lane", default="", metavar="TARGET", help="only those that this provider, key or lane answered"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    if not 1 <= args.n <= ROWS_MAX:
        raise Complaint(f"-n takes a number from 1 to {ROWS_MAX}", exit_code=Exit.USAGE)
    with Line(sockets_of(args.socket)) as line:
        found = [event for event, _ in zip(_wanted(line, args), range(args.n), strict=False)]
    if args.json:
        screen.say_json(found)
    elif found:
        screen.say(
            *screen.table(
                ("WHEN", "REQUEST", "ENDED", "TOOK", "TRIED", "BY", "ASKED BY"),
                [_row(event) for event in found],
            )
        )
    else:
        screen.tell("no such request is in the journal")
    return Exit.OK


def _wanted(line: Line, args: argparse.Namespace) -> Iterator[Json]:
    for event in _closed(line, args.since):
        if args.failed and event.get("verdict") == "ok":
            continue
        if args.lane and not f"{lane_of(event)}/".startswith(f"{args.lane}/"):
            continue
        yield event


def _closed(line: Line, since_s: float | None) -> Iterator[Json]:
    """Page by page."""
    params: Json = {"kinds": ["request_closed"], "rows_max": PAGE}
    if since_s is not None:
        params["since_wall_ms"] = round((wall_s() - since_s) * 1000)
    for _ in range(PAGES_MAX):
        page = cast("dict[str, list[Json]]", line.ask("journal.query", params))["events"]
        yield from (cast("Json", stored["event"]) for stored in page)
        if len(page) < PAGE:
            return
        params["before_seq"] = page[-1]["seq"]


def _row(event: Json) -> tuple[Cell | str, ...]:
    verdict = inert(str(event.get("verdict", "")))
    took, tried = event.get("duration_ms", 0), event.get("attempts", 0)
    return (
        Cell(time_of(event), FAINT),
        inert(str(event.get("request_id", ""))),
        Cell(verdict.replace("_", " "), GOOD if verdict == "ok" else FAINT if verdict in _MILD else BAD),
        seconds(took / 1000) if isinstance(took, int) else "",
        number(tried) if isinstance(tried, int) else "",
        lane_of(event),
        inert(str(event.get("app", ""))),
    )
