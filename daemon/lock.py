"""One instance: whoever holds the lock files may touch the socket and the journal."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from errno import EACCES, EDQUOT, ENOSPC, EROFS
from pathlib import Path

__all__ = ["AlreadyRunning", "only_instance"]


_CANT_WRITE = frozenset({EACCES, EDQUOT, ENOSPC, EROFS})


class AlreadyRunning(Exception):
    """Another process holds the lock."""

    def __init__(self, path: Path, pid: str) -> None:
        who = f"process {pid}" if pid else "another process"
        super().__init__(
            f"failoverd is already running here: {who} holds {path}. "
            "Stop it first, or give this one its own state_dir and socket."
        )


@contextmanager
def only_instance(*directories: Path) -> Iterator[None]:
    """Hold `failoverd.lock` in each directory, or raise AlreadyRunning having changed nothing.

    The kernel lets go when the process dies, however it dies; the file stays, because removing it would
    let two processes lock two different files of the same name.
    """
    with ExitStack() as held:
        for directory in dict.fromkeys(each.resolve() for each in directories):
            held.enter_context(_locked(directory / "failoverd.lock"))
        yield


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """The directory is locked as well: that goes also where nothing can be written, on a full or a read-only
    disk, and keeps the one who could write apart from the one who can't.
    """
    with ExitStack() as opened:
        home = opened.enter_context(_opened(path.parent, os.O_RDONLY | os.O_DIRECTORY))
        _lock(home, path)
        try:
            file = opened.enter_context(_opened(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW))
        except OSError as error:
            if error.errno not in _CANT_WRITE:
                raise
        else:
            _lock(file, path)
            with suppress(OSError):  # a disk without room for a few digits: they are for people only
                os.ftruncate(file, 0)
                os.pwrite(file, f"{os.getpid()}\n".encode(), 0)
        yield


@contextmanager
def _opened(path: Path, flags: int) -> Iterator[int]:
    fd = os.open(path, flags | os.O_CLOEXEC, 0o600)
    try:
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int, path: Path) -> None:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise AlreadyRunning(path, _pid_in(path)) from None


def _pid_in(path: Path) -> str:
    try:
        with _opened(path, os.O_RDONLY | os.O_NOFOLLOW) as fd:
            text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    except OSError:
        return ""
    return text if text.isdecimal() else ""
