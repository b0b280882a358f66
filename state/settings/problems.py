"""What is wrong with a config: where it stands, why, and what to do about it, in one line each.

/etc/failoverd/failoverd.toml: provider.gemini.keys[1].secret: file /k is readable by others; run chmod 600 /k
(the file, or "environment")   (the path in it)                (the reason)                   (the remedy)
"""

import re
from collections.abc import Iterable
from difflib import get_close_matches

from msgspec import Struct

from state.settings.quoting import UNSAID, quoted

__all__ = ["Fault", "Problem", "SettingPath", "did_you_mean", "spelled"]

SettingPath = tuple[str | int, ...]
"""From the top of the file: names of tables and settings, numbers of entries in lists (from 0)."""

COMPARED_CHARS_MAX = 64
"""Nobody misspells a longer word by a letter or two, and comparing costs the square of it."""
CLOSE_ENOUGH = 0.6

_BARE = re.compile(r"[A-Za-z0-9_-]+")


class Fault(Struct, frozen=True):
    """What is wrong with a value, wherever it stands."""

    reason: str
    remedy: str = ""

    def at(self, *path: str | int) -> "Problem":
        return Problem(path, self)

    def __str__(self) -> str:
        return f"{self.reason}; {self.remedy}" if self.remedy else self.reason


class Problem(Struct, frozen=True):
    """A fault in its place."""

    path: SettingPath
    fault: Fault

    def __str__(self) -> str:
        return f"{spelled(self.path)}: {self.fault}" if self.path else str(self.fault)


def spelled(path: SettingPath) -> str:
    """A path as TOML writes it: `provider.gemini.keys[1].secret`."""
    words = [f"[{step}]" if isinstance(step, int) else f".{_name(step)}" for step in path]
    return "".join(words).removeprefix(".")


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """`did you mean X?`, or nothing where nothing is close."""
    if len(word) > COMPARED_CHARS_MAX:
        return ""
    by_lower = {name.casefold(): name for name in known}
    close = get_close_matches(word.casefold(), by_lower, n=3, cutoff=CLOSE_ENOUGH)
    names = [name for name in (quoted(by_lower[each]) for each in close) if name != UNSAID]
    return f"did you mean {' or '.join(names)}?" if names else ""


def _name(step: str) -> str:
    shown = quoted(step)
    return shown if shown == UNSAID or _BARE.fullmatch(shown) else f'"{shown}"'
