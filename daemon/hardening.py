"""What the process gives up before it reads its first key: dumps, debuggers, privileges, stray variables."""

import ctypes
import faulthandler
import os
import resource
from collections.abc import Mapping, MutableMapping
from types import MappingProxyType

__all__ = ["NOT_FOLLOWED", "forget", "harden"]

_USE_PROXY = "say proxy = ... at the provider that needs one"
_USE_CA_FILE = "say ca_file = ... at the provider that needs one"
_NOBODY = "nobody is told the keys of its connections"
_USE_NOTHING = "TLS is verified by this machine's own rules"

NOT_FOLLOWED: Mapping[str, str] = MappingProxyType(
    {
        "http_proxy": _USE_PROXY,
        "https_proxy": _USE_PROXY,
        "all_proxy": _USE_PROXY,
        "ssl_cert_file": _USE_CA_FILE,
        "ssl_cert_dir": _USE_CA_FILE,
        "sslkeylogfile": _NOBODY,
        "openssl_conf": _USE_NOTHING,
        "openssl_modules": _USE_NOTHING,
        "openssl_engines": _USE_NOTHING,
    }
)
"""Variables, in any case, that would quietly let somebody else see or change what we send; and what to use
instead. They are meant for browsers and scripts, and are often set for all that somebody runs."""

_PR_SET_DUMPABLE = 4
_PR_SET_NO_NEW_PRIVS = 38


def harden(environ: MutableMapping[str, str]) -> tuple[str, ...]:
    """Of this process, for good. Returns what was set and is not followed, a line each.

    Comes before anything that reads a key or loads OpenSSL, which looks at its variables as it is loaded.
    """
    os.umask(0o077)
    _leave_no_core()
    _prctl(_PR_SET_DUMPABLE, 0)  # also makes /proc/PID/mem, environ, fd and the like root's: nobody attaches
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    # Instead of a core: a crash or the watchdog's SIGABRT leaves where every thread was, without any value.
    faulthandler.enable()
    return forget(environ)


def forget(environ: MutableMapping[str, str]) -> tuple[str, ...]:
    """Take the variables out that are not followed."""
    names = sorted(name for name in environ if name.lower() in NOT_FOLLOWED)
    for name in names:
        del environ[name]
    return tuple(f"{name} is set and not followed: {NOT_FOLLOWED[name.lower()]}" for name in names)


def _leave_no_core() -> None:
    if resource.getrlimit(resource.RLIMIT_CORE) != (0, 0):  # the unit's own limit can't be set again there
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _prctl(option: int, value: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, ctypes.c_ulong(value), *[ctypes.c_ulong(0)] * 3) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), f"prctl {option}")
