"""What has happened since the start, counted: a few additions for each event, and nothing else on its way.

    journal --every event--> tally --when it is scraped--> families

The names of OpenTelemetry's gen_ai conventions come with the families; here there are only numbers. How many
things can be told apart is bounded: what goes beyond is counted together, as `other`.
"""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Sequence

from state.config import Capability
from state.events import (
    Answered,
    AttemptClosed,
    Cancelled,
    Event,
    Interrupted,
    Outcome,
    ProbeClosed,
    RequestClosed,
    Rescued,
)
from state.failures import Failure
from state.words import LaneId

__all__ = ["OTHER", "Histogram", "LaneTally", "ModelTally", "Tally"]

OTHER = "other"
LANES_MAX = 1024
POOLS_MAX = 256

# The conventions' own bounds: dashboards that others have drawn fit.
SECONDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
FIRST_TOKEN = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
TOKENS = tuple(float(4**power) for power in range(14))


class Histogram:
    """How often how much."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: Sequence[float]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def saw(self, amount: float) -> None:
        self.counts[bisect_left(self.bounds, amount)] += 1
        self.total += amount


class LaneTally:
    """One lane's attempts."""

    __slots__ = ("outcomes", "rescues")

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.rescues = 0
        """How often it answered after others had failed."""


class ModelTally:
    """One model of one provider, by all its keys."""

    __slots__ = ("cost_usd", "first_token", "seconds", "tokens_in", "tokens_out", "unpriced")

    def __init__(self) -> None:
        self.seconds = Histogram(SECONDS)
        self.first_token = Histogram(FIRST_TOKEN)
        self.tokens_in = Histogram(TOKENS)
        self.tokens_out = Histogram(TOKENS)
        self.cost_usd = 0.0
        self.unpriced = 0


class Tally:
    """All counts of one life of the daemon."""

    def __init__(self) -> None:
        self.lanes: dict[LaneId, LaneTally] = {}
        self.models: dict[tuple[str, str], ModelTally] = {}
        self.verdicts: Counter[tuple[str, str]] = Counter()
        """By pool and verdict."""
        self.failovers: Counter[str] = Counter()
        """Requests that needed more than one lane, by pool."""
        self.seconds: defaultdict[str, Histogram] = defaultdict(lambda: Histogram(SECONDS))
        """Of whole requests, by what was asked for."""
        self.probes: Counter[tuple[str, str]] = Counter()
        """By provider and outcome."""
        self._pools: set[str] = set()

    def __repr__(self) -> str:
        return f"<tally: {self.verdicts.total()} requests, {len(self.lanes)} lanes>"

    def count(self, event: Event) -> None:
        """One more."""
        match event:
            case AttemptClosed():
                self._attempt(event)
            case RequestClosed():
                self._request(event)
            case Rescued(lane=lane):
                self._lane(lane).rescues += 1
            case ProbeClosed(target=target, failure=failure):
                self.probes[target.provider, "answered" if failure is None else failure.kind] += 1
            case _:
                pass

    def _attempt(self, closed: AttemptClosed) -> None:
        lane = closed.lane
        self._lane(lane).outcomes[_word(closed.outcome)] += 1
        model = self._model(lane)
        if isinstance(closed.outcome, Answered):
            model.seconds.saw(closed.duration_ms / 1000)
        if closed.first_token_ms is not None:
            model.first_token.saw(closed.first_token_ms / 1000)
        usage = closed.usage
        if usage is None:
            return
        if usage.tokens_in:
            model.tokens_in.saw(usage.tokens_in)
        if usage.tokens_out:
            model.tokens_out.saw(usage.tokens_out)
        if closed.cost_usd is None:
            model.unpriced += 1
        else:
            model.cost_usd += closed.cost_usd

    def _request(self, closed: RequestClosed) -> None:
        pool = self._pool(closed.pool)
        self.verdicts[pool, closed.verdict] += 1
        if closed.attempts > 1:
            self.failovers[pool] += 1
        if closed.asked is not None:
            self.seconds[_operation(closed.asked.ask.needs)].saw(closed.duration_ms / 1000)

    def _lane(self, lane: LaneId) -> LaneTally:
        found = self.lanes.get(lane)
        if found is None:
            lane = lane if len(self.lanes) < LANES_MAX else LaneId(OTHER, OTHER, OTHER)
            found = self.lanes.setdefault(lane, LaneTally())
        return found

    def _model(self, lane: LaneId) -> ModelTally:
        name = (lane.provider, lane.model)
        found = self.models.get(name)
        if found is None:
            name = name if len(self.models) < LANES_MAX else (OTHER, OTHER)
            found = self.models.setdefault(name, ModelTally())
        return found

    def _pool(self, name: str) -> str:
        if name in self._pools:
            return name
        if len(self._pools) >= POOLS_MAX:
            return OTHER
        self._pools.add(name)
        return name


def _word(outcome: Outcome) -> str:
    match outcome:
        case Answered():
            return "answered"
        case Failure(kind=kind):
            return kind
        case Cancelled():
            return "cancelled"
        case Interrupted():
            return "interrupted"


def _operation(needs: frozenset[Capability]) -> str:
    """In the conventions' words, as far as they have one."""
    if Capability.EMBEDDINGS in needs:
        return "embeddings"
    return "image_generation" if Capability.IMAGE in needs else "chat"
