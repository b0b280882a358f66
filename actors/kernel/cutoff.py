"""A way out of whatever a task waits for: cut from outside once, it is raised there and swallowed here.

    with CutOff() as cut_off:
        call_at(deadline_ms, cut_off.cut)
        await ...                                  cut: raised from here
    cut_off.was_cut                                and swallowed there

What `asyncio.timeout` is for moments, for any reason. A cancel scope does more, for tasks and their children,
and every request would pay for it twice.
"""

from asyncio import CancelledError, Task, current_task
from types import TracebackType
from typing import Self

__all__ = ["CutOff"]


class CutOff:
    """Made for one block of one task. It says once that it is over: who cleans up may wait for that."""

    __slots__ = ("_cancelling", "_is_cut", "_task", "was_cut")

    def __init__(self) -> None:
        self.was_cut = False
        """Whether the block ended by it."""
        self._is_cut = False
        self._cancelling = 0
        self._task: Task[object] | None = None

    def __repr__(self) -> str:
        return f"<cut-off{', cut' if self._is_cut else ''}>"

    def cut(self) -> None:
        """End the block wherever it waits; before it, at its first wait; behind it, nothing."""
        if not self._is_cut:
            self._is_cut = True
            if self._task is not None:
                self._task.cancel()

    def __enter__(self) -> Self:
        task = current_task()
        assert task is not None, "only a task can wait"
        self._task = task
        self._cancelling = task.cancelling()
        if self._is_cut:
            task.cancel()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        task, self._task = self._task, None
        assert task is not None, "it was entered"
        # Whoever else has cancelled the task meanwhile is not done yet: theirs is raised on.
        if self._is_cut and task.uncancel() <= self._cancelling and kind is CancelledError:
            self.was_cut = True
        return self.was_cut
