"""The cast of the kernel's tests: actors that do what their mail says, and some that should not be hired."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

import anyio
from msgspec import Struct
from msgspec.structs import replace

from actors.kernel.actor import ChildSpec, Life
from actors.kernel.answers import NoAnswer, Reply, Told
from actors.kernel.child import Standing
from actors.kernel.mailbox import Mailbox
from actors.kernel.supervisor import Supervisor
from tests.fakes import FakeClock, settle


class Note(Struct, frozen=True):
    """To be written into the diary."""

    text: str


class Greet(Struct, frozen=True):
    """To be answered with the number of the life."""

    reply: Reply[int]


class Keep(Struct, frozen=True):
    """To be kept in hand, without an answer."""

    reply: Reply[int]


class Die(Struct, frozen=True):
    """To be died of."""

    error: Exception
    reply: Reply[int] | None = None


class DieInChild(Struct, frozen=True):
    """To be given to a task of the actor's own, which dies of it."""

    error: Exception


class Hang(Struct, frozen=True):
    """To be stuck with: the mail waits for ever."""


class Leave(Struct, frozen=True):
    """To return from life without being asked."""


class Work(Struct, frozen=True):
    """To be done by a task of the actor's own, and finished even when the mail has ended."""

    until_ms: int


Message = Note | Greet | Keep | Die | DieInChild | Hang | Leave | Work


class Player:
    """Does what its mail says, and keeps a diary that outlives it."""

    def __init__(self, clock: FakeClock, diary: list[str], kept: list[Reply[int]]) -> None:
        self._clock = clock
        self._diary = diary
        self._kept = kept

    async def live(self, life: Life[Message]) -> None:
        async with anyio.create_task_group() as tasks:
            life.ready()
            async for message in life:
                match message:
                    case Note(text=text):
                        self._diary.append(text)
                    case Greet(reply=reply):
                        reply.answer(life.number)
                    case Keep(reply=reply):
                        self._kept.append(reply)
                    case Die(error=error):
                        raise error
                    case DieInChild(error=error):
                        tasks.start_soon(self._die, error)
                    case Hang():
                        await anyio.sleep_forever()
                    case Leave():
                        return
                    case Work(until_ms=until_ms):
                        tasks.start_soon(self._work, until_ms)

    async def _die(self, error: Exception) -> None:
        raise error

    async def _work(self, until_ms: int) -> None:
        await self._clock.sleep_until(until_ms)
        self._diary.append("work done")


class Acting:
    """Lives the one life that a test wrote for it."""

    def __init__(self, live: Callable[[Life[Message]], Awaitable[None]]) -> None:
        self._live = live

    async def live(self, life: Life[Message]) -> None:
        await self._live(life)


class Troupe:
    """A supervisor with its children, as a test sees them: one mailbox, one diary each."""

    def __init__(self, supervisor: Supervisor, clock: FakeClock) -> None:
        self.supervisor = supervisor
        self.clock = clock
        self.mailboxes: dict[str, Mailbox[Message]] = {}
        self.diary: list[str] = []
        self.kept: list[Reply[int]] = []
        self.let_go = anyio.Event()
        """What the stubborn wait for."""

    def player(self, name: str, stage: int = 0, *, capacity: int = 8) -> ChildSpec[Message]:
        """Somebody who does what its mail says."""
        self.mailboxes[name] = mailbox = Mailbox[Message](name, capacity, self.clock)
        make = partial(Player, self.clock, self.diary, self.kept)
        return ChildSpec(mailbox=mailbox, make=make, stage=stage)

    def acting(
        self, name: str, live: Callable[[Life[Message]], Awaitable[None]], stage: int = 0
    ) -> ChildSpec[Message]:
        """Somebody who lives as the test says."""
        return replace(self.player(name, stage), make=partial(Acting, live))

    def stubborn(self, name: str, stage: int = 0) -> ChildSpec[Message]:
        """Somebody who ignores being asked and being cancelled: its cleanup is shielded and never ends."""

        async def live(life: Life[Message]) -> None:
            life.ready()
            with anyio.CancelScope(shield=True):
                await self.let_go.wait()

        return self.acting(name, live, stage)

    def swallower(self, name: str, stage: int = 0) -> ChildSpec[Message]:
        """Somebody who swallows every cancellation and goes on."""

        async def live(life: Life[Message]) -> None:
            life.ready()
            while not self.let_go.is_set():
                with suppress(anyio.get_cancelled_exc_class()):
                    await self.let_go.wait()

        return self.acting(name, live, stage)

    def tell(self, name: str, message: Message) -> None:
        assert self.mailboxes[name].tell_nowait(message) == Told()

    async def greet(self, name: str) -> int | NoAnswer:
        """Time passes until the answer is there."""
        return await self.clock.until_done(self.mailboxes[name].ask(Greet))

    async def kill(self, name: str, times: int = 1) -> None:
        """Let it die of its mail; the pauses between its lives pass."""
        for _ in range(times):
            await self.greet(name)
            self.tell(name, Die(ValueError("bad luck")))
            await settle()

    def standing(self, name: str) -> Standing:
        (found,) = (child.standing for child in self.supervisor.children if child.name == name)
        return found


class Asker:
    """Asks in a task of its own, and remembers what it heard."""

    def __init__(
        self,
        mailbox: Mailbox[Message],
        question: Callable[[Reply[int]], Message],
        deadline_ms: int | None = None,
    ) -> None:
        self._mailbox = mailbox
        self._question = question
        self._deadline_ms = deadline_ms
        self._scope = anyio.CancelScope()
        self.heard: list[int | NoAnswer] = []

    async def __call__(self) -> None:
        with self._scope:
            self.heard.append(await self._mailbox.ask(self._question, self._deadline_ms))

    def leave(self) -> None:
        self._scope.cancel()
