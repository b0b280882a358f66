"""`failoverd doctor`: look for what is wrong, and say what to do.

house     the program, its config, its disk
patient   the daemon that runs
outside   names, connections and certificates on the way to the providers, and the clock
"""

import argparse
import os
import sys

import anyio

from daemon.configfile import Refused, load, surroundings
from daemon.ctl.grammar import sockets_of
from daemon.ctl.terminal import Terminal, terminal
from daemon.doctor.finding import Finding, State, chart
from daemon.doctor.house import config, disk, program
from daemon.doctor.outside import clock_of, look_at, ways_to
from daemon.doctor.patient import Patient, examine
from daemon.exits import Exit
from state.settings.resolved import Resolved

__all__ = ["arguments", "main"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may stand behind `failoverd doctor`."""
    parser.add_argument("--config", metavar="PATH", help="look at this file instead of the usual one")
    parser.add_argument(
        "--socket", metavar="PATH", default="", help="the daemon's socket, if it is elsewhere"
    )


def main(args: argparse.Namespace) -> int:
    """1 when something is wrong, 3 when only the daemon is missing."""
    asked: str | None = args.config
    screen = terminal(sys.stdout, sys.stderr, os.environ)
    found = load(asked, surroundings())
    patient = examine(sockets_of(args.socket))
    findings = [program(), *config(found), *patient.findings, *_beyond(found, screen)]
    screen.say(*chart(findings, screen))
    return _verdict(findings, patient, screen)


def _beyond(found: Resolved | Refused, screen: Terminal) -> list[Finding]:
    """What a config is needed for."""
    if isinstance(found, Refused):
        return []
    if screen.is_screen:
        screen.tell("looking at the providers ...")
    looks = anyio.run(look_at, found.config.provider)
    return [*disk(found), clock_of(looks), *ways_to(looks)]


def _verdict(findings: list[Finding], patient: Patient, screen: Terminal) -> int:
    count = {state: sum(finding.state is state for finding in findings) for state in State}
    if count[State.WRONG]:
        screen.tell("", f"{count[State.WRONG]} wrong, {count[State.ODD]} odd; begin at the top")
        return Exit.FAILED
    screen.tell("", "nothing is wrong" + (f", {count[State.ODD]} odd" if count[State.ODD] else ""))
    return Exit.OK if patient.socket else Exit.NOT_RUNNING
