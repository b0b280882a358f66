"""`failoverd run`: everything around the event loop, in the order in which it can fail.

config (2) --> homes (1) --> lock (75) --> logs --> journal --> life --> exit code
"""

import argparse
import gc
import os
import sys
from collections.abc import Callable
from functools import partial
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import anyio
from loguru import logger
from msgspec import Struct

from actors.chance import SystemRng
from actors.clock import SystemClock
from actors.journal.journal_file import JournalFile, JournalUnusable
from actors.kernel.facts import Report
from daemon.configfile import Refused, load, surroundings
from daemon.doorstep import Doorstep
from daemon.exits import Exit
from daemon.homes import Unsafe, make_home
from daemon.life import Seams, live
from daemon.lines import Lines
from daemon.lock import AlreadyRunning, only_instance
from daemon.logs import Logs, line_format
from daemon.news import Starting
from daemon.notify import Silent, Systemd, systemd_from
from daemon.past import NO_PAST, open_past
from daemon.paths import places_here
from daemon.sockets import SocketPathTaken, inherited
from daemon.tree import Edges, Tree
from daemon.wishes import Wishes
from state.memory.durability import JournalSetAside
from state.settings.redact import Redactor
from state.settings.resolved import Resolved

__all__ = ["arguments", "main"]


def arguments(parser: argparse.ArgumentParser) -> None:
    """What may stand behind `failoverd run`."""
    parser.add_argument("--config", metavar="PATH", help="read this file instead of the usual one")


def main(args: argparse.Namespace) -> int:
    """Run until told to stop."""
    asked: str | None = args.config
    here = surroundings()
    found = load(asked, here)
    if isinstance(found, Refused):
        sys.stderr.writelines(f"{line}\n" for line in found.lines)
        return Exit.USAGE
    try:
        homes = [make_home(path, mode=0o700) for path in _homes_of(found)]
        with only_instance(*homes):
            steps = _doorsteps(found)
            try:
                # Who comes before we are ready waits in the kernel's queue instead of being refused.
                steps.open()
                return _run(_Run(found, asked, systemd_from(os.environ, os.getpid()), steps))
            finally:
                steps.close()
    except AlreadyRunning as error:
        sys.stderr.write(f"{error}\n")
        return Exit.ALREADY_RUNNING
    except (Unsafe, SocketPathTaken, OSError) as error:
        sys.stderr.write(f"failoverd can't live here: {error}\n")
        return Exit.FAILED


class _Run(Struct, frozen=True):
    """One run of the daemon, as it was asked for."""

    resolved: Resolved
    asked: str | None
    notify: Systemd | Silent
    steps: "_Doorsteps"

    def load_again(self, logs: Logs) -> Resolved | Refused:
        """The same config, as it stands now; its keys are hidden before anybody can say them."""
        found = load(self.asked, surroundings())
        if isinstance(found, Resolved):
            logs.redact = logs.redact.also(secret.reveal() for secret in found.all_secrets)
        return found


def _homes_of(resolved: Resolved) -> list[Path]:
    daemon = resolved.config.daemon
    paths = (daemon.state_dir, resolved.config.journal.path, daemon.socket, daemon.http_socket)
    homes = [Path(paths[0]), *(Path(path).parent for path in paths[1:] if path)]
    return list(dict.fromkeys(homes))


def _run(run: _Run) -> int:
    daemon = run.resolved.config.daemon
    form = line_format(daemon.log_format, under_journald="JOURNAL_STREAM" in os.environ)
    logs = Logs(
        sys.stderr,
        form,
        level=daemon.log_level,
        no_colour="NO_COLOR" in os.environ,
        now_ms=SystemClock().now_ms,
        redact=Redactor(secret.reveal() for secret in run.resolved.all_secrets),
    )
    try:
        load_again = partial(run.load_again, logs)
        return anyio.run(
            _in_the_loop, run, load_again, backend_options={"use_uvloop": find_spec("uvloop") is not None}
        )
    except Exception:  # noqa: BLE001 - the last handler: a bug of ours becomes one line and an exit code
        logger.exception("failoverd died of a bug of its own; please report these lines")
        return Exit.INTERNAL
    finally:
        logs.close()
        run.notify.close()


async def _in_the_loop(run: _Run, load_again: Callable[[], Resolved | Refused]) -> Exit:
    listener = Lines()
    listener.tell(Starting(version("failoverd"), run.resolved.source, os.getpid()))
    early = SystemClock()
    config = run.resolved.config
    file: JournalFile | None = None
    set_aside: JournalSetAside | None = None
    try:
        file, past, set_aside = await open_past(Path(config.journal.path), config, wall_ms=early.wall_ms())
    except JournalUnusable:
        # The journal itself says so, with its first batch, and goes on trying.
        past = NO_PAST
    clock = SystemClock(past.anchor)
    rng = SystemRng(clock)
    wishes = Wishes()
    edges = Edges(
        rpc=run.steps.rpc,
        http=run.steps.http,
        wishes=wishes,
        load=load_again,
        version=version("failoverd"),
        last_read=None if past.anchor is None else past.anchor.reading,
    )
    tree = Tree(run.resolved, past.remembered, file, edges, clock=clock, rng=rng, listener=listener)
    tree.close_interrupted(past.opened)
    if set_aside is not None:
        tree.say_set_aside(set_aside)
    _collect_seldom()
    seams = Seams(clock, rng, listener, run.notify, load_again, wishes)
    code, report = await live(tree, seams, drain_s=run.resolved.config.daemon.drain_s, force=_force)
    _say(report, "INFO")
    await tree.close()
    return code


class _Doorsteps(Struct, frozen=True):
    """Where clients knock, by Unix socket."""

    rpc: Doorstep
    http: Doorstep | None

    def open(self) -> None:
        self.rpc.open()
        if self.http is not None:
            self.http.open()

    def close(self) -> None:
        self.rpc.close()
        if self.http is not None:
            self.http.close()


def _collect_seldom() -> None:
    """What stands now stays, and what a request leaves behind is frozen values, which hold no cycles: to look
    for some every 700 objects, among all that is kept, took a sixth of a request's time. Those that every
    request makes many of say so themselves (`gc=False`), and are not looked at.
    """
    gc.freeze()
    gc.set_threshold(20_000, 50, 100)


def _doorsteps(resolved: Resolved) -> _Doorsteps:
    """A system service is open to its group, a user's daemon to that user."""
    daemon = resolved.config.daemon
    mode = 0o660 if places_here().is_system else 0o600
    taken = inherited(os.environ, os.getpid())
    rpc = Doorstep(Path(daemon.socket), mode=mode, inherited=taken.get("rpc"))
    if not daemon.http_socket:
        return _Doorsteps(rpc, None)
    return _Doorsteps(rpc, Doorstep(Path(daemon.http_socket), mode=mode, inherited=taken.get("http")))


def _force(report: Report) -> NoReturn:
    """Somebody ignores even cancellation: the interpreter's own end would wait for it."""
    _say(report, "CRITICAL")
    sys.stderr.flush()
    os._exit(Exit.FAILED)


def _say(report: Report, level: str) -> None:
    for line in str(report).splitlines():
        logger.log(level, "{}", line)
