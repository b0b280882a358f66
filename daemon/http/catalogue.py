"""What can be asked for, and how it stands: `/v1/models` and `/healthz`. Pure, over the board.

pool       every pool, `auto` too
model      `provider/model`, once for all its keys
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from state.routing.board import Board, OnTrial, Out, Resting, Usable
from state.routing.names import Names, Unknown, resolve
from state.routing.pools import AUTO, Pool
from state.words import LaneId

__all__ = ["Health", "Model", "Models", "Standing", "health", "model_called", "models"]


class Standing(Struct, frozen=True, kw_only=True):
    """How the lanes behind a name are."""

    kind: str
    """`pool` or `model`."""
    lanes: int
    usable: int
    """So many can be asked now."""
    standing: str
    """`well`, `degraded` (some of them are out) or `out`."""
    can: tuple[str, ...]
    context: int | None
    """The largest that one of them takes; None: unknown."""


class Model(Struct, frozen=True, kw_only=True):
    """In OpenAI's shape; client libraries pass by what they do not know."""

    id: str
    object: str = "model"
    created: int = 0
    owned_by: str
    failover: Standing


class Models(Struct, frozen=True, kw_only=True):
    object: str = "list"
    data: tuple[Model, ...]


class Health(Struct, frozen=True, kw_only=True):
    """Alive, or nobody would answer; and what can be served."""

    status: str
    """`ok`, `degraded` (not every pool can be served) or `out`."""
    ready: bool
    """Whether there is a pool that can be served."""
    pools: Mapping[str, bool]
    journal: str
    """`well`, or why it cannot be written."""


def models(names: Names, pools: Iterable[str], board: Board, now_ms: int) -> Models:
    """Pools first, in the order of the config; then every model of every provider."""
    called = {name: names.meant[name] for name in (*pools, AUTO) if name in names.meant}
    each = [_pool(pool, board, now_ms) for pool in called.values()]
    by_model: dict[str, list[LaneId]] = {}
    for lane in board.views:
        by_model.setdefault(f"{lane.provider}/{lane.model}", []).append(lane)
    each += [
        Model(id=name, owned_by=lanes[0].provider, failover=_standing("model", lanes, board, now_ms))
        for name, lanes in by_model.items()
        if name not in called
    ]
    return Models(data=tuple(each))


def model_called(name: str, names: Names, pools: Iterable[str], board: Board, now_ms: int) -> Model | Unknown:
    """One of them, by any name that a request may use."""
    pool = resolve(names, name)
    if isinstance(pool, Unknown):
        return pool
    if name == AUTO or name in pools:
        return _pool(pool, board, now_ms)
    owner = pool.lanes[0].provider if len({lane.provider for lane in pool.lanes}) == 1 else "failoverd"
    return Model(id=name, owned_by=owner, failover=_standing("model", pool.lanes, board, now_ms))


def health(names: Names, pools: Iterable[str], board: Board, now_ms: int, journal: str) -> Health:
    """Which pools can be served at this moment."""
    served = {
        name: any(_is_usable(lane, board, now_ms) for lane in names.meant[name].lanes)
        for name in (*pools, AUTO)
        if name in names.meant
    }
    status = "ok" if all(served.values()) else "degraded" if any(served.values()) else "out"
    return Health(status=status, ready=any(served.values()), pools=served, journal=journal or "well")


def _pool(pool: Pool, board: Board, now_ms: int) -> Model:
    return Model(id=pool.name, owned_by="failoverd", failover=_standing("pool", pool.lanes, board, now_ms))


def _standing(kind: str, lanes: Iterable[LaneId], board: Board, now_ms: int) -> Standing:
    views = [board.views[lane] for lane in lanes if lane in board.views]
    usable = sum(_is_usable(view.lane, board, now_ms) for view in views)
    contexts = [view.card.context for view in views if view.card.context is not None]
    return Standing(
        kind=kind,
        lanes=len(views),
        usable=usable,
        standing="out" if not usable else "well" if usable == len(views) else "degraded",
        can=tuple(sorted({str(each) for view in views for each in view.card.can})),
        context=max(contexts, default=None),
    )


def _is_usable(lane: LaneId, board: Board, now_ms: int) -> bool:
    view = board.views.get(lane)
    if view is None or not view.card.enabled or view.exhausted is not None:
        return False
    match view.condition_at(now_ms):
        case Usable():
            return True
        case OnTrial(free=free):
            return free
        case Resting() | Out():
            return False
