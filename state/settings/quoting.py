"""What a line for people may repeat of a config file: names and places, never what could be a key.

Keys end up everywhere: pasted as a value, as a name, behind `env:`. So values are not quoted at all, and
names only while they look like names.
"""

import re
from itertools import pairwise

__all__ = ["UNSAID", "looks_secret", "quoted", "quoted_path"]

UNSAID = "(not shown)"
"""Stands for what may be a key."""

QUOTED_CHARS_MAX = 100

_ISSUED = re.compile(
    r"""
      \b(?:sk|rk|pk|gsk|xai|hf|nvapi|r8|fw|csk|pplx|tgp|ghp|glpat)[-_](?=[\w-]*\d|[\w-]{20})[\w-]{8,}
    | \b(?:AIza|AKIA|eyJ)[\w-]{8,}
    """,
    re.VERBOSE,
)
"""The beginnings by which providers mark their keys."""
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_RUN_DIGITS_MIN = 3
_LONG = 20
_RESTLESS = 0.4
"""The share of neighbours that are of different kinds (A, a, 1): 0.6 by chance, under 0.3 in model names."""


def looks_secret(text: str) -> bool:
    """Whether a text could be a key. It errs on the side of silence."""
    if _ISSUED.search(text):
        return True
    if any(_digits(run) >= _RUN_DIGITS_MIN and _digits(run) < len(run) for run in _RUN.findall(text)):
        return True
    return len(text) >= _LONG and _restlessness(text) >= _RESTLESS


def quoted(text: str) -> str:
    """A name as a line may show it: on one line, inert, of bounded length, and never a key."""
    if looks_secret(text):
        return UNSAID
    cut = text if len(text) <= QUOTED_CHARS_MAX else f"{text[:QUOTED_CHARS_MAX]}..."
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in cut)


def quoted_path(path: str) -> str:
    """Part by part: one that may be a key stays unsaid, the others tell where to look."""
    return "/".join(quoted(part) for part in path.split("/"))


def _digits(run: str) -> int:
    return sum(char.isdigit() for char in run)


def _restlessness(text: str) -> float:
    kinds = [1 if char.isdigit() else 2 if char.isupper() else 3 for char in text if char.isalnum()]
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes / len(text)
