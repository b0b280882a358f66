"""What a decision costs: `python -m bench.micro_routing [LANES]`."""

import sys
from collections.abc import Callable
from time import process_time

from msgspec import structs

from state.config import Capability, Config, DaemonConfig, PoolConfig, PriceConfig, Strategy
from state.events import Window
from state.routing.board import Board, Card, LaneView, Out, Performance, UsedUp
from state.routing.names import Names, Unknown, name_all, resolve
from state.routing.pools import line_up
from state.routing.preferences import Forced, Preferences, Remembered
from state.routing.question import Ask, Question
from state.routing.routing import choose, rank
from state.words import LaneId, ProviderId

ROUNDS = 5
ROUND_S = 0.2


def main() -> None:
    lanes = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    for what, question in questions(lanes).items():
        print(f"{what:<44}{micros(choose, question):9.1f} us choose{micros(rank, question):10.1f} us rank")
    names, views = some_names(lanes)
    board = Board.of(views)
    for what, took_us in {
        "a name": micros(lambda name: resolve(names, name), "auto"),
        "an unknown name": micros(lambda name: resolve(names, name), "modell-17"),
        "one lane changes on the board": micros(board.showing, views[0]),
    }.items():
        print(f"{what:<44}{took_us:9.1f} us")


def questions(lanes: int) -> dict[str, Question]:
    well = some_lanes(lanes)
    sick = [bad if at % 3 else view for at, view in enumerate(well) for bad in [spoiled(view, at)]]
    rescued = Remembered(well[-1].lane, (well[0].lane,), 10**9)
    plain = ask_of(well)
    return {
        "primary is well": plain,
        "primary is out": ask_of([spoiled(well[0], 1), *well[1:]]),
        "primary is out, context remembers the last": structs.replace(
            ask_of([spoiled(well[0], 1), *well[1:]]), preferences=Preferences(remembered={"/pool": rescued})
        ),
        "the operator forces a provider": structs.replace(
            plain, preferences=Preferences(forced={"": Forced(ProviderId(well[-1].lane.provider), 10**9)})
        ),
        "two in three are out": ask_of(sick),
        "all are out": ask_of([spoiled(view, 1) for view in well]),
        "every wish at once": structs.replace(
            plain,
            ask=Ask(
                needs=frozenset({Capability.CHAT, Capability.VISION}),
                tokens_in=4000,
                include=("provider*", "nobody"),
                exclude=("provider1/*", "model-3"),
                no_failover_to=("provider2",),
                preferred_provider="provider3",
                budget_usd=1.0,
                strategy=Strategy.CHEAPEST,
            ),
            tried=(well[1].lane, well[2].lane),
        ),
        **{
            f"{strategy}, one in three well": structs.replace(
                ask_of(sick), ask=Ask(strategy=strategy), turn=7, chance=0.7
            )
            for strategy in Strategy
        },
        **{
            f"{strategy}, all well": structs.replace(plain, ask=Ask(strategy=strategy), turn=7, chance=0.7)
            for strategy in Strategy
        },
    }


def some_lanes(lanes: int) -> list[LaneView]:
    return [
        LaneView(
            lane=LaneId(f"provider{at // 10}", f"key{at % 2}", f"model-{at % 10}"),
            card=Card(
                can=frozenset(Capability),
                context=128_000,
                price=PriceConfig(input=float(at % 7), output=4.0),
            ),
            performance=Performance(
                samples=100, success_rate=1 - at / 1000, latency_p50_ms=500 + at * 7 % 90
            ),
        )
        for at in range(lanes)
    ]


def spoiled(view: LaneView, at: int) -> LaneView:
    if at % 3 == 1:
        return structs.replace(view, condition=Out(60_000 + at, "503 three times"))
    return structs.replace(view, exhausted=UsedUp(Window.RPM, 30_000))


def ask_of(views: list[LaneView]) -> Question:
    board = Board.of(views)
    return Question(
        ask=Ask(), pool=line_up("pool", PoolConfig(lanes=("*",)), board), board=board, now_ms=1000
    )


def some_names(lanes: int) -> tuple[Names, list[LaneView]]:
    views = some_lanes(lanes)
    names = name_all(Config(daemon=DaemonConfig()), Board.of(views))
    assert isinstance(resolve(names, "nobody knows this one"), Unknown)
    return names, views


def micros(what: Callable[..., object], argument: object) -> float:
    """The best of some rounds, in time of the processor: what else the machine does only ever adds."""
    best = float("inf")
    for _ in range(ROUNDS):
        rounds, start = 0, process_time()
        while (spent := process_time() - start) < ROUND_S:
            for _ in range(10):
                what(argument)
            rounds += 10
        best = min(best, spent / rounds)
    return best * 1e6


if __name__ == "__main__":
    main()
