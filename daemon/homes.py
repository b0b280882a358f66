"""The directories we live in: made where they are missing, refused where somebody else rules in them."""

import os
import stat
from pathlib import Path

__all__ = ["Unsafe", "make_home"]


class Unsafe(Exception):
    """Whoever can write there could swap the socket or the journal for something of his own."""


def make_home(path: Path, *, mode: int) -> Path:
    """The directory, ours or root's, writable by nobody else; raises Unsafe, or OSError."""
    path.mkdir(mode=mode, parents=True, exist_ok=True)
    found = path.stat()
    if found.st_uid not in (0, os.geteuid()):
        raise Unsafe(
            f"{path} belongs to user {found.st_uid}; give it to user {os.geteuid()} or choose another"
        )
    others_write = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    if others_write and not found.st_mode & stat.S_ISVTX:
        bits = stat.S_IMODE(found.st_mode)
        raise Unsafe(f"{path} is writable by others (mode {bits:04o}); run chmod go-w {path}")
    return path
