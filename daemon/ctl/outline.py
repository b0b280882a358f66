"""What may stand behind each command, read off the parser; completions and the man page are made of it."""

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from typing import NamedTuple

from daemon.ctl.grammar import parser_for

__all__ = ["Option", "Outline", "metavar", "outlines"]


class Option(NamedTuple):
    """A word with dashes."""

    names: tuple[str, ...]
    says: str
    metavar: str
    """Of its value; empty: it takes none."""


class Outline(NamedTuple):
    """What may stand behind a command."""

    options: tuple[Option, ...]
    names: tuple[Action, ...]
    """Those without dashes, in their order."""


def outlines() -> dict[str, Outline]:
    """By the command's name."""
    parser = parser_for()
    subs = next(action for action in parser._actions if isinstance(action, _SubParsersAction))  # noqa: SLF001 - argparse has no other way to ask
    return {name: _outline(sub) for name, sub in subs.choices.items()}


def _outline(parser: ArgumentParser) -> Outline:
    actions = parser._actions  # noqa: SLF001 - as above
    options = [
        Option(tuple(action.option_strings), action.help or "", metavar(action))
        for action in actions
        if action.option_strings and action.help != SUPPRESS
    ]
    return Outline(tuple(options), tuple(action for action in actions if not action.option_strings))


def metavar(action: Action) -> str:
    """What its value is called; empty: it takes none."""
    if action.nargs == 0:
        return ""
    return action.metavar if isinstance(action.metavar, str) else action.dest.upper()
