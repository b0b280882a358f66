"""What a program costs, read from /proc: processor time, memory, and how busy the machine was meanwhile.

A contestant is a session of its own (`start_new_session`), so that everything it starts is on its bill.
"""

import os
import platform
import time
from pathlib import Path

from msgspec import Struct

from bench.strangers import python_version

__all__ = ["Machine", "cpu_s", "machine", "others_share", "pss_mib", "rss_mib", "swallowed_s"]

TICKS_PER_S = os.sysconf("SC_CLK_TCK")
MIB = 1024 * 1024
_UTIME, _STIME, _SESSION = 11, 12, 3
"""Where they stand in /proc/PID/stat, counted behind the name."""


class Machine(Struct, frozen=True):
    """Where it was measured."""

    cores: int
    processor: str
    kernel: str
    python: str
    memory_gib: float

    def __str__(self) -> str:
        return (
            f"{self.cores} cores of {self.processor}, {self.memory_gib:.0f} GiB, Linux {self.kernel}, "
            f"{self.python}"
        )


def machine() -> Machine:
    """This one."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        processor=next(names, platform.machine()),
        kernel=platform.release(),
        python=python_version(),
        memory_gib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3,
    )


def cpu_s(session: int) -> float:
    """Processor time of all that live in this session."""
    ticks = sum(int(stat[_UTIME]) + int(stat[_STIME]) for _, stat in _members(session))
    return ticks / TICKS_PER_S


def pss_mib(session: int) -> float:
    """Memory, what is shared counted by shares."""
    return sum(_field_kib(f"/proc/{pid}/smaps_rollup", "Pss:") for pid, _ in _members(session)) / 1024


def rss_mib(pid: int) -> float:
    """Resident memory of one process."""
    return _field_kib(f"/proc/{pid}/status", "VmRSS:") / 1024


def swallowed_s() -> float:
    """Processor time that anybody on this machine has used since it started."""
    user, nice, system, *_ = Path("/proc/stat").read_text().split()[1:5]
    return (int(user) + int(nice) + int(system)) / TICKS_PER_S


def others_share(cores: int, for_s: float = 1.0) -> float:
    """How much of the machine is in use while we do nothing."""
    before_s = swallowed_s()
    time.sleep(for_s)
    return (swallowed_s() - before_s) / (for_s * cores)


def _members(session: int) -> list[tuple[int, list[str]]]:
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            stat = _stat(int(entry.name))
            if stat and int(stat[_SESSION]) == session:
                found.append((int(entry.name), stat))
    return found


def _stat(pid: int) -> list[str]:
    """The fields behind the name, which may itself hold blanks and brackets."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []  # gone while we looked


def _field_kib(path: str, name: str) -> int:
    try:
        lines = Path(path).read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0  # gone while we looked
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
