"""Chance: jitter that nobody can line up with, and names that nobody has used.

The one file that draws random numbers.
"""

import random

from actors.seams import Clock

__all__ = ["SystemRng"]

RANDOM_BITS = 48


class SystemRng:
    """The system's own randomness, for spreading and naming; never for secrets."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._source = random.Random()  # noqa: S311 - jitter and names protect nothing
        self._last = 0

    def __repr__(self) -> str:
        return "<system rng>"

    def fraction(self) -> float:
        return self._source.random()

    def new_id(self) -> str:
        """24 hexadecimal digits: 12 of wall milliseconds, 12 of chance.

        Within one life each id sorts after the one before, also when the wall clock was set back or two
        fall into one millisecond: then it is simply the next number.
        """
        drawn = self._clock.wall_ms() << RANDOM_BITS | self._source.getrandbits(RANDOM_BITS)
        self._last = max(drawn, self._last + 1)
        return f"{self._last:024x}"
