"""The demo's pretend providers for tests that are not asynchronous: they play in a thread of their own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from anyio.from_thread import BlockingPortal, start_blocking_portal

from daemon.stage import moods
from daemon.stage.pretender import Cast, open_for_business
from daemon.stage.verses import verse

__all__ = ["Stage", "on_stage"]


class Stage:
    """Its cast, and how one changes their mood."""

    verse: Callable[[str], str] = staticmethod(verse)

    def __init__(self, cast: Cast, portal: BlockingPortal) -> None:
        self.cast = cast
        self._portal = portal

    def breaks_off(self, name: str) -> None:
        self._set(name, moods.breaks_off)

    def is_well(self, name: str) -> None:
        self._set(name, moods.is_well)

    def _set(self, name: str, mood: moods.Mood) -> None:
        self._portal.call(setattr, self.cast[name], "mood", mood)


@contextmanager
def on_stage(*names: str) -> Iterator[Stage]:
    """Open while one is inside."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(open_for_business(*names)) as cast,
    ):
        yield Stage(cast, portal)
