"""What becomes of items that were on their way when we died. Pure.

retry   asked again, and flagged: the last one may have been answered and paid for
hold    kept as unknown until somebody decides: at most one charge for an item
"""

from collections.abc import Mapping

from state.config import ProviderConfig
from state.jobs.job import ItemState, JobOptions

__all__ = ["after_crash"]


def after_crash(lane: str, options: JobOptions, providers: Mapping[str, ProviderConfig]) -> ItemState:
    """What the job says; else whether the lane costs money. Of one that is gone nobody knows, so it does."""
    if options.on_unknown is not None:
        return ItemState.PENDING if options.on_unknown == "retry" else ItemState.UNKNOWN
    provider = providers.get(lane.partition("/")[0])
    return ItemState.UNKNOWN if provider is None or provider.paid else ItemState.PENDING
