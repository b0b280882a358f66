"""`failoverctl status`: is it well, who serves, who is out, why, and until when."""

import argparse
from collections.abc import Iterator
from typing import cast

from daemon.ctl.clock import clock_time, pause, wall_s
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import call
from daemon.ctl.plain import columns_of, counted, folded, inert, joined, number, seconds, share, span
from daemon.ctl.shapes.standing import Measures, PoolSaid, ProviderSaid, Status
from daemon.ctl.spans import period
from daemon.ctl.standing import left_said, standing_of
from daemon.ctl.terminal import BAD, FAINT, GOOD, STRONG, WARY, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "lines", "run"]

EVERY_S = 2.0
SAYS_SHOWN = 8
"""Of fifty lanes that are out the first few say what is going on."""
_TONES = {"well": GOOD, "degraded": WARY, "failing": BAD}
_LEADS = {"forced": "forced", "remembered": "it rescued this pool", "wished": "as wished"}
_VERDICTS = {
    "ok": "answered",
    "partial": "in part",
    "caller_error": "refused as wrong",
    "unavailable": "unavailable",
    "deadline": "too late",
    "cancelled": "cancelled",
    "overloaded": "too many",
    "local_network_down": "offline",
    "interrupted": "interrupted",
}
_FAULTLESS = frozenset({"caller_error", "cancelled"})
"""Verdicts that say nothing of how well we serve."""


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("--watch", "-w", action="store_true", help="redraw it until Ctrl-C")
    parser.add_argument("--every", type=period, metavar="TIME", default=EVERY_S, help="how often (2s)")
    parser.add_argument("--json", action="store_true", help="all of it, for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    paths = sockets_of(args.socket)
    if args.watch:
        return _watch(paths, args.every, screen)
    result = call(paths, "status")
    status = cast("Status", result)
    if args.json:
        screen.say_json(result)
    else:
        screen.say(*lines(status, screen))
    return Exit.OK if status["health"] == "well" else Exit.FAILED


def _watch(paths: tuple[str, ...], every_s: float, screen: Terminal) -> int:
    try:
        while True:
            try:
                shown = list(lines(cast("Status", call(paths, "status")), screen))
            except Complaint as complaint:
                # It is being restarted, perhaps; whoever watches wants to see it come back.
                shown = [screen.paint(complaint.says.splitlines()[0], BAD)]
            screen.redraw(
                [
                    *shown,
                    "",
                    screen.paint(f"{clock_time(wall_s())}, every {span(every_s)}; Ctrl-C ends it", FAINT),
                ]
            )
            pause(every_s)
    except KeyboardInterrupt:
        return Exit.OK


def lines(status: Status, screen: Terminal) -> Iterator[str]:
    """The whole picture."""
    yield _title(status, screen)
    for sentence in status["says"][:SAYS_SHOWN]:
        first, *rest = folded(inert(sentence), min(screen.width, 100) - 4)
        yield f"  {screen.paint('!', _TONES.get(status['health'], BAD))} {first}"
        yield from (f"    {line}" for line in rest)
    more = len(status["says"]) - SAYS_SHOWN
    if more > 0:
        yield screen.paint(f"    and {number(more)} more: failoverctl providers", FAINT)
    yield ""
    yield from screen.facts(list(_facts(status)))
    yield ""
    yield from screen.table(
        ("PROVIDER", "LANES", "STANDING", "BACK IN", "SUCCESS", "MEDIAN", "BUSY", "LEFT"),
        [_provider(provider, is_offline=status["is_offline"]) for provider in status["providers"]],
    )


def _title(status: Status, screen: Terminal) -> str:
    health = inert(status["health"])
    head, tail = f"failoverd is {health}", f"{inert(status['version'])}, up {span(status['uptime_s'])}"
    gap = min(screen.width, 80) - columns_of(head) - columns_of(tail)
    said = screen.paint("failoverd is ", STRONG) + screen.paint(health, f"{STRONG};{_TONES.get(health, BAD)}")
    return f"{said}{' ' * max(2, gap)}{screen.paint(tail, FAINT)}"


def _facts(status: Status) -> Iterator[tuple[str, str] | tuple[str, str, str]]:
    for at, pool in enumerate(status["pools"]):
        tone = "" if pool["serves"] else BAD
        yield ("serves" if at == 0 else "", f"{inert(pool['pool'])}: {_serves(pool)}", tone)
    for forced in status["forced"]:
        what = f"pool {inert(forced['pool'])}" if forced["pool"] else "everything"
        yield "forced", f"{what} to {inert(forced['target'])} for {span(forced['left_s'])} more", WARY
    for steered in status["steered"]:
        how = f"{inert(steered['pool'])} chooses by {inert(steered['strategy'])}"
        yield "steered", f"{how} for {span(steered['left_s'])} more", WARY
    yield "requests", _requests(status["verdicts"])
    speed = _speed(status["measures"])
    if speed:
        yield "speed", speed
    attempts = counted(status["measures"]["rpm"], "attempt")
    yield "traffic", f"{number(status['in_flight'])} in flight, {attempts} in the last minute"
    journal = status["journal"]
    if journal["degraded"]:
        waiting = f"{number(journal['pending'])} wait, {number(journal['lost'])} lost"
        yield "journal", f"degraded: {inert(journal['degraded'])}; {waiting}", BAD
    else:
        yield "journal", "well"
    if status["clock_set_s"]:
        yield "clock", f"set {_by(status['clock_set_s'])} while nobody looked; no wait depends on it", WARY
    yield "config", inert(status["source"])


def _by(set_s: float) -> str:
    return f"{'forward' if set_s > 0 else 'back'} by {span(abs(set_s))}"


def _serves(pool: PoolSaid) -> str:
    if not pool["serves"]:
        back_s = pool["back_in_s"]
        return "nobody" if back_s is None else f"nobody; one may be back in {span(back_s)}"
    lead = _LEADS.get(pool["lead"], "")
    others = pool["usable"] - 1
    behind = f"{others} more behind it" if others > 0 else "nobody behind it"
    return f"{inert(pool['serves'])} ({f'{lead}, ' if lead else ''}{behind})"


def _requests(verdicts: dict[str, int]) -> str:
    total = sum(verdicts.values())
    if not total:
        return "none yet"
    judged = sum(count for name, count in verdicts.items() if name not in _FAULTLESS)
    rate = f"{share(verdicts.get('ok', 0) / judged)} answered" if judged else "none answered"
    others = [
        f"{number(count)} {_VERDICTS.get(name, inert(name))}"
        for name, count in verdicts.items()
        if count and name != "ok"
    ]
    return f"{number(total)}, {rate}" + (f"; {joined(others)}" if others else "")


def _speed(measures: Measures) -> str:
    parts = []
    if measures["latency"] is not None:
        parts.append(f"median {seconds(measures['latency']['p50_ms'] / 1000)}")
        parts.append(f"95% within {seconds(measures['latency']['p95_ms'] / 1000)}")
    if measures["first_token"] is not None:
        parts.append(f"first word {seconds(measures['first_token']['p50_ms'] / 1000)}")
    return ", ".join(parts)


def _provider(provider: ProviderSaid, *, is_offline: bool) -> tuple[Cell | str, ...]:
    measures = provider["measures"]
    rate, latency = measures["success_rate"], measures["latency"]
    standing = standing_of(provider, is_offline=is_offline)
    return (
        inert(provider["provider"]),
        f"{provider['usable']} of {len(provider['lanes'])}",
        Cell(standing.word, standing.tone),
        standing.back,
        "" if rate is None else share(rate),
        "" if latency is None else seconds(latency["p50_ms"] / 1000),
        number(provider["in_flight"]) if provider["in_flight"] else "",
        left_said(provider["left"]),
    )
