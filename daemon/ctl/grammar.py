"""What may be typed: a parser from the table of commands, with help that is kind."""

import argparse
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from typing import NoReturn, cast

from daemon.ctl.command import Command, Runs
from daemon.ctl.commands import COMMANDS, GROUPS
from daemon.ctl.plain import folded
from daemon.exits import Exit
from daemon.paths import sockets_to_try

__all__ = ["BELOW", "SOCKET_VARIABLE", "command_in", "parser_for", "runs_it", "sockets_of", "welcome"]

SOCKET_VARIABLE = "FAILOVERD_SOCKET"
BELOW = "act"
"""Where a parsed command line tells which of the commands below another one is meant."""
HELP_COLUMNS = 79
ALL = tuple(COMMANDS)

_FAREWELL = f"""
failoverctl COMMAND --help explains a command, with examples.

options:
  --socket PATH   the daemon's socket, if it is not where it usually is;
                  {SOCKET_VARIABLE} in the environment says the same
  --version       which failoverctl this is, and which daemon runs
  -h, --help      this page

exit codes: 0 well, 1 degraded or failed, 2 wrong command line or config,
3 no daemon is running, 4 not allowed
"""


class _Page(argparse.RawDescriptionHelpFormatter):
    """As wide as all our pages. Left to itself, argparse asks for the terminal's width once an argument, and
    imports zlib, bz2 and lzma to do so.
    """

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=HELP_COLUMNS)


class _Parser(argparse.ArgumentParser):
    """Errors that say the next step."""

    def error(self, message: str) -> NoReturn:
        sys.stderr.write(f"{self.prog}: {message}\n  {self.prog} --help shows how it is meant\n")
        raise SystemExit(int(Exit.USAGE))


class _TopParser(_Parser):
    asked = ""
    """The command that is meant: words that it does not know are complained about here."""

    def format_help(self) -> str:
        return welcome()

    def error(self, message: str) -> NoReturn:
        self.prog = f"{self.prog} {self.asked}".rstrip()
        super().error(message)


def parser_for(names: Sequence[str] = ALL) -> argparse.ArgumentParser:
    """With these commands. One that is asked for knows only itself: that keeps the start fast."""
    parser = _TopParser(prog="failoverctl", formatter_class=_Page, allow_abbrev=False)
    parser.add_argument("--socket", metavar="PATH", default="", help="the daemon's socket")
    parser.add_argument("--version", action="store_true", help="of failoverctl, and of the daemon that runs")
    parser.asked = names[0] if len(names) == 1 else ""
    _add(parser, {name: COMMANDS[name] for name in names}, "command")
    return parser


def _add(parser: argparse.ArgumentParser, commands: Mapping[str, Command], dest: str) -> None:
    """Let these stand behind what the parser knows already."""
    is_below = dest == BELOW
    subs = parser.add_subparsers(dest=dest, metavar="COMMAND", parser_class=_Parser, required=is_below)
    for name, command in commands.items():
        sub = subs.add_parser(
            name,
            help=command.says,
            description="\n".join(folded(f"{_sentence(command.says)} {command.more}", HELP_COLUMNS)),
            epilog="\n".join(_examples(command)),
            formatter_class=_Page,
            allow_abbrev=False,
        )
        sub.add_argument("--socket", metavar="PATH", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
        if command.below:
            _add(sub, command.below, BELOW)
        else:
            runs_it(command).arguments(sub, name)


def command_in(words: Sequence[str]) -> str:
    """The command that is asked for; empty: none."""
    rest = iter(words)
    for word in rest:
        if word == "--socket":
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def runs_it(command: Command) -> Runs:
    """Its module; imported when it is asked for."""
    return cast("Runs", import_module(command.module))


def sockets_of(asked: str) -> tuple[str, ...]:
    """Where to look for the daemon: where one says, else where it usually is."""
    named = asked or os.environ.get(SOCKET_VARIABLE, "")
    if named:
        return (named,)
    return sockets_to_try(os.environ, uid=os.geteuid(), home=os.path.expanduser("~"))  # noqa: PTH111 - pathlib costs 8 ms


def welcome() -> str:
    """The page that greets: every command with what it is for."""
    return "\n".join([*_welcome(), _FAREWELL])


def _welcome() -> Iterator[str]:
    yield "Shows and steers the failoverd that keeps your AI calls alive."
    for group, names in GROUPS.items():
        yield ""
        yield f"{group}:"
        yield from (f"  {name:<11} {COMMANDS[name].says}" for name in names)


def _examples(command: Command) -> Iterator[str]:
    yield "examples:"
    left = max(len(typed) for typed, _ in command.examples)
    for typed, why in command.examples:
        if left + len(why) + 4 <= HELP_COLUMNS:
            yield f"  {typed:<{left}}  {why}"
        else:
            yield f"  {typed}"
            yield f"      {why}"


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."
