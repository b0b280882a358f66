"""A desk for tests about configs: a directory with a file in it, an environment, a user."""

import os
from collections.abc import Mapping
from pathlib import Path

from daemon.configfile import Refused, Surroundings, load
from daemon.paths import Places
from state.config import Config
from state.settings.resolved import Resolved

KEY = "sk-proj-Zx81kLmN04pQrS77"
"""Looks like a key; no test lets it appear in a line."""


def here(
    directory: Path,
    environment: Mapping[str, str] | None = None,
    *,
    ollama: bool = False,
    uid: int | None = None,
) -> Surroundings:
    """Surroundings in which everything is in this directory."""
    return Surroundings(
        environment=environment or {},
        uid=os.geteuid() if uid is None else uid,
        places=Places(str(directory), "/var/lib/failoverd", "/run/failoverd", is_system=True),
        listens=lambda host, port: ollama,
    )


def write(directory: Path, text: str | bytes) -> Path:
    path = directory / "failoverd.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def read_config(directory: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    """The config of a file that has nothing wrong with it."""
    resolved = resolve_config(directory, text, environment)
    return resolved.config


def resolve_config(directory: Path, text: str, environment: Mapping[str, str] | None = None) -> Resolved:
    path = write(directory, text)
    match load(str(path), here(directory, environment)):
        case Resolved() as resolved:
            return resolved
        case Refused(problems=problems):
            raise AssertionError([str(problem) for problem in problems])


def said_about(directory: Path, text: str | bytes, environment: Mapping[str, str] | None = None) -> list[str]:
    """The lines about a wrong file, with FILE for its path and DIR for its directory."""
    path = write(directory, text)
    found = load(str(path), here(directory, environment))
    assert isinstance(found, Refused), "nothing was found wrong"
    return [line.replace(str(path), "FILE").replace(str(directory), "DIR") for line in found.lines]
