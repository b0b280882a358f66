"""How the process ends, as the shell and systemd see it."""

from enum import IntEnum

__all__ = ["Exit"]


class Exit(IntEnum):
    """One meaning each; `systemd/failoverd.service` and README name the same numbers."""

    OK = 0
    FAILED = 1
    """Something did not go well; or the daemon stopped and somebody would not drain."""
    USAGE = 2
    """The command line or the config file is wrong; nothing was started."""
    NOT_RUNNING = 3
    """failoverctl found no daemon."""
    NOT_ALLOWED = 4
    """failoverctl was refused."""
    INTERNAL = 70
    """A part that nothing works without died again and again; systemd starts us anew."""
    ALREADY_RUNNING = 75
    """Another instance holds the lock; this one touched nothing."""
