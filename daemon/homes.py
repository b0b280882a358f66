"""The directories we live in: made where they are missing, refused where somebody else rules on the way."""

import os
import stat
from pathlib import Path

__all__ = ["Unsafe", "make_home"]


class Unsafe(Exception):
    """Whoever can write there could swap the socket or the journal for something of his own."""


def make_home(path: Path, *, mode: int) -> Path:
    """The directory, ours or root's, writable by nobody else; raises Unsafe, or OSError.

    Nothing is made before the way to it is known to be safe: behind somebody's link it would be made, or
    used, where that one wants it.
    """
    path = path.absolute()
    _judge_way(path)
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.stat()
    _judge_owner(path, found)
    if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not found.st_mode & stat.S_ISVTX:
        raise Unsafe(f"{path} is writable by others (mode {_bits(found)}); run chmod go-w {path}")
    return path


def _judge_way(path: Path) -> None:
    """Every step that exists, links too: only root and we may be able to lead elsewhere.

    Groups that may write above us are trusted: where each user has a group of his own, umask 002 is usual.
    """
    for step in (*reversed(path.parents), path):
        try:
            found = step.lstat()
        except FileNotFoundError:
            return
        _judge_owner(step, found)
        if stat.S_ISLNK(found.st_mode):
            _judge_way(path.resolve())
        elif found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
            raise Unsafe(f"{step} is writable by everybody (mode {_bits(found)}); run chmod o-w {step}")


def _judge_owner(path: Path, found: os.stat_result) -> None:
    if found.st_uid not in (0, os.geteuid()):
        what = "is a link of" if stat.S_ISLNK(found.st_mode) else "belongs to"
        raise Unsafe(
            f"{path} {what} user {found.st_uid}; give it to user {os.geteuid()} or choose another place"
        )


def _bits(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"
