"""Files that somebody else wrote, read whole or not at all: bounded, never a device, never a surprise.

Everything here may fail for reasons that the operator can mend, so it returns what is wrong instead of
raising it.
"""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

from state.settings.problems import Fault
from state.settings.quoting import quoted_path

__all__ = ["exists", "read_private", "read_shared"]

_FLAGS = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY | os.O_NONBLOCK
"""Without O_NONBLOCK, opening a named pipe would wait for somebody to write into it."""


def exists(path: Path) -> bool:
    """Whether something is there, also if we may not look at it: only what is surely absent is not."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def read_shared(path: Path, bytes_max: int) -> bytes | Fault:
    """A file that may be anybody's to read, and may be a link, but is not everybody's to write."""
    name = quoted_path(str(path))
    return _read(path, bytes_max, _FLAGS, lambda found: _written_by_all(name, found))


def read_private(path: Path, bytes_max: int, *, uid: int, group_reads: bool = False) -> bytes | Fault:
    """A file that only root and user `uid` can have written and read, and that is no link.

    `group_reads` is for systemd's credentials: there the group's bits are the mask of an ACL that names us.
    """
    name, bits = quoted_path(str(path)), 0o037 if group_reads else 0o077
    return _read(path, bytes_max, _FLAGS | os.O_NOFOLLOW, lambda found: _not_private(name, found, uid, bits))


def _read(
    path: Path, bytes_max: int, flags: int, objection: Callable[[os.stat_result], Fault | None]
) -> bytes | Fault:
    name = quoted_path(str(path))
    try:
        fd = os.open(path, flags)
    except (OSError, ValueError) as error:
        return _unopened(name, error)
    try:
        found = os.fstat(fd)  # of what was opened: between a look at the path and an open it can be exchanged
        fault = _no_file(name, found) or objection(found)
        content = _all_of(fd, bytes_max + 1) if fault is None else b""
    except OSError as error:
        return Fault(f"{name} cannot be read: {_words(error)}")
    finally:
        os.close(fd)
    if len(content) > bytes_max:
        fault = Fault(f"file {name} is larger than {bytes_max:,} bytes")
    return fault or content


def _no_file(name: str, found: os.stat_result) -> Fault | None:
    if stat.S_ISDIR(found.st_mode):
        return Fault(f"{name} is a directory", "name a file in it")
    if not stat.S_ISREG(found.st_mode):
        return Fault(f"{name} is no ordinary file")
    return None


def _written_by_all(name: str, found: os.stat_result) -> Fault | None:
    if not found.st_mode & stat.S_IWOTH:
        return None
    return Fault(f"file {name} can be written by everybody ({_mode(found)})", f"run chmod o-w {name}")


def _not_private(name: str, found: os.stat_result, uid: int, bits: int) -> Fault | None:
    if found.st_uid not in (0, uid):
        return Fault(f"file {name} belongs to somebody else (uid {found.st_uid})", f"run chown {uid} {name}")
    if found.st_mode & bits:
        word = "readable by" if found.st_mode & bits & 0o044 else "open to"
        return Fault(f"file {name} is {word} others ({_mode(found)})", f"run chmod 600 {name}")
    return None


def _unopened(name: str, error: OSError | ValueError) -> Fault:
    code = error.errno if isinstance(error, OSError) else errno.EINVAL
    match code:
        case errno.ENOENT:
            return Fault(f"file {name} does not exist")
        case errno.ELOOP:
            return Fault(f"{name} is a symbolic link", "name the file that it leads to")
        case errno.EACCES | errno.EPERM:
            return Fault(f"file {name} may not be read by us (uid {os.geteuid()})", "give it to that user")
        case errno.ENXIO:
            return Fault(f"{name} is no ordinary file")
        case _:
            return Fault(f"file {name} cannot be opened: {_words(error)}")


def _all_of(fd: int, bytes_max: int) -> bytes:
    pieces = []
    while bytes_max > 0 and (piece := os.read(fd, bytes_max)):
        pieces.append(piece)
        bytes_max -= len(piece)
    return b"".join(pieces)


def _mode(found: os.stat_result) -> str:
    return f"mode {stat.S_IMODE(found.st_mode):04o}"


def _words(error: OSError | ValueError) -> str:
    number = error.errno if isinstance(error, OSError) else None
    return os.strerror(number).lower() if number else "it is no name of a file"
