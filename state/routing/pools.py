"""A pool, lined up: its patterns spelled out into lanes, in the order in which they would be tried."""

from functools import lru_cache

from msgspec import Struct

from state.config import PoolConfig
from state.routing.board import Board
from state.words import LaneId, matches

__all__ = ["AUTO", "Pool", "Share", "line_up", "means"]

AUTO = "auto"
"""The pool of everything."""

means = lru_cache(maxsize=16_384)(matches)
"""`matches`, remembered: globbing four spellings of a hundred lanes for every request costs more than the
whole rest of a decision, and requests name the same few patterns again and again."""


class Share(Struct, frozen=True):
    """What a weight belongs to: a pattern of the pool or a provider. Its lanes divide it among themselves, so
    that a provider gets no larger part for having more keys and models.
    """

    of: str
    weight: float


class Pool(Struct, frozen=True, kw_only=True):
    """What an app asks for: lanes in order, and the rules for choosing among them."""

    name: str
    lanes: tuple[LaneId, ...]
    rules: PoolConfig
    shares: dict[LaneId, Share]


def line_up(name: str, rules: PoolConfig, board: Board) -> Pool:
    """Pattern by pattern; within a pattern by priority, and else in the order of the config file, which goes
    key by key through all models. A lane stands where it is meant first.
    """
    by_priority = sorted(board.views.values(), key=lambda view: view.card.priority)
    lanes = tuple(
        dict.fromkeys(
            view.lane for pattern in rules.lanes for view in by_priority if matches(pattern, view.lane)
        )
    )
    return Pool(
        name=name,
        lanes=lanes,
        rules=rules,
        shares={lane: _share(lane, rules, board) for lane in lanes},
    )


def _share(lane: LaneId, rules: PoolConfig, board: Board) -> Share:
    for pattern, weight in rules.weights.items():
        if matches(pattern, lane):
            return Share(pattern, weight)
    return Share(lane.provider, board.views[lane].card.weight)
