"""The release that this process is, and stays while an upgrade puts another in its place.

current --> releases/one/lib/.../site-packages      what the interpreter was started with
            releases/one/lib/.../site-packages      what stands in its stead before anything more is imported
"""

import os
from collections.abc import Iterable
from types import ModuleType

__all__ = ["stay"]


def stay(path: list[str], modules: Iterable[ModuleType]) -> None:
    """Let what is still to be imported, and the lines of a traceback, come from where the links lead now."""
    path[:] = map(os.path.realpath, path)
    for module in modules:
        rooms = getattr(module, "__path__", None)
        if isinstance(rooms, list):  # one that is put together from several places is nobody's release
            rooms[:] = map(os.path.realpath, rooms)
