"""What the daemon tells about its own life."""

from msgspec import Struct

from state.resolved import Changes

__all__ = ["NoAnswerFrom", "ReloadRefused", "Reloaded", "Serving", "Starting"]


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
        return f"serving {self.providers} providers, {self.lanes} lanes on {where} after {self.after_s:.2f} s"


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
