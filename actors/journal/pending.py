"""An event on its way to the disk, and whoever waits until it is there."""

from collections.abc import Iterable

from anyio import Event as Wakeup

from state.events import Event

__all__ = ["Ack", "Pending", "settle"]


class Ack:
    """Set when it is known whether the event is durable."""

    __slots__ = ("reason", "settled")

    def __init__(self) -> None:
        self.reason = ""
        """Why it is not; empty: it is."""
        self.settled = Wakeup()


class Pending:
    """Most events are waited for by nobody."""

    __slots__ = ("ack", "event")

    def __init__(self, event: Event, ack: Ack | None) -> None:
        self.event = event
        self.ack = ack


def settle(taken: Iterable[Pending], reason: str) -> None:
    """Tell all who wait for these; an empty reason is the good news."""
    for each in taken:
        if each.ack is not None:
            each.ack.reason = reason
            each.ack.settled.set()
