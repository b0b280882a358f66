"""`failoverctl providers`: every provider, key and lane, and how each is."""

import argparse
from collections.abc import Iterator
from typing import cast

from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import call
from daemon.ctl.plain import inert, seconds, share
from daemon.ctl.shapes.standing import LaneSaid, Measures, ProviderSaid, Status
from daemon.ctl.standing import back_said, condition_said, left_said, standing_of
from daemon.ctl.terminal import FAINT, STRONG, WARY, Cell, Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("provider", metavar="TARGET", nargs="?", default="", help="only this provider (all)")
    parser.add_argument("--names", action="store_true", help="only the names, one a line, for scripts")
    parser.add_argument("--json", action="store_true", help="for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    status = cast("Status", call(sockets_of(args.socket), "status"))
    wanted = str(args.provider).partition("/")[0]
    providers = [each for each in status["providers"] if wanted in ("", each["provider"])]
    if wanted and not providers:
        known = ", ".join(inert(each["provider"]) for each in status["providers"])
        raise Complaint(
            f"there is no provider {inert(wanted)!r}", f"there are: {known}", exit_code=Exit.USAGE
        )
    if args.json:
        screen.say_json(providers)
    elif args.names:
        screen.say(*(name for provider in providers for name in _names(provider)))
    else:
        screen.say(
            *screen.table(
                ("NAME", "STANDING", "BACK IN", "SUCCESS", "MEDIAN", "LEFT"),
                list(_rows(providers, is_offline=status["is_offline"])),
            )
        )
    return Exit.OK


def _names(provider: ProviderSaid) -> Iterator[str]:
    name = inert(provider["provider"])
    yield name
    yield from (f"{name}/{inert(key['key'])}" for key in provider["keys"])
    yield from (inert(lane["lane"]) for lane in provider["lanes"])


def _rows(providers: list[ProviderSaid], *, is_offline: bool) -> Iterator[tuple[Cell | str, ...]]:
    for provider in providers:
        name, stands = inert(provider["provider"]), standing_of(provider, is_offline=is_offline)
        measured = _measured(provider["measures"])
        yield (
            Cell(name, STRONG),
            Cell(stands.word, stands.tone),
            stands.back,
            *measured,
            left_said(provider["left"]),
        )
        for key in provider["keys"]:
            if len(provider["keys"]) > 1 or key["condition"] != "well":
                word = Cell(*condition_said(key["condition"]))
                yield f"  {name}/{inert(key['key'])}", word, back_said([key["hold"]]), "", "", ""
        for lane in provider["lanes"]:
            back, measured = back_said([lane["hold"]]), _measured(lane["measures"])
            yield (
                f"  {inert(lane['lane'])}",
                _standing(lane, provider, is_offline=is_offline),
                back,
                *measured,
                left_said(lane["left"]),
            )


def _standing(lane: LaneSaid, provider: ProviderSaid, *, is_offline: bool) -> Cell:
    if not provider["is_enabled"]:
        return Cell("off", FAINT)
    if lane["condition"] != "well" or lane["is_usable"]:
        return Cell(*condition_said(lane["condition"]))
    # It is well itself; what it stands on is not, of which a line above tells.
    return Cell("used up" if lane["exhausted"] else "offline" if is_offline else "held above", WARY)


def _measured(measures: Measures) -> tuple[str, str]:
    rate, latency = measures["success_rate"], measures["latency"]
    return "" if rate is None else share(rate), "" if latency is None else seconds(latency["p50_ms"] / 1000)
