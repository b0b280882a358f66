"""The commands that steer: who is held, who is let go, who goes first; each is one method."""

import argparse
from typing import cast

from daemon.ctl.clock import clock_time, wall_s
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Json, call
from daemon.ctl.plain import inert, span
from daemon.ctl.shapes.acts import Acted
from daemon.ctl.spans import period
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

STRATEGIES = ("primary_only", "round_robin", "best_performance", "weighted", "random", "cheapest")
_METHODS = {"clear": "prefer.clear", "strategy": "strategy.set"}
_FOR = {"quarantine": "10m", "disable": "1h", "force": "1h", "strategy": "1h"}
"""How long, where nobody says so."""


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    match name:
        case "clear":
            parser.add_argument(
                "target", metavar="NAME", nargs="?", default="", help="a context or a pool (all)"
            )
        case "strategy":
            parser.add_argument("pool", metavar="POOL", help="whose")
            parser.add_argument(
                "strategy", metavar="STRATEGY", choices=STRATEGIES, help=", ".join(STRATEGIES)
            )
        case "release":
            parser.add_argument(
                "target", metavar="TARGET", nargs="?", default="", help="provider, key or lane"
            )
            parser.add_argument("--all", action="store_true", help="everybody")
        case _:
            parser.add_argument("target", metavar="TARGET", help="provider, key or lane")
    if name in _FOR:
        usual = _FOR[name]
        parser.add_argument(
            "--for",
            dest="for_s",
            type=period,
            default=period(usual),
            metavar="TIME",
            help=f"how long ({usual})",
        )
    if name == "quarantine":
        parser.add_argument("--reason", default="", metavar="TEXT", help="shown wherever it is named")
    if name == "force":
        parser.add_argument(
            "--pool", default="", metavar="POOL", help="only requests of this pool (every pool)"
        )


def run(args: argparse.Namespace, screen: Terminal) -> int:
    name = str(args.command)
    if name == "release" and args.all == bool(args.target):
        raise Complaint(
            "release whom?",
            "failoverctl release TARGET, or failoverctl release --all",
            "failoverctl status shows who is out",
            exit_code=Exit.USAGE,
        )
    result = cast("Acted", call(sockets_of(args.socket), _METHODS.get(name, name), _params(name, args)))
    until_ms = result["until_wall_ms"]
    until = ""
    if until_ms is not None:
        until = f", until {clock_time(until_ms / 1000)} ({span(until_ms / 1000 - wall_s())})"
    screen.say(f"{inert(result['says'])}{until}")
    if not result["is_durable"]:
        screen.tell(
            f"it holds, but a crash would forget it: {inert(result['why_not_durable'])}",
            "  failoverctl doctor looks at the journal",
        )
        return Exit.FAILED
    return Exit.OK


def _params(name: str, args: argparse.Namespace) -> Json:
    match name:
        case "clear":
            return {"context": args.target}
        case "strategy":
            return {"pool": args.pool, "strategy": args.strategy, "for_s": args.for_s}
        case "release":
            return {"all": True} if args.all else {"target": args.target}
        case "enable":
            return {"target": args.target}
        case "disable":
            return {"target": args.target, "for_s": args.for_s}
        case "quarantine":
            return {"target": args.target, "for_s": args.for_s, "reason": args.reason}
        case _:
            return {"target": args.target, "for_s": args.for_s, "pool": args.pool}
