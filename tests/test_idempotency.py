"""Requests with names of their own, and requests that are the same as others."""

import msgspec
import pytest
from anyio import create_task_group
from anyio.lowlevel import checkpoint

from actors.case import Client
from actors.router.fingerprint import fingerprint
from state.config import PoolConfig
from state.events import RequestClosed, RequestOpened, Verdict
from state.failures import Kind
from tests.fakes import settle
from tests.house_of_doors import Ear, House, fails, lane, says

pytestmark = pytest.mark.anyio

KEEPING = {"keeping": PoolConfig(lanes=("*",), keep_answers=True)}
MERGING = {"merging": PoolConfig(lanes=("*",), merge_identical=True)}
CACHING = {"caching": PoolConfig(lanes=("*",), cache_s=60.0)}


class Alive:
    """A house whose journal writes."""

    def __init__(self, house):
        self.house = house

    async def __aenter__(self):
        self._group = create_task_group()
        tasks = await self._group.__aenter__()
        self.house.lives(tasks)
        return self.house

    async def __aexit__(self, *error):
        self._group.cancel_scope.cancel()
        return await self._group.__aexit__(*error)


def asked(house):
    return sum(len(door.knocks) for door in house.doors.values())


async def test_the_same_again_later_gets_the_same_verdict_and_is_not_sent_again():
    async with Alive(House("a")) as house:
        first = await house.serve(request_id="mine")
        again = await house.serve(request_id="mine")

    assert (first.verdict, again.verdict, asked(house)) == (Verdict.OK, Verdict.OK, 1)
    assert first.answer is not None
    assert again.answer is None


async def test_a_pool_that_keeps_answers_gives_them_again():
    async with Alive(House("a", pools=KEEPING)) as house:
        first = await house.serve("keeping", request_id="mine")
        again = await house.serve("keeping", request_id="mine")

    assert (again.answer, asked(house)) == (first.answer, 1)


async def test_the_same_while_it_is_under_way_waits_for_the_one_answer():
    async with Alive(House("a", a=[says("slowly", after_s=2.0)])) as house:
        closed = []

        async def ask():
            closed.append(await house.router.serve(house.case(request_id="mine")))

        async with create_task_group() as callers:
            for _ in range(3):
                callers.start_soon(ask)
            await house.clock.advance(3.0)

    assert [each.answer.body for each in closed] == [b'{"said":"slowly"}'] * 3
    assert asked(house) == 1


async def test_a_stream_and_a_whole_answer_are_two_ways_of_giving_the_same():
    async with Alive(House("a", a=[says("one ", "two", after_s=2.0)])) as house:
        ear, whole = Ear(), []

        async def read():
            whole.append(await house.router.serve(house.case(request_id="mine")))

        async with create_task_group() as callers:
            callers.start_soon(house.router.serve, house.case(request_id="mine", stream=True), ear)
            await settle()
            callers.start_soon(read)
            await house.clock.advance(3.0)

    assert ear.text == "one two"
    message = msgspec.json.decode(whole[0].answer.body)["choices"][0]["message"]
    assert (message["content"], asked(house)) == ("one two", 1)


async def test_the_same_name_for_something_else_is_a_conflict():
    async with Alive(House("a")) as house:
        await house.serve(request_id="mine")
        other = await house.serve(request_id="mine", body={"temperature": 1})
        stranger = house.case(request_id="mine", client=Client(uid=7, app="other"))
        third = await house.clock.until_done(house.router.serve(stranger))

    assert (other.verdict, third.verdict, asked(house)) == (Verdict.CALLER_ERROR, Verdict.CALLER_ERROR, 1)
    assert other.trouble is not None
    assert "used before" in other.trouble.message


async def test_after_a_restart_the_stored_verdict_is_said():
    async with Alive(House("a")) as house:
        await house.serve(request_id="mine")
        await settle()
        house.reborn()
        again = await house.serve(request_id="mine")
        other = await house.serve(request_id="mine", body={"temperature": 1})

    assert (again.verdict, again.lane, asked(house)) == (Verdict.OK, lane("a"), 1)
    assert other.verdict is Verdict.CALLER_ERROR


async def test_after_a_crash_interrupted_is_said_and_nothing_is_sent_again():
    async with Alive(House("a")) as house:
        content = fingerprint(house.case(request_id="mine"), "mine")
        house.journal.record(RequestOpened(at_ms=0, wall_ms=0, request_id="mine", content=content))
        await settle()
        again = await house.serve(request_id="mine")
        other = await house.serve(request_id="mine", body={"temperature": 1})

    assert (again.verdict, other.verdict, asked(house)) == (Verdict.INTERRUPTED, Verdict.CALLER_ERROR, 0)


async def test_a_name_is_on_the_disk_before_anything_is_sent():
    house = House("a")
    house.disk.hold()
    async with Alive(house), create_task_group() as callers:
        callers.start_soon(house.router.serve, house.case(request_id="mine"))
        await house.clock.advance(1.0)
        assert asked(house) == 0
        house.disk.release()
        await house.clock.advance(1.0)

    assert asked(house) == 1


async def test_who_left_may_come_back_with_the_same_name():
    async with Alive(House("a", a=[says("slowly", after_s=5.0)])) as house:
        async with create_task_group() as callers:
            callers.start_soon(house.router.serve, house.case(request_id="mine"))
            await settle()
            callers.cancel_scope.cancel()
        again = await house.serve(request_id="mine")

    assert (again.verdict, asked(house)) == (Verdict.OK, 2)


async def test_a_failure_is_a_verdict_too():
    async with Alive(House("a", a=[fails(Kind.UNAVAILABLE), says("well")])) as house:
        await house.serve(request_id="mine")
        again = await house.serve(request_id="mine")

    assert (again.verdict, asked(house)) == (Verdict.UNAVAILABLE, 1)


async def test_whoever_waits_for_the_same_waits_no_longer_than_its_own_deadline():
    async with Alive(House("a", a=[says("slowly", after_s=60.0)])) as house:
        async with create_task_group() as callers:
            callers.start_soon(house.router.serve, house.case(request_id="mine"))
            await settle()
            late = await house.serve(request_id="mine", deadline_s=3.0)
            callers.cancel_scope.cancel()

    assert (late.verdict, house.clock.now_ms()) == (Verdict.DEADLINE, 3000)


async def test_who_waits_for_the_same_and_leaves_has_a_verdict_apart():
    async with Alive(House("a", a=[says("slowly", after_s=9.0)])) as house, create_task_group() as callers:
        callers.start_soon(house.router.serve, house.case(request_id="mine"))
        await settle()
        async with create_task_group() as impatient:
            impatient.start_soon(house.router.serve, house.case(request_id="mine"))
            await settle()
            impatient.cancel_scope.cancel()
        late = await house.serve(request_id="mine", deadline_s=3.0)
        await house.clock.advance(10.0)
        again = await house.serve(request_id="mine")
        assert not [each for each in house.closings("mine") if each.verdict is not Verdict.OK]
        others = [each.verdict for each in house.closings() if each.request_id != "mine"]

    assert (late.verdict, again.verdict, asked(house)) == (Verdict.DEADLINE, Verdict.OK, 1)
    assert others == [Verdict.CANCELLED, Verdict.DEADLINE]


async def test_who_leaves_while_the_name_is_looked_up_has_a_verdict_and_hides_none():
    async with Alive(House("a")) as house:
        await house.serve(request_id="mine")
        await settle()
        house.reborn()
        house.disk.hold()
        async with create_task_group() as callers:
            callers.start_soon(house.router.serve, house.case(request_id="mine"))
            await settle()
            callers.cancel_scope.cancel()
            house.disk.release()
        await settle()
        again = await house.serve(request_id="mine")

        assert [each.verdict for each in house.closings("mine")] == [Verdict.OK]
        assert [each.verdict for each in house.closings()] == [Verdict.OK, Verdict.CANCELLED]
    assert (again.verdict, asked(house)) == (Verdict.OK, 1)


async def test_a_lookup_that_takes_longer_than_there_is_time_sends_nothing():
    async with Alive(House("a")) as house:
        house.disk.hold()
        late = await house.serve(request_id="mine", deadline_s=3.0)
        house.disk.release()
        again = await house.serve(request_id="mine")

    assert (late.verdict, again.verdict, asked(house)) == (Verdict.DEADLINE, Verdict.OK, 1)


async def test_a_refusal_at_the_entrance_does_not_become_the_verdict_of_the_name():
    async with Alive(
        House("a", daemon={"in_flight_max": 1}, a=[says(), says("slowly", after_s=9.0)])
    ) as house:
        await house.serve(request_id="mine")
        async with create_task_group() as callers:
            callers.start_soon(house.router.serve, house.case())
            await settle()
            refused = await house.serve(request_id="mine")
            await house.clock.advance(10.0)
        await settle()
        house.reborn()
        again = await house.serve(request_id="mine")

    assert (refused.verdict, again.verdict, asked(house)) == (Verdict.OVERLOADED, Verdict.OK, 2)


async def test_each_name_that_was_opened_is_closed_once_wherever_its_caller_leaves():
    async with Alive(House("a", a=[says("slowly", after_s=2.0)])) as house:
        for number in range(12):
            async with create_task_group() as callers:
                callers.start_soon(house.router.serve, house.case(request_id=f"n{number}"))
                for _ in range(number):
                    await checkpoint()
                callers.cancel_scope.cancel()
            await settle()
        events = house.events_on_disk()

    opened = [event.request_id for event in events if isinstance(event, RequestOpened)]
    closed = [event.request_id for event in events if isinstance(event, RequestClosed)]
    assert 0 < len(opened) < 12, "some leave before it is opened, some after"
    assert [name for name in closed if name.startswith("n")] == opened
    assert len(closed) == 12


async def test_without_a_journal_named_requests_are_served_all_the_same():
    house = House("a")
    async with Alive(house):
        house.journal._fail("disk full")
        closed = await house.serve(request_id="mine")

    assert closed.verdict is Verdict.OK


# The same by others.


async def test_identical_requests_under_way_are_sent_once_where_the_pool_says_so():
    house = House("a", pools=MERGING, a=[says("slowly", after_s=2.0)])
    closed = []

    async def ask():
        closed.append(await house.router.serve(house.case("merging")))

    async with create_task_group() as callers:
        for _ in range(3):
            callers.start_soon(ask)
        await house.clock.advance(3.0)

    assert asked(house) == 1
    first, *others = closed
    assert all(other.answer == first.answer for other in others)
    events = house.of(RequestClosed)
    assert [event.merged_with for event in events] == ["", events[0].request_id, events[0].request_id]
    assert len({event.request_id for event in events}) == 3


async def test_without_the_pools_word_everybody_is_sent():
    house = House("a", a=[says("slowly", after_s=2.0)])

    async with create_task_group() as callers:
        for _ in range(3):
            callers.start_soon(house.router.serve, house.case())
        await house.clock.advance(3.0)

    assert asked(house) == 3


async def test_when_the_first_leaves_the_next_takes_its_place():
    house = House("a", pools=MERGING, a=[says("slowly", after_s=2.0)])
    closed = []

    async def ask():
        closed.append(await house.router.serve(house.case("merging")))

    async with create_task_group() as waiting:
        async with create_task_group() as first:
            first.start_soon(house.router.serve, house.case("merging"))
            await settle()
            for _ in range(2):
                waiting.start_soon(ask)
            await settle()
            first.cancel_scope.cancel()
        await house.clock.advance(3.0)

    assert ([each.verdict for each in closed], asked(house)) == ([Verdict.OK] * 2, 2)


async def test_a_shared_failure_is_shared():
    house = House("a", pools=MERGING, a=[fails(Kind.UNAVAILABLE, after_s=2.0)])
    closed = []

    async def ask():
        closed.append((await house.router.serve(house.case("merging"))).verdict)

    async with create_task_group() as callers:
        for _ in range(2):
            callers.start_soon(ask)
        await house.clock.advance(3.0)

    assert (closed, asked(house)) == ([Verdict.UNAVAILABLE] * 2, 1)


async def test_a_fresh_answer_comes_from_the_cache_and_an_old_one_does_not():
    house = House("a", pools=CACHING)

    first = await house.serve("caching")
    again = await house.serve("caching")
    await house.clock.advance(61.0)
    later = await house.serve("caching")

    assert (again.answer, again.from_cache, again.usage) == (first.answer, True, None)
    assert (later.from_cache, asked(house)) == (False, 2)
    assert [event.from_cache for event in house.of(RequestClosed)] == [False, True, False]


async def test_a_cached_stream_is_given_as_a_stream():
    house = House("a", pools=CACHING, a=[says("one ", "two")])
    await house.stream("caching")

    closed, ear = await house.stream("caching")

    assert (closed.from_cache, ear.text, ear.ends) == (True, "one two", 1)


@pytest.mark.parametrize(
    "options",
    [{"body": {"temperature": 1}}, {"exclude": ("b",)}, {"data_class": "patients"}],
    ids=["another wish", "not everywhere", "not everybody"],
)
async def test_only_an_exact_match_is_the_same(options):
    house = House("a", pools=CACHING)
    await house.serve("caching")

    closed = await house.serve("caching", **options)

    assert not closed.from_cache


async def test_a_failure_is_not_cached():
    house = House("a", pools=CACHING, a=[fails(Kind.BAD_RESPONSE), says("well")])
    await house.serve("caching")

    assert not (await house.serve("caching")).from_cache


async def test_the_name_is_kept_with_a_digest_and_never_with_the_words():
    async with Alive(House("a")) as house:
        await house.serve(request_id="mine", body={"user": "secret-words"})
        await settle()
        rows = [body for (body,) in house.disk.connection.execute("SELECT body FROM event")]

    assert any(b"request_opened" in row for row in rows)
    assert not any(b"Hello" in row or b"secret-words" in row for row in rows)
