"""The play: what becomes of each pretend provider, and when.

north is the first choice, then east, then south. While north is out, everybody asks east; and so on.
"""

from collections.abc import Callable

from msgspec import Struct

from daemon.stage.moods import breaks_off, is_well, out_of_quota, rate_limited, says_500, silent
from daemon.stage.pretender import Cast

__all__ = ["CAST", "ENDS_S", "OUT_S", "PLAY", "Act"]

CAST = ("north", "east", "south")
"""In the order of their priority."""
OUT_S = 6.0
"""How long the demo's daemon stays away from one that failed; by default it would be minutes."""
REST_S = 4
"""What east asks for when it is asked too often."""


class Act(Struct, frozen=True):
    """One turn of the story."""

    at_s: float
    says: str
    """What the audience is told; the rest it sees."""
    happens: Callable[[Cast], None]


def _nothing(_: Cast) -> None:
    pass


def _north_falls_silent(cast: Cast) -> None:
    cast["north"].mood = silent


def _east_limits(cast: Cast) -> None:
    cast["east"].mood = rate_limited(REST_S)


def _east_is_content(cast: Cast) -> None:
    cast["east"].mood = is_well


def _north_is_mended(cast: Cast) -> None:
    cast["north"].mood = is_well


def _north_breaks_off(cast: Cast) -> None:
    cast["north"].mood = breaks_off


def _east_is_spent(cast: Cast) -> None:
    cast["east"].mood = out_of_quota


def _south_hiccups(cast: Cast) -> None:
    cast["south"].stumble(says_500)


PLAY = (
    Act(0.0, "All three are well.", _nothing),
    Act(2.5, "north falls silent: it takes requests and answers nothing.", _north_falls_silent),
    Act(6.5, f"east has had enough: 429, come back in {REST_S} s.", _east_limits),
    Act(9.0, "north is mended, and nobody tells the daemon.", _north_is_mended),
    Act(10.0, "east would answer again, too.", _east_is_content),
    Act(13.5, "north dies in the middle of an answer.", _north_breaks_off),
    Act(17.0, "east's quota for the day is used up.", _east_is_spent),
    Act(19.5, "south has a hiccup: one 500.", _south_hiccups),
    Act(21.0, "north is mended again.", _north_is_mended),
)
ENDS_S = 27.0
