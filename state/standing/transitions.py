"""How a standing moves: every change of phase there is, as a table; the diagram in the docs is drawn from it.

What stands in no row changes no phase. A test walks every phase with everything that can happen and finds
each row true, and no move without a row.
"""

from enum import StrEnum
from typing import NamedTuple

from state.standing.holds import Phase

__all__ = ["REFUSING", "TRANSITIONS", "Happening", "Transition", "mermaid"]


class Happening(StrEnum):
    """What can befall a lane, a key or a provider. Outcomes are those of attempts of the current epoch."""

    OPENED = "a request comes"
    ANSWERED = "answered"
    STRUCK = "failed"
    RATE_LIMITED = "rate limit"
    PUT_OUT = "quota, refused key, not found"
    NOT_COUNTED = "cancelled, caller's fault, or our crash"
    OLD_NEWS = "outcome of an older epoch"
    PROBED_WELL = "two good probes"
    PROBED_ILL = "bad probe"
    TIME = "time"
    LINK_LOST = "our own network was down"
    RELOADED = "reload, key changed"
    DISABLE = "disable"
    QUARANTINE = "quarantine"
    ENABLE = "enable"
    RELEASE = "release"


class Transition(NamedTuple):
    """One move, and in which case where there is more than one."""

    before: Phase
    happening: Happening
    after: Phase
    case: str = ""


_P, _H, _T = Phase, Happening, Transition

# fmt: off
TRANSITIONS: tuple[Transition, ...] = (
    _T(_P.WELL,        _H.STRUCK,       _P.QUARANTINED),
    _T(_P.WELL,        _H.STRUCK,       _P.WELL,        "last one standing"),
    _T(_P.WELL,        _H.RATE_LIMITED, _P.RESTING),
    _T(_P.WELL,        _H.PUT_OUT,      _P.OUT),
    _T(_P.WELL,        _H.DISABLE,      _P.DISABLED),
    _T(_P.WELL,        _H.QUARANTINE,   _P.QUARANTINED),

    _T(_P.SLOW_START,  _H.ANSWERED,     _P.SLOW_START,  "one step further"),
    _T(_P.SLOW_START,  _H.ANSWERED,     _P.WELL,        "after the last step"),
    _T(_P.SLOW_START,  _H.STRUCK,       _P.QUARANTINED),
    _T(_P.SLOW_START,  _H.STRUCK,       _P.SLOW_START,  "last one standing"),
    _T(_P.SLOW_START,  _H.RATE_LIMITED, _P.RESTING),
    _T(_P.SLOW_START,  _H.PUT_OUT,      _P.OUT),
    _T(_P.SLOW_START,  _H.DISABLE,      _P.DISABLED),
    _T(_P.SLOW_START,  _H.QUARANTINE,   _P.QUARANTINED),
    _T(_P.SLOW_START,  _H.RELEASE,      _P.WELL),

    _T(_P.RESTING,     _H.TIME,         _P.WELL),
    _T(_P.RESTING,     _H.STRUCK,       _P.QUARANTINED),
    _T(_P.RESTING,     _H.STRUCK,       _P.RESTING,     "last one standing"),
    _T(_P.RESTING,     _H.PUT_OUT,      _P.OUT),
    _T(_P.RESTING,     _H.DISABLE,      _P.DISABLED),
    _T(_P.RESTING,     _H.QUARANTINE,   _P.QUARANTINED),
    _T(_P.RESTING,     _H.RELEASE,      _P.WELL),

    _T(_P.QUARANTINED, _H.TIME,         _P.ON_TRIAL),
    _T(_P.QUARANTINED, _H.PROBED_WELL,  _P.ON_TRIAL),
    _T(_P.QUARANTINED, _H.PROBED_WELL,  _P.QUARANTINED, "by order"),
    _T(_P.QUARANTINED, _H.ANSWERED,     _P.SLOW_START,  "the last resort"),
    _T(_P.QUARANTINED, _H.ANSWERED,     _P.QUARANTINED, "by order"),
    _T(_P.QUARANTINED, _H.PUT_OUT,      _P.OUT),
    _T(_P.QUARANTINED, _H.LINK_LOST,    _P.WELL,        "connection failures of that time"),
    _T(_P.QUARANTINED, _H.LINK_LOST,    _P.ON_TRIAL,    "failed its trial in that time"),
    _T(_P.QUARANTINED, _H.LINK_LOST,    _P.QUARANTINED, "for another reason"),
    _T(_P.QUARANTINED, _H.DISABLE,      _P.DISABLED),
    _T(_P.QUARANTINED, _H.RELEASE,      _P.WELL),

    _T(_P.ON_TRIAL,    _H.OPENED,       _P.UNDER_TRIAL),
    _T(_P.ON_TRIAL,    _H.ANSWERED,     _P.SLOW_START),
    _T(_P.ON_TRIAL,    _H.STRUCK,       _P.QUARANTINED, "one step further"),
    _T(_P.ON_TRIAL,    _H.RATE_LIMITED, _P.RESTING),
    _T(_P.ON_TRIAL,    _H.PUT_OUT,      _P.OUT),
    _T(_P.ON_TRIAL,    _H.PROBED_ILL,   _P.ON_TRIAL,    "its time is over"),
    _T(_P.ON_TRIAL,    _H.PROBED_ILL,   _P.QUARANTINED, "brought forward by probes"),
    _T(_P.ON_TRIAL,    _H.DISABLE,      _P.DISABLED),
    _T(_P.ON_TRIAL,    _H.QUARANTINE,   _P.QUARANTINED),
    _T(_P.ON_TRIAL,    _H.RELEASE,      _P.WELL),

    _T(_P.UNDER_TRIAL, _H.ANSWERED,     _P.SLOW_START),
    _T(_P.UNDER_TRIAL, _H.STRUCK,       _P.QUARANTINED, "one step further"),
    _T(_P.UNDER_TRIAL, _H.NOT_COUNTED,  _P.ON_TRIAL),
    _T(_P.UNDER_TRIAL, _H.TIME,         _P.ON_TRIAL,    "never heard of again"),
    _T(_P.UNDER_TRIAL, _H.RATE_LIMITED, _P.RESTING),
    _T(_P.UNDER_TRIAL, _H.PUT_OUT,      _P.OUT),
    _T(_P.UNDER_TRIAL, _H.PROBED_ILL,   _P.UNDER_TRIAL, "its time is over"),
    _T(_P.UNDER_TRIAL, _H.PROBED_ILL,   _P.QUARANTINED, "brought forward by probes"),
    _T(_P.UNDER_TRIAL, _H.DISABLE,      _P.DISABLED),
    _T(_P.UNDER_TRIAL, _H.QUARANTINE,   _P.QUARANTINED),
    _T(_P.UNDER_TRIAL, _H.RELEASE,      _P.WELL),

    _T(_P.OUT,         _H.TIME,         _P.ON_TRIAL),
    _T(_P.OUT,         _H.TIME,         _P.OUT,         "its key was refused"),
    _T(_P.OUT,         _H.RELOADED,     _P.WELL,        "its key was refused"),
    _T(_P.OUT,         _H.RELOADED,     _P.ON_TRIAL,    "not found"),
    _T(_P.OUT,         _H.DISABLE,      _P.DISABLED),
    _T(_P.OUT,         _H.DISABLE,      _P.OUT,         "out for longer than that"),
    _T(_P.OUT,         _H.QUARANTINE,   _P.QUARANTINED),
    _T(_P.OUT,         _H.QUARANTINE,   _P.OUT,         "out for longer than that"),
    _T(_P.OUT,         _H.ENABLE,       _P.WELL),
    _T(_P.OUT,         _H.RELEASE,      _P.WELL,        "out of quota"),
    _T(_P.OUT,         _H.RELEASE,      _P.OUT,         "its key was refused, or not found"),

    _T(_P.DISABLED,    _H.TIME,         _P.WELL),
    _T(_P.DISABLED,    _H.PUT_OUT,      _P.OUT),
    _T(_P.DISABLED,    _H.ENABLE,       _P.WELL),
)
# fmt: on

REFUSING = frozenset({Phase.RESTING, Phase.QUARANTINED, Phase.UNDER_TRIAL, Phase.OUT, Phase.DISABLED})
"""Where a request is turned away; a slow start turns it away when it carries what it may."""


def mermaid() -> str:
    """The table as a state diagram in Mermaid's words, orders left out: they lead from anywhere."""
    lines = ["stateDiagram-v2", f"    [*] --> {_name(Phase.WELL)}"]
    labels: dict[tuple[Phase, Phase], list[str]] = {}
    for before, happening, after, case in TRANSITIONS:
        if before is not after and happening not in _ORDERS:
            label = f"{happening} ({case})" if case else str(happening)
            labels.setdefault((before, after), []).append(label)
    lines += [
        f"    {_name(before)} --> {_name(after)}: {', '.join(label)}"
        for (before, after), label in labels.items()
    ]
    return "\n".join(lines) + "\n"


_ORDERS = frozenset({Happening.DISABLE, Happening.QUARANTINE, Happening.ENABLE, Happening.RELEASE})


def _name(phase: Phase) -> str:
    return phase.replace(" ", "_")
