"""`failoverctl batch resume`, `cancel` and `purge`: one method each, and one sentence."""

import argparse
from typing import cast

from daemon.ctl.batch.bars import standing
from daemon.ctl.batch.shapes import JobLine
from daemon.ctl.grammar import BELOW, sockets_of
from daemon.ctl.line import Json, call
from daemon.ctl.plain import inert
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    parser.add_argument("job", metavar="JOB", help="its id; failoverctl batch list shows it")
    if name == "resume":
        parser.add_argument("--failed", choices=("retry",), metavar="retry", help="ask again for what failed")
        parser.add_argument(
            "--unknown",
            choices=("retry", "hold"),
            metavar="HOW",
            help="retry what is held since a crash, or hold it",
        )


def run(args: argparse.Namespace, screen: Terminal) -> int:
    act = getattr(args, BELOW)
    params: Json = {"job_id": args.job}
    if act == "resume":
        params |= {name: value for name in ("failed", "unknown") if (value := getattr(args, name))}
    job = cast("JobLine", call(sockets_of(args.socket), f"job.{act}", params))
    if act == "purge":
        screen.say(f"job {inert(args.job)} is deleted, with all that was asked and answered")
    else:
        said = standing(job["state"], job["why"], job["until_wall_ms"])
        screen.say(f"job {inert(job['job_id'])} is {said}")
        if "retry" in (params.get("failed"), params.get("unknown")):
            again = f"failoverctl batch results {inert(job['job_id'])} --out NEW"
            screen.tell(
                f"results that were fetched before keep their old lines; fetch them anew with: {again}"
            )
    return Exit.OK
