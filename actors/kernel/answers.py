"""What becomes of a message: told, refused, answered, or the reason why there is no answer.

    tell    Told     | Full | Buried | Stopped
    ask     answer   | Full | Buried | Stopped | Late | ActorDied

None of these is raised: that a mailbox is full or an actor has died is an answer too, and who asked decides
what to make of it.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

from anyio import Event
from msgspec import Struct

__all__ = [
    "ActorDied",
    "Buried",
    "Full",
    "Late",
    "NoAnswer",
    "Pong",
    "Refusal",
    "Reply",
    "Stopped",
    "Told",
]

A_contra = TypeVar("A_contra", contravariant=True)


class Told(Struct, frozen=True):
    """The message waits in the mailbox. Whether it will be read, nobody says."""


class Full(Struct, frozen=True):
    """As many messages wait as may."""

    name: str
    waiting: int

    def __str__(self) -> str:
        return f"{self.name} is overloaded: {self.waiting} messages wait"


class Buried(Struct, frozen=True):
    """The actor died too often and is left alone until that moment."""

    name: str
    why: str
    until_ms: int

    def __str__(self) -> str:
        return f"{self.name} is buried: {self.why}"


class Stopped(Struct, frozen=True):
    """The actor takes no more messages."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} is stopped"


class ActorDied(Struct, frozen=True):
    """The actor died with the question in hand."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} died while it had the question"


class Late(Struct, frozen=True):
    """The asker's deadline came first."""

    name: str

    def __str__(self) -> str:
        return f"{self.name} did not answer in time"


class Pong(Struct, frozen=True):
    """The actor came by its mailbox."""

    name: str


Refusal = Full | Buried | Stopped
"""Why a message was not taken."""

NoAnswer = Refusal | ActorDied | Late
"""Why a question has no answer."""


class Reply(Generic[A_contra]):
    """Where the answer to one question goes; the message that asks carries it.

        class Admit(Struct, frozen=True):
            attempt: Attempt
            reply: Reply[Admission]

        admission: Admission | NoAnswer = await provider.ask(lambda reply: Admit(attempt, reply))

    The first end is the end: an answer, a reason why there is none, or that the asker left.
    """

    __slots__ = ("_answered", "_end", "_ended", "_lost")
    _end: object

    def __init__(self) -> None:
        self._ended = Event()
        self._answered = False
        self._lost: Callable[[], None] | None = None

    def __repr__(self) -> str:
        if self.is_wanted:
            return "<reply: wanted>"
        return "<reply: answered>" if self._answered else "<reply: not wanted any more>"

    @property
    def is_wanted(self) -> bool:
        """Whether somebody still waits for it."""
        return not self._ended.is_set()

    def answer(self, answer: A_contra, *, lost: Callable[[], None] | None = None) -> None:
        """Answer, once. `lost` takes back what the answer gave away (a slot, a permit): it is called if
        the asker has left already, or leaves before the answer has reached it.
        """
        assert not self._answered, "a question is answered once"
        self._answered = True
        if self.is_wanted:
            self._lost = lost
            self._end = answer
            self._ended.set()
        elif lost is not None:
            lost()

    # For the mailbox.

    def give_up(self, reason: NoAnswer) -> None:
        """There will be no answer."""
        if self.is_wanted:
            self._end = reason
            self._ended.set()

    async def wait(self) -> object:
        """The end, for the one asker; it knows the type that it asked for. If it is cancelled meanwhile,
        nobody wants an answer any more.
        """
        taken = False
        try:
            await self._ended.wait()
            taken = True
            return self._end
        finally:
            if not taken:
                self._ended.set()
                if self._lost is not None:
                    self._lost()
