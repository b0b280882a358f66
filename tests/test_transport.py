"""The transport against servers that misbehave: real sockets, both event loops."""

from contextlib import closing

import pytest

from actors.net.clocks import Clocks
from actors.net.faults import Fault
from tests.fakeserver import serving
from tests.fakeserver.client import BOTH_LOOPS, outcome, transport_to
from tests.fakeserver.misbehaviours import MISBEHAVIOURS, Misbehaviour
from tests.fakeserver.server import FakeServer
from tests.fakeserver.strange_ports import deaf_port, free_port

pytestmark = pytest.mark.anyio


@pytest.fixture(scope="module", params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


@pytest.mark.parametrize("case", MISBEHAVIOURS, ids=str)
async def test_whatever_a_server_does_wrong_the_exchange_ends_as_it_must(case: Misbehaviour):
    async with serving(case.script) as server:
        with closing(transport_to(server)) as transport:
            assert await outcome(transport, case.clocks, body=case.body) in case.endings
            assert repr(transport).endswith("<gate: 0 of 64 places taken, 0 waiting>>")


def test_there_are_enough_ways_to_be_wrong():
    assert len({case.name for case in MISBEHAVIOURS}) == len(MISBEHAVIOURS) >= 60


async def test_a_port_where_nobody_listens_refuses():
    with closing(transport_to(FakeServer(free_port(), []))) as transport:
        assert await outcome(transport) == Fault.UNREACHABLE


async def test_a_host_that_never_answers_is_given_up_by_the_connect_clock():
    with deaf_port() as port, closing(transport_to(FakeServer(port, []))) as transport:
        assert await outcome(transport, Clocks(connect_ms=100)) == Fault.CONNECT_TIMEOUT
        assert await outcome(transport, Clocks(total_ms=100)) == Fault.TOTAL_TIMEOUT
