"""A pretend provider: a real HTTP server on loopback, with a mood that the script changes."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import anyio
from anyio.abc import SocketAttribute, SocketStream

from daemon.stage.counter import Counter, HungUp
from daemon.stage.moods import Mood, is_well

__all__ = ["Cast", "Pretender", "open_for_business"]

LOOPBACK = "127.0.0.1"


class Pretender:
    """One of the cast. Orders that are being served when the mood changes are finished in the old one."""

    def __init__(self, name: str, port: int) -> None:
        self.name = name
        self.port = port
        self.mood: Mood = is_well
        self._next: list[Mood] = []

    def __repr__(self) -> str:
        return f"<{self.name}, {getattr(self.mood, '__name__', 'moody').replace('_', ' ')}>"

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/v1"

    def stumble(self, mood: Mood) -> None:
        """For the next order only."""
        self._next.append(mood)

    async def serve(self, stream: SocketStream) -> None:
        """One connection, to its end."""
        counter = Counter(stream)
        async with stream:
            try:
                while True:
                    order = await counter.take()
                    is_chat = order.path.endswith("/chat/completions")
                    mood = self._next.pop() if is_chat and self._next else self.mood
                    await mood(counter, order)
            except HungUp:
                return


Cast = dict[str, Pretender]
"""By name."""


@asynccontextmanager
async def open_for_business(*names: str) -> AsyncIterator[Cast]:
    """The cast, each on a port of its own."""
    async with AsyncExitStack() as doors, anyio.create_task_group() as tasks:
        cast: Cast = {}
        for name in names:
            listener = await anyio.create_tcp_listener(local_host=LOOPBACK)
            await doors.enter_async_context(listener)
            port = listener.extra(SocketAttribute.local_port)  # noqa: S610 - no Django here
            cast[name] = Pretender(name, port)
            tasks.start_soon(listener.serve, cast[name].serve)
        yield cast
        tasks.cancel_scope.cancel()
