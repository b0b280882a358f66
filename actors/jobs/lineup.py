"""Who of a job's items is next: those that were fetched, in order, and those that had to wait.

    fetched --take--> under way --defer--> waiting until a moment --take--> ...
                          +-----settled

It decides and never waits. It holds few: what is not needed yet stays on the disk.
"""

from collections import deque
from collections.abc import Iterable
from heapq import heappop, heappush

from state.jobs.errand import Errand
from state.jobs.job import Item
from state.jobs.settle import Later

__all__ = ["Lineup"]

FETCH_MAX = 128
FETCH_BYTES_MAX = 4 * 1024 * 1024
DEFERRED_MAX = 64
"""So many wait one by one, so that items for other lanes can pass; then the whole job waits."""
DEFERRED_BYTES_MAX = 16 * 1024 * 1024
LOOK_AGAIN_MS = 30_000
"""A moment that is far away may come sooner: a reload, a new key, an operator."""


class Lineup:
    """Of one job."""

    def __init__(self) -> None:
        self.cursor = -1
        """The last item that was fetched."""
        self.is_all_fetched = False
        self._ready: deque[Errand] = deque()
        self._deferred: list[tuple[int, int, Errand, Later]] = []
        self._deferred_bytes = 0
        self._held: set[int] = set()
        """Everybody who was fetched and is not settled."""

    def __repr__(self) -> str:
        return (
            f"<lineup: {len(self._ready)} ready, {len(self._deferred)} deferred, behind item {self.cursor}>"
        )

    @property
    def wants_more(self) -> bool:
        return not self.is_all_fetched and not self._is_full

    @property
    def has_ready(self) -> bool:
        """Whether somebody could be taken now."""
        return bool(self._ready) and not self._is_full

    @property
    def is_waiting(self) -> bool:
        """Whether somebody was deferred."""
        return bool(self._deferred)

    @property
    def first(self) -> Later | None:
        """What is waited for first."""
        return min((later for *_, later in self._deferred), key=lambda later: later.at_ms, default=None)

    @property
    def wake_ms(self) -> int | None:
        """When there is somebody to take again."""
        return self._deferred[0][0] if self._deferred else None

    def take(self, now_ms: int) -> Errand | None:
        """Whoever has waited long enough comes first, then whoever is next in order."""
        if self._deferred and self._deferred[0][0] <= now_ms:
            errand = heappop(self._deferred)[2]
            self._deferred_bytes -= len(errand.item.body)
            return errand
        return self._ready.popleft() if self.has_ready else None

    def fetched(self, items: Iterable[Item], *, is_all: bool) -> None:
        """More of them, in order. Whoever is here already is not taken twice."""
        for item in items:
            self.cursor = max(self.cursor, item.n)
            if item.n not in self._held:
                self._held.add(item.n)
                self._ready.append(Errand(item=item))
        self.is_all_fetched = is_all

    def defer(self, errand: Errand, later: Later, now_ms: int) -> None:
        """It has to wait."""
        look_ms = min(later.at_ms, now_ms + LOOK_AGAIN_MS)
        heappush(self._deferred, (look_ms, errand.item.n, errand, later))
        self._deferred_bytes += len(errand.item.body)

    def put_back(self, errand: Errand) -> None:
        """It was its turn, and nothing came of it: it is the next."""
        self._ready.appendleft(errand)

    def settled(self, n: int) -> None:
        """It is over."""
        self._held.discard(n)

    def rewind(self) -> None:
        """Items behind us are to be asked again, and nobody waits any longer."""
        self.cursor = -1
        self.is_all_fetched = False
        self._deferred = [(0, n, errand, later) for _, n, errand, later in self._deferred]

    @property
    def _is_full(self) -> bool:
        return len(self._deferred) >= DEFERRED_MAX or self._deferred_bytes >= DEFERRED_BYTES_MAX
