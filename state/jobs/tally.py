"""What has come of a job so far: counts by state, tag and lane. A fold over outcomes."""

from msgspec import Struct, structs

from state.jobs.outcome import Outcome

__all__ = ["NOTHING_DONE", "Checkpoint", "LaneTally", "Tally", "fold"]


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
    done = outcome.is_done
    lanes = tally.lanes
    if outcome.lane:
        lane = lanes.get(outcome.lane, _NO_LANE)
        lanes = {
            **lanes,
            outcome.lane: LaneTally(
                done=lane.done + done,
                failed=lane.failed + (not done),
                duration_ms=lane.duration_ms + (outcome.duration_ms if done else 0),
                tokens=lane.tokens + outcome.tokens,
                cost_usd=lane.cost_usd + (outcome.cost_usd or 0.0),
            ),
        }
    return structs.replace(
        tally,
        done=tally.done + done,
        failed=tally.failed + (not done),
        failovers=tally.failovers + outcome.is_failover,
        tags={**tally.tags, outcome.tag: tally.tags.get(outcome.tag, 0) + 1},
        errors=_counted(tally.errors, outcome),
        lanes=lanes,
        tokens=tally.tokens + outcome.tokens,
        cost_usd=tally.cost_usd + (outcome.cost_usd or 0.0),
        duration_ms=tally.duration_ms + outcome.duration_ms,
        last=Checkpoint(
            n=outcome.n, custom_id=outcome.custom_id, lane=outcome.lane, at_wall_ms=outcome.at_wall_ms
        ),
    )


def _counted(errors: dict[str, int], outcome: Outcome) -> dict[str, int]:
    kinds = [error.kind for error in outcome.errors] or ([] if outcome.is_done else [outcome.code])
    return {**errors, **{kind: errors.get(kind, 0) + kinds.count(kind) for kind in kinds}}
