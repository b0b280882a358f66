"""One thing that failoverctl can do, as the tables of commands tell it."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol

from daemon.ctl.terminal import Terminal

__all__ = ["Command", "Runs"]


class Runs(Protocol):
    """What the module of a command offers."""

    def arguments(self, parser: ArgumentParser, name: str, /) -> None:
        """What may stand behind the command's name."""
        ...

    def run(self, args: Namespace, screen: Terminal, /) -> int:
        """Do it; the exit code."""
        ...


class Command(NamedTuple):
    """One of them."""

    module: str
    """Who runs it: see `Runs`. Empty: those below it do."""
    says: str
    """What it does, as the list of commands says it."""
    more: str
    """What one should know before using it."""
    examples: tuple[tuple[str, str], ...]
    """What to type, and what for."""
    below: Mapping[str, "Command"] = MappingProxyType({})
    """The commands that may stand behind its name, as in `batch run`."""
