"""What the running daemon itself says: can it be reached, is it the one that is installed."""

import stat
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

from msgspec import Struct

from daemon.ctl.complaint import Complaint
from daemon.ctl.line import Line
from daemon.ctl.plain import inert, span
from daemon.doctor.finding import Finding, odd, well, wrong
from daemon.exits import Exit

__all__ = ["Patient", "examine"]


class Patient(Struct, frozen=True):
    """The daemon, as it was found."""

    findings: tuple[Finding, ...]
    socket: str = ""
    """Where it answers; empty: it does not."""


def examine(sockets: Sequence[str]) -> Patient:
    """Knock, and look at who opens."""
    try:
        with Line(sockets) as line:
            pong = line.ask("ping")
            socket = line.path
    except Complaint as complaint:
        first, *looked = complaint.says.splitlines()
        says = "; ".join([first, *(line.strip() for line in looked)])
        finding = odd if complaint.exit_code is Exit.NOT_RUNNING else wrong
        return Patient((finding("daemon", says, complaint.hints[0] if complaint.hints else ""),))
    running = inert(str(pong.get("version"))) if isinstance(pong, dict) else "?"
    uptime_s = pong.get("uptime_s") if isinstance(pong, dict) else None
    up = f", up {span(uptime_s)}" if isinstance(uptime_s, int | float) else ""
    here = version("failoverd")
    says = f"failoverd {running} runs{up}"
    if running == here:
        answers = well("daemon", says)
    else:
        answers = odd(
            "daemon", f"{says}, and {here} is installed", "take the new one: systemctl restart failoverd"
        )
    return Patient((answers, _openness(socket)), socket)


def _openness(socket: str) -> Finding:
    """Who may connect."""
    found = Path(socket).stat()
    mode = stat.S_IMODE(found.st_mode)
    says = f"{inert(socket)} (mode {mode:04o})"
    if mode & stat.S_IWOTH:
        advice = (
            "everybody on this machine may ask at your cost; if that is not meant: chmod o-rwx its directory"
        )
        return odd("socket", says, advice)
    return well("socket", says)
