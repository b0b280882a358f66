"""Keys: where they go, and the many places where they must not turn up."""

import asyncio
import gc
import logging
import traceback
from contextlib import closing

import pytest

from actors.net.clocks import Clocks
from actors.net.faults import ExchangeFailed, Fault
from actors.net.head import JoinKey, UnusableKey, join_key
from state.settings.secret import Secret
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import answer, head
from tests.fakeserver.client import transport_to
from tests.fakeserver.misbehaviours import MISBEHAVIOURS, Misbehaviour

pytestmark = pytest.mark.anyio

KEY = "sk-hunter2-0123456789"
MARK = "hunter2"


def all_that_is_told(error: BaseException) -> str:
    """As the most talkative reporter would say it: the whole chain, with the locals of every frame but the
    test's own, which knows the key because it made it.
    """
    told = repr(error) + str(error) + repr(error.args) + repr(vars(error))
    frames = []
    link: BaseException | None = error
    while link is not None:
        told += repr(link) + repr(link.args)
        frames += [frame for frame, _ in traceback.walk_tb(link.__traceback__)]
        link = link.__cause__ or link.__context__
    ours = [frame for frame in frames if "/actors/" in frame.f_code.co_filename]
    assert ours
    return told + repr([frame.f_locals for frame in ours])


@pytest.mark.parametrize("how", JoinKey)
async def test_a_key_goes_where_the_provider_wants_it_and_nowhere_else(how):
    async def obliges(line: Line) -> None:
        await line.hear()
        await line.say(answer())

    async with serving(obliges) as server:
        with closing(transport_to(server)) as transport:
            key = join_key(how, Secret(KEY))
            with await transport.send(b"GET", b"/models", key=key) as exchange:
                await exchange.read()
    (asked,) = server.asked
    shown = {name: value for name, value in asked.headers.items() if MARK in value}
    assert shown == ({"authorization": f"Bearer {KEY}"} if how is JoinKey.BEARER else {str(how): KEY})
    assert MARK not in asked.target


@pytest.mark.parametrize("case", MISBEHAVIOURS, ids=str)
async def test_no_failure_tells_the_key(case: Misbehaviour, caplog):
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(False)
    key = join_key(JoinKey.BEARER, Secret(KEY))
    told = ""
    async with serving(case.script) as server:
        with closing(transport_to(server, body_bytes_max=1 << 20)) as transport:
            try:
                with await transport.send(
                    b"POST", b"/x", body=case.body, key=key, clocks=case.clocks
                ) as exchange:
                    await exchange.read()
                    told = repr(exchange) + repr(exchange.headers)
            except ExchangeFailed as failed:
                told = all_that_is_told(failed)
            told += repr(transport) + repr(transport._open) + repr(transport._heads) + repr(key)
    assert told
    assert MARK not in told
    assert MARK not in caplog.text


async def test_what_a_server_echoes_in_its_framing_is_not_told():
    """Its body and its headers are for the classifier, which makes them inert; our own words hold neither."""

    async def echoes(line: Line) -> None:
        asked = await line.hear()
        await line.say(head(f"bad header {asked.headers['authorization']}", "content-length: 0"))

    key = join_key(JoinKey.BEARER, Secret(KEY))
    async with serving(echoes) as server:
        with closing(transport_to(server)) as transport:
            with pytest.raises(ExchangeFailed) as raised:
                await transport.send(b"GET", b"/x", key=key)
    assert raised.value.fault == Fault.MALFORMED
    assert MARK not in all_that_is_told(raised.value)


async def test_a_cancelled_attempt_does_not_tell_the_key():
    async def silent(line: Line) -> None:
        await line.hear()
        await line.sleep()

    key = join_key(JoinKey.BEARER, Secret(KEY))
    async with serving(silent) as server:
        with closing(transport_to(server)) as transport:
            attempt = asyncio.ensure_future(transport.send(b"GET", b"/x", key=key, clocks=Clocks()))
            await asyncio.sleep(0.05)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError) as raised:
                await attempt
    assert MARK not in all_that_is_told(raised.value)


@pytest.mark.parametrize(
    "key", [KEY + "\n", KEY + "\r\nx-evil: 1", "\x00" + KEY, KEY + "\x7f", KEY + "é", KEY + " "]
)
def test_a_key_that_would_break_out_of_its_header_is_refused_without_being_told(key):
    secret = Secret(key)
    del key
    with pytest.raises(UnusableKey) as raised:
        join_key(JoinKey.BEARER, secret)
    frames = traceback.walk_tb(raised.value.__traceback__)
    ours = [frame.f_locals for frame, _ in frames if frame.f_code.co_name == "join_key"]
    assert ours
    assert MARK not in repr(ours) + str(raised.value) + repr(raised.value)


async def test_nobody_finds_a_key_in_the_objects_that_a_failure_leaves_behind():
    key = join_key(JoinKey.BEARER, Secret(KEY))
    async with serving(MISBEHAVIOURS[1].script) as server:
        with closing(transport_to(server)) as transport:
            with pytest.raises(ExchangeFailed) as raised:
                await transport.send(b"GET", b"/x", key=key)
            for thing in gc.get_referents(raised.value, *vars(raised.value).values()):
                assert MARK not in repr(thing)
