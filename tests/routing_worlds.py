"""Any question that the router can be asked, for the laws that hold for all of them.

Each part of a question has a few interesting values, the plainest first, and a byte that picks one. So a world
is drawn in one stroke of bytes, which is fast, and a broken law shrinks to a plain world with one odd thing in
it.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from state.config import Capability, PoolConfig, PriceConfig, Strategy
from state.events import Mark, Window
from state.routing.board import USABLE, Board, Card, LaneView, OnTrial, Out, Performance, Resting, UsedUp
from state.routing.pools import line_up
from state.routing.preferences import Forced, Preferences, Remembered, Steered
from state.routing.question import Ask, Question
from state.words import KeyId, LaneId, ProviderId, Target
from tests.scenes import NOW_MS

__all__ = ["LANES", "questions"]

T = TypeVar("T")


Die = Iterator[int]
Part = Callable[[Die], dict[str, Any]]


def combination(make: Callable[..., T], **choices: Sequence[Any]) -> Callable[[Die], T]:
    def cast(die: Die) -> T:
        return make(**{name: values[next(die) % len(values)] for name, values in choices.items()})

    return cast


LANES = [LaneId(provider, key, model) for provider in "ab" for key in ("k1", "k2") for model in ("m", "n")]
TARGETS = (None, None, None, LANES[0], LANES[5], KeyId("b", "k1"), ProviderId("a"), ProviderId("b"))
PATTERNS = ((), ("b",), ("m", "nobody"), ("a/n",), ("a", "*/k2/m"), ("b/k1/*",))
CHAT, EMBEDDINGS = frozenset({Capability.CHAT}), frozenset({Capability.EMBEDDINGS})
PATIENTS = frozenset({"patients"})
SOON, LATER, LATEST = NOW_MS + 1, NOW_MS + 50, NOW_MS + 2000
ENDS = (LATER, SOON, LATEST, NOW_MS, NOW_MS - 1)

cards = combination(
    Card,
    can=(*[CHAT | EMBEDDINGS] * 4, frozenset(Capability), CHAT, EMBEDDINGS),
    context=(None, None, None, 1000, 5000),
    price=tuple(PriceConfig(input=usd, output=usd) for usd in (None, 0.0, 1.0, 2.0)),
    local=(False, False, True),
    priority=(1, 2),
    weight=(1.0, 0.5, 3.0),
    data_classes=(frozenset(), PATIENTS),
    enabled=(*[True] * 7, False),
)
weathers: Part = combination(
    dict,
    condition=(
        *[USABLE] * 12,
        OnTrial(),
        OnTrial(free=False),
        OnTrial(mark=Mark.EARLY_TRIAL),
        *(Resting(until_ms) for until_ms in ENDS),
        *(Out(until_ms) for until_ms in ENDS),
        *(Out(until_ms, last_resort=False) for until_ms in (LATER, None)),
    ),
    exhausted=(
        *[None] * 18,
        *(UsedUp(Window.RPM, until_ms) for until_ms in ENDS),
        UsedUp(Window.CONCURRENCY),
    ),
    carries=(*[None] * 6, 1, 2),
    in_flight=(0, 1, 2),
    performance=(
        Performance(),
        *(
            Performance(
                samples=samples,
                success_rate=rate,
                recent=recent,
                latency_p50_ms=ms,
                first_token_p50_ms=ms // 3,
            )
            for samples in (19, 500)
            for rate in (0.0, 0.5, 1.0)
            for recent in (0.2, 1.0)
            for ms in (0, 700, 900)
        ),
    ),
)
wishes: Part = combination(
    dict,
    needs=(CHAT, CHAT, EMBEDDINGS),
    include=(*[()] * 18, *PATTERNS),
    exclude=(*[()] * 18, *PATTERNS),
    no_failover_to=(*[()] * 8, *PATTERNS[:4]),
    preferred_provider=("", "", "", "", "a", "b", "nobody"),
    failover=(True, True, True, False),
    sticky=(False, True),
    context=("", "chat"),
)
sizes: Part = combination(
    dict,
    tokens_in=(0, 0, 2000),
    tokens_out=(None, 100),
    stream=(False, True),
    data_class=(*[""] * 5, "patients"),
    budget_usd=(*[None] * 6, 0.0, 0.001),
    strategy=(None, *Strategy),
    app=("app",),
)
rules = combination(
    PoolConfig,
    lanes=(*[("*",), ("b", "a")] * 4, ("m", "a/n"), ("nobody",)),
    strategy=tuple(Strategy),
    weights=({}, {"a": 2.0, "n": 0.1}),
    failover=(True, True, True, False),
    sticky=(False, True),
    no_failover_to=(*[()] * 6, *PATTERNS[:3]),
    data_class=(*[""] * 5, "patients"),
)


def preferring(
    *,
    memory: LaneId | None,
    above: LaneId,
    ends: int,
    target: Target | None,
    pool: str,
    steered: Strategy | None,
) -> Preferences:
    return Preferences(
        remembered={name: Remembered(memory, (above,), ends) for name in ("app/pool", "chat") if memory},
        forced={pool: Forced(target, ends)} if target else {},
        steered={"pool": Steered(steered, ends)} if steered else {},
    )


preferences = combination(
    preferring,
    memory=(None, None, None, *LANES),
    above=LANES,
    ends=(LATEST, NOW_MS),
    target=TARGETS,
    pool=("", "pool"),
    steered=(None, None, None, *Strategy),
)
moments: Part = combination(
    dict,
    turn=range(9),
    chance=(0.5, 0.0, 0.05, 0.999),
    outgrown=(0, 0, 0, 1000),
)
TRIED = (0, 0, 0, 0, 1, 3)
SOMETIMES = 32
"""Out of 256: how often a reload has taken a lane away since the request came."""


def world(cast: bytes) -> Question:
    die = iter(cast)
    # Zero is two lanes: most laws have nothing to say of none.
    crowd = next(die) ^ 0b1_0010
    lanes = [lane for at, lane in enumerate(LANES) if crowd >> at & 1]
    board = Board.of([LaneView(lane=lane, card=cards(die), **weathers(die)) for lane in lanes])
    pool = line_up("pool", rules(die), board)
    return Question(
        ask=Ask(**wishes(die), **sizes(die)),
        pool=pool,
        board=board if 256 - next(die) > SOMETIMES else Board.of(list(board.views.values())[1:]),
        preferences=preferences(die),
        now_ms=NOW_MS,
        tried=pool.lanes[: TRIED[next(die) % len(TRIED)] : 2],
        **moments(die),
    )


questions = st.binary(min_size=180, max_size=180).map(world)
