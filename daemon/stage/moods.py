"""How a pretend provider behaves: well, or broken in one of the ways in which real ones are."""

from collections.abc import Awaitable, Callable

import anyio
import msgspec
from msgspec import Struct

from daemon.stage.counter import Counter, Order
from daemon.stage.verses import verse

__all__ = ["Mood", "breaks_off", "is_well", "out_of_quota", "rate_limited", "says_500", "silent"]

Mood = Callable[[Counter, Order], Awaitable[None]]
"""What is done with an order at the counter."""

PAUSE_S = 0.012
"""Between two words."""
WORDS_BEFORE_THE_BREAK = 11


class _Refusal(Struct, frozen=True):
    message: str
    type: str
    code: str


async def is_well(counter: Counter, order: Order) -> None:
    """A whole answer, word by word for who streams."""
    if order.path.endswith("/models"):
        await counter.reply({"object": "list", "data": [{"id": "parrot", "object": "model"}]})
    elif order.streams:
        await counter.begin_stream()
        for word in _words(order):
            await counter.chunk({"content": word})
            await anyio.sleep(PAUSE_S)
        await counter.chunk({}, finish="stop")
        await counter.end_stream()
    else:
        words = _words(order)
        await anyio.sleep(PAUSE_S * len(words))
        await counter.reply(counter.completion("".join(words)))


async def silent(counter: Counter, _: Order) -> None:
    """Takes the order, and that was the last one heard of it."""
    await counter.wait_left()


def rate_limited(wait_s: int) -> Mood:
    """Asked too often, and it says when to come back."""

    async def mood(counter: Counter, order: Order) -> None:
        if order.path.endswith("/models"):
            await is_well(counter, order)
            return
        refusal = _Refusal("You are asking too often. Slow down.", "requests", "rate_limit_exceeded")
        await counter.reply(
            {"error": refusal}, status="429 Too Many Requests", headers=(f"retry-after: {wait_s}",)
        )

    return mood


async def out_of_quota(counter: Counter, order: Order) -> None:
    """Nothing left of what was paid for."""
    if order.path.endswith("/models"):
        await is_well(counter, order)
        return
    refusal = _Refusal(
        "You exceeded your current quota, please check your plan and billing details.",
        "insufficient_quota",
        "insufficient_quota",
    )
    await counter.reply({"error": refusal}, status="429 Too Many Requests")


async def says_500(counter: Counter, _: Order) -> None:
    """Something broke in there."""
    refusal = _Refusal("The server had an error while processing your request.", "server_error", "")
    await counter.reply({"error": refusal}, status="500 Internal Server Error")


async def breaks_off(counter: Counter, order: Order) -> None:
    """Begins an answer and is gone in the middle of a sentence."""
    if not order.streams:
        counter.hang_up()
        return
    await counter.begin_stream()
    for word in _words(order)[:WORDS_BEFORE_THE_BREAK]:
        await counter.chunk({"content": word})
        await anyio.sleep(PAUSE_S)
    counter.hang_up()


def _words(order: Order) -> list[str]:
    text = verse(_asked(order.body))
    first, *rest = text.split(" ")
    return [first, *(f" {word}" for word in rest)]


class _Message(Struct, frozen=True):
    content: str


class _Body(Struct, frozen=True):
    messages: list[_Message]


def _asked(body: bytes) -> str:
    return msgspec.json.decode(body, type=_Body).messages[-1].content
