"""What the `model` of a request may say, and which lanes are meant by it.

captions                    a pool
auto                        the pool of everything
gemini/key1/flash           one lane
gemini/flash                this model, by any key of the provider
flash                       this model, wherever there is one
gemini                      all that the provider has

Where a name can be read in two ways, the upper line wins.
"""

from collections.abc import Iterable
from functools import lru_cache

from msgspec import Struct

from state.config import Config, PoolConfig, Strategy
from state.routing.board import Board
from state.routing.pools import AUTO, Pool, Share, line_up
from state.words import LaneId

__all__ = ["NAME_CHARS_MAX", "Names", "Unknown", "name_all", "resolve"]

NAME_CHARS_MAX = 200
"""Of an unknown name as it is said back: whoever asked may have sent anything."""
CLOSE_MAX = 3
CLOSE_ENOUGH = 0.5


class Names(Struct, frozen=True):
    """Everything that can be asked for, lined up ahead: a request only looks it up."""

    meant: dict[str, Pool]


class Unknown(Struct, frozen=True):
    """Nothing goes by that name."""

    name: str
    close: tuple[str, ...] = ()

    def __str__(self) -> str:
        hint = f"; did you mean {' or '.join(self.close)}?" if self.close else ""
        return f"no pool or model is called {self.name!r}{hint}"


def name_all(config: Config, board: Board) -> Names:
    """Done once for a config, and again when a provider finds models while running."""
    auto = line_up(AUTO, PoolConfig(lanes=("*",), strategy=config.daemon.strategy), board)
    # The later wins, so the most special spelling comes last.
    spellings = (
        _spelled((lane.provider, lane) for lane in auto.lanes),
        _spelled((lane.model, lane) for lane in auto.lanes),
        _spelled((f"{lane.provider}/{lane.model}", lane) for lane in auto.lanes),
        _spelled((str(lane), lane) for lane in auto.lanes),
    )
    meant = {
        name: _some(name, lanes, auto.shares, config.daemon.strategy)
        for spelled in spellings
        for name, lanes in spelled.items()
    }
    pools = {name: line_up(name, rules, board) for name, rules in config.pool.items()}
    return Names(meant | {AUTO: auto} | pools)


def resolve(names: Names, model: str) -> Pool | Unknown:
    """The lanes that a request means, or what it may have meant."""
    pool = names.meant.get(model)
    return pool if pool is not None else _unknown(names, model[:NAME_CHARS_MAX])


def _spelled(pairs: Iterable[tuple[str, LaneId]]) -> dict[str, list[LaneId]]:
    spelled: dict[str, list[LaneId]] = {}
    for name, lane in pairs:
        spelled.setdefault(name, []).append(lane)
    return spelled


def _some(name: str, lanes: list[LaneId], shares: dict[LaneId, Share], strategy: Strategy) -> Pool:
    return Pool(
        name=name,
        lanes=tuple(lanes),
        rules=PoolConfig(lanes=(name,), strategy=strategy),
        shares={lane: shares[lane] for lane in lanes},
    )


def _unknown(names: Names, name: str) -> Unknown:
    likeness = {known: _likeness(name, known) for known in names.meant}
    close: dict[str, frozenset[LaneId]] = {}
    for known in sorted(likeness, key=lambda known: -likeness[known]):
        if likeness[known] < CLOSE_ENOUGH or len(close) == CLOSE_MAX:
            break
        lanes = frozenset(names.meant[known].lanes)
        # Of several names for the same lanes the nearest is enough.
        if not any(lanes <= others for others in close.values()):
            close[known] = lanes
    return Unknown(name, tuple(close))


def _likeness(one: str, other: str) -> float:
    """How many pairs of neighbouring letters two names share. Cheap on purpose: a client that asks for
    unknown names all day must not keep the others waiting.
    """
    these, those = _pairs(one), _pairs(other)
    return 2 * len(these & those) / (len(these) + len(those))


@lru_cache(maxsize=4096)
def _pairs(name: str) -> frozenset[str]:
    edged = f" {name.casefold()} "
    return frozenset(edged[at : at + 2] for at in range(len(edged) - 1))
