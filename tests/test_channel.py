"""A channel carries the latest value, and nothing piles up in it."""

import anyio
import pytest

from actors.kernel.channel import Channel, Reader
from tests.fakes import settle


@pytest.fixture
def channel() -> Channel[str]:
    return Channel("unknown")


async def read(reader: Reader[str], seen: list[str]) -> None:
    while True:
        seen.append(await anext(reader))


def test_the_latest_value_is_there_without_waiting(channel: Channel[str]):
    assert channel.latest == "unknown"
    channel.publish("well")
    channel.publish("out")
    assert channel.latest == "out"


async def test_a_reader_sees_what_is_and_then_each_change(channel: Channel[str]):
    seen: list[str] = []
    async with anyio.create_task_group() as group:
        group.start_soon(read, channel.reader(), seen)
        await settle()
        assert seen == ["unknown"]
        channel.publish("well")
        await settle()
        channel.publish("out")
        await settle()
        assert seen == ["unknown", "well", "out"]
        group.cancel_scope.cancel()


async def test_a_slow_reader_misses_what_was_overtaken_but_never_the_last(channel: Channel[str]):
    reader = channel.reader()
    assert await anext(reader) == "unknown"
    for number in range(1000):
        channel.publish(f"state {number}")
    assert await anext(reader) == "state 999"


async def test_to_publish_the_same_again_is_news(channel: Channel[str]):
    reader = channel.reader()
    await anext(reader)
    channel.publish("unknown")
    assert await anext(reader) == "unknown"


async def test_readers_do_not_take_from_each_other(channel: Channel[str]):
    one, two = channel.reader(), channel.reader()
    channel.publish("well")
    assert [await anext(one), await anext(two)] == ["well", "well"]


async def test_a_reader_that_was_cancelled_can_read_on(channel: Channel[str]):
    reader = channel.reader()
    await anext(reader)
    async with anyio.create_task_group() as group:
        group.start_soon(read, reader, [])
        await settle()
        group.cancel_scope.cancel()
    channel.publish("well")
    assert await anext(reader) == "well"


def test_a_channel_says_what_it_carries(channel: Channel[str]):
    assert repr(channel) == "<channel: 'unknown'>"
