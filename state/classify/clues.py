"""What a rule can look for: a status, a code, a phrase, a wait; joined with `&`, `|` and `~`."""

from collections.abc import Callable

from state.classify.phrases import Phrases
from state.classify.testimony import Testimony

__all__ = ["Clue", "code", "coded", "either", "says", "status", "that", "waits"]


class Clue:
    """A question to a testimony."""

    __slots__ = ("holds",)

    def __init__(self, holds: Callable[[Testimony], bool]) -> None:
        self.holds = holds

    def __and__(self, other: "Clue") -> "Clue":
        mine, its = self.holds, other.holds
        return Clue(lambda testimony: mine(testimony) and its(testimony))

    def __or__(self, other: "Clue") -> "Clue":
        mine, its = self.holds, other.holds
        return Clue(lambda testimony: mine(testimony) or its(testimony))

    def __invert__(self) -> "Clue":
        mine = self.holds
        return Clue(lambda testimony: not mine(testimony))


def says(*themes: Phrases | str) -> Clue:
    """A message holds one of the phrases."""
    each = known(themes)
    return Clue(lambda testimony: any(theme.occur_in(testimony.text) for theme in each))


def coded(*themes: Phrases | str) -> Clue:
    """A code holds one of the phrases: `rate limit` in RateLimitReached."""
    each = known(themes)
    return Clue(lambda testimony: any(theme.occur_in(testimony.code_text) for theme in each))


def either(*themes: Phrases | str) -> Clue:
    """A message or a code holds one of the phrases."""
    return says(*themes) | coded(*themes)


def code(codes: str) -> Clue:
    """One of the codes is exactly one of these."""
    wanted = frozenset(each.strip() for each in codes.split("|"))
    return Clue(lambda testimony: not wanted.isdisjoint(testimony.codes))


def status(*statuses: int | range) -> Clue:
    """The status that counts is one of these."""
    wanted = frozenset(n for each in statuses for n in (each if isinstance(each, range) else (each,)))
    return Clue(lambda testimony: testimony.status in wanted)


def waits(*, least_s: float = 0.0, below_s: float = float("inf")) -> Clue:
    """A wait is stated, and it is this long."""
    return Clue(lambda testimony: testimony.wait_s is not None and least_s <= testimony.wait_s < below_s)


def that(holds: Callable[[Testimony], bool]) -> Clue:
    """Something else about the testimony."""
    return Clue(holds)


def known(themes: tuple[Phrases | str, ...]) -> tuple[Phrases, ...]:
    return tuple(theme if isinstance(theme, Phrases) else Phrases(theme) for theme in themes)
