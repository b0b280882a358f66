"""A property that is found out when somebody first asks, and kept beside the fields from then on.

What `functools.cached_property` does, less the lock that it takes up to Python 3.11: who asks is always the
one thread of the event loop.
"""

from collections.abc import Callable
from typing import Generic, TypeVar

__all__ = ["once"]

T = TypeVar("T")


class once(Generic[T]):  # noqa: N801 - it reads as the decorator that it is
    """For structs with a `__dict__`: what is found there is not asked for here again."""

    def __init__(self, find: Callable[..., T]) -> None:
        self._find = find
        self.__doc__ = find.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, holder: object, owner: type) -> T:
        found = holder.__dict__[self._name] = self._find(holder)
        return found
