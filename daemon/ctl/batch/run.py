"""`failoverctl batch run` and `attach`: submit a job, follow it, keep its results, say what came of it."""

import argparse
import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from typing import BinaryIO

from daemon.ctl.asking import failover_options, options
from daemon.ctl.batch.fetch import STDOUT
from daemon.ctl.batch.following import follow
from daemon.ctl.batch.images import image_requests, listed, paths_in
from daemon.ctl.batch.keeping import Kept, check_free
from daemon.ctl.batch.reading import LINE_BYTES_MAX, Flaw, Request, requests
from daemon.ctl.batch.report import closing, ending
from daemon.ctl.batch.sending import fill, opened, take_back
from daemon.ctl.batch.steady import Steady
from daemon.ctl.batch.watching import Watcher, watching
from daemon.ctl.complaint import Complaint
from daemon.ctl.grammar import BELOW, sockets_of
from daemon.ctl.line import Json, call
from daemon.ctl.plain import counted, inert
from daemon.ctl.steer import STRATEGIES
from daemon.ctl.terminal import Terminal
from daemon.exits import Exit

__all__ = ["arguments", "run"]

STDIN = "-"
PARALLEL_MAX = 64
NAME_CHARS_MAX = 200


def arguments(parser: argparse.ArgumentParser, name: str) -> None:
    if name == "attach":
        parser.add_argument("job", metavar="JOB", help="its id; failoverctl batch list shows it")
        parser.add_argument("-o", "--out", default="", metavar="FILE", help="write its results there, too")
        return
    parser.add_argument("file", metavar="FILE", nargs="?", default="", help="one request a line; - is stdin")
    parser.add_argument("-o", "--out", default="", metavar="FILE", help="write the results there, in order")
    parser.add_argument(
        "--images", default="", metavar="PATH", help="ask about images instead: a folder, or a list of paths"
    )
    parser.add_argument("--prompt", default="", metavar="TEXT", help="what to ask about each image")
    options(parser)
    parser.add_argument("--model", default="", metavar="NAME", help="the model that is to look at the images")
    parser.add_argument("--parallel", type=_parallel, metavar="COUNT", help="so many at once, up to 64")
    parser.add_argument("--strategy", choices=STRATEGIES, metavar="NAME", help=", ".join(STRATEGIES))
    parser.add_argument(
        "--on-unknown",
        choices=("retry", "hold"),
        metavar="HOW",
        help="retry or hold what a crash leaves in doubt (hold where it costs)",
    )
    parser.add_argument("--name", default="", metavar="TEXT", help="how the list of jobs calls it")
    parser.add_argument("--detach", action="store_true", help="submit it and leave")


def run(args: argparse.Namespace, screen: Terminal) -> int:
    if args.out == STDOUT:
        raise Complaint(
            "while a job runs, its results go to a file",
            "to print them: failoverctl batch results JOB --out -",
            exit_code=Exit.USAGE,
        )
    with watching(screen, os.environ.get("TERM", "")) as watcher:
        does = _attach if getattr(args, BELOW) == "attach" else _run
        return does(args, watcher, screen)


def _attach(args: argparse.Namespace, watcher: Watcher, screen: Terminal) -> int:
    with ExitStack() as stack:
        kept = None
        if args.out:
            # A name that is no job's should leave no file behind.
            call(sockets_of(args.socket), "job.status", {"job_id": args.job})
            kept = stack.enter_context(Kept(args.out, args.job))
        return _followed(args, args.job, kept, watcher, screen)


def _run(args: argparse.Namespace, watcher: Watcher, screen: Terminal) -> int:
    with ExitStack() as stack:
        source, items = _items(args, stack)
        if args.out:
            check_free(args.out)
        line = stack.enter_context(Steady(sockets_of(args.socket), watcher.say))
        job_id, kept = opened(line, _opening(args, source)), None
        try:
            # From now on the file says whose results it will hold: who runs the same once more is told.
            kept = stack.enter_context(Kept(args.out, job_id)) if args.out else None
            count = fill(line, job_id, source, items, watcher.sent, alone=bool(args.images))
        except BaseException as error:
            watcher.leave()
            is_gone = take_back(line, job_id)
            if kept is not None:
                kept.forget()
            if isinstance(error, KeyboardInterrupt):
                left = (
                    "nothing of it is left" if is_gone else "failoverctl batch list shows what is left of it"
                )
                raise Complaint("given up while it was being submitted", left) from None
            raise
        watcher.leave()
        watcher.say(f"job {inert(job_id)} is submitted: {counted(count, 'item')}")
        if args.detach:
            screen.say(inert(job_id))
            screen.tell(*(f"  {hint}" for hint in _come_back(job_id, args.out)))
            return Exit.OK
        return _followed(args, job_id, kept, watcher, screen)


def _followed(
    args: argparse.Namespace, job_id: str, kept: Kept | None, watcher: Watcher, screen: Terminal
) -> int:
    try:
        last = follow(sockets_of(args.socket), job_id, watcher, kept)
    except KeyboardInterrupt:
        watcher.leave()
        screen.tell("detached; the job goes on", *(f"  {hint}" for hint in _come_back(job_id, args.out)))
        return Exit.FAILED
    except Complaint as complaint:
        watcher.leave()
        complaint.hints = (*complaint.hints, *_come_back(job_id, args.out))
        raise
    watcher.leave()
    screen.say(*closing(last, screen))
    if kept is not None:
        screen.say("", f"results: {inert(kept.path)}")
    else:
        screen.tell(f"its results: failoverctl batch results {inert(job_id)} --out FILE")
    return ending(last)


def _come_back(job_id: str, out: str) -> tuple[str, ...]:
    to = f" --out {inert(out)}" if out else ""
    return (
        f"come back with: failoverctl batch attach {inert(job_id)}{to}",
        f"or look at it: failoverctl batch status {inert(job_id)}",
    )


def _opening(args: argparse.Namespace, source: str) -> Json:
    wishes = {"parallel": args.parallel, "strategy": args.strategy, "on_unknown": args.on_unknown}
    asked = failover_options(args) | {name: value for name, value in wishes.items() if value is not None}
    place = "stdin" if source == STDIN else os.path.basename(os.path.normpath(source))  # noqa: PTH119 - pathlib costs 8 ms
    name = (args.name or place)[:NAME_CHARS_MAX]
    return {"name": name, "model": args.pool, "options": asked}


def _items(args: argparse.Namespace, stack: ExitStack) -> tuple[str, Iterator[Request | Flaw]]:
    """Where they come from, and they, one by one as they are read."""
    if bool(args.file) == bool(args.images) or bool(args.images) != bool(args.prompt):
        raise Complaint(
            "what is to be asked?",
            "failoverctl batch run FILE --out RESULTS",
            'failoverctl batch run --images FOLDER --prompt "..." --out RESULTS',
            exit_code=Exit.USAGE,
        )
    if not args.images:
        file = sys.stdin.buffer if args.file == STDIN else stack.enter_context(_open(args.file))
        return args.file, requests(_lines(file))
    paths = listed(_lines(sys.stdin.buffer)) if args.images == STDIN else paths_in(args.images)
    return args.images, image_requests(paths, args.prompt, args.model)


def _open(path: str) -> BinaryIO:
    try:
        return open(path, "rb")  # noqa: PTH123 - pathlib costs 8 ms
    except OSError as error:
        raise Complaint(f"can't read {inert(path)}: {error.strerror}", exit_code=Exit.USAGE) from None


def _lines(file: BinaryIO) -> Iterator[bytes]:
    try:
        yield from iter(lambda: file.readline(LINE_BYTES_MAX), b"")
    except OSError as error:
        raise Complaint(f"can't read on: {error.strerror}", exit_code=Exit.USAGE) from None


def _parallel(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text) <= PARALLEL_MAX):
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1 to {PARALLEL_MAX}")
    return int(text)
