"""What a new life knows of the old ones: the snapshots, folded on over every event behind them.

snapshot of a part ---fold the tail---> state       a part without a snapshot begins with the tail
attempts still open -------------------> interrupted: we died, nobody else is to blame
requests still open -------------------> interrupted: their one verdict
"""

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec
from msgspec import Struct

from state.config import Config, ProviderConfig
from state.events import (
    AttemptClosed,
    AttemptOpened,
    Event,
    Interrupted,
    RequestClosed,
    RequestOpened,
    Verdict,
)
from state.memory.fold import NOTHING_KNOWN, State, fold
from state.memory.journal import Stored
from state.memory.parts import ROUTER, concerns, concerns_router, part_name

__all__ = ["Cover", "Remembered", "cut_short", "interrupted", "remember", "unanswered"]


class Cover(Struct, frozen=True):
    """A snapshot: a part of the state as of an event."""

    seq: int
    body: bytes


class Remembered(Struct, frozen=True, kw_only=True):
    """What is known at the start."""

    providers: dict[str, State] = {}
    router: State = NOTHING_KNOWN
    broken: tuple[str, ...] = ()
    """Snapshots that could not be read; their parts begin with what the journal's tail tells."""

    def after(self, events: Iterable[Event], config: Config) -> "Remembered":
        """What is known when these have happened as well."""
        providers, router = dict(self.providers), self.router
        settings = {name: _settings_of(each) for name, each in config.provider.items()}
        for event in events:
            for name, state in providers.items():
                if concerns(event, name):
                    providers[name] = fold(state, event, settings[name])
            if concerns_router(event):
                router = fold(router, event, config)
        return Remembered(providers=providers, router=router, broken=self.broken)

    @property
    def open_attempts(self) -> frozenset[str]:
        """By id: those that were never closed."""
        return frozenset(
            attempt_id for state in self.providers.values() for attempt_id in state.limits.reserved
        )


_state = msgspec.json.Decoder(State)


def remember(covers: Mapping[str, Cover], tail: Iterable[Stored], config: Config) -> Remembered:
    """The state of every provider of the config, and of the router."""
    broken: list[str] = []
    seqs: dict[str, int] = {}
    states: dict[str, State] = {}
    settings = {part_name(name): _settings_of(each) for name, each in config.provider.items()}
    for part in (*settings, ROUTER):
        cover = covers.get(part, Cover(0, b"{}"))
        try:
            states[part], seqs[part] = _state.decode(cover.body), cover.seq
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            broken.append(part)
            states[part], seqs[part] = NOTHING_KNOWN, 0
    for stored in tail:
        for name in config.provider:
            part = part_name(name)
            if stored.seq > seqs[part] and concerns(stored.event, name):
                states[part] = fold(states[part], stored.event, settings[part])
        if stored.seq > seqs[ROUTER] and concerns_router(stored.event):
            states[ROUTER] = fold(states[ROUTER], stored.event, config)
    return Remembered(
        providers={name: states[part_name(name)] for name in config.provider},
        router=states[ROUTER],
        broken=tuple(broken),
    )


def _settings_of(provider: ProviderConfig) -> Config:
    """A provider learns by its own settings alone, as its ledger does."""
    return Config(provider={provider.name: provider})


def interrupted(
    opened: Iterable[Event], open_ids: frozenset[str], *, at_ms: int, wall_ms: int
) -> list[AttemptClosed]:
    """The closings of attempts that a death left open: they free their places and blame nobody."""
    return [
        AttemptClosed(
            at_ms=at_ms,
            wall_ms=wall_ms,
            attempt_id=event.attempt_id,
            request_id=event.request_id,
            lane=event.lane,
            outcome=Interrupted(),
            terms=event.terms,
            tokens_reserved=event.tokens_reserved,
            duration_ms=max(0, at_ms - event.at_ms),
        )
        for event in opened
        if isinstance(event, AttemptOpened) and event.attempt_id in open_ids
    ]


def unanswered(tail: Iterable[Stored]) -> list[RequestOpened]:
    """The named requests that came in and were never closed."""
    opened: dict[str, RequestOpened] = {}
    for stored in tail:
        match stored.event:
            case RequestOpened() as event:
                opened[event.request_id] = event
            case RequestClosed(request_id=request_id):
                opened.pop(request_id, None)
            case _:
                pass
    return list(opened.values())


def cut_short(
    opened: Iterable[Event], open_ids: frozenset[str], *, at_ms: int, wall_ms: int
) -> list[RequestClosed]:
    """The verdicts of requests that a death cut short: whose attempts are open, and who have a name."""
    named: dict[str, RequestOpened] = {}
    attempts: Counter[str] = Counter()
    requests: dict[str, None] = {}
    for event in opened:
        if isinstance(event, RequestOpened):
            named[event.request_id] = event
            requests[event.request_id] = None
        elif isinstance(event, AttemptOpened):
            attempts[event.request_id] += 1
            if event.attempt_id in open_ids:
                requests[event.request_id] = None
    return [
        RequestClosed(
            at_ms=at_ms,
            wall_ms=wall_ms,
            request_id=request_id,
            verdict=Verdict.INTERRUPTED,
            app=named[request_id].app if request_id in named else "",
            attempts=attempts[request_id],
            content=named[request_id].content if request_id in named else "",
        )
        for request_id in requests
    ]
