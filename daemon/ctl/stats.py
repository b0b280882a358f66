"""`failoverctl stats`: success, speed, tokens and cost of each lane since the last reset."""

import argparse
from typing import cast

from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import call
from daemon.ctl.plain import counted, inert, joined, number, seconds, share
from daemon.ctl.shapes.acts import Acted
from daemon.ctl.shapes.counts import StatsSaid, Summary
from daemon.ctl.telling import cost
from daemon.ctl.terminal import FAINT, STRONG, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

_HEADER = ("LANE", "TRIED", "SUCCESS", "MEDIAN", "95%", "WORD", "RESCUED", "TOKENS", "COST")


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument(
        "target", metavar="TARGET", nargs="?", default="", help="provider, key or lane (everybody)"
    )
    parser.add_argument("--reset", action="store_true", help="start counting anew")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    paths, params = sockets_of(args.socket), {"target": args.target}
    if args.reset:
        screen.say(inert(cast("Acted", call(paths, "stats.reset", params))["says"]))
        return Exit.OK
    result = call(paths, "stats", params)
    if args.json:
        screen.say_json(result)
        return Exit.OK
    said = cast("StatsSaid", result)
    tried = [lane for lane in said["lanes"] if lane["stats"]["attempts"]]
    rows = [_row(inert(lane["lane"]), lane["stats"]) for lane in tried]
    rows.append(_row("in all", said["total"], STRONG))
    screen.say(*screen.table(_HEADER, rows))
    idle = len(said["lanes"]) - len(tried)
    if idle:
        screen.say("", f"{counted(idle, 'lane')} not tried since the last reset")
    failures = said["total"]["failures"]
    if failures:
        told = [f"{number(count)} {inert(kind).replace('_', ' ')}" for kind, count in failures.items()]
        screen.say("", f"{screen.paint('failed attempts:', FAINT)} {joined(told)}")
    if said["total"]["unpriced"]:
        unpriced = number(said["total"]["unpriced"])
        screen.say(f"{unpriced} attempts have no price in the config, and are not in the cost")
    return Exit.OK


def _row(name: str, stats: Summary, tone: str = "") -> tuple[Cell | str, ...]:
    rate, latency, first = stats["success_rate"], stats["latency"], stats["first_token"]
    tokens = stats["tokens_in"] + stats["tokens_out"]
    return (
        Cell(name, tone),
        number(stats["attempts"]),
        "" if rate is None else share(rate),
        "" if latency is None else seconds(latency["p50_ms"] / 1000),
        "" if latency is None else seconds(latency["p95_ms"] / 1000),
        "" if first is None else seconds(first["p50_ms"] / 1000),
        number(stats["rescues"]) if stats["rescues"] else "",
        number(tokens) if tokens else "",
        cost(stats["cost_usd"]) if stats["cost_usd"] else "",
    )
