"""The router among doors that do as they are told: where a request goes, and how it ends."""

from functools import partial

import pytest
from anyio import create_task_group
from msgspec import structs

from actors.case import Case, Client
from actors.provider.door import Shut
from actors.router.journey import AttemptCrashed
from actors.router.reception import RequestCrashed
from state.config import Capability, LimitsConfig, ModelConfig, Patience, PoolConfig, Strategy
from state.events import (
    Cancelled,
    Disable,
    Force,
    Interrupted,
    LinkLost,
    LinkRestored,
    Mark,
    PreferenceCleared,
    RequestClosed,
    Rescued,
    StrategySet,
    Verdict,
)
from state.failures import Kind, Scope
from state.routing.board import Out, Usable
from state.words import ProviderId
from tests.fakes import settle
from tests.house_of_doors import (
    Act,
    Ear,
    House,
    breaks_after,
    fails,
    lane,
    offering,
    provider,
    says,
    tried,
)
from tests.wire.calls import embed

pytestmark = pytest.mark.anyio
EMBEDS = (Capability.EMBEDDINGS,)


async def test_the_first_lane_answers_and_nobody_else_is_asked():
    house = House("a", "b")

    closed = await house.serve()

    assert closed.verdict is Verdict.OK
    assert closed.lane == lane("a")
    assert closed.answer is not None
    assert closed.answer.body == b'{"said":"hello"}'
    assert tried(closed) == ["a"]
    assert house.doors["b"].knocks == []


@pytest.mark.parametrize(
    "kind", sorted(set(Kind) - {Kind.CONTEXT_LENGTH, Kind.CONTENT_POLICY, Kind.BAD_REQUEST})
)
async def test_what_fails_is_answered_by_the_next_lane(kind):
    house = House("a", "b", a=[fails(kind)])

    closed = await house.serve()

    assert (closed.verdict, closed.lane, tried(closed)) == (Verdict.OK, lane("b"), ["a", "b"])


async def test_when_all_fail_one_error_names_each_and_the_shortest_wait_and_nobody_is_asked_twice():
    house = House(
        "a",
        "b",
        "c",
        a=[fails(Kind.RATE_LIMIT, wait_s=40.0, status=429, said="slow down")],
        b=[fails(Kind.QUOTA, wait_s=20.0)],
        c=[fails(Kind.UNAVAILABLE, status=503)],
    )

    closed = await house.serve()

    assert closed.verdict is Verdict.UNAVAILABLE
    assert tried(closed) == ["a", "b", "c"]
    assert closed.trouble is not None
    for said in ("a/key1/m: rate_limit (429): slow down", "b/key1/m: quota", "c/key1/m: unavailable (503)"):
        assert said in closed.trouble.message
    assert closed.trouble.retry_after_s is not None


async def test_a_quarantined_lane_is_not_asked_and_the_error_says_so():
    house = House("a", a=[fails(Kind.AUTH, Scope.KEY)])
    await house.serve()

    closed = await house.serve()

    assert (closed.verdict, tried(closed)) == (Verdict.UNAVAILABLE, [])
    assert closed.trouble is not None
    assert "a/key1/m: out" in closed.trouble.message
    assert closed.trouble.retry_after_s is None


async def test_a_new_request_starts_fresh():
    house = House("a", "b", a=[fails(Kind.BAD_REQUEST, Scope.MODEL), says("well")])

    assert tried(await house.serve()) == ["a", "b"]
    assert tried(await house.serve()) == ["a"]


async def test_quotas_use_up_keys_times_models_in_order_and_then_stop():
    models = ("m1", "m2", "m3", "m4")
    gemini = provider("gemini", *models, keys=3)
    house = House(providers=(gemini,))
    for one in gemini.lanes:
        house.plays(one, fails(Kind.QUOTA, wait_s=3600.0))

    closed = await house.serve()

    assert [line.lane for line in closed.trail] == list(gemini.lanes)
    assert [str(line.lane) for line in closed.trail][3:5] == ["gemini/key1/m4", "gemini/key2/m1"]
    assert closed.verdict is Verdict.UNAVAILABLE
    assert closed.trouble is not None
    assert closed.trouble.message.count("quota") == 12
    assert closed.trouble.retry_after_s == pytest.approx(3600.0)


async def test_what_is_too_long_goes_to_a_larger_model_and_to_each_small_one_once():
    house = House(providers=(_sized("small", 1000), _sized("equal", 1000), _sized("large", 9000)))
    house.plays(lane("small"), fails(Kind.CONTEXT_LENGTH, Scope.REQUEST))

    closed = await house.serve()

    assert tried(closed) == ["small", "large"]
    assert closed.verdict is Verdict.OK
    assert house.of(Rescued) == []


async def test_what_is_too_long_for_all_is_the_callers_error():
    house = House(providers=(_sized("small", 1000), _sized("large", 9000)))
    for name in ("small", "large"):
        house.plays(lane(name), fails(Kind.CONTEXT_LENGTH, Scope.REQUEST))

    closed = await house.serve()

    assert (closed.verdict, tried(closed)) == (Verdict.CALLER_ERROR, ["small", "large"])


async def test_a_refusal_of_content_is_reported_and_not_routed_around():
    house = House("a", "b", a=[fails(Kind.CONTENT_POLICY, Scope.REQUEST, said="not this")])

    closed = await house.serve()

    assert (closed.verdict, tried(closed)) == (Verdict.CALLER_ERROR, ["a"])
    assert closed.trouble is not None
    assert closed.trouble.message == "not this"


async def test_a_pool_may_ask_elsewhere_after_a_refusal_of_content():
    pool = PoolConfig(lanes=("*",), on_content_policy="next")
    house = House("a", "b", pools={"bold": pool}, a=[fails(Kind.CONTENT_POLICY, Scope.REQUEST)])

    assert tried(await house.serve("bold")) == ["a", "b"]


async def test_a_bad_request_is_the_callers_unless_only_this_model_cannot():
    house = House("a", "b", a=[fails(Kind.BAD_REQUEST, Scope.REQUEST, said="no such field")])
    closed = await house.serve()
    assert (closed.verdict, tried(closed)) == (Verdict.CALLER_ERROR, ["a"])
    assert closed.trouble is not None
    assert closed.trouble.message == "no such field"

    house = House("a", "b", a=[fails(Kind.BAD_REQUEST, Scope.MODEL)])
    assert tried(await house.serve()) == ["a", "b"]


async def test_a_poison_prompt_strikes_one_lane_only():
    house = House("a", "b", "c", a=[fails(Kind.BAD_RESPONSE)], b=[fails(Kind.BAD_RESPONSE)])

    closed = await house.serve()

    assert tried(closed) == ["a", "b", "c"]
    assert [line.terms.may_strike for line in closed.trail] == [True, False, False]
    assert isinstance(_condition(house, "a"), Out)
    assert isinstance(_condition(house, "b"), Usable)


async def test_the_door_has_the_last_word():
    house = House("a", "b")
    house.doors["a"].shut = Shut("it is starting")

    closed = await house.serve()

    assert (closed.lane, tried(closed)) == (lane("b"), ["b"])
    (event,) = house.of(RequestClosed)
    assert [(str(look.chose), look.refused) for look in event.looks] == [
        ("a/key1/m", "it is starting"),
        ("b/key1/m", ""),
    ]


async def test_a_lane_alone_is_told_so_and_the_others_are_not():
    house = House("a", "b", a=[fails(Kind.UNAVAILABLE)])

    await house.serve()

    assert [knock.alone for door in house.doors.values() for knock in door.knocks] == [False, True]
    assert [knock.last_standing for door in house.doors.values() for knock in door.knocks] == [False, True]


async def test_without_failover_the_first_lane_is_alone():
    house = House("a", "b", a=[fails(Kind.UNAVAILABLE)])

    closed = await house.serve(failover=False)

    assert (closed.verdict, tried(closed)) == (Verdict.UNAVAILABLE, ["a"])
    assert house.doors["a"].knocks[0].alone


async def test_a_caller_says_where_it_may_go():
    house = House("a", "b", "c", b=[fails(Kind.UNAVAILABLE)])

    assert tried(await house.serve(exclude=("a",))) == ["b", "c"]
    assert tried(await house.serve(include=("c",))) == ["c"]
    assert tried(await house.serve(preferred_provider="c")) == ["c"]
    assert tried(await house.serve(include=("nobody",))) == []


async def test_a_caller_who_rules_everybody_out_made_the_error_itself():
    closed = await House("a").serve(exclude=("*",))

    assert closed.verdict is Verdict.CALLER_ERROR
    assert closed.trouble is not None
    assert "1 ruled out by the request" in closed.trouble.message


async def test_embeddings_never_change_their_model():
    vectors = {"a": ModelConfig(name="ada", can=EMBEDS), "b": ModelConfig(name="bge", can=EMBEDS)}
    house = House(providers=tuple(offering(name, model) for name, model in vectors.items()))
    house.plays(lane("a", "ada"), fails(Kind.UNAVAILABLE))
    case = house.router.open(embed())
    assert isinstance(case, Case)

    closed = await house.clock.until_done(house.router.serve(case))

    assert (closed.verdict, tried(closed)) == (Verdict.UNAVAILABLE, ["a"])


# Time.


async def test_no_request_outlives_its_deadline_whatever_a_provider_does():
    house = House("a", a=[Act(words=(), hangs=True)])

    closed = await house.serve(deadline_s=7.0)

    assert closed.verdict is Verdict.DEADLINE
    assert house.clock.now_ms() == 7000
    assert isinstance(closed.trail[0].outcome, Cancelled)
    assert isinstance(_condition(house, "a"), Usable)


async def test_a_caller_who_leaves_is_a_verdict_and_counts_against_nobody():
    house = House("a", a=[Act(words=(), hangs=True)])

    async with create_task_group() as callers:
        callers.start_soon(house.router.serve, house.case())
        await settle()
        callers.cancel_scope.cancel()

    (event,) = house.of(RequestClosed)
    assert (event.verdict, event.attempts) == (Verdict.CANCELLED, 1)
    assert house.router.status.in_flight == 0
    assert isinstance(_condition(house, "a"), Usable)
    assert house.clock.pending == 0


async def test_every_request_is_closed_once_and_leaves_no_alarm_behind():
    house = House("a", "b", a=[fails(Kind.UNAVAILABLE), says("well")])

    for _ in range(3):
        await house.serve()

    assert len(house.of(RequestClosed)) == 3
    assert house.clock.pending == 0


async def test_nobody_waits_who_did_not_ask_to():
    house = House("a", a=[fails(Kind.RATE_LIMIT, wait_s=5.0)])
    await house.serve()

    closed = await house.serve()

    assert (closed.verdict, house.clock.now_ms()) == (Verdict.UNAVAILABLE, 0)
    assert closed.trouble is not None
    assert closed.trouble.retry_after_s == pytest.approx(5.0)


async def test_who_asked_to_waits_until_a_lane_is_free():
    house = House("a", a=[fails(Kind.RATE_LIMIT, wait_s=5.0), says("at last")])
    await house.serve()

    closed = await house.serve(max_wait_s=60.0)

    assert (closed.verdict, house.clock.now_ms()) == (Verdict.OK, 5000)
    assert house.of(RequestClosed)[-1].looks[-1].has_waited


async def test_who_waits_is_told_at_the_end_of_its_wait_that_it_was_in_vain():
    house = House("a", a=[fails(Kind.RATE_LIMIT, wait_s=500.0)])
    await house.serve()

    closed = await house.serve(max_wait_s=60.0)

    assert (closed.verdict, house.clock.now_ms()) == (Verdict.UNAVAILABLE, 60_000)


async def test_no_wait_helps_where_everybody_was_asked():
    house = House("a", a=[fails(Kind.UNAVAILABLE)])

    closed = await house.serve(max_wait_s=600.0)

    assert (closed.verdict, house.clock.now_ms()) == (Verdict.UNAVAILABLE, 0)


async def test_who_waits_wakes_when_somebody_else_is_done():
    house = House(providers=(provider("a", model_limits=LimitsConfig(concurrency=1)),))
    house.plays(lane("a"), says("slowly", after_s=3.0), says("then"))

    async with create_task_group() as tasks:
        house.lives(tasks)
        tasks.start_soon(house.router.serve, house.case())
        await settle()
        closed = await house.serve(max_wait_s=60.0)
        assert house.clock.now_ms() < 4_100
        tasks.cancel_scope.cancel()

    assert closed.verdict is Verdict.OK


async def test_with_everybody_out_there_is_one_last_resort_in_ten_seconds():
    house = House("a", "b", a=[fails(Kind.TIMEOUT)], b=[fails(Kind.TIMEOUT)])
    for _ in range(4):
        await house.serve()
        await house.clock.advance(11.0)
    assert isinstance(_condition(house, "a"), Out)
    assert isinstance(_condition(house, "b"), Out)
    house.plays(lane("a"), says("back"))
    house.plays(lane("b"), says("back"))
    await house.clock.advance(11.0)

    first = await house.serve()

    assert (first.verdict, first.trail[0].terms.mark) == (Verdict.OK, Mark.LAST_RESORT)
    assert house.of(RequestClosed)[-1].looks[-1].as_last_resort


async def test_between_two_last_resorts_everybody_is_told_to_come_back():
    house = House("a", "b", a=[fails(Kind.TIMEOUT)], b=[fails(Kind.TIMEOUT)])
    marks = []
    for _ in range(30):
        marks += [line.terms.mark for line in (await house.serve()).trail]
        await house.clock.advance(1.0)

    last_resorts = marks.count(Mark.LAST_RESORT)
    assert 1 <= last_resorts <= 3
    assert (await house.serve()).verdict is Verdict.UNAVAILABLE


async def test_the_next_lane_is_made_ready_when_this_one_takes_longer_than_usual():
    house = House("a", "b", a=[says("slowly", after_s=5.0)])

    await house.serve()
    assert house.doors["b"].warmed == [lane("b")]

    house.plays(lane("a"), says("quickly", after_s=0.1))
    await house.serve()
    assert house.doors["b"].warmed == [lane("b")]


# Second tries.


async def test_second_tries_are_at_most_a_fifth_of_all_requests_and_ten():
    house = House("a", "b", a=[Act(outcome=fails(Kind.BAD_REQUEST, Scope.MODEL).outcome, words=(), tries=2)])

    for _ in range(100):
        await house.serve()

    allowed = [knock.may_retry for knock in house.doors["a"].knocks]
    assert allowed[:9] == [True] * 9
    assert not all(allowed)


async def test_a_patient_request_may_always_try_again():
    house = House("a", "b", a=[Act(outcome=fails(Kind.BAD_REQUEST, Scope.MODEL).outcome, words=(), tries=5)])

    for _ in range(50):
        await house.serve(patience=Patience.PATIENT)

    assert all(knock.may_retry for knock in house.doors["a"].knocks)


# Our own faults.


async def test_a_bug_in_one_providers_attempt_is_told_and_the_next_lane_answers():
    bug = RuntimeError("a bug of ours")
    house = House("a", "b", a=[Act(raises=bug)])

    closed = await house.serve()

    assert (closed.verdict, tried(closed)) == (Verdict.OK, ["a", "b"])
    assert isinstance(closed.trail[0].outcome, Interrupted)
    assert [crash.error for crash in house.listener.of(AttemptCrashed)] == [bug]
    assert isinstance(_condition(house, "a"), Usable)


async def test_a_bug_of_the_routers_own_ends_one_request_and_is_told():
    house = House("a")
    house.doors["a"].breaks_down = RuntimeError("a bug of the router's own")

    closed = await house.serve()

    assert closed.verdict is Verdict.INTERRUPTED
    assert len(house.listener.of(RequestCrashed)) == 1
    assert [event.verdict for event in house.of(RequestClosed)] == [Verdict.INTERRUPTED]
    assert house.router.status.in_flight == 0


async def test_a_provider_that_dies_under_a_request_is_left_for_the_next():
    house = House("a", "b", a=[Act(outcome=Interrupted(), words=())])

    closed = await house.serve()

    assert (closed.verdict, tried(closed)) == (Verdict.OK, ["a", "b"])


# Too much.


async def test_more_than_may_be_are_refused_at_once_with_a_time_to_come_back():
    house = House("a", daemon={"in_flight_max": 2}, a=[says("slowly", after_s=9.0)])

    async with create_task_group() as callers:
        for _ in range(2):
            callers.start_soon(house.router.serve, house.case())
        await settle()
        closed = await house.router.serve(house.case())
        assert (closed.verdict, closed.trail) == (Verdict.OVERLOADED, ())
        assert closed.trouble is not None
        assert closed.trouble.retry_after_s == 1.0
        await house.clock.advance(10.0)

    assert (await house.serve()).verdict is Verdict.OK
    assert sorted(event.verdict for event in house.of(RequestClosed)) == ["ok", "ok", "ok", "overloaded"]


async def test_one_client_cannot_crowd_out_the_others():
    house = House("a", daemon={"in_flight_per_client_max": 1}, a=[says("slowly", after_s=9.0)])
    greedy, modest = Client(app="greedy", uid=1), Client(app="modest", uid=2)

    async with create_task_group() as callers:
        callers.start_soon(house.router.serve, house.case(client=greedy))
        await settle()
        refused = await house.router.serve(house.case(client=greedy))
        callers.start_soon(house.router.serve, house.case(client=modest))
        await house.clock.advance(10.0)

    assert refused.verdict is Verdict.OVERLOADED
    assert [event.app for event in house.of(RequestClosed) if event.verdict is Verdict.OK] == [
        "greedy",
        "modest",
    ]


# What is preferred for a while.


async def test_the_lane_that_rescued_is_preferred_until_the_first_is_well():
    house = House("a", "b", a=[fails(Kind.TIMEOUT), says("well")])

    assert tried(await house.serve()) == ["a", "b"]
    (rescued,) = house.of(Rescued)
    assert (rescued.lane, rescued.instead_of, rescued.context) == (lane("b"), (lane("a"),), "/auto")
    assert tried(await house.serve()) == ["b"]
    await house.clock.advance(6 * 60.0)
    assert tried(await house.serve()) == ["a"]


async def test_a_stand_in_gives_way_also_to_who_was_out_before_it_was_asked():
    """Of three lanes two are out, and this context has failed on one of them only."""
    house = House("a", "b", "c", a=[fails(Kind.TIMEOUT), says("well")], b=[fails(Kind.TIMEOUT)])

    assert tried(await house.serve(context="one", include=("a", "c"))) == ["a", "c"]
    await house.clock.advance(4 * 60.0)
    assert tried(await house.serve(context="two")) == ["b", "c"]
    rescued = house.of(Rescued)[-1]
    assert (rescued.lane, rescued.instead_of, rescued.absent) == (lane("c"), (lane("b"),), (lane("a"),))
    assert tried(await house.serve(context="two")) == ["c"]
    await house.clock.advance(2 * 60.0)
    assert tried(await house.serve(context="two")) == ["a"], "b is still out, and that is no reason"


async def test_a_sticky_context_stays_with_its_rescuer_for_half_an_hour():
    house = House("a", "b", a=[fails(Kind.TIMEOUT), says("well")])
    await house.serve(sticky=True)
    await house.clock.advance(6 * 60.0)

    assert tried(await house.serve(sticky=True)) == ["b"]
    await house.clock.advance(25 * 60.0)
    assert tried(await house.serve(sticky=True)) == ["a"]


async def test_an_operator_steers_and_is_answered_when_it_is_on_the_disk():
    house = House("a", "b")
    async with create_task_group() as tasks:
        house.lives(tasks)
        steer = partial(house.router.act, by="root")
        until_ms = house.clock.now_ms() + 3_600_000

        await house.clock.until_done(steer(Force(ProviderId("b"), until_ms)))
        assert tried(await house.serve()) == ["b"]
        await house.clock.until_done(steer(PreferenceCleared()))
        assert tried(await house.serve()) == ["a"]
        await house.clock.until_done(steer(StrategySet("auto", Strategy.ROUND_ROBIN, until_ms)))
        assert [tried(await house.serve())[0] for _ in range(2)] != ["a", "a"]
        await house.clock.until_done(steer(StrategySet("auto", Strategy.PRIMARY_ONLY, until_ms)))
        await house.clock.until_done(steer(Disable(ProviderId("a"), until_ms)))
        assert tried(await house.serve()) == ["b"]
        tasks.cancel_scope.cancel()


async def test_a_force_ends_by_itself():
    house = House("a", "b")
    async with create_task_group() as tasks:
        house.lives(tasks)
        await house.clock.until_done(house.router.act(Force(ProviderId("b"), 3_600_000)))
        await house.clock.advance(3_601.0)
        tasks.cancel_scope.cancel()

    assert tried(await house.serve()) == ["a"]


# Our own network.


async def test_offline_requests_fail_fast_and_say_why_but_local_lanes_answer():
    house = House("a", providers=(provider("home", url="http://127.0.0.1:11434"),))
    house.router.link(LinkLost(at_ms=0, wall_ms=0, since_ms=0))

    assert tried(await house.serve()) == ["home"]
    closed = await house.serve(exclude=("home",))
    assert (closed.verdict, tried(closed)) == (Verdict.LOCAL_NETWORK_DOWN, [])
    assert closed.trouble is not None
    assert closed.trouble.retry_after_s == 5.0


async def test_offline_who_asked_to_waits_for_the_link():
    house = House("a")
    house.router.link(LinkLost(at_ms=0, wall_ms=0, since_ms=0))
    house.clock.call_at(20_000, lambda: house.router.link(LinkRestored(at_ms=20_000, wall_ms=0)))

    closed = await house.serve(max_wait_s=60.0)

    assert (closed.verdict, house.clock.now_ms()) == (Verdict.OK, 20_000)


async def test_keep_alives_flow_while_a_failover_goes_on():
    house = House("a", "b", a=[fails(Kind.UNAVAILABLE)])

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, ear.alive) == (Verdict.OK, "hello", 1)


async def test_a_caller_of_a_stream_is_kept_from_hanging_up_while_nothing_is_said():
    house = House("a", a=[says("one ", "two ", "three", after_s=12.0, gap_s=1.0)])

    _, ear = await house.stream()

    assert ear.alive == 2


async def test_a_caller_of_a_stream_that_queues_is_kept_from_hanging_up_too():
    house = House("a", a=[fails(Kind.RATE_LIMIT, wait_s=11.0), says("at last")])
    await house.serve()

    closed, ear = await house.stream(max_wait_s=60.0)

    assert (closed.verdict, ear.alive) == (Verdict.OK, 3)


async def test_a_provider_that_a_reload_brings_is_there_for_the_next_request():
    house = House("a", a=[fails(Kind.RATE_LIMIT, wait_s=500.0)])
    await house.serve()
    other = House("b", clock=house.clock)
    both = {"provider": house.config.provider | other.config.provider}

    async with create_task_group() as tasks:
        tasks.start_soon(house.router.switchboard.keeper.watch)
        await settle()
        house.router.adopt(
            structs.replace(house.config, **both), house.doors | other.doors, house.ledgers | other.ledgers
        )
        closed = await house.serve()
        tasks.cancel_scope.cancel()

    assert closed.lane == lane("b")


async def test_a_router_that_starts_offline_is_offline():
    house = House("a")
    house.router.link(LinkLost(at_ms=0, wall_ms=0, since_ms=0))

    house.reborn(house.router.state)

    assert (await house.serve()).verdict is Verdict.LOCAL_NETWORK_DOWN


async def test_a_request_that_streams_gets_its_answer_through_its_sink_alone():
    closed, ear = await House("a", a=[says("one ", "two")]).stream()

    assert (closed.verdict, closed.answer, ear.text) == (Verdict.OK, None, "one two")
    assert ear.begun == [lane("a")]


def _condition(house, name):
    view = house.router.switchboard.keeper.board.views[lane(name)]
    return view.condition_at(house.clock.now_ms())


def _sized(name, context):
    return offering(name, ModelConfig(name="m", context=context))


async def test_whoever_is_past_its_deadline_asks_nobody_else():
    house = House("a", "b", a=[breaks_after("word")])

    class Late(Ear):
        def chunk(self, chunk):
            super().chunk(chunk)
            house.clock.stall(60.0)

    closed = await house.router.serve(house.case(stream=True, deadline_s=5.0), Late())

    assert (closed.verdict, [str(line.lane) for line in closed.trail]) == (Verdict.DEADLINE, ["a/key1/m"])
