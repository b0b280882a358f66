"""What the daemon tells about its own life."""

from msgspec import Struct

from daemon.ctl.plain import counted
from state.settings.resolved import Changes

__all__ = [
    "CallCrashed",
    "CallForbidden",
    "DoorTaken",
    "NoAnswerFrom",
    "ReloadRefused",
    "Reloaded",
    "Serving",
    "ShortOfSockets",
    "Starting",
]


class Starting(Struct, frozen=True):
    """The first line."""

    version: str
    source: str
    pid: int

    def __str__(self) -> str:
        return f"failoverd {self.version} starts (process {self.pid}), config from {self.source}"


class Serving(Struct, frozen=True):
    """Everything that can be ready is."""

    after_s: float
    providers: int
    lanes: int
    sockets: tuple[str, ...]

    def __str__(self) -> str:
        where = ", ".join(self.sockets)
        providers, lanes = counted(self.providers, "provider"), counted(self.lanes, "lane")
        return f"serving {providers}, {lanes} on {where} after {self.after_s:.2f} s"


class Reloaded(Struct, frozen=True):
    """Another config took the place of the last one."""

    changes: Changes

    def __str__(self) -> str:
        changes = self.changes
        named = (("added", changes.added), ("removed", changes.removed), ("changed", changes.changed))
        said = [f"{word} {', '.join(names)}" for word, names in named if names]
        text = f"reloaded: {'; '.join(said) or 'no provider changed'}"
        if changes.restart_needed:
            text += f"; {', '.join(changes.restart_needed)} will change at the next start"
        return text


class ReloadRefused(Struct, frozen=True):
    """The config that was found is wrong: nothing changed."""

    lines: tuple[str, ...]

    def __str__(self) -> str:
        return f"reload refused, everything stays as it was: {' | '.join(self.lines)}"


class NoAnswerFrom(Struct, frozen=True):
    """Actors that live and yet do not come by their mailbox; the service manager will hear nothing."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"no sign of life from {', '.join(self.names)}"


class CallForbidden(Struct, frozen=True):
    """Somebody asked for what is not theirs."""

    who: str
    method: str
    scope: str

    def __str__(self) -> str:
        return f"{self.who} was refused {self.method}: it takes the scope {self.scope}"


class CallCrashed(Struct, frozen=True):
    """A bug of ours in a method. Its caller was told, and nobody else has noticed."""

    method: str
    error: Exception

    def __str__(self) -> str:
        return f"{self.method} ended by a bug: {self.error!r}"


class ShortOfSockets(Struct, frozen=True):
    """Nobody else can be let in: clients are turned away until some have left."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"{self.where}: a client was turned away: {self.why}"


class DoorTaken(Struct, frozen=True):
    """Somebody else listens there, or nobody may."""

    where: str
    why: str

    def __str__(self) -> str:
        rest = "everything else serves, and it is tried again"
        return f"HTTP cannot listen at {self.where}: {self.why}; {rest}"
