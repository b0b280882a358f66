"""`failoverctl batch results`: what a job has answered so far, in order, into a file or to stdout."""

import argparse
from collections.abc import Callable, Sequence
from typing import cast

from daemon.ctl.batch.keeping import Kept, lines_of
from daemon.ctl.batch.steady import Steady
from daemon.ctl.grammar import sockets_of
from daemon.ctl.line import Json
from daemon.ctl.plain import counted, inert
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["STDOUT", "arguments", "fetch", "fetch_page", "run"]

STDOUT = "-"

Take = Callable[[Sequence[object]], None]
"""What is done with a page of results."""


def arguments(parser: argparse.ArgumentParser, _name: str) -> None:
    parser.add_argument("job", metavar="JOB", help="its id; failoverctl batch list shows it")
    parser.add_argument("-o", "--out", required=True, metavar="FILE", help="where to; - is stdout")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    with Steady(sockets_of(args.socket), screen.tell) as line:
        if args.out == STDOUT:
            is_all = fetch(line, args.job, 0, lambda page: _print(page, screen))
            return Exit.OK if is_all else Exit.FAILED
        # Ask first: a name that is no job's should leave no file behind.
        line.ask("job.status", {"job_id": args.job})
        with Kept(args.out, args.job) as kept:
            is_all = fetch(line, args.job, kept.count, kept.add)
            if is_all:
                kept.complete()
            screen.say(f"{counted(kept.count, 'result')} in {inert(args.out)}")
    if not is_all:
        screen.tell("the job is not over; the same command fetches the rest")
    return Exit.OK if is_all else Exit.FAILED


def fetch(line: Steady, job_id: str, have: int, take: Take) -> bool:
    """Hand over all results but the first `have`, page by page; whether the job is over and that was all."""
    while True:
        count, is_end = fetch_page(line, job_id, have, take)
        have += count
        if is_end or not count:
            return is_end


def fetch_page(line: Steady, job_id: str, have: int, take: Take) -> tuple[int, bool]:
    """Hand over some of them; how many they were, and whether the job is over and that was all."""
    answer = cast("Json", line.ask("job.results", {"job_id": job_id, "after": have - 1}))
    page = cast("list[object]", answer["results"])
    if page:
        take(page)
    return len(page), bool(answer["is_end"])


def _print(page: Sequence[object], screen: Terminal) -> None:
    screen.out.write(lines_of(page).decode())
    screen.out.flush()
