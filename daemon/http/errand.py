"""An await without a task: run at once as far as it goes, and on when what it waits for is there.

    run(send(chunk))      as a rule it does not wait, and the bytes have left when this returns
        |--waits--> .. --done--> then()

A task would cost more than the chunk that it sends, and would send it later. What runs here may wait for
plain futures only: it has no task of its own to be cancelled, and nothing in it may ask which task this is.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

__all__ = ["Errand"]

T = TypeVar("T")


class Errand(Generic[T]):
    """One coroutine on its way."""

    __slots__ = ("_coroutine", "_then", "is_over")

    def __init__(self, coroutine: Coroutine[Any, Any, T], then: Callable[[T], None]) -> None:
        """`then` is called once with what came of it, unless it is given up before."""
        self.is_over = False
        self._coroutine = coroutine
        self._then = then

    def run(self) -> bool:
        """Go on as far as it goes; whether that was to its end."""
        if self.is_over:
            return True
        try:
            awaited = self._coroutine.send(None)
        except StopIteration as end:
            self.is_over = True
            self._then(end.value)
            return True
        except BaseException:
            self.is_over = True
            raise
        awaited.add_done_callback(self._go_on)
        return False

    def give_up(self) -> None:
        """Nobody wants it any more."""
        if not self.is_over:
            self.is_over = True
            self._coroutine.close()

    def _go_on(self, _: object) -> None:
        self.run()
