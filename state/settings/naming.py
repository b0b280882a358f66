"""What may be a name: of a provider, a key, a pool, a model, a file. Names are shown everywhere."""

import re
from collections.abc import Iterable, Iterator

from state.settings.problems import Fault, Problem, SettingPath
from state.settings.quoting import looks_secret

__all__ = ["model_fault", "name_fault", "path_fault", "repeated"]

MODEL_CHARS_MAX = 200

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_PATTERN_SIGNS = frozenset("*?")


def name_fault(name: str) -> Fault | None:
    """A slash would make a lane ambiguous, a space a command line."""
    if looks_secret(name):
        return _KEY_AS_NAME
    if _NAME.fullmatch(name):
        return None
    return Fault("is no name", "up to 64 letters, digits, . _ and -, a letter or digit first")


def model_fault(name: str) -> Fault | None:
    """A model's name is its provider's affair, as long as it fits on a line and is no pattern."""
    if looks_secret(name):
        return _KEY_AS_NAME
    if not name or len(name) > MODEL_CHARS_MAX or not name.isprintable() or " " in name:
        return Fault("is no name of a model", f"up to {MODEL_CHARS_MAX} visible characters, no spaces")
    if _PATTERN_SIGNS & set(name):
        return Fault("has a * or ?, which stand for anything in patterns")
    return None


def path_fault(path: str) -> Fault | None:
    """A service's working directory is nobody's business, so a path starts at the root."""
    if path.startswith("/") and path.isprintable():
        return None
    return Fault("is no absolute path")


_KEY_AS_NAME = Fault("looks like a key", "a name is shown in every status and log: choose another")


def repeated(at: SettingPath, setting: str, words: Iterable[str]) -> Iterator[Problem]:
    """Entries of a list that say in this setting what an earlier one has said."""
    first: dict[str, int] = {}
    for index, word in enumerate(words):
        if word and word in first:
            before = f"{at[-1]}[{first[word]}]"
            yield Fault(f"is the same as in {before}").at(*at, index, setting)
        first.setdefault(word, index)
