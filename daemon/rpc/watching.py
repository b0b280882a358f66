"""`events.subscribe`: everything that is journalled from now on, as notifications, until it is cancelled."""

from typing import Annotated

import msgspec
from anyio import Event as Wakeup
from msgspec import Meta, Struct

from daemon.api.cast import Cast
from daemon.api.params import Params
from daemon.rpc.calls import Call
from state.events import Event

__all__ = ["SubscribeParams", "Subscribed", "subscribe"]

_encode = msgspec.json.Encoder().encode


class SubscribeParams(Params, frozen=True):
    kinds: Annotated[tuple[str, ...], Meta(max_length=32)] = ()
    """`attempt_closed`, `operator_acted`, ...; empty: all."""
    count_max: Annotated[int, Meta(ge=1)] | None = None
    """Then it ends by itself; None: when it is cancelled."""


class Subscribed(Struct, frozen=True):
    """How it ended."""

    told: int
    missed: int
    """What was left out because nobody read it in time."""


async def subscribe(cast: Cast, params: SubscribeParams, call: Call) -> Subscribed:
    """Whoever does not keep up misses some; nothing piles up for them."""
    told = missed = 0
    enough = Wakeup()

    def hear(event: Event) -> None:
        nonlocal told, missed
        if enough.is_set():
            return
        if params.kinds and str(event.__struct_config__.tag) not in params.kinds:
            return
        if call.is_choked:
            missed += 1
            return
        told += 1
        call.notify("events.event", "event", _encode(event))
        if told == params.count_max:
            enough.set()

    with cast.journal.heard_by(hear):
        await enough.wait()
    return Subscribed(told, missed)
