"""Why a request went where it went: the same story from memory and from the journal, long after."""

import pytest
from anyio import create_task_group
from msgspec.structs import replace

from state.config import PoolConfig, Strategy
from state.events import AttemptOpened, BoardShown, Disable, Force, RequestClosed, Verdict
from state.failures import Kind
from state.routing.question import Ranked, Skipped, Why
from state.telling.explanation import look_then
from state.words import ProviderId
from tests.fakes import settle
from tests.house_of_doors import House, breaks_after, fails, lane, provider, says

pytestmark = pytest.mark.anyio


@pytest.fixture
async def alive():
    """Lets a house live, its journal on a disk."""
    async with create_task_group() as tasks:

        def start(house):
            house.lives(tasks)
            return house

        yield start
        tasks.cancel_scope.cancel()


async def explained(house, at=-1):
    """The latest request, by memory and by the journal alone."""
    await settle()
    request_id = _closed(house)[at].request_id
    by_memory = await house.router.explain(request_id)
    by_journal = await house.reborn().explain(request_id)
    assert by_memory is not None
    assert by_journal is not None
    return by_memory, by_journal


def _closed(house):
    return [event for event in house.events_on_disk() if isinstance(event, RequestClosed)]


def bare(explanation):
    """What must be the same both ways: how busy lanes were may be older in the journal."""
    return (
        explanation.request_id,
        explanation.verdict,
        explanation.lane,
        [(then.look, [each.placing for each in then.lanes]) for then in explanation.looks],
        [[each.view.condition for each in then.lanes if each.view] for then in explanation.looks],
        explanation.tries,
        explanation.seams,
    )


async def test_every_lane_has_a_place_or_a_reason_with_its_standing_then(alive):
    house = alive(House("a", "b", "c", a=[fails(Kind.TIMEOUT, after_s=10.0)]))
    await house.serve()
    await house.serve(exclude=("c",))

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    (look,) = by_journal.looks
    reasons = {each.placing.lane.provider: each.placing for each in look.lanes}
    assert isinstance(reasons["b"], Ranked)
    assert isinstance(reasons["a"], Skipped)
    assert (reasons["a"].why, reasons["c"].why) == (Why.OUT, Why.EXCLUDED)
    assert "timeout" in str(reasons["a"])


async def test_what_happened_later_does_not_change_the_story(alive):
    house = alive(House("a", "b", a=[fails(Kind.UNAVAILABLE, after_s=1.0)]))
    await house.serve()
    await settle()
    before = bare((await explained(house, 0))[1])

    await house.clock.until_done(house.router.act(Disable(ProviderId("b"), 10**9)))
    await house.serve()
    house.config = House("z").config
    after = bare((await explained(house, 0))[1])

    assert before == after


async def test_each_attempt_tells_its_rule_its_seconds_its_tokens_and_its_cost(alive):
    house = alive(House("a", "b", a=[fails(Kind.UNAVAILABLE, after_s=1.5)], b=[says("hi", cost_usd=0.25)]))
    await house.serve()

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    assert [str(tried) for tried in by_journal.tries] == [
        "a/key1/m: unavailable (rule test-unavailable) after 1.50 s",
        "b/key1/m: answered after 0.00 s, 10+5 tokens, $0.250000",
    ]


async def test_a_seam_is_told(alive):
    house = alive(House("a", "b", a=[breaks_after("one ")], b=[says("one two")]))
    await house.stream()

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    assert "seam at 4: a/key1/m -> b/key1/m, repeated" in str(by_journal)


async def test_force_and_memory_are_told_as_they_were(alive):
    house = alive(House("a", "b", "c", a=[fails(Kind.TIMEOUT)]))
    await house.serve()
    await house.serve()
    assert bare((await explained(house))[0]) == bare((await explained(house))[1])

    await house.clock.until_done(house.router.act(Force(ProviderId("c"), 60_000)))
    await house.serve()
    await house.clock.advance(61.0)

    by_memory, by_journal = await explained(house)
    assert "1. c/key1/m, forced" in str(by_journal)
    assert bare(by_memory) == bare(by_journal)


async def test_turns_and_chance_are_told_as_they_were(alive):
    pools = {"fair": PoolConfig(lanes=("*",), strategy=Strategy.ROUND_ROBIN)}
    house = alive(House("a", "b", "c", pools=pools))
    for _ in range(5):
        await house.serve("fair")

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    assert by_journal.looks[0].look.chose == lane("b")


async def test_who_was_chosen_stands_first_even_where_it_is_no_longer_known_why(alive):
    """How well lanes do is on the journal's board from time to time only."""
    house = alive(House("a", "b", "c"))
    await house.serve()
    await settle()
    (closed,) = _closed(house)
    memory = house.router._reception.memoirs._recent[closed.request_id]
    then = look_then(replace(closed.looks[0], chose=lane("b")), memory.questions[0])

    ranked = [each.placing for each in then.lanes if isinstance(each.placing, Ranked)]
    assert [(each.lane, each.place) for each in ranked] == [(lane("b"), 1), (lane("a"), 2), (lane("c"), 3)]


async def test_a_wait_is_told(alive):
    house = alive(House("a", a=[fails(Kind.RATE_LIMIT, wait_s=5.0), says("well")]))
    await house.serve()
    await house.serve(max_wait_s=30.0)

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    assert [then.look.has_waited for then in by_journal.looks] == [False, True]
    assert "resting" in str(by_journal)


async def test_the_board_is_shown_once_for_as_long_as_it_stays_the_same(alive):
    house = alive(House("a", "b"))
    for _ in range(20):
        await house.serve()
    await settle()

    shown = [event for event in house.events_on_disk() if isinstance(event, BoardShown)]
    assert [(event.version, event.is_whole, len(event.views)) for event in shown] == [(1, True, 2)]


async def test_of_a_changed_board_only_the_change_is_shown(alive):
    house = alive(House("a", "b", "c", a=[fails(Kind.TIMEOUT)]))
    for _ in range(5):
        await house.serve()
    await settle()

    shown = [event for event in house.events_on_disk() if isinstance(event, BoardShown)]
    assert [[str(view.lane) for view in event.views] for event in shown[1:]] == [["a/key1/m"]]


async def test_once_an_hour_the_whole_board_is_shown_anew(alive):
    house = alive(House("a", "b"))
    for _ in range(3):
        await house.serve()
        await house.clock.advance(3601.0)
    await settle()

    shown = [event for event in house.events_on_disk() if isinstance(event, BoardShown)]
    assert [event.is_whole for event in shown] == [True, True, True]
    assert all(event.pools for event in shown)


async def test_a_board_that_was_forgotten_leaves_the_rest_of_the_story(alive):
    house = alive(House("a"))
    await house.serve()
    await settle()
    house.disk.connection.execute("DELETE FROM event WHERE kind = 'board_shown'")

    _, by_journal = await explained(house)

    assert by_journal.looks[0].lanes == ()
    assert [tried.lane for tried in by_journal.tries] == [lane("a")]


async def test_what_never_ended_was_interrupted_and_what_nobody_knows_is_not_there(alive):
    house = alive(House("a"))
    house.record(AttemptOpened(at_ms=0, wall_ms=0, attempt_id="x", request_id="lost", lane=lane("a")))
    await settle()

    lost = await house.router.explain("lost")

    assert lost is not None
    assert lost.verdict is Verdict.INTERRUPTED
    assert await house.router.explain("nobody") is None


async def test_what_is_under_way_says_so(alive):
    house = alive(House("a", a=[says("slowly", after_s=9.0)]))
    case = house.case()

    async with create_task_group() as callers:
        callers.start_soon(house.router.serve, case)
        await settle()
        now = await house.router.explain(case.id)
        callers.cancel_scope.cancel()

    assert now is not None
    assert (now.verdict, str(now)) == (None, f"{case.id}: under way")


async def test_a_cascade_through_every_key_and_model_can_be_read(alive):
    gemini = provider("gemini", "m1", "m2", keys=2)
    house = alive(House(providers=(gemini,)))
    for one in gemini.lanes:
        house.plays(one, fails(Kind.QUOTA))
    await house.serve()

    by_memory, by_journal = await explained(house)

    assert bare(by_memory) == bare(by_journal)
    assert [then.look.chose for then in by_journal.looks] == [*gemini.lanes, None]
