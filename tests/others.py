"""Other users of this machine: programs that run as somebody who is not us."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

__all__ = ["NOBODY", "STRANGER", "as_root", "open_ground", "python_as", "run_as"]

NOBODY = 54_321
"""Who nobody is: no name, no group, no files."""
STRANGER = 54_322
"""Somebody else again."""

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")

_REPO = Path(__file__).parent.parent


def python_as(uid: int, *gids: int) -> tuple[list[str], dict[str, str]]:
    """The words that start a Python with our modules as that user, and the environment it needs; skips where
    that user can read neither our interpreter nor a twin of it.
    """
    interpreter = _readable_interpreter()
    if interpreter is None:
        pytest.skip("no Python here that other users can read has this version and our packages")
    return [*_become(uid, gids), interpreter], {"PYTHONPATH": _path(), "PYTHONDONTWRITEBYTECODE": "1"}


def run_as(uid: int, code: str, *args: str, gids: tuple[int, ...] = ()) -> subprocess.CompletedProcess[str]:
    """Run a script as that user."""
    words, environ = python_as(uid, *gids)
    return subprocess.run(
        [*words, "-c", code, *args], env=environ, capture_output=True, text=True, check=False, timeout=30
    )


@contextmanager
def open_ground() -> Iterator[Path]:
    """A directory that other users can reach. Pytest's own are closed, and each session closes them anew."""
    with TemporaryDirectory(prefix="failoverd-") as made:
        ground = Path(made)
        ground.chmod(0o755)
        yield ground


def _path() -> str:
    return f"{_REPO}:{sysconfig.get_path('purelib')}"


def _become(uid: int, gids: tuple[int, ...]) -> list[str]:
    groups = ["--groups", ",".join(map(str, gids))] if gids else ["--clear-groups"]
    return ["setpriv", "--reuid", str(uid), "--regid", str(gids[0] if gids else uid), *groups, "--"]


@lru_cache(maxsize=1)
def _readable_interpreter() -> str | None:
    twin = f"/usr/bin/python3.{sys.version_info.minor}"
    for interpreter in (os.path.realpath(sys.executable), twin):
        try:
            done = subprocess.run(
                [*_become(NOBODY, ()), interpreter, "-c", "import daemon.run, encodings.utf_8_sig"],
                env={"PYTHONPATH": _path(), "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
                check=False,
            )
        except OSError:
            return None
        if done.returncode == 0:
            return interpreter
    return None
