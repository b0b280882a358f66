"""What the doctor says about one thing: how it is, and what to do about it."""

from collections.abc import Iterator, Sequence
from enum import StrEnum
from itertools import zip_longest

from msgspec import Struct

from daemon.ctl.plain import folded
from daemon.ctl.terminal import BAD, FAINT, GOOD, WARY, Terminal

__all__ = ["Finding", "State", "chart", "odd", "well", "wrong"]

WIDTH = 78


class State(StrEnum):
    WELL = "well"
    ODD = "odd"
    """Worth knowing; it may be meant."""
    WRONG = "wrong"


class Finding(Struct, frozen=True):
    """One line of the chart."""

    state: State
    subject: str
    says: str
    advice: str = ""


def well(subject: str, says: str) -> Finding:
    return Finding(State.WELL, subject, says)


def odd(subject: str, says: str, advice: str = "") -> Finding:
    return Finding(State.ODD, subject, says, advice)


def wrong(subject: str, says: str, advice: str = "") -> Finding:
    return Finding(State.WRONG, subject, says, advice)


_TONES = {State.WELL: GOOD, State.ODD: WARY, State.WRONG: BAD}


def chart(findings: Sequence[Finding], screen: Terminal) -> Iterator[str]:
    """One below the other; advice stands below what it is for, once for all that need the same."""
    left = max(len(finding.subject) for finding in findings) + 9
    width = min(screen.width, WIDTH) - left
    for finding, after in zip_longest(findings, findings[1:]):
        state = screen.paint(f"{finding.state:<5}", _TONES[finding.state])
        first, *rest = folded(finding.says, width)
        yield f"{state}  {finding.subject:<{left - 9}}  {first}"
        yield from (" " * left + line for line in rest)
        if finding.advice and (after is None or after.advice != finding.advice):
            yield from (" " * left + screen.paint(line, FAINT) for line in folded(finding.advice, width))
