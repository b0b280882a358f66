"""What chat and image share: the options that say where a request may go, and the words at its end."""

import argparse
from collections.abc import Iterator

from daemon.ctl.line import Json, Refused
from daemon.ctl.plain import inert, number, seconds, span
from daemon.ctl.shapes.attempts import AttemptSaid, Report
from daemon.ctl.spans import period
from daemon.ctl.telling import attempt, cost, happened, short
from daemon.verdicts import ErrorKind

__all__ = ["APP", "ending", "failover_options", "options", "report_in", "tell_in_vain"]

APP = "failoverctl"


def options(parser: argparse.ArgumentParser) -> None:
    """Where the request may go, and for how long."""
    parser.add_argument("--pool", default="auto", metavar="NAME", help="a pool, or a model by name (auto)")
    parser.add_argument("--only", action="append", default=[], metavar="LANES", help="only these: gemini/*")
    parser.add_argument(
        "--not", action="append", default=[], dest="without", metavar="LANES", help="none of these"
    )
    parser.add_argument("--no-failover", action="store_true", help="the first lane, or an error")
    parser.add_argument("--deadline", type=period, metavar="TIME", help="wait no longer than this: 30s, 2m")


def failover_options(args: argparse.Namespace) -> Json:
    """The same, in the words of the wire."""
    wishes: Json = {"app": APP}
    if args.only:
        wishes["include"] = args.only
    if args.without:
        wishes["exclude"] = args.without
    if args.no_failover:
        wishes["failover"] = False
    if args.deadline is not None:
        wishes["deadline_s"] = args.deadline
    return wishes


def report_in(result: object) -> Report:
    """What the daemon tells of the way, beside the answer."""
    block = result.get("failover") if isinstance(result, dict) else None
    report: Report = block if isinstance(block, dict) else {}  # type: ignore[assignment]
    return report


def ending(report: Report, took_s: float) -> Iterator[str]:
    """Who answered, and what happened."""
    parts = [f"answered by {inert(report.get('lane') or 'somebody')} in {seconds(took_s)}"]
    if report.get("tokens_out"):
        parts.append(f"{number(report['tokens_out'])} tokens")
    dollars = report.get("cost_usd")
    if dollars is not None:
        parts.append(cost(dollars))
    if report.get("from_cache"):
        parts.append("from the cache")
    yield ", ".join(parts)
    troubles = list(happened(report))
    yield from (f"  {line}" for line in troubles)
    if troubles:
        yield f"  the whole story: failoverctl explain {inert(report.get('request_id', ''))}"


def tell_in_vain(refused: Refused) -> None:
    """Let the complaint say attempt by attempt what was tried, and when it may be worth trying again."""
    if refused.kind is ErrorKind.UNAVAILABLE and refused.details.get("attempts"):
        # Its sentence names the lanes, too, in the words that programs read.
        refused.says = refused.says.partition(": ")[0]
    refused.hints = (*_in_vain(refused.details), *refused.hints)


def _in_vain(details: Json) -> Iterator[str]:
    attempts = details.get("attempts")
    for one in attempts if isinstance(attempts, list) else []:
        said: AttemptSaid = one
        yield f"{short(said.get('lane', ''))} {attempt(said)}"
    wait_s = details.get("retry_after_s")
    if isinstance(wait_s, int | float):
        yield f"one may be back in {span(wait_s)}"
    request_id = details.get("request_id")
    if isinstance(request_id, str) and request_id:
        yield f"the whole story: failoverctl explain {inert(request_id)}"
