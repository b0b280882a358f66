"""The supervisor: who starts when, what a crash costs, who is buried, and how all of it ends."""

from collections.abc import AsyncIterator

import anyio
import pytest
from anyio.lowlevel import checkpoint
from msgspec.structs import replace

from actors.kernel.actor import Life, OnExhausted
from actors.kernel.answers import ActorDied, Buried, Full, Stopped, Told
from actors.kernel.autopsy import Death
from actors.kernel.child import ChildView, Standing
from actors.kernel.facts import (
    Asked,
    ChildBuried,
    ChildCrashed,
    ChildEnded,
    ChildReady,
    ChildRevived,
    End,
    Escalated,
    Report,
)
from actors.kernel.restarts import Intensity
from actors.kernel.supervisor import RollCall, supervise
from tests.cast import Asker, Die, DieInChild, Greet, Hang, Keep, Leave, Message, Note, Troupe, Work
from tests.fakes import FakeClock, FakeRng, RecordingListener, settle

STEADY = Intensity(deaths_max=2, within_s=60.0, pause_s=1.0, growth=2.0, jitter=0.0)


@pytest.fixture
async def troupe(clock: FakeClock, rng: FakeRng, listener: RecordingListener) -> AsyncIterator[Troupe]:
    async with supervise(clock, rng, listener) as supervisor:
        troupe = Troupe(supervisor, clock)
        yield troupe
        troupe.let_go.set()


async def stop(troupe: Troupe, within_s: float = 30.0) -> Report:
    return await troupe.clock.until_done(troupe.supervisor.stop(within_s))


async def turns(count: int = 20) -> None:
    """Let others run for a while, when one of them never rests."""
    for _ in range(count):
        await checkpoint()


# --- start


async def test_a_child_serves_its_mail(troupe: Troupe, listener: RecordingListener):
    views = await troupe.supervisor.start([troupe.player("gemini")])
    assert views == (ChildView("gemini", Standing.ALIVE, 1, 0, 0),)
    assert await troupe.greet("gemini") == 1
    assert listener.told == [ChildReady("gemini", 1, 0.0)]


async def test_stages_start_in_order_and_each_waits_for_the_one_before(
    troupe: Troupe, listener: RecordingListener
):
    async def slow(life: Life[Message]) -> None:
        await troupe.clock.sleep_until(troupe.clock.now_ms() + 3000)
        life.ready()
        await life.wait_stopping()

    specs = [troupe.player("router", 2), troupe.acting("journal", slow, 0), troupe.player("gemini", 1)]
    await troupe.clock.until_done(troupe.supervisor.start(specs))
    assert listener.told == [
        ChildReady("journal", 1, 3.0),
        ChildReady("gemini", 1, 0.0),
        ChildReady("router", 1, 0.0),
    ]


async def test_children_of_one_stage_do_not_wait_for_each_other(troupe: Troupe):
    async def slow(life: Life[Message]) -> None:
        await troupe.clock.sleep_until(troupe.clock.now_ms() + 3000)
        life.ready()
        await life.wait_stopping()

    began_ms = troupe.clock.now_ms()
    await troupe.clock.until_done(troupe.supervisor.start([troupe.acting(name, slow) for name in "abc"]))
    assert troupe.clock.now_ms() - began_ms == 3000


async def test_a_child_that_is_never_ready_holds_up_the_others_for_a_bounded_time(troupe: Troupe):
    async def never_ready(life: Life[Message]) -> None:
        await life.wait_stopping()

    began_ms = troupe.clock.now_ms()
    specs = [troupe.acting("ollama", never_ready, 0), troupe.player("router", 1)]
    views = await troupe.clock.until_done(troupe.supervisor.start(specs))
    assert [view.standing for view in views] == [Standing.STARTING, Standing.ALIVE]
    assert troupe.clock.now_ms() - began_ms == 10_000


async def test_a_crash_before_ready_is_tried_again_and_the_next_stage_waits(
    troupe: Troupe, listener: RecordingListener
):
    async def third_time_lucky(life: Life[Message]) -> None:
        if life.number < 3:
            raise OSError("not yet")
        life.ready()
        await life.wait_stopping()

    journal = replace(troupe.acting("journal", third_time_lucky), intensity=STEADY)
    await troupe.clock.until_done(troupe.supervisor.start([journal, troupe.player("router", 1)]))
    first, second, *rest = listener.told
    assert isinstance(first, ChildCrashed)
    assert str(first).startswith("journal crashed before it was ready (life 1), next life in 1.0 s: OSError")
    assert isinstance(second, ChildCrashed)
    assert rest == [ChildReady("journal", 3, 0.0), ChildReady("router", 1, 0.0)]


async def test_a_child_that_is_buried_at_its_start_does_not_keep_the_others_from_starting(troupe: Troupe):
    async def stillborn(_life: Life[Message]) -> None:
        raise OSError("no such model")

    began_ms = troupe.clock.now_ms()
    specs = [troupe.acting("ollama", stillborn), troupe.player("router", 1)]
    views = await troupe.clock.until_done(troupe.supervisor.start(specs))
    assert [view.standing for view in views] == [Standing.BURIED, Standing.ALIVE]
    assert troupe.clock.now_ms() - began_ms < 5000


async def test_to_be_asked_to_stop_while_starting_ends_the_start(troupe: Troupe):
    async def never_ready(_life: Life[Message]) -> None:
        await anyio.sleep_forever()

    specs = [troupe.acting("journal", never_ready), troupe.player("router", 1)]
    async with anyio.create_task_group() as group:
        group.start_soon(troupe.supervisor.start, specs)
        await settle()
        troupe.supervisor.ask_to_stop("SIGTERM")
    began_ms = troupe.clock.now_ms()
    report = await stop(troupe)
    assert report == Report(Asked("SIGTERM"), (ChildEnded("journal", End.CANCELLED, 0.0),), 0.0)
    assert troupe.clock.now_ms() == began_ms
    assert troupe.mailboxes["router"].tell_nowait(Note("too late")) == Stopped("router")


async def test_a_child_says_once_that_it_is_ready(troupe: Troupe, listener: RecordingListener):
    async def eager(life: Life[Message]) -> None:
        life.ready()
        life.ready()

    await troupe.supervisor.start([troupe.acting("gemini", eager)])
    assert "<life 1 of gemini> says twice that it is ready" in str(listener.of(ChildCrashed)[0])


# --- crash


async def test_a_crash_ends_one_life_of_one_child(troupe: Troupe, listener: RecordingListener):
    gemini = replace(troupe.player("gemini"), intensity=STEADY)
    await troupe.supervisor.start([gemini, troupe.player("ollama")])
    listener.clear()
    troupe.tell("gemini", Die(ValueError("bad luck")))
    await settle()
    assert troupe.standing("gemini") is Standing.RESTING
    assert await troupe.greet("ollama") == 1
    await troupe.clock.advance(1)
    assert await troupe.greet("gemini") == 2
    crashed, ready = listener.told
    assert isinstance(crashed, ChildCrashed)
    assert str(crashed).startswith(
        "gemini crashed (life 1), next life in 1.0 s: ValueError: bad luck (tests/cast"
    )
    assert str(ready) == "gemini is ready again (life 2) after 0.0 s"


async def test_who_asked_learns_that_the_actor_died_and_who_waits_is_served_by_the_next_life(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    mailbox = troupe.mailboxes["gemini"]
    killer = Asker(mailbox, lambda reply: Die(ValueError("bad luck"), reply))
    kept, waiting = Asker(mailbox, Keep), Asker(mailbox, Greet)
    async with anyio.create_task_group() as group:
        for asker in (kept, killer, waiting):
            group.start_soon(asker)
        await settle()
        assert kept.heard == killer.heard == [ActorDied("gemini")]
        assert waiting.heard == []
        await troupe.clock.advance(1)
    assert waiting.heard == [2]


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (Die(ValueError("bad luck")), "ValueError: bad luck (tests/cast.py"),
        (DieInChild(KeyError("lost")), "KeyError: 'lost' (tests/cast.py"),
        (Leave(), "returned, though nobody asked it to stop"),
    ],
)
async def test_however_an_actor_dies_it_lives_again(
    troupe: Troupe, listener: RecordingListener, message: Message, said: str
):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", message)
    await settle()
    assert await troupe.greet("gemini") == 2
    assert listener.of(ChildCrashed)[0].death.error.startswith(said)


async def test_an_actor_that_cannot_even_be_made_dies_like_any_other(
    troupe: Troupe, listener: RecordingListener
):
    made = iter([False, True])
    gemini = troupe.player("gemini")

    def make():
        if next(made):
            return gemini.make()
        raise TypeError("no such argument")

    await troupe.clock.until_done(troupe.supervisor.start([replace(gemini, make=make)]))
    assert await troupe.greet("gemini") == 2
    assert listener.of(ChildCrashed)[0].death.error.startswith("TypeError: no such argument")


async def test_a_cancellation_that_nobody_ordered_is_a_death_and_not_the_end_of_the_tree(
    troupe: Troupe, listener: RecordingListener
):
    async def waits_for_a_lost_cause(life: Life[Message]) -> None:
        life.ready()
        if life.number == 1:
            raise anyio.get_cancelled_exc_class()
        await life.wait_stopping()

    await troupe.supervisor.start([troupe.acting("gemini", waits_for_a_lost_cause), troupe.player("ollama")])
    await troupe.clock.advance(1)
    assert listener.of(ChildCrashed)[0].death == Death("cancelled, though nobody ordered it")
    assert [view.standing for view in troupe.supervisor.children] == [Standing.ALIVE, Standing.ALIVE]


async def test_a_message_that_kills_its_reader_kills_it_once(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Die(ValueError("poison")))
    troupe.tell("gemini", Note("survives"))
    await troupe.clock.advance(60)
    assert len(listener.of(ChildCrashed)) == 1
    assert troupe.diary == ["survives"]


async def test_every_life_has_a_fresh_actor(troupe: Troupe):
    made: list[object] = []
    gemini = troupe.player("gemini")

    def make():
        made.append(gemini.make())
        return made[-1]

    await troupe.supervisor.start([replace(gemini, make=make)])
    await troupe.kill("gemini", 3)
    assert len({id(actor) for actor in made}) == 3


async def test_an_overloaded_actor_refuses_and_serves_on(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini", capacity=2)])
    mailbox = troupe.mailboxes["gemini"]
    assert [mailbox.tell_nowait(Note(text)) for text in "abc"] == [Told(), Told(), Full("gemini", 2)]
    assert await mailbox.ask(Greet) == Full("gemini", 2)
    await settle()
    assert troupe.diary == ["a", "b"]
    assert await troupe.greet("gemini") == 1


# --- burial and escalation


async def test_a_child_that_dies_too_often_is_buried_and_the_others_live_on(
    troupe: Troupe, listener: RecordingListener
):
    gemini = replace(troupe.player("gemini"), intensity=STEADY)
    await troupe.supervisor.start([gemini, troupe.player("ollama")])
    await troupe.kill("gemini", 2)
    await troupe.greet("gemini")
    troupe.tell("gemini", Die(ValueError("bad luck")))
    troupe.tell("gemini", Note("unread"))
    waiting = Asker(troupe.mailboxes["gemini"], Greet)
    async with anyio.create_task_group() as group:
        group.start_soon(waiting)
    (buried,) = listener.of(ChildBuried)
    assert (buried.name, buried.life, buried.deaths, buried.again_s) == ("gemini", 3, 3, 300.0)
    assert buried.unread == 2
    assert str(buried).startswith(
        "gemini is buried after 3 deaths, tried again in 300 s: ValueError: bad luck"
    )
    refused = Buried("gemini", buried.death.error, troupe.clock.now_ms() + 300_000)
    assert waiting.heard == [refused]
    assert await troupe.greet("gemini") == refused
    assert await troupe.greet("ollama") == 1


async def test_a_buried_child_is_tried_again_after_five_minutes(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([replace(troupe.player("gemini"), intensity=STEADY)])
    await troupe.kill("gemini", 3)
    await troupe.clock.advance(299.9)
    assert troupe.standing("gemini") is Standing.BURIED
    listener.clear()
    await troupe.clock.advance(0.1)
    assert listener.told == [ChildRevived("gemini"), ChildReady("gemini", 4, 0.0)]
    assert str(ChildRevived("gemini")) == "gemini is tried again"
    assert await troupe.greet("gemini") == 4


async def test_who_dies_on_probation_is_buried_at_once(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([replace(troupe.player("gemini"), intensity=STEADY)])
    await troupe.kill("gemini", 3)
    await troupe.clock.advance(301)
    await troupe.kill("gemini")
    assert [buried.deaths for buried in listener.of(ChildBuried)] == [3, 3]


async def test_who_survives_probation_may_die_again(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([replace(troupe.player("gemini"), intensity=STEADY)])
    await troupe.kill("gemini", 3)
    await troupe.clock.advance(300 + 61)
    await troupe.kill("gemini")
    assert len(listener.of(ChildBuried)) == 1
    assert await troupe.greet("gemini") == 5


async def test_rare_deaths_never_bury(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([replace(troupe.player("gemini"), intensity=STEADY)])
    for _ in range(10):
        await troupe.kill("gemini")
        await troupe.clock.advance(31)
    assert len(listener.of(ChildCrashed)) == 10
    assert listener.of(ChildBuried) == []


async def test_a_child_that_nobody_can_do_without_brings_the_tree_down(
    troupe: Troupe, listener: RecordingListener
):
    journal = replace(troupe.player("journal"), intensity=STEADY, on_exhausted=OnExhausted.ESCALATE)
    await troupe.supervisor.start([journal, troupe.player("router", 1)])
    await troupe.kill("journal", 3)
    why = await troupe.supervisor.wait_leaving()
    assert isinstance(why, Escalated)
    assert str(why).startswith("journal died 3 times: ValueError: bad luck")
    assert await troupe.greet("router") == 1
    assert await troupe.greet("journal") == Stopped("journal")
    report = await stop(troupe)
    assert report.why is why
    assert [(child.name, child.end) for child in report.children] == [
        ("router", End.DRAINED),
        ("journal", End.CRASHED),
    ]
    assert listener.of(Escalated) == [why]


async def test_an_escalation_at_boot_ends_the_start(troupe: Troupe):
    async def stillborn(_life: Life[Message]) -> None:
        raise OSError("disk on fire")

    journal = replace(troupe.acting("journal", stillborn), on_exhausted=OnExhausted.ESCALATE)
    views = await troupe.clock.until_done(troupe.supervisor.start([journal, troupe.player("router", 1)]))
    assert [(view.name, view.standing) for view in views] == [("journal", Standing.GONE)]
    assert isinstance(await troupe.supervisor.wait_leaving(), Escalated)


async def test_the_first_reason_to_leave_stands(troupe: Troupe, listener: RecordingListener):
    troupe.supervisor.ask_to_stop("SIGTERM")
    troupe.supervisor.ask_to_stop("SIGINT")
    assert await troupe.supervisor.wait_leaving() == Asked("SIGTERM")
    assert listener.told == [Asked("SIGTERM")]


# --- stop


async def test_stages_stop_in_reverse_order_of_their_start(troupe: Troupe, listener: RecordingListener):
    names = {"journal": 0, "gemini": 1, "ollama": 1, "router": 2}
    await troupe.supervisor.start([troupe.player(name, stage) for name, stage in names.items()])
    listener.clear()
    report = await stop(troupe)
    ended = tuple(ChildEnded(name, End.DRAINED, 0.0) for name in ("router", "ollama", "gemini", "journal"))
    assert report == Report(Asked("asked to stop"), ended, 0.0)
    assert listener.told == [Asked("asked to stop"), *ended]
    assert str(report).splitlines() == [
        "stopped in 0.0 s, asked to stop",
        "  router drained after 0.0 s",
        "  ollama drained after 0.0 s",
        "  gemini drained after 0.0 s",
        "  journal drained after 0.0 s",
    ]


async def test_a_stage_waits_until_the_one_above_has_stopped(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini"), troupe.player("router", 1)])
    troupe.tell("router", Work(troupe.clock.now_ms() + 2000))
    await settle()
    async with anyio.create_task_group() as group:
        group.start_soon(troupe.supervisor.stop, 30.0)
        await troupe.clock.advance(1)
        assert troupe.standing("router") is Standing.STOPPING
        assert await troupe.greet("gemini") == 1
        await troupe.clock.advance(1)
    assert troupe.supervisor.children == ()


async def test_a_child_serves_what_waits_and_finishes_what_it_owns_before_it_stops(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Work(troupe.clock.now_ms() + 3000))
    troupe.tell("gemini", Note("served"))
    report = await stop(troupe)
    assert troupe.diary == ["served", "work done"]
    assert report.children == (ChildEnded("gemini", End.DRAINED, 3.0),)


async def test_a_stopping_child_takes_no_more_mail(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Work(troupe.clock.now_ms() + 3000))
    async with anyio.create_task_group() as group:
        group.start_soon(troupe.supervisor.stop, 30.0)
        await troupe.clock.advance(1)
        assert troupe.mailboxes["gemini"].tell_nowait(Note("too late")) == Stopped("gemini")
        assert await troupe.mailboxes["gemini"].ask(Greet) == Stopped("gemini")
        await troupe.clock.advance(2)


async def test_a_child_that_outlives_its_grace_is_cancelled(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Hang())
    await settle()
    troupe.tell("gemini", Note("unread"))
    report = await stop(troupe)
    assert report.children == (ChildEnded("gemini", End.CANCELLED, 5.0, unread=1),)
    assert str(report.children[0]) == "gemini cancelled after 5.0 s, 1 messages unread"
    assert report.abandoned == ()


async def test_who_asked_a_child_that_stops_without_an_answer_is_told_so(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini"), troupe.player("ollama")])
    kept, waiting = (
        Asker(troupe.mailboxes["gemini"], Keep),
        Asker(troupe.mailboxes["ollama"], Greet),
    )
    troupe.tell("ollama", Hang())
    async with anyio.create_task_group() as group:
        group.start_soon(kept)
        group.start_soon(waiting)
        await settle()
        await stop(troupe)
    assert (kept.heard, waiting.heard) == ([Stopped("gemini")], [Stopped("ollama")])


async def test_the_time_of_the_whole_tree_cuts_every_grace_short(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("journal"), troupe.player("router", 1)])
    for name in ("journal", "router"):
        troupe.tell(name, Hang())
    await settle()
    report = await stop(troupe, within_s=3.0)
    assert report == Report(
        Asked("asked to stop"),
        (ChildEnded("router", End.CANCELLED, 3.0), ChildEnded("journal", End.CANCELLED, 0.0)),
        3.0,
    )


async def test_who_loses_patience_stops_again_and_the_report_tells_of_all(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("journal"), troupe.player("rpc", 1)])
    troupe.tell("journal", Hang())
    await settle()
    async with anyio.create_task_group() as group:
        group.start_soon(troupe.supervisor.stop, 30.0)
        await troupe.clock.advance(2)
        group.cancel_scope.cancel()
    assert await stop(troupe, within_s=0.0) == Report(
        Asked("asked to stop"),
        (ChildEnded("rpc", End.DRAINED, 0.0), ChildEnded("journal", End.CANCELLED, 0.0)),
        2.0,
    )


async def test_children_of_one_stage_share_their_time(troupe: Troupe):
    names = "abc"
    await troupe.supervisor.start([troupe.player(name) for name in names])
    for name in names:
        troupe.tell(name, Hang())
    await settle()
    assert (await stop(troupe)).took_s == 5.0


async def test_a_crash_while_stopping_is_told_and_hinders_nobody(troupe: Troupe):
    async def dies_in_its_cleanup(life: Life[Message]) -> None:
        life.ready()
        try:
            await life.wait_stopping()
        finally:
            raise OSError("socket is gone")

    await troupe.supervisor.start([troupe.player("journal"), troupe.acting("rpc", dies_in_its_cleanup, 1)])
    report = await stop(troupe)
    rpc, journal = report.children
    assert str(rpc).startswith("rpc crashed after 0.0 s: OSError: socket is gone (tests/test_supervisor.py:")
    assert journal.end is End.DRAINED


async def test_resting_and_buried_children_stop_at_once(troupe: Troupe):
    specs = [replace(troupe.player(name), intensity=STEADY) for name in ("gemini", "ollama")]
    await troupe.supervisor.start(specs)
    await troupe.kill("gemini", 3)
    await troupe.kill("ollama")
    assert repr(troupe.supervisor) == "<supervisor: 1 resting, 1 buried>"
    report = await stop(troupe)
    assert report.took_s == 0.0
    assert [(child.name, child.end) for child in report.children] == [
        ("ollama", End.NOT_ALIVE),
        ("gemini", End.NOT_ALIVE),
    ]
    assert str(report.children[0]) == "ollama was not alive"
    assert troupe.clock.pending == 0


async def test_a_child_that_ignores_cancellation_is_named_and_left_behind(
    troupe: Troupe, listener: RecordingListener
):
    await troupe.supervisor.start([troupe.player("journal"), troupe.stubborn("rpc", 1)])
    report = await stop(troupe)
    assert report.abandoned == ("rpc",)
    assert report.children == (
        ChildEnded("rpc", End.ABANDONED, 7.0),
        ChildEnded("journal", End.DRAINED, 0.0),
    )
    assert str(report.children[0]) == "rpc would not stop after 7.0 s"
    assert listener.of(ChildEnded) == list(report.children)


async def test_a_child_that_swallows_cancellation_is_left_in_peace_once_it_is_abandoned(troupe: Troupe):
    await troupe.supervisor.start([troupe.swallower("rpc")])
    reports: list[Report] = []

    async def stop_all() -> None:
        reports.append(await troupe.supervisor.stop(30.0))

    async with anyio.create_task_group() as group:
        group.start_soon(stop_all)
        await turns()
        troupe.clock.jump(5.0)
        await turns()
        troupe.clock.jump(2.0)
        await turns()
    assert reports[0].abandoned == ("rpc",)
    await settle()  # nobody cancels it again and again, or this would not come to rest


async def test_who_asked_an_abandoned_child_does_not_wait_for_it(troupe: Troupe):
    await troupe.supervisor.start([troupe.stubborn("rpc")])
    asker = Asker(troupe.mailboxes["rpc"], Greet)
    async with anyio.create_task_group() as group:
        group.start_soon(asker)
        await settle()
        await stop(troupe)
    assert asker.heard == [Stopped("rpc")]


async def test_to_leave_the_block_cancels_all_and_leaves_no_asker_waiting(
    clock: FakeClock, rng: FakeRng, listener: RecordingListener
):
    async with anyio.create_task_group() as group:
        async with supervise(clock, rng, listener) as supervisor:
            troupe = Troupe(supervisor, clock)
            await supervisor.start([troupe.player("gemini"), troupe.player("ollama")])
            kept, waiting = (
                Asker(troupe.mailboxes["gemini"], Keep),
                Asker(troupe.mailboxes["ollama"], Greet),
            )
            troupe.tell("ollama", Hang())
            group.start_soon(kept)
            group.start_soon(waiting)
            await settle()
    assert len(kept.heard) == 1
    assert waiting.heard == [Stopped("ollama")]
    assert clock.pending == 0


async def test_to_cancel_the_whole_is_the_fire_alarm(
    clock: FakeClock, rng: FakeRng, listener: RecordingListener
):
    with anyio.CancelScope() as everything:
        async with supervise(clock, rng, listener) as supervisor:
            troupe = Troupe(supervisor, clock)
            specs = [replace(troupe.player(name), intensity=STEADY) for name in ("gemini", "ollama")]
            await supervisor.start(specs)
            await troupe.kill("ollama")
            troupe.tell("gemini", Work(clock.now_ms() + 3000))
            await settle()
            everything.cancel()
            await checkpoint()
    assert everything.cancelled_caught
    assert troupe.diary == []
    assert clock.pending == 0


# --- liveness


async def test_a_ping_goes_through_every_mailbox(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("journal"), troupe.player("router", 1)])
    call = await troupe.supervisor.ping(troupe.clock.now_ms() + 1000)
    assert call == RollCall(("journal", "router"), (), ())
    assert str(call) == "2 present"


async def test_a_stuck_actor_is_named(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("journal"), troupe.player("router", 1)])
    troupe.tell("router", Hang())
    call = await troupe.clock.until_done(troupe.supervisor.ping(troupe.clock.now_ms() + 1000))
    assert call == RollCall(("journal",), ("router",), ())
    assert str(call) == "1 present; silent: router"


async def test_nobody_expects_an_answer_from_the_resting_and_the_buried(troupe: Troupe):
    names = ("gemini", "ollama", "openrouter")
    await troupe.supervisor.start([replace(troupe.player(name), intensity=STEADY) for name in names])
    await troupe.kill("gemini", 3)
    await troupe.kill("ollama")
    call = await troupe.supervisor.ping(troupe.clock.now_ms() + 1000)
    assert call == RollCall(("openrouter",), (), ("gemini", "ollama"))
    assert str(call) == "1 present; excused: gemini, ollama"


async def test_who_dies_while_it_is_called_is_excused(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Die(ValueError("bad luck")))
    call = await troupe.supervisor.ping(troupe.clock.now_ms() + 1000)
    assert call == RollCall((), (), ("gemini",))


# --- children that come and go


async def test_a_child_can_join_while_the_others_live(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("router", 1)])
    view = await troupe.supervisor.start_child(troupe.player("gemini"))
    assert view == ChildView("gemini", Standing.ALIVE, 1, 0, 0)
    assert await troupe.greet("gemini") == 1


async def test_who_joined_late_still_stops_in_the_order_of_the_stages(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("journal"), troupe.player("router", 2)])
    await troupe.supervisor.start_child(troupe.player("gemini", 1))
    assert [child.name for child in (await stop(troupe)).children] == ["router", "gemini", "journal"]


async def test_a_child_can_go_while_the_others_live(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini"), troupe.player("ollama")])
    assert await troupe.supervisor.stop_child("gemini") == ChildEnded("gemini", End.DRAINED, 0.0)
    assert [view.name for view in troupe.supervisor.children] == ["ollama"]
    assert await troupe.greet("gemini") == Stopped("gemini")


async def test_a_child_can_be_replaced(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    await troupe.kill("gemini", 2)
    await troupe.supervisor.stop_child("gemini")
    await troupe.supervisor.start_child(troupe.player("gemini"))
    assert await troupe.greet("gemini") == 1


async def test_a_child_that_joins_is_waited_for_within_bounds(troupe: Troupe):
    async def never_ready(life: Life[Message]) -> None:
        await life.wait_stopping()

    joining = troupe.supervisor.start_child(troupe.acting("gemini", never_ready))
    view = await troupe.clock.until_done(joining)
    assert view == ChildView("gemini", Standing.STARTING, 1, 0, 0)


async def test_nobody_joins_a_tree_that_leaves(troupe: Troupe):
    troupe.supervisor.ask_to_stop("SIGTERM")
    assert await troupe.supervisor.start_child(troupe.player("gemini")) == Asked("SIGTERM")
    assert await troupe.greet("gemini") == Stopped("gemini")


async def test_one_that_would_not_go_is_named_when_all_stop(troupe: Troupe):
    await troupe.supervisor.start([troupe.stubborn("gemini"), troupe.player("ollama")])
    ended = await troupe.clock.until_done(troupe.supervisor.stop_child("gemini"))
    assert ended.end is End.ABANDONED
    await troupe.supervisor.start_child(troupe.player("gemini"))
    assert await troupe.greet("gemini") == 1
    report = await stop(troupe)
    assert report.abandoned == ("gemini",)
    assert [child.end for child in report.children] == [End.ABANDONED, End.DRAINED, End.DRAINED]


async def test_one_that_would_not_go_and_went_at_last_is_forgotten(troupe: Troupe):
    await troupe.supervisor.start([troupe.stubborn("gemini")])
    await troupe.clock.until_done(troupe.supervisor.stop_child("gemini"))
    troupe.let_go.set()
    await settle()
    assert (await stop(troupe)).abandoned == ()


async def test_two_who_stop_the_same_child_both_learn_its_end(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([troupe.player("gemini")])
    troupe.tell("gemini", Work(troupe.clock.now_ms() + 2000))
    await settle()
    ends: list[ChildEnded] = []

    async def stop_it() -> None:
        ends.append(await troupe.supervisor.stop_child("gemini"))

    async with anyio.create_task_group() as group:
        group.start_soon(stop_it)
        group.start_soon(stop_it)
        await troupe.clock.advance(2)
    assert ends == [ChildEnded("gemini", End.DRAINED, 2.0)] * 2
    assert listener.of(ChildEnded) == ends[:1]


async def test_one_that_is_let_go_while_all_stop_has_one_end(troupe: Troupe, listener: RecordingListener):
    await troupe.supervisor.start([troupe.player("gemini")])
    report = await stop(troupe)
    assert await troupe.supervisor.stop_child("gemini") == report.children[0]
    assert len(listener.of(ChildEnded)) == 1


async def test_a_successor_brings_its_own_mailbox(troupe: Troupe):
    gemini = troupe.player("gemini")
    await troupe.supervisor.start([gemini])
    await troupe.supervisor.stop_child("gemini")
    with pytest.raises(AssertionError, match="the mailbox of gemini was stopped"):
        await troupe.supervisor.start_child(gemini)


async def test_two_children_have_two_names(troupe: Troupe):
    await troupe.supervisor.start([troupe.player("gemini")])
    with pytest.raises(AssertionError, match="two children are named gemini"):
        await troupe.supervisor.start_child(troupe.player("gemini"))


# --- what an operator sees


async def test_supervisor_and_children_say_how_they_are(troupe: Troupe):
    assert repr(troupe.supervisor) == "<supervisor: no children>"
    specs = [troupe.player("gemini"), replace(troupe.player("ollama"), intensity=STEADY)]
    await troupe.supervisor.start(specs)
    await troupe.kill("ollama")
    assert repr(troupe.supervisor) == "<supervisor: 1 alive, 1 resting>"
    troupe.tell("gemini", Hang())
    await settle()
    troupe.tell("gemini", Note("waits"))
    assert troupe.supervisor.children == (
        ChildView("gemini", Standing.ALIVE, 1, 0, 1),
        ChildView("ollama", Standing.RESTING, 1, 1, 0),
    )
