"""`failoverctl --version`: of itself, and of the daemon that runs."""

import argparse
from importlib.metadata import version

from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Line
from daemon.ctl.plain import inert
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["run"]


def run(args: argparse.Namespace, screen: Terminal) -> int:
    screen.say(f"failoverctl {version('failoverd')}")
    try:
        with Line(sockets_of(args.socket)) as line:
            answer = line.ask("ping")
            running = answer.get("version") if isinstance(answer, dict) else None
            screen.say(f"failoverd {inert(str(running))} runs at {inert(line.path)}")
    except Complaint:
        screen.say("no failoverd can be reached")
    return Exit.OK
