"""How long folding takes: 100,000 events over 1,000 lanes, and asking who is usable.

python -m bench.micro_fold [EVENTS]
"""

import sys
from collections.abc import Callable
from functools import partial
from random import Random
from time import process_time

from msgspec.structs import replace

from state.config import Config, KeyConfig, ModelConfig, ProviderConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    Epochs,
    Event,
    Outcome,
    Terms,
    Usage,
)
from state.failures import Failure, Kind, Scope
from state.memory.fold import fold_all
from state.routing.outlook import condition
from state.standing.admission import admit, is_usable
from state.standing.judgement import fold_standing
from state.standing.standings import Standings
from state.words import LaneId

Question = Callable[[Standings, LaneId, int, Config], object]

PROVIDERS, KEYS, MODELS = 20, 5, 10
CHANCE = Random(7)  # a bench needs the same numbers every time, not unguessable ones


def config() -> Config:
    return Config(
        provider={
            f"provider{n}": ProviderConfig(
                name=f"provider{n}",
                url=f"https://provider{n}.example/v1",
                keys=tuple(KeyConfig(name=f"key{k}") for k in range(KEYS)),
                models=tuple(ModelConfig(name=f"model{m}") for m in range(MODELS)),
            )
            for n in range(PROVIDERS)
        }
    )


def events(count: int, lanes: tuple[LaneId, ...], failing: float, failing_kind: Kind) -> list[Event]:
    """Attempts that open and close, some of them failing."""
    story: list[Event] = []
    flying: list[AttemptOpened] = []
    for n in range(count):
        at_ms = n * 20
        if flying and (len(flying) > 32 or n % 2):
            opened = flying.pop(0)
            outcome: Outcome = Answered()
            if CHANCE.random() < failing:
                outcome = Failure(kind=failing_kind, scope=Scope.MODEL, rule="bench")
            elif CHANCE.random() < 0.01:
                outcome = Cancelled()
            story.append(
                AttemptClosed(
                    at_ms=at_ms,
                    wall_ms=at_ms,
                    attempt_id=opened.attempt_id,
                    request_id=opened.request_id,
                    lane=opened.lane,
                    terms=opened.terms,
                    tokens_reserved=opened.tokens_reserved,
                    outcome=outcome,
                    duration_ms=at_ms - opened.at_ms,
                    first_token_ms=5,
                    usage=Usage(tokens_in=100, tokens_out=50),
                )
            )
        else:
            opened = AttemptOpened(
                at_ms=at_ms,
                wall_ms=at_ms,
                attempt_id=f"attempt{n}",
                request_id=f"request{n}",
                lane=CHANCE.choice(lanes),
                terms=Terms(),
                tokens_reserved=200,
            )
            flying.append(opened)
            story.append(opened)
    return story


def admitted(story: list[Event], settings: Config) -> list[Event]:
    """The same story on the terms that each attempt would have got, so that its outcome counts."""
    standings = Standings()
    terms: dict[str, Terms] = {}
    told: list[Event] = []
    for event in story:
        if isinstance(event, AttemptOpened):
            own, key, provider = standings.chain(event.lane)
            terms[event.attempt_id] = Terms(epochs=Epochs(own.epoch, key.epoch, provider.epoch))
        if isinstance(event, AttemptOpened | AttemptClosed):
            event = replace(event, terms=terms[event.attempt_id])  # noqa: PLW2901  # the same, on its terms
        standings = fold_standing(standings, event, settings)
        told.append(event)
    return told


def seconds(act: Callable[[], object]) -> float:
    begun = process_time()
    act()
    return process_time() - begun


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    settings = config()
    print(f"{count} events, {len(settings.lanes)} lanes of {PROVIDERS} providers")
    for title, failing, kind in (
        ("all well", 0.0, Kind.TIMEOUT),
        ("one in ten fails", 0.1, Kind.TIMEOUT),
        ("half are rate limited", 0.5, Kind.RATE_LIMIT),
    ):
        story = admitted(events(count, settings.lanes, failing, kind), settings)
        standing_s = seconds(partial(fold_standings, story, settings))
        whole_s = seconds(partial(fold_all, story, settings))
        print(f"  {title:22} standings {standing_s:6.2f} s   all parts {whole_s:6.2f} s")
        standings, at_ms = fold_all(story, settings).standing, count * 20
        for name, ask in (("is_usable", is_usable), ("admit", admit), ("condition", condition)):
            act = partial(of_each, settings.lanes[:100], ask, standings, at_ms, settings)
            took_s = min(seconds(act) for _ in range(20))
            print(f"    {name:12} of 100 lanes {took_s * 1e6:7.0f} us")


def fold_standings(story: list[Event], settings: Config) -> None:
    standings = Standings()
    for event in story:
        standings = fold_standing(standings, event, settings)


def of_each(
    lanes: tuple[LaneId, ...], ask: Question, standings: Standings, at_ms: int, settings: Config
) -> None:
    for lane in lanes:
        ask(standings, lane, at_ms, settings)


if __name__ == "__main__":
    main()
