"""A mailbox: where messages wait for an actor, bounded, and outliving each of its lives.

    tell ---> [ m m m m ] ---receive---> in hand ---answer---> the asker
    ask       at most `capacity`            |
                                      the actor dies: ActorDied

What waits when an actor dies is served by its next life; what it had in hand died with it, so that a
message which kills its reader kills it once.
"""

from collections import deque
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Generic, TypeVar, cast

from anyio import Event
from anyio.lowlevel import checkpoint

from actors.kernel.answers import ActorDied, Buried, Full, Late, NoAnswer, Pong, Refusal, Reply, Stopped, Told
from actors.seams import Clock

__all__ = ["EndOfMail", "Mailbox"]

M = TypeVar("M")
A = TypeVar("A")


class EndOfMail(Exception):
    """No more messages are taken, and all that waited were received."""


class Mailbox(Generic[M]):
    """The one address of an actor, the same through all its lives."""

    def __init__(self, name: str, capacity: int, clock: Clock) -> None:
        assert capacity > 0, "a mailbox has room for something"
        self.name = name
        self.capacity = capacity
        self._clock = clock
        self._letters: deque[_Letter[M]] = deque()
        self._in_hand: set[_Letter[M]] = set()
        self._closed: Buried | Stopped | None = None
        self._arrival: Event | None = None

    def __repr__(self) -> str:
        closed = f"; {self._closed}" if self._closed else ""
        waiting = f"{self.waiting} of {self.capacity} waiting"
        return f"<mailbox {self.name}: {waiting}, {self.in_hand} in hand{closed}>"

    @property
    def is_open(self) -> bool:
        """Whether messages are taken at all."""
        return self._closed is None

    @property
    def waiting(self) -> int:
        """How many messages nobody has received yet."""
        return len(self._letters)

    @property
    def in_hand(self) -> int:
        """How many questions the actor holds that still want an answer."""
        return sum(letter.is_wanted for letter in self._in_hand)

    # For those who write to the actor.

    def tell_nowait(self, message: M) -> Told | Refusal:
        """Leave a message."""
        refusal = self._refusal()
        if refusal is not None:
            return refusal
        self._post(_Letter(message, None))
        return _TOLD

    async def ask(self, question: Callable[[Reply[A]], M], deadline_ms: int | None = None) -> A | NoAnswer:
        """Leave a message that carries a reply, and wait for what becomes of it."""
        refusal = self._refusal()
        if refusal is not None:
            await checkpoint()  # who asks again and again must not keep everybody else from running
            return refusal
        reply: Reply[A] = Reply()
        return await self._await_reply(_Letter(question(reply), reply), reply, deadline_ms)

    async def ping(self, deadline_ms: int) -> Pong | NoAnswer:
        """Go through the mailbox, behind all that waits there. A ping finds room in a full one too:
        overload is not death.
        """
        if self._closed is not None:
            await checkpoint()
            return self._closed
        reply: Reply[Pong] = Reply()
        return await self._await_reply(_Letter(_Ping(reply), reply), reply, deadline_ms)

    def _refusal(self) -> Refusal | None:
        if self._closed is None and len(self._letters) >= self.capacity:
            return Full(self.name, len(self._letters))
        return self._closed

    def _post(self, letter: "_Letter[M]") -> None:
        self._letters.append(letter)
        self._wake()

    async def _await_reply(
        self, letter: "_Letter[M]", reply: Reply[A], deadline_ms: int | None
    ) -> A | NoAnswer:
        self._post(letter)
        if deadline_ms is None:
            alarm = None
        else:
            alarm = self._clock.call_at(deadline_ms, partial(reply.give_up, Late(self.name)))
        try:
            return cast("A | NoAnswer", await reply.wait())
        finally:
            if alarm is not None:
                alarm.cancel()
            self._withdraw(letter)

    def _withdraw(self, letter: "_Letter[M]") -> None:
        """The asker leaves nothing behind, wherever its question is by now."""
        if letter in self._in_hand:
            self._in_hand.remove(letter)
        else:
            with suppress(ValueError):  # gone already: the mailbox was closed, or it was a ping
                self._letters.remove(letter)

    # For the actor. One life at a time reads.

    async def receive(self) -> M:
        """The next message. Others get to run before each, so that no backlog stops the world."""
        if self._letters:
            await checkpoint()
        while True:
            while not self._letters:
                await self._wait_for_mail()
            letter = self._letters.popleft()
            if isinstance(letter.message, _Ping):
                letter.message.reply.answer(Pong(self.name))
                continue
            if letter.reply is not None:
                if not letter.reply.is_wanted:
                    continue  # its asker has had enough, but not yet its turn to take it back
                self._in_hand.add(letter)
            return letter.message

    async def _wait_for_mail(self) -> None:
        if self._closed is not None:
            raise EndOfMail
        assert self._arrival is None, f"{self.name} is read by two at a time"
        self._arrival = Event()
        try:
            await self._arrival.wait()
        finally:
            self._arrival = None

    def _wake(self) -> None:
        if self._arrival is not None:
            self._arrival.set()

    # For the supervisor.

    def end_life(self, reason: ActorDied | Stopped) -> None:
        """A life is over, and so is all that it had in hand. What waits is left for the next life, but for
        pings: they were meant for this one.
        """
        for letter in self._in_hand:
            letter.give_up(reason)
        for letter in self._letters:
            if isinstance(letter.message, _Ping):
                letter.give_up(reason)

    def end_intake(self) -> None:
        """Take no more; what waits is still received."""
        self._closed = Stopped(self.name)
        self._wake()

    def close(self, reason: Buried | Stopped) -> int:
        """Take no more and end all that is here; how many messages that leaves unread."""
        self._closed = reason
        unread = [letter for letter in self._letters if not isinstance(letter.message, _Ping)]
        for letter in (*self._in_hand, *self._letters):
            letter.give_up(reason)
        self._letters.clear()
        self._wake()
        return len(unread)

    def reopen(self) -> None:
        """Take messages again."""
        self._closed = None


_TOLD = Told()


class _Ping:
    """Asks for nothing but to be received."""

    __slots__ = ("reply",)

    def __init__(self, reply: Reply[Pong]) -> None:
        self.reply = reply


class _Letter(Generic[M]):
    """A message on its way; if it is a question, with the reply that it carries."""

    __slots__ = ("message", "reply")

    def __init__(self, message: M | _Ping, reply: Reply[Any] | None) -> None:
        self.message = message
        self.reply = reply

    @property
    def is_wanted(self) -> bool:
        return self.reply is not None and self.reply.is_wanted

    def give_up(self, reason: NoAnswer) -> None:
        if self.reply is not None:
            self.reply.give_up(reason)
