"""How many items of a job are asked at the same time, where nobody says. Pure."""

from collections.abc import Iterable, Mapping

from state.config import ProviderConfig, Strategy
from state.jobs.job import PARALLEL_MAX
from state.routing.strategies import FIXED
from state.settings.offer import LimitsConfig
from state.words import LaneId

__all__ = ["parallel"]

UNSAID = 4
"""Of a lane without a limit: enough to hide the way there, few enough for a model on this machine."""


def parallel(lanes: Iterable[LaneId], strategy: Strategy, providers: Mapping[str, ProviderConfig]) -> int:
    """What the lanes carry together; of a fixed order, where one is used at a time, what the best carries."""
    carried = [_carries(lane, providers[lane.provider]) for lane in lanes if lane.provider in providers]
    most = max(carried, default=UNSAID) if strategy in FIXED else sum(carried)
    return max(1, min(most, PARALLEL_MAX))


def _carries(lane: LaneId, provider: ProviderConfig) -> int:
    model = next((each.limits for each in provider.models if each.name == lane.model), LimitsConfig())
    key = next((each.limits for each in provider.keys if each.name == lane.key), LimitsConfig())
    own = model if model != LimitsConfig() else provider.model_limits
    said = [limits.concurrency for limits in (own, key, provider.limits) if limits.concurrency is not None]
    return min(said, default=UNSAID)
