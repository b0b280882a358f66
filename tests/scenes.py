"""Small scenes for the router: lanes that are called `a`, `b`, `c`, and what is asked of them."""

from collections.abc import Sequence
from typing import Any

from msgspec import structs

from state.config import PoolConfig
from state.routing.board import Board, Card, Condition, LaneView, OnTrial, Out, Performance, Resting
from state.routing.pools import Pool, line_up
from state.routing.preferences import Preferences
from state.routing.question import Ask, Question
from state.routing.routing import Choice, Nobody, choose, rank
from state.words import LaneId

NOW_MS = 1_000_000
CARD_FIELDS = frozenset(Card.__struct_fields__)


def named(name: str) -> LaneId:
    """`a` is `a/key1/m`; `a/m2` and `a/key2/m` say more."""
    parts = name.split("/")
    match parts:
        case [provider]:
            return LaneId(provider, "key1", "m")
        case [provider, model]:
            return LaneId(provider, "key1", model)
        case _:
            return LaneId(parts[0], parts[1], "/".join(parts[2:]))


def lane(name: str, **facts: Any) -> LaneView:
    """A lane that is well, but for what is said."""
    card = {fact: facts.pop(fact) for fact in CARD_FIELDS & facts.keys()}
    return LaneView(lane=named(name), card=Card(**card), **facts)


def out(until_s: float = 60.0, why: str = "503 three times", *, last_resort: bool = True) -> Condition:
    return Out(NOW_MS + round(until_s * 1000), why, last_resort)


def resting(until_s: float = 60.0) -> Condition:
    return Resting(NOW_MS + round(until_s * 1000), "429, as it stated")


TRIAL_FREE = OnTrial(free=True)
TRIAL_TAKEN = OnTrial(free=False)


def did(samples: int = 100, success: float = 1.0, ms: int = 1000, **more: Any) -> Performance:
    more = {"recent": success} | more
    return Performance(samples=samples, success_rate=success, latency_p50_ms=ms, **more)


def pool(board: Board, name: str = "pool", lanes: Sequence[str] = ("*",), **rules: Any) -> Pool:
    return line_up(name, PoolConfig(lanes=tuple(lanes), **rules), board)


def asked(*views: LaneView, rules: dict[str, Any] | None = None, **ask: Any) -> Question:
    """A request to a pool of these lanes, in this order."""
    board = Board.of(views)
    return Question(ask=Ask(**ask), pool=pool(board, **(rules or {})), board=board, now_ms=NOW_MS)


def now(question: Question, *views: LaneView, after_s: float = 0.0, **changes: Any) -> Question:
    """The same question, with these lanes as they are now."""
    return structs.replace(
        question,
        board=question.board.showing(*views),
        now_ms=question.now_ms + round(after_s * 1000),
        **changes,
    )


def having_tried(question: Question, *names: str) -> Question:
    return structs.replace(question, tried=tuple(named(name) for name in names))


def preferring(question: Question, preferences: Preferences) -> Question:
    return structs.replace(question, preferences=preferences)


def order(question: Question) -> str:
    """The ranking in short: `a b c`."""
    return " ".join(_short(each) for each in rank(question).order)


def chosen(question: Question) -> str:
    """The choice in short; `-` for nobody."""
    match choose(question):
        case Choice(lane=chosen_lane):
            return _short(chosen_lane)
        case Nobody():
            return "-"


def reasons(question: Question) -> dict[str, str]:
    """Why each of the others was not chosen."""
    return {
        _short(each.lane): each.why + (f": {each.detail}" if each.detail else "")
        for each in rank(question).skipped
    }


def _short(of: LaneId) -> str:
    key = "" if of.key == "key1" else f"/{of.key}"
    return of.provider + (f"{key}/{of.model}" if key or of.model != "m" else "")
