"""The network guard: when it says that our own link is gone, and how it finds it again."""

import pytest
from anyio import create_task_group

from actors.net.netguard import NetGuard, sign_of
from actors.net.reach import reach
from state.events import (
    Answered,
    AttemptClosed,
    Cancelled,
    Event,
    LinkLost,
    LinkRestored,
    ProbeClosed,
    Verdict,
)
from state.failures import Failure, Kind, Scope
from state.routing.board import USABLE
from state.standing.offline import Sign
from state.words import LaneId, ProviderId
from tests.fakes import FakeClock
from tests.fakeserver import serving
from tests.house_of_doors import House, fails, lane, provider, says

pytestmark = pytest.mark.anyio

CUT = Failure(kind=Kind.NETWORK, scope=Scope.PROVIDER, rule="connection-broken")
SILENT = Failure(kind=Kind.TIMEOUT, scope=Scope.MODEL, rule="read-timeout")
BUSY = Failure(kind=Kind.UNAVAILABLE, scope=Scope.MODEL, rule="503", status=503)
NO_ROUTE = Failure(
    kind=Kind.NETWORK, scope=Scope.PROVIDER, rule="x", said="ConnectError: Network is unreachable"
)


class Guarded:
    """A guard, what it told, and a world whose hosts can be reached or not."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.told: list[LinkLost | LinkRestored] = []
        self.recorded: list[Event] = []
        self.looked: list[str] = []
        self.there: set[str] = set()
        providers = {name: provider(name) for name in "abc"}
        providers["home"] = provider("home", url="http://127.0.0.1:11434")
        self.guard = NetGuard(providers, self, clock=self.clock, reach=self._reach)
        self.guard.tells(self)

    def record(self, event: Event) -> None:
        self.recorded.append(event)

    def link(self, event: LinkLost | LinkRestored) -> None:
        self.told.append(event)

    async def _reach(self, url: str) -> bool:
        self.looked.append(url)
        return url in self.there

    def ends(self, name: str, outcome, took_s: float = 0.0) -> None:
        self.guard.record(
            AttemptClosed(
                at_ms=self.clock.now_ms(),
                wall_ms=0,
                attempt_id="x",
                request_id="y",
                lane=LaneId(name, "key1", "m"),
                outcome=outcome,
                duration_ms=round(took_s * 1000),
            )
        )

    def probed(self, name: str, failure: Failure | None) -> None:
        now_ms = self.clock.now_ms()
        self.guard.record(ProbeClosed(at_ms=now_ms, wall_ms=0, target=ProviderId(name), failure=failure))


@pytest.fixture
def world():
    return Guarded()


def test_one_host_that_cannot_be_reached_is_down_by_itself(world):
    for _ in range(20):
        world.ends("a", CUT)

    assert world.told == []


def test_two_hosts_within_ten_seconds_are_our_own_link(world):
    world.clock.jump(60.0)
    world.ends("a", CUT)
    world.clock.jump(9.0)
    world.ends("b", CUT)

    assert world.told == [LinkLost(at_ms=69_000, wall_ms=world.clock.wall_ms(), since_ms=60_000)]


def test_two_hosts_far_apart_in_time_are_two_troubles(world):
    world.ends("a", CUT)
    world.clock.jump(11.0)
    world.ends("b", CUT)

    assert world.told == []


def test_any_answer_between_proves_the_link(world):
    world.ends("a", CUT)
    world.ends("c", BUSY)
    world.ends("b", CUT)

    assert world.told == []


def test_no_route_at_all_needs_no_second_host(world):
    world.ends("a", NO_ROUTE)

    assert [type(event) for event in world.told] == [LinkLost]


def test_probes_tell_as_much_as_attempts(world):
    world.probed("a", CUT)
    world.probed("b", CUT)
    world.probed("c", None)

    assert [type(event) for event in world.told] == [LinkLost, LinkRestored]


def test_a_local_server_proves_nothing(world):
    world.ends("home", CUT)
    world.ends("a", CUT)
    world.ends("home", Answered())
    world.ends("b", CUT)

    assert [type(event) for event in world.told] == [LinkLost]


def test_connections_that_fell_silent_before_are_excused_too(world):
    world.clock.jump(100.0)
    world.ends("a", SILENT, took_s=10.0)
    world.clock.jump(5.0)
    world.ends("b", CUT)
    world.ends("c", CUT)

    (lost,) = world.told
    assert lost.since_ms == 90_000


def test_everything_goes_on_to_the_journal_first(world):
    world.ends("a", CUT)

    assert [type(event) for event in world.recorded] == [AttemptClosed]


async def test_a_lost_link_is_looked_for_and_found_within_fifteen_seconds(world):
    world.ends("c", Answered())
    world.ends("a", CUT)
    world.ends("b", CUT)

    async with create_task_group() as tasks:
        tasks.start_soon(world.guard.look_after)
        await world.clock.advance(120.0)
        assert [type(event) for event in world.told] == [LinkLost]
        back_ms = world.clock.now_ms()
        world.there.add("https://c.example/v1")
        await world.clock.advance(15.0)
        tasks.cancel_scope.cancel()

    restored = world.told[-1]
    assert isinstance(restored, LinkRestored)
    assert restored.at_ms - back_ms <= 15_000
    assert set(world.looked) == {"https://c.example/v1"}


async def test_a_link_that_was_down_when_the_daemon_ended_is_looked_for_after_the_start(world):
    guard = NetGuard({"a": provider("a")}, world, clock=world.clock, reach=world._reach, is_down=True)
    guard.tells(world)
    world.there.add("https://a.example/v1")

    async with create_task_group() as tasks:
        tasks.start_soon(guard.look_after)
        await world.clock.advance(15.0)
        tasks.cancel_scope.cancel()

    assert [type(event) for event in world.told] == [LinkRestored]


async def test_a_link_that_is_up_is_left_alone(world):
    async with create_task_group() as tasks:
        tasks.start_soon(world.guard.look_after)
        await world.clock.advance(120.0)
        tasks.cancel_scope.cancel()

    assert (world.looked, world.clock.pending) == ([], 0)


def test_what_proves_nothing():
    assert sign_of(Cancelled()) is None
    assert sign_of(SILENT) is None
    assert sign_of(BUSY) is Sign.ANSWERED


async def test_two_minutes_without_a_network_leave_no_quarantine_and_end_soon_after():
    cut = [fails(Kind.NETWORK, Scope.PROVIDER, after_s=0.2)]
    house = House("a", "b", "c", a=cut, b=cut, c=cut)
    verdicts = []

    async with create_task_group() as tasks:
        tasks.start_soon(house.guard.look_after)
        for _ in range(120):
            verdicts.append((await house.serve()).verdict)
            await house.clock.advance(1.0)
        for name in "abc":
            house.plays(lane(name), says("hello"))
            house.there.add(f"https://{name}.example/v1")
        back_s = 0
        while (await house.serve()).verdict is not Verdict.OK:
            await house.clock.advance(1.0)
            back_s += 1
        tasks.cancel_scope.cancel()

    views = house.router.switchboard.keeper.board.views.values()
    assert [view.condition for view in views] == [USABLE] * 3
    assert back_s <= 15
    assert verdicts[1:] == [Verdict.LOCAL_NETWORK_DOWN] * 119


async def test_a_host_is_reached_by_a_connection_with_nothing_in_it():
    async def script(line):
        await line.wait_left()

    async with serving(script) as server:
        assert await reach(server.url)
        gone = server.url
    assert server.asked == []
    assert not await reach(gone)
