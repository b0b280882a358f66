"""What has come of a job so far, by state, tag and lane: a fold over outcomes that can be taken back."""

from msgspec import Struct, structs

from state.jobs.outcome import Outcome

__all__ = ["NOTHING_DONE", "Checkpoint", "LaneTally", "Tally", "fold", "unfold"]


class LaneTally(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One lane's part in it."""

    done: int = 0
    failed: int = 0
    duration_ms: int = 0
    """Of the items that it has done."""
    tokens: int = 0
    cost_usd: float = 0.0


class Checkpoint(Struct, frozen=True, kw_only=True):
    """The last item that was settled, and by whom."""

    n: int
    custom_id: str
    lane: str
    """Key and model are in it; empty: nobody was asked."""
    at_wall_ms: int


class Tally(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Of all items that are over."""

    done: int = 0
    failed: int = 0
    unknown: int = 0
    cancelled: int = 0
    failovers: int = 0
    tags: dict[str, int] = {}
    errors: dict[str, int] = {}
    """What lanes said instead of an answer, by kind; and why items failed that no lane was asked for."""
    lanes: dict[str, LaneTally] = {}
    tokens: int = 0
    cost_usd: float = 0.0
    duration_ms: int = 0
    """Of all that was tried, one after the other."""
    last: Checkpoint | None = None

    @property
    def over(self) -> int:
        """Nothing more happens to so many by itself."""
        return self.done + self.failed + self.unknown + self.cancelled


NOTHING_DONE = Tally()
_NO_LANE = LaneTally()


def fold(tally: Tally, outcome: Outcome) -> Tally:
    """The tally after one more item is done or failed."""
    last = Checkpoint(
        n=outcome.n, custom_id=outcome.custom_id, lane=outcome.lane, at_wall_ms=outcome.at_wall_ms
    )
    return structs.replace(_with(tally, outcome, 1), last=last)


def unfold(tally: Tally, outcome: Outcome) -> Tally:
    """The tally as if this item were still to be done: it is to be asked again."""
    return _with(tally, outcome, -1)


def _with(tally: Tally, outcome: Outcome, times: int) -> Tally:
    done, failed = (times, 0) if outcome.is_done else (0, times)
    lanes = tally.lanes
    if outcome.lane:
        lane = lanes.get(outcome.lane, _NO_LANE)
        lanes = {
            **lanes,
            outcome.lane: LaneTally(
                done=lane.done + done,
                failed=lane.failed + failed,
                duration_ms=lane.duration_ms + done * outcome.duration_ms,
                tokens=lane.tokens + times * outcome.tokens,
                cost_usd=lane.cost_usd + times * (outcome.cost_usd or 0.0),
            ),
        }
    tags = _added(tally.tags, [outcome.tag], times)
    kinds = [error.kind for error in outcome.errors] or ([] if outcome.is_done else [outcome.code])
    return structs.replace(
        tally,
        done=tally.done + done,
        failed=tally.failed + failed,
        failovers=tally.failovers + times * outcome.is_failover,
        tags=tags,
        errors=_added(tally.errors, kinds, times),
        lanes=lanes,
        tokens=tally.tokens + times * outcome.tokens,
        cost_usd=tally.cost_usd + times * (outcome.cost_usd or 0.0),
        duration_ms=tally.duration_ms + times * outcome.duration_ms,
    )


def _added(counts: dict[str, int], names: list[str], times: int) -> dict[str, int]:
    """What has come to nothing again is left out."""
    added = {**counts, **{name: counts.get(name, 0) + times * names.count(name) for name in names}}
    return {name: count for name, count in added.items() if count}
