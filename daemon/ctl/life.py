"""`failoverctl reload` and `drain`: another config, and a good end."""

import argparse

from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Line, Refused
from daemon.ctl.plain import inert
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

RELOAD_S = 60.0
"""Everything is built before anything is exchanged."""


def arguments(_parser: argparse.ArgumentParser, _name: str) -> None:
    """Neither takes any."""


def run(args: argparse.Namespace, screen: Terminal) -> int:
    method = "config.reload" if args.command == "reload" else "drain"
    with Line(sockets_of(args.socket)) as line:
        try:
            result = line.ask(method, within_s=RELOAD_S)
        except Refused as refused:
            problems = refused.details.get("problems")
            if isinstance(problems, list) and problems:
                refused.says = "the config is wrong, and everything stays as it was"
                refused.hints = (
                    *(inert(str(problem)) for problem in problems),
                    "failoverctl check looks again",
                )
                refused.exit_code = Exit.USAGE
            raise
    screen.say(inert(str(result.get("says", "done"))) if isinstance(result, dict) else "done")
    return Exit.OK
