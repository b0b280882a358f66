"""A fake server in a process of its own, so that what it does is not counted as ours."""

import asyncio
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe

from tests.fakeserver.misbehaviours import MISBEHAVIOURS
from tests.fakeserver.server import FakeServer, serving


@contextmanager
def misbehaving_apart(name: str) -> Iterator[FakeServer]:
    """The server that misbehaves in this way; of what it sees, only its port is known here."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(name, there), daemon=True)
    process.start()
    there.close()  # so that a process that dies before it serves ends the waiting for it
    try:
        yield FakeServer(here.recv(), [])
    finally:
        process.kill()
        process.join()
        process.close()
        here.close()


def _serve(name: str, pipe: Pipe) -> None:
    script = next(case.script for case in MISBEHAVIOURS if case.name == name)

    async def forever() -> None:
        async with serving(script) as server:
            pipe.send(server.port)
            await asyncio.Event().wait()

    asyncio.run(forever())
