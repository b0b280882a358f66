"""What a bad server costs us: memory, and the turns of the loop that everybody shares."""

import asyncio
import gc
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from tests.fakeserver.apart import misbehaving_apart
from tests.fakeserver.client import BOTH_LOOPS, outcome, transport_to
from tests.fakeserver.misbehaviours import MISBEHAVIOURS, Misbehaviour

pytestmark = pytest.mark.anyio

MEMORY_BYTES_MAX = 64 << 20
TURN_S_MAX = 0.25
"""What this guards against takes seconds; and on a core that two share, a tenth of work takes two."""
PAGE_BYTES = 4096


@pytest.fixture(scope="module", params=BOTH_LOOPS, ids=["asyncio", "uvloop"])
def anyio_backend(request):
    return request.param


class Watchman:
    """Looks at every turn of the loop: how long this thread was busy in it, and how large the process is.

    Busy by the thread's own clock, so that a machine that runs other things too changes nothing.
    """

    def __init__(self) -> None:
        gc.collect()
        gc.freeze()  # as the daemon does: to look through all that other tests have left is nobody's turn here
        self.longest_turn_s = 0.0
        self.bytes_at_first = self.bytes_at_most = self._bytes()

    async def watch(self) -> None:
        busy_s = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now_s = time.thread_time()
            self.longest_turn_s = max(self.longest_turn_s, now_s - busy_s)
            busy_s = now_s
            self.bytes_at_most = max(self.bytes_at_most, self._bytes())

    def _bytes(self) -> int:
        return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE_BYTES


@pytest.mark.slow
@pytest.mark.parametrize("case", MISBEHAVIOURS, ids=str)
async def test_no_server_costs_much_memory_or_blocks_the_loop(case: Misbehaviour):
    with misbehaving_apart(case.name) as server, closing(transport_to(server)) as transport:
        watchman = Watchman()
        watching = asyncio.ensure_future(watchman.watch())
        assert await outcome(transport, case.clocks, body=case.body) in case.endings
        watching.cancel()
    assert watchman.bytes_at_most - watchman.bytes_at_first < MEMORY_BYTES_MAX
    assert watchman.longest_turn_s < TURN_S_MAX


async def watched_over(act: Callable[[], object]) -> Watchman:
    watchman = Watchman()
    watching = asyncio.ensure_future(watchman.watch())
    await asyncio.sleep(0)
    kept = act()
    await asyncio.sleep(0)
    del kept
    watching.cancel()
    return watchman


async def test_the_watchman_sees_who_keeps_the_loop_for_too_long():
    def hog() -> None:
        until_s = time.thread_time() + 1.5 * TURN_S_MAX
        while time.thread_time() < until_s:
            pass

    assert (await watched_over(hog)).longest_turn_s > TURN_S_MAX
    assert (await watched_over(lambda: None)).longest_turn_s < TURN_S_MAX


async def test_the_watchman_sees_who_takes_too_much_memory():
    watchman = await watched_over(lambda: b"x" * (MEMORY_BYTES_MAX + (1 << 20)))
    assert watchman.bytes_at_most - watchman.bytes_at_first > MEMORY_BYTES_MAX
