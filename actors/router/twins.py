"""Requests that are the same: sent once while one is under way, and not at all while its answer is fresh.

    first  ----run----> answer --kept for cache_s--> the same again: from the cache
    second ----waits----^ the same answer

Only where the pool says so, only on an exact match, and visible in the verdict.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable

from anyio import Event as Wakeup
from msgspec.structs import replace

from actors.case import Case, Closed, Sink
from actors.kernel.deadlines import move_on_at
from actors.router.replay import Outcome, given, late
from actors.seams import Clock
from state.events import Verdict
from state.timeline import ms

__all__ = ["Run", "Twins"]

Run = Callable[[Case, Sink | None], Awaitable[Outcome]]

CACHED_MAX = 1024
CACHED_BYTES_MAX = 64 * 1024 * 1024
CACHED_ANSWER_BYTES_MAX = 4 * 1024 * 1024

_ONES_OWN = frozenset(
    {Verdict.CANCELLED, Verdict.DEADLINE, Verdict.INTERRUPTED, Verdict.OVERLOADED, Verdict.PARTIAL}
)
"""How one caller fares says nothing about the other: it has its own deadline, and leaves when it wants."""


class Twins:
    """Who is under way, and what was answered lately."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[str, _Running] = {}
        self._cached: OrderedDict[str, _Cached] = OrderedDict()
        self._bytes = 0

    def __repr__(self) -> str:
        return f"<twins: {len(self._running)} under way, {len(self._cached)} answers kept>"

    async def share(self, case: Case, content: str, sink: Sink | None) -> Closed | None:
        """The answer from the cache, or of another that is under way; None: it has to lead itself."""
        cached = self._fresh(content)
        if cached is not None:
            closed = given(cached.outcome, case, sink)
            return replace(closed, from_cache=True, trail=(), seams=(), usage=None, cost_usd=None)
        while case.pool.rules.merge_identical and (other := self._running.get(content)) is not None:
            with move_on_at(self._clock, case.deadline_ms):
                await other.done.wait()
            if not other.done.is_set():
                return replace(late(case), merged_with=other.id)
            if other.outcome is not None and other.outcome.closed.verdict not in _ONES_OWN:
                closed = given(other.outcome, case, sink)
                return replace(closed, merged_with=other.id, trail=(), seams=(), usage=None, cost_usd=None)
        return None

    async def lead(self, case: Case, content: str, sink: Sink | None, run: Run) -> Outcome:
        """Run it, for all who want the same."""
        mine = self._running[content] = _Running(case.id)
        try:
            mine.outcome = await run(case, sink)
        finally:
            if self._running.get(content) is mine:
                del self._running[content]
            mine.done.set()
        cache_s = case.pool.rules.cache_s
        if cache_s and mine.outcome.is_whole:
            self._keep(content, mine.outcome, self._clock.now_ms() + ms(cache_s))
        return mine.outcome

    def _fresh(self, content: str) -> "_Cached | None":
        cached = self._cached.get(content)
        if cached is None or cached.until_ms > self._clock.now_ms():
            return cached
        self._forget(content)
        return None

    def _keep(self, content: str, outcome: Outcome, until_ms: int) -> None:
        size = outcome.size
        if size > CACHED_ANSWER_BYTES_MAX:
            return
        if content in self._cached:
            self._forget(content)
        self._cached[content] = _Cached(outcome, until_ms)
        self._bytes += size
        while len(self._cached) > CACHED_MAX or self._bytes > CACHED_BYTES_MAX:
            self._forget(next(iter(self._cached)))

    def _forget(self, content: str) -> None:
        self._bytes -= self._cached.pop(content).outcome.size


class _Running:
    __slots__ = ("done", "id", "outcome")

    def __init__(self, case_id: str) -> None:
        self.id = case_id
        self.done = Wakeup()
        self.outcome: Outcome | None = None


class _Cached:
    __slots__ = ("outcome", "until_ms")

    def __init__(self, outcome: Outcome, until_ms: int) -> None:
        self.outcome = outcome
        self.until_ms = until_ms
