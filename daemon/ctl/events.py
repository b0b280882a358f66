"""`failoverctl events`: what happens, line by line; the latest, or from now on."""

import argparse
import json
from contextlib import suppress
from typing import cast

from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.happenings import KINDS, happening, time_of
from daemon.ctl.line import Json, Line
from daemon.ctl.terminal import FAINT, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

ROWS_MAX = 1000
ROUTINE = frozenset({"probe_closed"})
"""Every provider is looked at once a minute, which would bury all else."""
USUAL = tuple(kind for kind in KINDS if kind not in ROUTINE)


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("--follow", "-f", action="store_true", help="go on until Ctrl-C")
    parser.add_argument(
        "--kind",
        action="append",
        default=[],
        choices=KINDS,
        metavar="KIND",
        help=f"only this kind: {', '.join(KINDS)} (all but {', '.join(ROUTINE)})",
    )
    parser.add_argument("-n", type=int, default=20, metavar="COUNT", help="so many of the latest (20)")
    parser.add_argument("--json", action="store_true", help="one object a line, for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    if not 0 <= args.n <= ROWS_MAX:
        raise Complaint(f"-n takes a number up to {ROWS_MAX}", exit_code=Exit.USAGE)
    kinds = args.kind or USUAL
    with Line(sockets_of(args.socket)) as line:
        if args.n:
            latest = line.ask("journal.query", {"kinds": kinds, "rows_max": args.n})
            for stored in reversed(cast("dict[str, list[Json]]", latest)["events"]):
                _show(cast("Json", stored["event"]), screen, as_json=args.json)
        if not args.follow:
            return Exit.OK
        screen.out.flush()
        with suppress(KeyboardInterrupt):
            line.ask(
                "events.subscribe",
                {"kinds": kinds},
                notice=lambda _, params: _show(cast("Json", params.get("event")), screen, as_json=args.json),
                within_s=None,
            )
    return Exit.OK


def _show(event: Json, screen: Terminal, *, as_json: bool) -> None:
    if as_json:
        screen.say(json.dumps(event))
    elif (said := happening(event)) is not None:
        text, tone = said
        screen.say(f"{screen.paint(time_of(event), FAINT)}  {screen.paint(text, tone)}")
    screen.out.flush()
