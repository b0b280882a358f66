r"""The daemon's own life as a table: what each signal means in each phase.

starting --> serving <--> reloading
    \__________|___________/
               v
           draining --> stopping
"""

from enum import StrEnum

__all__ = ["Act", "Phase", "Signal", "respond"]


class Phase(StrEnum):
    STARTING = "starting"
    SERVING = "serving"
    RELOADING = "reloading"
    DRAINING = "draining"
    STOPPING = "stopping"


class Signal(StrEnum):
    """What can come from outside: SIGTERM, SIGINT or a wish to drain; SIGHUP or a wish to reload."""

    TERMINATE = "terminate"
    HANGUP = "hangup"


class Act(StrEnum):
    IGNORE = "ignore"
    RELOAD = "reload"
    RELOAD_AGAIN = "reload_again"
    """The file changed again while we were reading it: once more when this reload is through."""
    DRAIN = "drain"
    CUT = "cut"
    """Stop now: requests in flight are cancelled, their verdicts written."""


_RESPONSES: dict[Phase, dict[Signal, Act]] = {
    Phase.STARTING: {Signal.TERMINATE: Act.CUT, Signal.HANGUP: Act.RELOAD_AGAIN},
    Phase.SERVING: {Signal.TERMINATE: Act.DRAIN, Signal.HANGUP: Act.RELOAD},
    Phase.RELOADING: {Signal.TERMINATE: Act.DRAIN, Signal.HANGUP: Act.RELOAD_AGAIN},
    Phase.DRAINING: {Signal.TERMINATE: Act.CUT, Signal.HANGUP: Act.IGNORE},
    Phase.STOPPING: {Signal.TERMINATE: Act.IGNORE, Signal.HANGUP: Act.IGNORE},
}


def respond(phase: Phase, signal: Signal) -> Act:
    """What to do about a signal now."""
    return _RESPONSES[phase][signal]
