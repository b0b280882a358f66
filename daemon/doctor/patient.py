"""What the running daemon itself says: can it be reached, is it the one that is installed."""

import stat
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import cast

from msgspec import Struct

from daemon.ctl.complaint import Complaint
from daemon.ctl.line import Line, Refused
from daemon.ctl.plain import inert, joined, seconds, span
from daemon.ctl.shapes.acts import Probed
from daemon.ctl.telling import unwell
from daemon.doctor.finding import Finding, odd, well, wrong
from daemon.exits import Exit

__all__ = ["Patient", "examine"]

PROBES_S = 120.0
_ADVICE = {
    "auth": "put a working key in its place, then failoverctl reload",
    "not_found": "is the url in the config right, with its version?",
    "rate_limit": "nothing: it is asked again when it says so",
    "quota": "wait for its reset, or add a key or credit",
}


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
            probes = tuple(_probes(line))
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
    return Patient((answers, _openness(socket), *probes), socket)


def _probes(line: Line) -> Iterator[Finding]:
    """How the daemon finds its providers now, with their keys: for free, and seen from where it lives."""
    try:
        probes = cast("Probed", line.ask("probe", within_s=PROBES_S))["probes"]
    except Refused as refused:
        advice = "sudo failoverctl doctor" if refused.exit_code is Exit.NOT_ALLOWED else ""
        yield odd("probes", f"the daemon would not look at its providers: {refused.says}", advice)
        return
    good = [f"{inert(probe['target'])} ({seconds(probe['seconds'])})" for probe in probes if probe["is_well"]]
    if good:
        yield well("probes", f"the daemon reaches {joined(good)}")
    for probe in probes:
        if not probe["is_well"]:
            advice = _ADVICE.get(probe["kind"], "does it work from here? See below; else failoverctl status")
            yield wrong("probes", f"{inert(probe['target'])}: {unwell(probe)}", advice)


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
