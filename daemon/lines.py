"""Facts become lines: how loud each kind is said. What is not listed is only for those who debug."""

from collections.abc import Mapping

from loguru import logger

from actors.kernel.facts import (
    Asked,
    ChildBuried,
    ChildCrashed,
    ChildEnded,
    ChildReady,
    ChildRevived,
    End,
    Escalated,
)
from actors.router.journey import AttemptCrashed
from actors.router.reception import RequestCrashed
from daemon.news import (
    CallCrashed,
    CallForbidden,
    DoorTaken,
    NoAnswerFrom,
    Reloaded,
    ReloadRefused,
    Serving,
    ShortOfSockets,
    Starting,
)
from state.memory.durability import JournalDegraded, JournalRecovered, JournalSetAside

__all__ = ["Lines", "level_of"]

_LEVELS: Mapping[type, str] = {
    Starting: "INFO",
    Serving: "INFO",
    Asked: "INFO",
    Reloaded: "INFO",
    ReloadRefused: "ERROR",
    NoAnswerFrom: "ERROR",
    CallForbidden: "WARNING",
    CallCrashed: "ERROR",
    RequestCrashed: "ERROR",
    AttemptCrashed: "ERROR",
    ShortOfSockets: "ERROR",
    DoorTaken: "WARNING",
    ChildReady: "DEBUG",
    ChildCrashed: "ERROR",
    ChildBuried: "CRITICAL",
    ChildRevived: "WARNING",
    Escalated: "CRITICAL",
    JournalDegraded: "ERROR",
    JournalRecovered: "INFO",
    JournalSetAside: "ERROR",
}
_LOUD_ENDS = frozenset({End.CRASHED, End.CANCELLED, End.ABANDONED})


def level_of(fact: object) -> str:
    """How loud it is said."""
    if isinstance(fact, ChildEnded):
        return "WARNING" if fact.end in _LOUD_ENDS else "DEBUG"
    if isinstance(fact, ChildReady) and fact.life > 1:
        return "INFO"
    return _LEVELS.get(type(fact), "DEBUG")


class Lines:
    """The listener that writes the log. Facts say themselves; nothing is ever decided on a line."""

    def tell(self, fact: object) -> None:
        logger.log(level_of(fact), "{}", str(fact))
