"""failoverd: the command that runs the daemon, and the few that need none running."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.metadata import version

from msgspec import Struct

from daemon.exits import Exit
from daemon.hardening import harden
from daemon.release import stay

__all__ = ["main"]


class Command(Struct, frozen=True):
    """A subcommand: its module has `arguments(parser)` and `main(args) -> int`, imported when asked for."""

    module: str
    help: str


COMMANDS = {
    "run": Command("daemon.run", "run the daemon until it is told to stop (what systemd calls)"),
    "check": Command("daemon.check", "read the config as the daemon would, say what is wrong, start nothing"),
    "init": Command("daemon.init", "write a commented config from what is found here"),
    "doctor": Command("daemon.doctor", "look for what is wrong, and say what to do"),
    "demo": Command("daemon.demo", "watch it work: real daemon, fake providers that break, no key needed"),
    "classify": Command("daemon.classify", "say what failoverd would make of errors, one JSON object a line"),
}

EPILOG = """\
examples:
  failoverd demo                         half a minute to see what this is
  failoverd check                        is my config right?
  failoverd run --config my.toml         run in the foreground; Ctrl-C drains and stops
  failoverd classify < errors.jsonl      what would it do about these?

failoverctl shows and steers a daemon that runs. Exit codes: 0 well, 1 failed, 2 wrong command line or
config, 70 gave up inside, 75 already running.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one subcommand and return its exit code."""
    words = list(sys.argv[1:] if argv is None else argv)
    if _chosen(words) == "run":  # now: what it imports loads OpenSSL, and then reads keys
        stay(sys.path, [*sys.modules.values()])
        sys.stderr.writelines(f"{line}\n" for line in harden(os.environ))
    parser = _parser(words)
    args = parser.parse_args(words)
    if args.command is None:
        parser.print_help()
        return Exit.USAGE
    try:
        return int(import_module(COMMANDS[args.command].module).main(args))
    except KeyboardInterrupt:
        return Exit.FAILED
    except BrokenPipeError:
        # The reader of our output left, as `head` does. Nothing is wrong, but the interpreter would
        # complain when it flushes stdout at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK


def _parser(words: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="failoverd",
        description="A daemon that keeps AI calls alive: one socket, many providers, automatic failover.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"failoverd {version('failoverd')}")
    commands = parser.add_subparsers(dest="command", metavar="command", title="commands")
    chosen = _chosen(words)
    for name, command in COMMANDS.items():
        sub = commands.add_parser(name, help=command.help, description=f"{command.help.capitalize()}.")
        if name == chosen:
            import_module(command.module).arguments(sub)
    return parser


def _chosen(words: Sequence[str]) -> str | None:
    return next((word for word in words if word in COMMANDS), None)


if __name__ == "__main__":
    sys.exit(main())
