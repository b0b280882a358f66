"""What may stand behind each command, read off the parser; completions and the man page are made of it."""

from argparse import SUPPRESS, Action, ArgumentParser, _SubParsersAction
from collections.abc import Iterator
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
    """By the command's name; those below others by both: `batch run`."""
    return dict(_below(parser_for()))


def _below(parser: ArgumentParser, above: str = "") -> Iterator[tuple[str, Outline]]:
    for action in parser._actions:  # noqa: SLF001 - argparse has no other way to ask
        if isinstance(action, _SubParsersAction):
            for name, sub in action.choices.items():
                yield f"{above}{name}", _outline(sub)
                yield from _below(sub, f"{above}{name} ")


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
