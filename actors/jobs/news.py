"""What a runner tells those who follow its job: that something has changed, and which items went amiss."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from state.jobs.outcome import Outcome

__all__ = ["Hear", "News", "Pace"]

Hear = Callable[[Outcome], None]
"""Takes note of an item that failed or failed over; never waits."""

SAMPLES_MAX = 64


class Pace:
    """How many items a minute are settled, by the latest of them."""

    def __init__(self) -> None:
        self._at_ms: deque[int] = deque(maxlen=SAMPLES_MAX)

    def __repr__(self) -> str:
        return f"<pace of {len(self._at_ms)} items>"

    def step(self, now_ms: int) -> None:
        """One more."""
        self._at_ms.append(now_ms)

    def per_min(self, now_ms: int) -> float | None:
        """None: too few to tell."""
        if len(self._at_ms) < 2:
            return None
        span_ms = max(1, now_ms - self._at_ms[0])
        return (len(self._at_ms) - 1) * 60_000 / span_ms


class News:
    """Of all jobs, by their `seq`."""

    def __init__(self) -> None:
        self._hearers: dict[int, list[Hear]] = {}

    def __repr__(self) -> str:
        return f"<news of {len(self._hearers)} jobs>"

    def tell(self, job: int, outcome: Outcome) -> None:
        """An item is over; only those that did not go as planned are news."""
        if job in self._hearers and not (outcome.is_done and not outcome.is_failover):
            for hear in self._hearers[job]:
                hear(outcome)

    @contextmanager
    def heard_by(self, job: int, hear: Hear) -> Iterator[None]:
        """Meanwhile somebody hears them."""
        hearers = self._hearers.setdefault(job, [])
        hearers.append(hear)
        try:
            yield
        finally:
            hearers.remove(hear)
            if not hearers:
                del self._hearers[job]
