"""An actor: somebody who lives on messages, owns what it needs, and may die.

                     +-- spec.make() --> actor.live(life) --+     one object a life
    mailbox ---------+                                      +---- dead: made anew
    (outlives it)    +-- spec.make() --> actor.live(life) --+

An actor is asked to stop by the end of its mail: `async for message in life` ends when no more messages
are taken and all that waited were served. Then it finishes what it still owns and returns.
"""

from collections.abc import Callable
from enum import StrEnum
from typing import Generic, Protocol, TypeVar

from anyio import Event
from msgspec import Struct

from actors.kernel.mailbox import EndOfMail, Mailbox
from actors.kernel.restarts import Intensity

__all__ = ["Actor", "ChildSpec", "Life", "OnExhausted"]

M = TypeVar("M")


class Life(Generic[M]):
    """One life, as the actor sees it: its mail, the word that it is ready, the wish that it ends.

    async def live(self, life: Life[Message]) -> None:
        async with create_task_group() as attempts:
            life.ready()
            async for message in life:
                ...
    """

    def __init__(
        self, number: int, mailbox: Mailbox[M], asked_to_stop: Event, on_ready: Callable[[], None]
    ) -> None:
        self.number = number
        self.is_ready = False
        self._mailbox = mailbox
        self._asked_to_stop = asked_to_stop
        self._on_ready = on_ready

    def __repr__(self) -> str:
        return f"<life {self.number} of {self._mailbox.name}>"

    def ready(self) -> None:
        """Say, once, that messages will be served from now on."""
        assert not self.is_ready, f"{self!r} says twice that it is ready"
        self.is_ready = True
        self._on_ready()

    def __aiter__(self) -> "Life[M]":
        return self

    async def __anext__(self) -> M:
        try:
            return await self._mailbox.receive()
        except EndOfMail:
            raise StopAsyncIteration from None

    @property
    def is_stopping(self) -> bool:
        return self._asked_to_stop.is_set()

    async def wait_stopping(self) -> None:
        """For what an actor does besides reading its mail: wait until it is asked to stop."""
        await self._asked_to_stop.wait()


class Actor(Protocol[M]):
    """Whoever can be supervised."""

    async def live(self, life: Life[M]) -> None:
        """Set up, say `life.ready()`, serve the mail until it ends, clean up.

        Whatever is raised here ends this life and nobody else's. To return unasked is a death too.
        """
        ...


class OnExhausted(StrEnum):
    """What becomes of an actor that died too often."""

    BURY = "bury"
    """The others live on without it; it is tried again after a while."""
    ESCALATE = "escalate"
    """Nobody can do without it: the whole tree stops."""


class ChildSpec(Struct, Generic[M], frozen=True, kw_only=True):
    """A child of the supervisor, as data."""

    mailbox: Mailbox[M]
    make: Callable[[], Actor[M]]
    """A fresh actor for every life."""
    stage: int = 0
    """Children of one stage start together and stop together. Stages start in order and stop in reverse:
    so one that joins later still stops before those that it stands on."""
    on_exhausted: OnExhausted = OnExhausted.BURY
    intensity: Intensity = Intensity()
    ready_s: float = 10.0
    """So long the next stage waits for it; then things go on, and it may still become ready."""
    grace_s: float = 5.0
    """So long it may finish what it has in hand when it is asked to stop."""
    cancel_s: float = 2.0
    """So long it may clean up after it was cancelled. Then it is left behind, by name."""
    buried_s: float = 300.0
    """So long a buried child is left alone before it is tried again."""

    @property
    def name(self) -> str:
        return self.mailbox.name
