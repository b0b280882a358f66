"""`failoverctl capacity`: what is left of every limit, on each lane and in all, and when it comes back."""

import argparse
from collections.abc import Iterator
from typing import cast

from daemon.ctl.clock import clock_time
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import call
from daemon.ctl.plain import inert, number
from daemon.ctl.shapes.counts import CapacitySaid, LimitSaid
from daemon.ctl.standing import left_said
from daemon.ctl.terminal import BAD, FAINT, GOOD, STRONG, WARY, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

_PER = {
    "rpm": "requests/min",
    "rpd": "requests/day",
    "tpm": "tokens/min",
    "tpd": "tokens/day",
    "concurrency": "at once",
}
LITTLE = 0.2


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    result = call(sockets_of(args.socket), "capacity")
    if args.json:
        screen.say_json(result)
        return Exit.OK
    said = cast("CapacitySaid", result)
    rows = list(_rows(said))
    if rows:
        screen.say(*screen.table(("LIMIT OF", "LEFT", "OF", "", "BACK BY", ""), rows), "")
    unlimited = [inert(lane["lane"]) for lane in said["lanes"] if not lane["limits"]]
    facts = [("no limit known", ", ".join(unlimited))] if unlimited else []
    in_all = left_said(said["left"]) or "not limited: at least one provider has no limit"
    screen.say(*screen.facts([*facts, ("in all", in_all)]))
    return Exit.OK


def _rows(said: CapacitySaid) -> Iterator[tuple[Cell | str, ...]]:
    seen: set[tuple[str, str]] = set()
    for lane in said["lanes"]:
        for limit in lane["limits"]:
            # A key's and a provider's limits stand in the way of many lanes, and are one each.
            if (limit["target"], limit["window"]) not in seen:
                seen.add((limit["target"], limit["window"]))
                yield _row(limit)


def _row(limit: LimitSaid) -> tuple[Cell | str, ...]:
    left, of, whole_ms = limit["left"], limit["limit"], limit["whole_wall_ms"]
    tone = BAD if left == 0 else WARY if of is not None and left < of * LITTLE else GOOD
    return (
        Cell(inert(limit["target"]), STRONG if left == 0 else ""),
        Cell(number(left), tone),
        "" if of is None else number(of),
        _PER.get(limit["window"], inert(limit["window"])),
        "" if whole_ms is None or left == of else clock_time(whole_ms / 1000),
        Cell("said by the provider" if limit["stated"] else "", FAINT),
    )
