"""A theme: the phrases in which people say one thing, separated by bars and lines.

Three dots inside a phrase stand for a few words: "model ... does not exist". Very short ones must stand
alone: "rpm" is a limit, a request id with these letters in it is none.
"""

import re

__all__ = ["Phrases"]

GAP_CHARS = 120
"""How much may stand where a phrase has three dots: a model's name, not another sentence."""


class Phrases:
    """Phrases in the plain spelling of `wording`: lower case, no hyphens, "is not" for "isn't"."""

    __slots__ = ("english", "foreign", "patterns")

    def __init__(self, *lines: str) -> None:
        phrases = [phrase.strip() for line in lines for phrase in re.split(r"[|\n]", line) if phrase.strip()]
        exact = [phrase for phrase in phrases if "..." in phrase or (phrase.isascii() and len(phrase) < 5)]
        whole = [phrase for phrase in phrases if phrase not in exact]
        self.english = tuple(phrase for phrase in whole if phrase.isascii())
        self.foreign = tuple(phrase for phrase in whole if not phrase.isascii())
        self.patterns = tuple(seeker(phrase) for phrase in exact)

    def __repr__(self) -> str:
        return f"<{len(self.english) + len(self.foreign) + len(self.patterns)} phrases>"

    def occur_in(self, text: str) -> bool:
        """Whether the text says one of them. Plain loops: any() would take twice as long."""
        for phrase in self.english:
            if phrase in text:
                return True
        if not text.isascii():
            for phrase in self.foreign:
                if phrase in text:
                    return True
        for first, last, pattern in self.patterns:
            if first in text and last in text and pattern.search(text):
                return True
        return False


def seeker(phrase: str) -> tuple[str, str, re.Pattern[str]]:
    """Its first part and its last, which are quick to look for, and the whole, which is not."""
    parts = [part.strip() for part in phrase.split("...")]
    whole = rf".{{0,{GAP_CHARS}}}?".join(map(re.escape, parts))
    if len(parts) == 1:
        before = "(?<![a-z0-9])" if phrase[0].isdigit() else "(?<![a-z])" if phrase[0].isalpha() else ""
        after = "(?![a-z0-9])" if phrase[-1].isalnum() else ""
        whole = f"{before}{whole}{after}"
    return parts[0], parts[-1], re.compile(whole)
