"""Where secrets come in: a reference is followed, what it leads to is checked, and a `Secret` comes out."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from daemon.files import exists, read_private
from state.config import Config
from state.settings.problems import Fault, Problem
from state.settings.quoting import quoted, quoted_path
from state.settings.references import FromCredential, FromEnvironment, FromFile, refer
from state.settings.secret import SECRET_BYTES_MAX, Secret, accept
from state.words import KeyId

__all__ = ["Sources", "follow", "follow_all"]

_CREDENTIALS = "CREDENTIALS_DIRECTORY"
_FROM_KEYS = "key_"
"""What systemd puts before the name of a file when LoadCredential=key:DIRECTORY takes a whole directory."""


class Sources(Struct, frozen=True):
    """Where this process may look."""

    environment: Mapping[str, str]
    uid: int
    beside: Path
    """The directory of the config file: a relative `file:` starts there."""


def follow_all(config: Config, sources: Sources) -> tuple[dict[KeyId, Secret], list[Problem]]:
    """The secret of every key that names one, of disabled ones too: enabling them later must not surprise."""
    secrets: dict[KeyId, Secret] = {}
    problems: list[Problem] = []
    for key_id, reference, path in _references(config):
        found = follow(reference, sources)
        if isinstance(found, Fault):
            problems.append(found.at(*path))
        else:
            secrets[key_id] = found
    return secrets, problems


def follow(text: str, sources: Sources) -> Secret | Fault:
    """The secret behind `credential:NAME`, `file:PATH` or `env:NAME`."""
    match refer(text):
        case FromEnvironment(name=name):
            return _from_environment(name, sources.environment)
        case FromCredential(name=name):
            return _from_credential(name, sources)
        case FromFile(path=path):
            home = sources.environment.get("HOME", "/")
            start = Path(home) / path[2:] if path.startswith("~/") else Path(path)
            return _from_file(sources.beside / start, sources)
        case Fault() as fault:
            return fault


def _references(config: Config) -> Iterator[tuple[KeyId, str, tuple[str | int, ...]]]:
    for name, provider in config.provider.items():
        for index, key in enumerate(provider.keys):
            if key.secret:
                yield KeyId(name, key.name), key.secret, ("provider", name, "keys", index, "secret")


def _from_environment(name: str, environment: Mapping[str, str]) -> Secret | Fault:
    value = environment.get(name)
    if value is None:
        return Fault(f"variable {quoted(name)} is not set", "set it where the daemon is started")
    return _accepted(f"variable {quoted(name)}", os.fsencode(value))


def _from_credential(name: str, sources: Sources) -> Secret | Fault:
    directory = sources.environment.get(_CREDENTIALS, "")
    if not directory:
        return Fault(
            f"systemd passed no credentials (${_CREDENTIALS} is not set)",
            f"add LoadCredential={quoted(name)}:PATH to the unit; outside of systemd use file: or env:",
        )
    named, from_keys = Path(directory) / name, Path(directory) / f"{_FROM_KEYS}{name}"
    return _from_file(named if exists(named) or not exists(from_keys) else from_keys, sources)


def _from_file(path: Path, sources: Sources) -> Secret | Fault:
    directory = sources.environment.get(_CREDENTIALS, "")
    is_credential = bool(directory) and path.parent == Path(directory)
    content = read_private(path, SECRET_BYTES_MAX, uid=sources.uid, group_reads=is_credential)
    return content if isinstance(content, Fault) else _accepted(f"file {quoted_path(str(path))}", content)


def _accepted(what: str, content: bytes) -> Secret | Fault:
    found = accept(content)
    return Fault(f"{what} {found.reason}", found.remedy) if isinstance(found, Fault) else found
