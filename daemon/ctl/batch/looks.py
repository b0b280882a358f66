"""`failoverctl batch list` and `status`: the jobs there are, and where one of them stands."""

import argparse
from typing import cast

from daemon.ctl.batch.report import listing, status_lines
from daemon.ctl.batch.shapes import JobLine, JobStatus
from daemon.ctl.clock import wall_s
from daemon.ctl.grammar import BELOW, sockets_of
from daemon.ctl.line import Json, call
from daemon.ctl.plain import inert
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    if name == "status":
        parser.add_argument("job", metavar="JOB", help="its id; failoverctl batch list shows it")
    else:
        parser.add_argument("--ids", action="store_true", help="only their ids")
    parser.add_argument("--json", action="store_true", help="all of it, for programs")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    paths = sockets_of(args.socket)
    return _list(args, paths, screen) if getattr(args, BELOW) == "list" else _status(args, paths, screen)


def _list(args: argparse.Namespace, paths: tuple[str, ...], screen: Terminal) -> int:
    result = cast("Json", call(paths, "job.list"))
    jobs = cast("list[JobLine]", result["jobs"])
    if args.json:
        screen.say_json(result)
    elif args.ids:
        screen.say(*(inert(job["job_id"]) for job in jobs))
    else:
        screen.say(*listing(jobs, screen))
    return Exit.OK


def _status(args: argparse.Namespace, paths: tuple[str, ...], screen: Terminal) -> int:
    result = call(paths, "job.status", {"job_id": args.job})
    status = cast("JobStatus", result)
    if args.json:
        screen.say_json(result)
    else:
        screen.say(*status_lines(status, screen, wall_s()))
    counts = status["counts"]
    is_well = not (counts["failed"] or counts["unknown"] or status["state"] == "paused")
    return Exit.OK if is_well else Exit.FAILED
