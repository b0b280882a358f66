"""One instance: whoever holds the lock files may touch the socket and the journal."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

__all__ = ["AlreadyRunning", "only_instance"]


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
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(path, _pid_in(fd)) from None
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(fd)


def _pid_in(fd: int) -> str:
    text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return text if text.isdecimal() else ""
