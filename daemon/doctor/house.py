"""What can be looked at without asking anybody: the program, its config, its disk."""

import os
import platform
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from daemon.configfile import ENVIRONMENT, Refused
from daemon.ctl.plain import counted
from daemon.doctor.finding import Finding, odd, well, wrong
from state.settings.quoting import quoted_path
from state.settings.resolved import Resolved

__all__ = ["config", "disk", "program"]

MIB = 1024 * 1024
ROOM_MIB_MIN = 64
"""With less, the journal may stop being written any day."""
NOT_OURS = "may not be read by us"


def program() -> Finding:
    """What runs here."""
    what = f"failoverd {version('failoverd')} on Python {platform.python_version()}"
    if find_spec("uvloop") is None:
        return odd("program", f"{what}, without uvloop", "slower than it could be: pip install uvloop")
    return well("program", what)


def config(found: Resolved | Refused) -> Iterator[Finding]:
    """Whether the daemon could start with it."""
    if isinstance(found, Resolved):
        providers = counted(len(found.config.provider), "provider")
        lanes = counted(len(found.config.lanes), "lane")
        if found.source == ENVIRONMENT:
            what = f"no file; the environment offers {providers}, {lanes}"
            yield odd("config", what, "to choose for yourself: failoverctl init")
        else:
            yield well("config", f"{quoted_path(found.source)}: {providers}, {lanes}")
        return
    for problem in found.problems:
        if NOT_OURS in str(problem):
            yield odd(
                "config", str(problem), "the daemon's own user can; look as that one: sudo failoverctl doctor"
            )
        else:
            yield wrong("config", str(problem), "failoverctl check says it in full")


def disk(resolved: Resolved) -> Iterator[Finding]:
    """Whether there is room for the journal, and whether it may be written."""
    kept = resolved.config.journal
    place = _nearest(Path(kept.path).parent)
    shown = quoted_path(str(place))
    try:
        found = os.statvfs(place)
    except OSError as error:
        yield wrong(
            "disk", f"{shown}: {error.strerror}", "the journal is kept there; see journal.path in the config"
        )
        return
    free_mib = found.f_bavail * found.f_frsize // MIB
    says = f"{free_mib:,} MiB free at {shown}"
    if free_mib < ROOM_MIB_MIN:
        yield wrong("disk", says, "make room, or keep less: journal.keep_mib, journal.keep_days")
    elif free_mib < kept.keep_mib:
        yield odd("disk", says, f"the journal may grow to {kept.keep_mib:,} MiB: journal.keep_mib")
    else:
        yield well("disk", says)


def _nearest(path: Path) -> Path:
    """The directory, or the first above it that is there already."""
    while not path.exists() and path != path.parent:
        path = path.parent
    return path
