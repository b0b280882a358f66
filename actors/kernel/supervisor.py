"""The supervisor: a tree of children, started in stages, watched, and stopped in reverse.

    stage 0   journal                        start: downwards, each stage when the one above it is ready
    stage 1   network guard                  stop:  upwards, all of a stage together
    stage 2   gemini  ollama  openrouter     crash: that child alone, see `actors.kernel.child`
    stage 3   router

Its own life is one block:

    async with supervise(clock, rng, listener) as supervisor:
        await supervisor.start(specs)
        why = await supervisor.wait_leaving()
        report = await supervisor.stop(within_s=30.0)

To leave the block early, or to be cancelled in it, is the fire alarm: all children are cancelled at once.
A report that names an abandoned child is different: that child never leaves, so the block never ends, and
who holds the report has to end the process by force.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from itertools import groupby
from typing import Any

from anyio import Event, create_task_group
from anyio.abc import TaskGroup
from msgspec import Struct

from actors.kernel.actor import ChildSpec
from actors.kernel.answers import Late, NoAnswer, Pong, Stopped
from actors.kernel.child import Child, ChildView, Standing
from actors.kernel.deadlines import move_on_at
from actors.kernel.facts import Asked, ChildEnded, End, Leaving, Report
from actors.seams import Clock, Listener, Rng
from state.timeline import ms

__all__ = ["RollCall", "Supervisor", "supervise"]


class RollCall(Struct, frozen=True):
    """Who came by its mailbox when all were called."""

    present: tuple[str, ...]
    silent: tuple[str, ...]
    """Alive and yet no answer: stuck."""
    excused: tuple[str, ...]
    """Between two lives, buried or on the way out: nobody expects an answer."""

    def __str__(self) -> str:
        silent = f"; silent: {', '.join(self.silent)}" if self.silent else ""
        excused = f"; excused: {', '.join(self.excused)}" if self.excused else ""
        return f"{len(self.present)} present{silent}{excused}"


@asynccontextmanager
async def supervise(clock: Clock, rng: Rng, listener: Listener) -> AsyncIterator["Supervisor"]:
    """Open the room in which children live. None of them outlives it."""
    async with create_task_group() as room:
        yield Supervisor(room, clock, rng, listener)
        room.cancel_scope.cancel()


class Supervisor:
    """Starts, watches, stops. How its children live is theirs."""

    def __init__(self, room: TaskGroup, clock: Clock, rng: Rng, listener: Listener) -> None:
        self._room = room
        self._clock = clock
        self._rng = rng
        self._listener = listener
        self._children: dict[str, Child[Any]] = {}
        self._ended: dict[Child[Any], ChildEnded] = {}
        """Who stopped since the tree is leaving, and who was to stop before and is still there."""
        self._why: Leaving | None = None
        self._leaving = Event()
        self._leaving_since_ms = 0

    def __repr__(self) -> str:
        count = Counter(child.standing for child in self._children.values())
        standings = ", ".join(f"{count[standing]} {standing}" for standing in Standing if count[standing])
        return f"<supervisor: {standings or 'no children'}>"

    @property
    def children(self) -> tuple[ChildView, ...]:
        """All children as they stand now, in the order of their stages."""
        return tuple(child.view for child in self._in_stages())

    # Starting.

    async def start(self, specs: Iterable[ChildSpec[Any]]) -> tuple[ChildView, ...]:
        """Start stage after stage. Each waits for the one before, but not for ever: a child that is buried,
        or not ready in its time, holds up nobody, and a tree that has to leave starts no more.
        """
        for _, stage in groupby(sorted(specs, key=_stage), key=_stage):
            await self._start_together(tuple(stage))
        return self.children

    async def start_child(self, spec: ChildSpec[Any]) -> ChildView | Leaving:
        """Take in one more while the others live; or say why it comes too late."""
        started = await self._start_together((spec,))
        return started[0].view if started else self._reason()

    async def _start_together(self, specs: tuple[ChildSpec[Any], ...]) -> list[Child[Any]]:
        if self._leaving.is_set():
            for spec in specs:
                spec.mailbox.close(Stopped(spec.name))
            return []
        began_ms = self._clock.now_ms()
        started = [self._give_birth(spec) for spec in specs]
        for child in started:
            with move_on_at(self._clock, began_ms + ms(child.spec.ready_s)):
                await child.settled.wait()
        return started

    def _give_birth(self, spec: ChildSpec[Any]) -> Child[Any]:
        assert spec.name not in self._children, f"two children are named {spec.name}"
        assert spec.mailbox.is_open, f"the mailbox of {spec.name} was stopped, and that is for good"
        child = Child(spec, self._clock, self._rng, self._listener)
        self._children[spec.name] = child
        self._room.start_soon(self._look_after, child, name=spec.name)
        return child

    async def _look_after(self, child: Child[Any]) -> None:
        escalated = await child.run()
        if not self._leaving.is_set():
            self._ended.pop(child, None)
        if escalated is not None:
            self._leave(escalated)

    # Living.

    async def ping(self, deadline_ms: int) -> RollCall:
        """Call every child through its mailbox."""
        answers: dict[str, Pong | NoAnswer] = {}

        async def call(child: Child[Any]) -> None:
            answers[child.name] = await child.spec.mailbox.ping(deadline_ms)

        called = self._in_stages()
        async with create_task_group() as calls:
            for child in called:
                if child.standing is Standing.ALIVE:
                    calls.start_soon(call, child)
        present = tuple(child.name for child in called if isinstance(answers.get(child.name), Pong))
        silent = tuple(child.name for child in called if isinstance(answers.get(child.name), Late))
        excused = tuple(child.name for child in called if child.name not in {*present, *silent})
        return RollCall(present, silent, excused)

    # Stopping.

    def ask_to_stop(self, why: str) -> None:
        """Let `wait_leaving` return. May be said in a signal's callback, and more than once."""
        self._leave(Asked(why))

    async def wait_leaving(self) -> Leaving:
        """Why the tree has to stop, as soon as it has to: it was asked to, or a child escalated."""
        await self._leaving.wait()
        return self._reason()

    async def stop(self, within_s: float) -> Report:
        """Stop stage after stage, the last one first. When the time is up, the rest is cancelled. Who was
        patient at first may be cancelled here and stop again with less time: the report tells of both.
        """
        self.ask_to_stop("asked to stop")
        by_ms = self._clock.now_ms() + ms(within_s)
        for _, stage in groupby(reversed(self._in_stages()), key=lambda child: child.spec.stage):
            await self._stop_together(tuple(stage), by_ms)
        took_s = (self._clock.now_ms() - self._leaving_since_ms) / 1000
        return Report(self._reason(), tuple(self._ended.values()), took_s)

    async def stop_child(self, name: str) -> ChildEnded:
        """Let one go while the others live. Its mailbox stays closed: a successor brings its own. If all
        stop at the same time, it may be gone already: the end is the same.
        """
        child = self._children.get(name)
        if child is None:
            return next(end for end in self._ended.values() if end.name == name)
        by_ms = self._clock.now_ms() + ms(child.spec.grace_s)
        ended = await self._stop_together((child,), by_ms)
        return ended[0]

    def let_go(self, name: str) -> None:
        """The same, without waiting for its end."""
        self._room.start_soon(self.stop_child, name)

    async def _stop_together(self, children: tuple[Child[Any], ...], by_ms: int) -> list[ChildEnded]:
        """All at once, in the order in which they end."""
        ended: list[ChildEnded] = []

        async def stop(child: Child[Any]) -> None:
            end = await child.stop(by_ms)
            ended.append(end)
            if self._children.get(child.name) is child:
                del self._children[child.name]
                self._take_down(child, end)

        async with create_task_group() as stops:
            for child in children:
                stops.start_soon(stop, child)
        return ended

    def _take_down(self, child: Child[Any], end: ChildEnded) -> None:
        if self._leaving.is_set() or end.end is End.ABANDONED:
            self._ended[child] = end
        self._listener.tell(end)

    def _leave(self, why: Leaving) -> None:
        """The first reason stands. Nobody waits any more for children to become ready."""
        if self._why is None:
            self._why = why
            self._leaving_since_ms = self._clock.now_ms()
            self._listener.tell(why)
            self._leaving.set()
            for child in self._children.values():
                child.settled.set()

    def _reason(self) -> Leaving:
        assert self._why is not None, "nobody leaves without a reason"
        return self._why

    def _in_stages(self) -> list[Child[Any]]:
        return sorted(self._children.values(), key=lambda child: child.spec.stage)


def _stage(spec: ChildSpec[Any]) -> int:
    return spec.stage
