"""What a config file says: its tables, turned into a `Config` with all that is beneath them."""

from collections.abc import Callable

import msgspec
from msgspec import Struct

from state.config import Config, DaemonConfig
from state.settings.problems import Problem, SettingPath
from state.settings.shape import misfits
from state.settings.shorthand import Tree, beneath, faults, places, plain, spell_out

__all__ = ["Written", "read"]

_MANY = frozenset({"provider", "pool"})
"""Sections of which there are many, each with a name."""


class Written(Struct, frozen=True, kw_only=True):
    """A config, and what keeps it from being the whole file: sections with a problem are left out of it."""

    config: Config
    problems: tuple[Problem, ...] = ()
    places: dict[SettingPath, SettingPath] = {}

    def in_file(self, problem: Problem) -> Problem:
        """The same problem, in the place where the file has it."""
        return Problem(self.places.get(problem.path, problem.path), problem.fault)


def read(tree: Tree, home: DaemonConfig) -> Written:
    """Turn the tables of a file into a config; `home` is what the place where we run has in mind for us."""
    whole = {
        **tree,
        "daemon": _with_home(tree.get("daemon", {}), plain(home)),
        "provider": _each(tree.get("provider", {}), spell_out),
        "pool": _each(tree.get("pool", {}), lambda name, pool: {"name": name, **pool}),
    }
    providers = _tables(tree.get("provider"))
    own = (problem for name, table in providers.items() for problem in faults(name, table))
    # At the same place the later says more: a misfit knows types, `faults` knows what was meant.
    problems = {problem.path: problem for problem in (*misfits(whole, Config), *own)}
    return Written(
        config=_settled(msgspec.convert(_without(problems, whole), Config)),
        problems=tuple(problems.values()),
        places=dict(pair for name, table in providers.items() for pair in places(name, table)),
    )


def _with_home(daemon: object, home: Tree) -> object:
    return beneath(home, daemon) if isinstance(daemon, dict) else daemon


def _each(section: object, spell: Callable[[str, Tree], Tree]) -> object:
    if not isinstance(section, dict):
        return section
    return {name: spell(name, table) if isinstance(table, dict) else table for name, table in section.items()}


def _tables(section: object) -> dict[str, Tree]:
    tables = section if isinstance(section, dict) else {}
    return {name: table for name, table in tables.items() if isinstance(table, dict)}


def _without(problems: dict[SettingPath, Problem], whole: Tree) -> Tree:
    """Only the sections in which nothing is wrong."""
    bad = {path[: 2 if path[0] in _MANY else 1] for path in problems}
    sections = {name: section for name, section in whole.items() if (name,) not in bad}
    for name in _MANY & sections.keys():
        sections[name] = {
            each: table for each, table in _tables(sections[name]).items() if (name, each) not in bad
        }
    return sections


def _settled(config: Config) -> Config:
    """With the journal in the directory for state, where nobody says otherwise."""
    path = config.journal.path or f"{config.daemon.state_dir}/journal.db"
    return msgspec.structs.replace(config, journal=msgspec.structs.replace(config.journal, path=path))
