"""The config: read, understood, checked and joined with its secrets, or refused with every reason.

file --tables--> --read--> Config --check, follow secrets--> Resolved | Refused
environment --------------^
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from daemon.files import exists, read_shared
from daemon.neighbours import answers
from daemon.paths import Places, places_here
from daemon.secrets import Sources, follow, follow_all
from state.config import Config, DaemonConfig
from state.settings.configcheck import check
from state.settings.found import LOCAL_OLLAMA, from_environment
from state.settings.problems import Fault, Problem
from state.settings.quoting import UNSAID, quoted_path
from state.settings.redact import Redactor
from state.settings.resolved import Resolved
from state.settings.toml import tables
from state.settings.written import Written, read

__all__ = ["ENVIRONMENT", "Refused", "Surroundings", "load", "surroundings"]

ENVIRONMENT = "environment"
"""The source of a config that no file stands behind."""

FILE_BYTES_MAX = 1_048_576
CA_FILE_BYTES_MAX = 16 * 1_048_576
PROBLEMS_SAID_MAX = 50
"""Whoever has more has one that causes the others."""


class Surroundings(Struct, frozen=True):
    """The process that reads, as far as it matters."""

    environment: Mapping[str, str]
    uid: int
    places: Places
    listens: Callable[[str, int], bool]
    """Whether somebody answers at a host and port."""


class Refused(Struct, frozen=True):
    """Nothing starts with this config, and a running daemon keeps the one it has."""

    source: str
    problems: tuple[Problem, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """`/etc/failoverd/failoverd.toml: provider.gemini.url: is no URL; ...`: one for each problem."""
        said: list[object] = [*self.problems[:PROBLEMS_SAID_MAX]]
        if len(self.problems) > PROBLEMS_SAID_MAX:
            said.append(f"and {len(self.problems) - PROBLEMS_SAID_MAX} more")
        return tuple(f"{quoted_path(self.source)}: {each}" for each in said)


def surroundings() -> Surroundings:
    """Of this process."""
    return Surroundings(os.environ, os.geteuid(), places_here(), answers)


def load(asked: str | None, here: Surroundings) -> Resolved | Refused:
    """The config of the file that was asked for, else of the usual one; and where that does not exist, of
    the environment. A file that exists and cannot be read is never passed over.
    """
    path = Path(asked or here.places.config_file)
    if asked is None and not exists(path):
        written = Written(config=_found(here))
        return _resolve(written, ENVIRONMENT, Path("/"), here)
    content = read_shared(path, FILE_BYTES_MAX)
    tree = tables(content) if isinstance(content, bytes) else content
    if isinstance(tree, Fault):
        return Refused(str(path), (tree.at(),))
    return _resolve(read(tree, _home(here.places)), str(path), path.parent, here)


def _found(here: Surroundings) -> Config:
    is_near = here.listens(*LOCAL_OLLAMA)
    found = from_environment(here.environment, ollama_reachable=is_near)
    return replace(read({}, _home(here.places)).config, provider=found.provider)


def _home(places: Places) -> DaemonConfig:
    return DaemonConfig(
        socket=places.socket,
        http_socket=places.http_socket,
        http_tcp=places.http_tcp,
        state_dir=places.state_dir,
    )


def _resolve(written: Written, source: str, beside: Path, here: Surroundings) -> Resolved | Refused:
    config, sources = written.config, Sources(here.environment, here.uid, beside.absolute())
    secrets, unfollowed = follow_all(config, sources)
    token = follow(config.daemon.http_token, sources) if config.daemon.http_token else None
    problems = [
        *written.problems,
        *map(written.in_file, check(config, whole=not written.problems)),
        *map(written.in_file, unfollowed),
        *([token.at("daemon", "http_token")] if isinstance(token, Fault) else ()),
        *_certificates(config),
    ]
    if problems or isinstance(token, Fault):
        redact = Redactor(secret.reveal() for secret in secrets.values())
        return Refused(source, tuple(_hushed(problem, redact) for problem in _in_order(problems)))
    return Resolved(config=config, source=source, secrets=secrets, http_token=token)


def _hushed(problem: Problem, redact: Redactor) -> Problem:
    """A key may be pasted anywhere, as a name too; what is known to be one is not repeated."""
    path = tuple(UNSAID if isinstance(step, str) and redact(step) != step else step for step in problem.path)
    return Problem(path, Fault(redact(problem.fault.reason), redact(problem.fault.remedy)))


def _certificates(config: Config) -> Iterator[Problem]:
    for name, provider in config.provider.items():
        if provider.ca_file.startswith("/"):
            content = read_shared(Path(provider.ca_file), CA_FILE_BYTES_MAX)
            if isinstance(content, bytes) and b"-----BEGIN CERTIFICATE-----" not in content:
                content = Fault(f"file {quoted_path(provider.ca_file)} holds no certificate in PEM form")
            if isinstance(content, Fault):
                yield content.at("provider", name, "ca_file")


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    """Section by section, and about each setting only what was said first: the rest follows from it."""
    first: dict[object, Problem] = {}
    for problem in problems:
        first.setdefault(problem.path, problem)
    sections = [*dict.fromkeys(problem.path[:2] for problem in first.values())]
    return sorted(first.values(), key=lambda problem: sections.index(problem.path[:2]))
