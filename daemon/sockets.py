"""Listening sockets: taken over from systemd, or bound by us where nobody else can have put theirs."""

import os
import socket
import stat
from collections.abc import MutableMapping
from pathlib import Path

__all__ = ["SocketPathTaken", "bind_tcp", "bind_unix", "inherited", "unlink_if_ours"]

FIRST_FD = 3
PATH_BYTES_MAX = 107
"""sockaddr_un has 108, one of them for the end."""
BACKLOG = 1024


class SocketPathTaken(Exception):
    """Something that is not a socket of ours stands at the path."""


def inherited(environ: MutableMapping[str, str], pid: int) -> dict[str, socket.socket]:
    """The listening sockets that systemd opened for us, by name; empty without socket activation.

    The variables are taken out of the environment, and the sockets are closed on exec, so that no child
    believes that they are for it.
    """
    count, for_pid = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    names = environ.pop("LISTEN_FDNAMES", "").split(":")
    if not count.isdecimal() or for_pid != str(pid):
        return {}
    sockets: dict[str, socket.socket] = {}
    for index in range(int(count)):
        fd = FIRST_FD + index
        os.set_inheritable(fd, False)
        listener = socket.socket(fileno=fd)
        listener.setblocking(False)
        name = names[index] if index < len(names) and names[index] else f"fd{fd}"
        sockets[name] = listener
    return sockets


def bind_unix(path: Path, *, mode: int) -> socket.socket:
    """Listen at `path`, reachable by whom `mode` says from the first instant on.

    Call it only with the instance lock held: a dead predecessor's socket is removed. The umask is
    narrowed around bind, because a chmod after it would leave a moment in which anybody may connect.
    """
    if len(os.fsencode(path)) > PATH_BYTES_MAX:
        raise SocketPathTaken(
            f"{path}: longer than {PATH_BYTES_MAX} bytes, the most a Unix socket's path can have"
        )
    unlink_if_ours(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_CLOEXEC)
    narrow = os.umask(0o777 & ~mode)
    try:
        listener.bind(os.fspath(path))
    except OSError:
        listener.close()
        raise
    finally:
        os.umask(narrow)
    listener.setblocking(False)
    listener.listen(BACKLOG)
    return listener


def bind_tcp(host: str, port: int) -> socket.socket:
    """Listen on an address of this machine. Raises OSError, also where the name of the host means nothing."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    # The protocol is named so that the event loop knows it is TCP: else it leaves Nagle's delay on.
    listener = socket.socket(family, kind | socket.SOCK_CLOEXEC, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    listener.setblocking(False)
    return listener


def unlink_if_ours(path: Path) -> None:
    """Remove a socket that we own; anything else at the path is somebody's and stays."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode) or found.st_uid != os.geteuid():
        raise SocketPathTaken(f"{path}: something is in the way that is not a socket of ours; move it aside")
    path.unlink()
