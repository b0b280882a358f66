"""`failoverctl probe`: a look at the health of providers, now and for free."""

import argparse
from typing import cast

from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Line
from daemon.ctl.plain import inert, seconds
from daemon.ctl.shapes.acts import Probed, ProbeSaid
from daemon.ctl.telling import unwell
from daemon.ctl.terminal import BAD, GOOD, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

PROBE_S = 120.0
"""One after the other, and each has its own clock."""


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument(
        "target", metavar="TARGET", nargs="?", default="", help="provider, key or lane (all providers)"
    )
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    with Line(sockets_of(args.socket)) as line:
        result = line.ask("probe", {"target": args.target}, within_s=PROBE_S)
    probes = cast("Probed", result)["probes"]
    if args.json:
        screen.say_json(result)
    else:
        screen.say(*screen.table(("TARGET", "HEALTH", "TOOK", "WHY"), [_row(probe) for probe in probes]))
    return Exit.OK if all(probe["is_well"] for probe in probes) else Exit.FAILED


def _row(probe: ProbeSaid) -> tuple[Cell | str, ...]:
    if probe["is_well"]:
        return inert(probe["target"]), Cell("well", GOOD), seconds(probe["seconds"]), ""
    return inert(probe["target"]), Cell("unwell", BAD), seconds(probe["seconds"]), unwell(probe)
