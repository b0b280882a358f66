"""Chance that repeats itself."""

import random
from itertools import count


class FakeRng:
    """The same seed, the same story. `fractions` go first, in their order, where a test wants to choose."""

    def __init__(self, seed: int = 0, *, fractions: tuple[float, ...] = ()) -> None:
        self._seed = seed
        self._source = random.Random(seed)
        self._chosen = list(fractions)
        self._ids = count(1)

    def __repr__(self) -> str:
        return f"<fake rng: seed {self._seed}>"

    def fraction(self) -> float:
        return self._chosen.pop(0) if self._chosen else self._source.random()

    def new_id(self) -> str:
        return f"id-{next(self._ids):06}"
