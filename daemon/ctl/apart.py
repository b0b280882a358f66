"""The commands that need no daemon: the heavier `failoverd` takes over, in this very process."""

import argparse
import os
import sys
from typing import NoReturn

from daemon.ctl.terminal import Terminal

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("--config", metavar="PATH", help="this file instead of the usual one")
    if name == "init":
        parser.add_argument("--print", action="store_true", dest="only_show", help="show it, write nothing")


def run(args: argparse.Namespace, screen: Terminal) -> NoReturn:
    words = [args.command]
    if args.config is not None:
        words += ["--config", args.config]
    if args.command == "init" and args.only_show:
        words += ["--print"]
    if args.command == "doctor" and args.socket:
        words += ["--socket", args.socket]
    screen.out.flush()
    # -P: a directory called `daemon` where somebody happens to stand is not ours.
    command = [sys.executable, "-P", "-m", "daemon.main", *words]
    os.execve(sys.executable, command, _with_this_package())  # noqa: S606 - our own Python, no shell


def _with_this_package() -> dict[str, str]:
    home = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))  # noqa: PTH100, PTH120 - pathlib costs 8 ms
    there = os.environ.get("PYTHONPATH", "")
    return {**os.environ, "PYTHONPATH": f"{home}{os.pathsep}{there}" if there else home}
