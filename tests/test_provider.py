"""The provider's actor: lets in, serves, dies, comes back, drains, and takes up another config."""

import anyio
import pytest
from msgspec.structs import replace

from actors.kernel.answers import ActorDied
from actors.kernel.facts import ChildCrashed, End
from actors.provider.door import Shut
from state.config import Api, KeyConfig, LimitsConfig, ModelConfig, TimeoutConfig
from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    Interrupted,
    OperatorActed,
    ProbeClosed,
    Quarantine,
)
from state.failures import Failure, Kind
from state.standing.admission import Held
from state.usage.limits import Exhausted
from state.words import LaneId
from tests.doorstep import DONE, HELLO, LANE, OTHER, Doorstep, Ear, doorstep, error, said
from tests.fakes import FakeClock, settle
from tests.fakes.transport import SILENCE, stream, whole
from tests.wire.calls import embed

pytestmark = pytest.mark.anyio

WELL = whole(HELLO)
BROKEN = whole(error("boom"), 500)
REFUSED = whole(error("Incorrect API key provided", code="invalid_api_key"), 401)
LATER = "it has died and is coming back"


async def crash(step: Doorstep) -> None:
    """Let this life die of a bug."""
    step.network.bug = ValueError("bad luck")
    assert await step.probe(LANE.provider_id) == ActorDied(step.mailbox.name)
    step.network.bug = None
    await settle()


# Overloaded.


async def test_it_takes_no_more_at_once_than_its_limits_allow(clock: FakeClock):
    async with doorstep(clock, WELL, model_limits=LimitsConfig(concurrency=3)) as step:
        tickets = [step.let_in() for _ in range(3)]
        assert isinstance(step.knock(), Exhausted)
        await clock.until_done(step.door.attempt(tickets[0], None))
        step.let_in()
        assert isinstance(step.knock(), Exhausted)


async def test_whoever_is_too_many_a_minute_waits_for_it(clock: FakeClock):
    async with doorstep(clock, WELL, limits=LimitsConfig(rpm=2)) as step:
        for _ in range(2):
            await clock.until_done(step.attempt())
        refused = step.knock(lane=OTHER)
        assert isinstance(refused, Exhausted)
        assert str(refused) == "p: 2 of 2 rpm used"


async def test_a_thousand_attempts_run_side_by_side(clock: FakeClock):
    async with doorstep(clock, whole(HELLO, after_s=1.0)) as step:
        async with anyio.create_task_group() as tasks:
            for _ in range(1000):
                tasks.start_soon(step.attempt)
            await clock.advance(1)
        assert step.network.open_most == 1000
        assert step.door.in_flight == 0
    assert {type(closed.outcome) for closed in step.of(AttemptClosed)} == {Answered}


# Refused at the door.


async def test_a_lane_that_is_not_there_is_refused(clock: FakeClock):
    async with doorstep(clock, WELL) as step:
        assert step.knock(lane=LaneId("p", "key1", "x")) == Shut("the lane is no longer there")
        assert step.knock(lane=LaneId("p", "key9", "m")) == Shut("the lane is no longer there")
    assert step.events == []


async def test_what_cannot_be_said_in_its_dialect_is_refused(clock: FakeClock):
    async with doorstep(clock, WELL, api=Api.ANTHROPIC) as step:
        refused = step.knock(step.case(embed()))
    assert str(refused) == "`model` is asked for what is not chat, and chat is all there is there"


async def test_whoever_is_held_is_refused_with_the_reason(clock: FakeClock):
    async with doorstep(clock, REFUSED) as step:
        await clock.until_done(step.attempt())
        refused = step.knock(lane=OTHER)
    assert isinstance(refused, Held)
    assert refused.reason.startswith("p/key1 out, its key was refused")


async def test_the_last_resort_is_let_in_all_the_same(clock: FakeClock):
    async with doorstep(clock, BROKEN) as step:
        await clock.until_done(step.attempt())
        assert isinstance(step.knock(), Held)
        assert step.let_in(as_last_resort=True).terms.mark == "last_resort"


# Crashed.


async def test_a_crash_ends_all_who_are_inside_and_strikes_nobody(clock: FakeClock):
    async with doorstep(clock, SILENCE) as step:
        async with anyio.create_task_group() as tasks:
            for stream_it in (True, False, True):
                case = step.case(stream=stream_it)
                tasks.start_soon(step.attempt, case, Ear() if stream_it else None)
            await clock.advance(0)
            assert step.door.in_flight == 3
            await crash(step)
        assert (step.door.in_flight, step.network.open) == (0, 0)
        assert step.knock() == Shut(LATER)
    assert [closed.outcome for closed in step.of(AttemptClosed)] == [Interrupted()] * 3
    assert step.ledger.state.standing.of(LANE).is_spotless
    assert [fact.name for fact in step.listener.of(ChildCrashed)] == ["p"]


async def test_a_crash_ends_also_those_who_are_pausing(clock: FakeClock):
    async with doorstep(clock, whole(error("Rate limit reached"), 429, (b"retry-after", b"3"))) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            await crash(step)
    assert (step.closed.outcome, step.closed.tries) == (Interrupted(), 1)


async def test_the_next_life_has_the_standing_of_the_last(clock: FakeClock):
    async with doorstep(clock, BROKEN) as step:
        await clock.until_done(step.attempt())
        held = step.knock()
        assert isinstance(held, Held)
        await crash(step)
        await clock.advance(1)
        assert step.knock() == held
        assert len(step.accesses) == 2
        step.network.play(WELL)
        await clock.advance(330)
        attempted = (await clock.until_done(step.attempt())).attempted
        assert (attempted.outcome, attempted.terms.mark) == (Answered(), "trial")


async def test_it_serves_again_after_a_crash_and_leaves_nothing_open(clock: FakeClock):
    async with doorstep(clock, WELL) as step:
        for _ in range(3):
            await crash(step)
            await clock.advance(5)
            assert (await clock.until_done(step.attempt())).attempted.outcome == Answered()
    opened = {event.attempt_id for event in step.of(AttemptOpened)}
    assert opened == {event.attempt_id for event in step.of(AttemptClosed)}


# Cancelled.


async def test_the_fire_alarm_ends_everything_at_once(clock: FakeClock):
    async with anyio.create_task_group() as callers:
        async with doorstep(clock, SILENCE) as step:
            callers.start_soon(step.attempt)
            await clock.advance(0)
    assert (step.door.in_flight, step.network.open) == (0, 0)
    assert step.closed.outcome == Interrupted()


async def test_a_caller_who_leaves_takes_nobody_along(clock: FakeClock):
    async with doorstep(clock, whole(HELLO, after_s=2)) as step:
        async with anyio.create_task_group() as others:
            others.start_soon(step.attempt)
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(step.attempt)
                await clock.advance(1)
                tasks.cancel_scope.cancel()
            await clock.advance(1)
    assert [closed.outcome for closed in step.of(AttemptClosed)] == [Cancelled(), Answered()]


# Stopped.


async def test_asked_to_stop_it_lets_nobody_in_and_those_inside_finish(clock: FakeClock):
    async with doorstep(clock, whole(HELLO, after_s=20)) as step:
        ends: list[End] = []

        async def stop() -> None:
            ends.append((await step.supervisor.stop_child("p")).end)

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            tasks.start_soon(stop)
            await clock.advance(1)
            assert step.knock() == Shut("it is stopping")
            assert ends == []
            await clock.advance(18)
        assert ends == [End.DRAINED]
    assert step.closed.outcome == Answered()


async def test_whoever_takes_too_long_is_interrupted(clock: FakeClock):
    async with doorstep(clock, SILENCE, timeout=TimeoutConfig(total_s=600)) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            ended = await clock.until_done(step.supervisor.stop_child("p"))
        assert ended.end is End.CANCELLED
    assert step.closed.outcome == Interrupted()


# Another config.


async def test_a_reload_keeps_the_door_and_the_standing(clock: FakeClock):
    async with doorstep(clock, BROKEN) as step:
        await clock.until_done(step.attempt())
        held = step.knock()
        await step.reload(priority=3)
        assert step.knock() == held
        assert step.ledger.view(LANE).card.priority == 3


async def test_the_new_life_serves_while_the_old_one_drains(clock: FakeClock):
    async with doorstep(clock, whole(HELLO, after_s=10), WELL) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            await step.reload(url="https://elsewhere.example.com/v1")
            tasks.start_soon(step.supervisor.stop_child, "p")
            attempted = (await clock.until_done(step.attempt())).attempted
            assert (attempted.outcome, attempted.at_ms) == (Answered(), 1000)
            assert step.door.in_flight == 1
            await clock.advance(9)
        assert step.door.in_flight == 0
        assert (await clock.until_done(step.attempt())).attempted.outcome == Answered()
    assert [closed.outcome for closed in step.of(AttemptClosed)] == [Answered()] * 3
    assert [access.provider.url for access in step.accesses] == [
        "https://api.example.com/v1",
        "https://elsewhere.example.com/v1",
    ]


async def test_until_the_new_life_is_there_the_old_one_serves_by_its_own_settings(clock: FakeClock):
    async with doorstep(clock, WELL) as step:
        changed = replace(
            step.ledger.provider,
            url="https://elsewhere.example.com/v1",
            keys=(KeyConfig(name="key1"), KeyConfig(name="key2")),
            models=(ModelConfig(name="m"),),
        )
        step.door.reconfigure(changed)
        assert (await clock.until_done(step.attempt())).attempted.outcome == Answered()
        assert isinstance(step.knock(lane=LaneId("p", "key2", "m")), Shut)
        assert isinstance(step.knock(lane=OTHER), Shut)
        await step.supervisor.start_child(step.spec())
        await clock.until_done(step.attempt(lane=LaneId("p", "key2", "m")))


async def test_a_key_that_was_replaced_meanwhile_is_not_blamed_for_its_forerunner(clock: FakeClock):
    late = whole(error("Incorrect API key provided", code="invalid_api_key"), 401, after_s=5)
    async with doorstep(clock, late) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            await step.reload(keys=(KeyConfig(name="key1", secret="env:OTHER"),))
            await clock.advance(4)
        assert step.closed.outcome == Interrupted()
        step.let_in()


async def test_what_else_an_old_connection_meets_still_counts(clock: FakeClock):
    late = whole(error("model exploded"), 500, after_s=5)
    async with doorstep(clock, late) as step:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(step.attempt)
            await clock.advance(1)
            await step.reload(priority=3)
            await clock.advance(20)
        assert isinstance(step.closed.outcome, Failure)
        assert step.closed.outcome.kind is Kind.UNAVAILABLE


# Asked and told.


async def test_whoever_asks_is_told_how_it_is_at_once(clock: FakeClock):
    async with doorstep(clock, whole(b'{"data":[]}')) as step:
        told = await clock.until_done(step.probe(LANE))
        assert isinstance(told, ProbeClosed)
        assert (told.target, told.failure) == (LANE, None)
        step.network.play(REFUSED)
        told = await clock.until_done(step.probe(LANE.provider_id))
        assert isinstance(told, ProbeClosed)
        assert told.failure is not None
        assert told.failure.kind is Kind.AUTH
        step.let_in()
    assert [event.target for event in step.of(ProbeClosed)] == [LANE, LANE.provider_id]


async def test_an_operators_quarantine_counts_at_the_next_knock(clock: FakeClock):
    async with doorstep(clock, WELL) as step:
        act = Quarantine(target=LANE, until_ms=60_000)
        step.ledger.happened(OperatorActed(at_ms=0, wall_ms=0, act=act, by="root"))
        assert isinstance(step.knock(), Held)
        step.let_in(lane=OTHER)
        await clock.advance(61)
        step.let_in()


async def test_a_connection_is_made_ready_for_a_lane_that_is_there(clock: FakeClock):
    async with doorstep(clock, stream(said("a", "stop"), DONE)) as step:
        step.door.warm(LANE)
        step.door.warm(LaneId("p", "key1", "x"))
        assert step.network.warmed == 1
        assert not step.door.continues(LANE)
        assert not step.door.continues(LaneId("p", "key1", "x"))
    await settle()
    step.door.warm(LANE)
    assert step.network.warmed == 1
    assert not step.door.continues(LANE)
    assert repr(step.door) == f"<door of p: {LATER}>"
