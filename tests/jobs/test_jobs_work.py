"""A job's items over real lanes: who did them, who stood in for whom, who could not."""

import asyncio
from collections import Counter
from functools import partial

import pytest
from anyio import create_task_group, move_on_after

from daemon.api import jobs as api
from daemon.api.jobs_said import JobLine
from daemon.api.params import Nothing
from daemon.api.refusal import Refusal
from state.config import LimitsConfig, PoolConfig, Strategy, TimeoutConfig
from state.events import Enable, ReleaseAll
from state.words import KeyId
from tests.fakeserver import Asked, Line
from tests.jobs.yard import ME, OTHER, items, yard
from tests.town import Mood, Server, answering, failing, silent

pytestmark = pytest.mark.anyio

EVENLY = {"captions": PoolConfig(lanes=("a", "b"), strategy=Strategy.ROUND_ROBIN)}


async def test_a_hundred_items_are_a_hundred_answers_in_order(tmp_path):
    async with yard(tmp_path, pools=EVENLY, a=Server(answering("hi")), b=Server(answering("ho"))) as there:
        job = await there.submit(100, model="captions")
        status = await there.over(job)
        results = await there.results(job)
        assert status.counts["done"] == 100
        assert [each["custom_id"] for each in results] == [f"item-{n}" for n in range(100)]
        assert Counter(each["failover"]["tag"] for each in results) == status.tags == {"a": 50, "b": 50}


def dying(after: int) -> list[Mood]:
    """Well for so many calls, then never again."""
    return [answering("hi")] * after + [failing("500 Dead", "it is dead")]


async def test_a_lane_that_dies_in_the_middle_costs_no_item_and_each_says_why(tmp_path):
    one_by_one = {"captions": PoolConfig(lanes=("a", "b"))}
    async with yard(tmp_path, pools=one_by_one, a=Server(*dying(40)), b=Server(answering("ho"))) as there:
        status = await there.over(await there.submit(100, model="captions", parallel=4))
        results = await there.results(status.job_id)
        blocks = [each["failover"] for each in results]
        assert status.tags == {"a": 40, "b-failover": 60}
        assert status.failovers == 60
        assert status.counts == {
            "pending": 0, "sent": 0, "done": 100, "failed": 0, "unknown": 0, "cancelled": 0,
        }  # fmt: skip
        assert {block["lane"] for block in blocks if block["tag"] == "b-failover"} == {"b/key1/m"}
        assert all(
            block["reason"].startswith("a/key1/m: ") == (block["tag"] == "b-failover") for block in blocks
        )
        assert [lane.done for lane in status.lanes] == [40, 60]


def poisoned(words: str) -> Mood:
    """It dies of one prompt, and answers all others."""
    kind = failing("500 Poison", words)
    well = answering("well")

    async def mood(line: Line, asked: Asked) -> bool:
        return await (kind if b"item 50." in asked.body else well)(line, asked)

    return mood


async def test_an_item_that_both_lanes_die_of_fails_alone_with_both_errors(tmp_path):
    a, b = Server(poisoned("a died")), Server(poisoned("b died"))
    async with yard(tmp_path, pools=EVENLY, a=a, b=b) as there:
        status = await there.over(await there.submit(100, model="captions", parallel=1))
        results = await there.results(status.job_id)
        failed = results[50]
        assert status.counts["done"] == 99
        assert status.counts["failed"] == 1
        assert failed["response"] is None
        assert failed["failover"]["tag"] == "both-failed"
        assert sorted(error["said"] for error in failed["failover"]["errors"]) == ["a died", "b died"]


async def test_without_failover_a_failure_stays_with_its_lane(tmp_path):
    a, b = Server(*dying(10)), Server(answering("ho"))
    async with yard(tmp_path, pools={"captions": PoolConfig(lanes=("a", "b"))}, a=a, b=b) as there:
        status = await there.over(await there.submit(30, model="captions", parallel=1, failover=False))
        results = await there.results(status.job_id)
        assert status.tags == {"a": 10, "a-failed": 20}
        assert b.calls == []
        assert all(each["failover"]["lane"] == "a/key1/m" for each in results)


async def test_the_callers_own_fault_fails_at_once_and_alone(tmp_path):
    async with yard(
        tmp_path, a=Server(failing("400 Bad", "no such field", code="invalid_request_error"), answering())
    ) as there:
        status = await there.over(await there.submit(3, model="auto", parallel=1))
        first, *_ = await there.results(status.job_id)
        assert status.counts["failed"] == 1
        assert (first["error"], first["failover"]["tag"]) == (
            {"code": "caller_error", "message": "no such field"},
            "a-failed",
        )


async def test_an_item_that_cannot_be_sent_is_its_own_failure_only(tmp_path):
    lines = [*items(1), {"custom_id": "broken.png", "error": "it is empty"}, *items(1, 2)]
    async with yard(tmp_path, a=Server(answering())) as there:
        status = await there.over(await there.submit(lines, model="auto"))
        results = await there.results(status.job_id)
        assert [each["failover"]["tag"] for each in results] == ["a", "unsent", "a"]
        assert results[1]["error"] == {"code": "unreadable", "message": "it is empty"}


async def test_a_job_whose_lanes_rest_sleeps_and_says_until_when(tmp_path):
    a = Server(answering(), answering(), failing("429 Slow", "slow down", "retry-after: 120"), answering())
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(5, parallel=1, failover=True)
        asleep = await there.over(job, states=("sleeping",))
        assert asleep.counts["done"] == 2
        assert asleep.why.startswith("a/key1/m: ")
        assert asleep.until_wall_ms is not None
        assert 100_000 < asleep.until_wall_ms - there.town.clock.wall_ms() <= 121_000
        there.town.clock.skip(121)
        status = await there.over(job)
        assert status.counts["done"] == 5
        assert status.failovers == 1


async def test_a_cascade_uses_each_key_and_model_to_its_limit_in_order_and_then_sleeps(tmp_path):
    day = LimitsConfig(rpd=2)
    gemini = Server(answering("hi"), keys=3, models=4, model_limits=day)
    async with yard(tmp_path, gemini=gemini) as there:
        job = await there.submit(30, parallel=1)
        asleep = await there.over(job, states=("sleeping",))
        results = await there.results(job)
        lanes = [f"gemini/key{key}/m{model}" for key in (1, 2, 3) for model in (1, 2, 3, 4)]
        assert [each["failover"]["lane"] for each in results] == [lane for lane in lanes for _ in range(2)]
        assert asleep.tags == {"gemini": 24}
        assert asleep.counts["pending"] == 6
        assert asleep.checkpoint is not None
        assert (asleep.checkpoint.n, asleep.checkpoint.lane) == (23, "gemini/key3/m4")
        assert asleep.until_wall_ms is not None
        assert asleep.until_wall_ms % 86_400_000 == 0, "midnight, where its day ends"


async def test_a_job_says_why_nobody_can_help_it_and_goes_on_when_somebody_has(tmp_path):
    a = Server(failing("401 No", "who are you?", code="invalid_api_key"))
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(3, parallel=1)
        paused = await there.over(job, states=("paused",))
        assert "refused" in paused.why
        assert paused.counts["failed"] == 0
        a.feels(answering())
        await there.town.act(Enable(KeyId("a", "key1")))
        await there.resume(job)
        status = await there.over(job)
        assert status.counts["done"] == 3


async def test_the_jobs_deadline_ends_the_waiting(tmp_path):
    a = Server(answering(), failing("429 Slow", "slow down", "retry-after: 500"))
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(3, parallel=1, deadline_s=60.0)
        await there.over(job, states=("sleeping",))
        there.town.clock.skip(61)
        status = await there.over(job)
        assert status.tags == {"a": 1, "deadline": 2}


async def test_a_cancelled_job_keeps_what_is_done_and_can_be_resumed(tmp_path):
    a = Server(answering(), answering(), silent, timeout=TimeoutConfig(total_s=60.0))
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(5, parallel=1)
        while len(a.calls) < 3:
            await asyncio.sleep(0.005)
        cancelled = await there.cancel(job)
        assert (cancelled.state, cancelled.done) == ("cancelled", 2)
        results = await there.results(job)
        states = [each["failover"]["state"] for each in results]
        assert states == ["done", "done", "unknown", "cancelled", "cancelled"], (
            "the third may have been paid for"
        )
        a.feels(answering())
        await there.resume(job)
        status = await there.over(job)
        assert (status.counts["done"], status.counts["unknown"], status.counts["cancelled"]) == (4, 1, 0)
        await there.resume(job, unknown="retry")
        assert (await there.over(job)).counts["done"] == 5
        assert [each["failover"]["again"] for each in await there.results(job)] == [
            False,
            False,
            True,
            False,
            False,
        ]


async def test_items_under_way_come_to_their_end_when_failed_ones_are_asked_again(tmp_path):
    a = Server(failing("400 Bad", "no", code="invalid_request_error"), answering(after_s=0.1), answering())
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(4, parallel=1)
        while len(a.calls) < 2:
            await asyncio.sleep(0.005)
        await there.resume(job, failed="retry")
        status = await there.over(job)
        assert (status.counts["done"], len(a.calls)) == (4, 5)


async def test_failed_items_are_asked_again_when_that_is_wished(tmp_path):
    a = Server(failing("500 No"))
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(2, parallel=1, failover=False)
        assert (await there.over(job)).counts["failed"] == 2
        a.feels(answering())
        await there.town.act(ReleaseAll())
        await there.resume(job, failed="retry")
        status = await there.over(job)
        assert (status.counts["done"], status.counts["failed"], status.tags) == (2, 0, {"a": 2})


async def test_jobs_of_others_do_not_exist(tmp_path):
    async with yard(tmp_path, a=Server(answering())) as there:
        job = await there.submit(1)
        assert isinstance(await api.status(there.cast, api.JobParams(job), OTHER), Refusal)
        assert isinstance(await api.purge(there.cast, api.JobParams(job), OTHER), Refusal)
        listed = await api.jobs(there.cast, Nothing(), OTHER)
        assert listed == api.JobsSaid(())


async def test_a_purged_job_is_gone_from_the_disk(tmp_path):
    async with yard(tmp_path, a=Server(answering("a secret answer"))) as there:
        job = await there.submit(items(20))
        await there.over(job)
        assert isinstance(await api.purge(there.cast, api.JobParams(job), ME), JobLine)
        assert isinstance(await api.status(there.cast, api.JobParams(job), ME), Refusal)
        for table in ("job", "item", "item_body", "item_outcome"):
            assert await there.count(table) == 0
        files = [path for path in tmp_path.iterdir() if path.name.startswith("journal.db")]
        assert files
        assert not any(b"a secret answer" in path.read_bytes() for path in files)


async def test_pieces_come_one_after_the_other_and_may_come_twice(tmp_path):
    async with yard(tmp_path, a=Server(answering())) as there:
        first = await there.hand_in(items(3), model="auto", more=True)
        assert isinstance(first, api.Submitted)
        assert (first.stored, first.state) == (3, "filling")
        job = first.job_id
        for _ in range(2):
            again = await there.hand_in(items(3, 3), job_id=job, from_=3, more=True)
            assert isinstance(again, api.Submitted)
            assert again.stored == 6
        gap = await there.hand_in(items(1, 9), job_id=job, from_=9, more=True)
        assert isinstance(gap, Refusal)
        assert gap.message == "`from` must be at most 6: so many items are there"
        for _ in range(2):
            last = await there.hand_in(items(2, 6), job_id=job, from_=6)
            assert isinstance(last, api.Submitted)
            assert last.stored == 8
        sealed = await there.hand_in([], job_id=job)
        assert isinstance(sealed, api.Submitted)
        await there.over(job)
        assert [each["custom_id"] for each in await there.results(job)] == [f"item-{n}" for n in range(8)]


async def test_a_wrong_item_is_named_and_nothing_of_its_piece_is_stored(tmp_path):
    async with yard(tmp_path, a=Server(answering())) as there:
        said = await there.hand_in([*items(2), {"custom_id": "x", "url": "/v1/chat/completions", "body": {}}])
        assert isinstance(said, Refusal)
        assert said.field.startswith("items[0].model")
        said = await there.hand_in([*items(2), {"custom_id": "x", "body": {"messages": []}}], model="auto")
        assert isinstance(said, Refusal)
        assert said.message == "`items[2].messages` is empty: there is nothing to answer"
        said = await there.hand_in([*items(1), *items(1, 1, model="nonesuch")], model="auto")
        assert isinstance(said, Refusal)
        assert (said.kind, said.field) == ("unknown_name", "items[1].model")
        assert await there.count("item") == 0


async def test_what_is_old_goes_and_what_was_purged_by_half_goes_whole(tmp_path):
    async with yard(tmp_path, a=Server(answering())) as there:
        old, young = await there.submit(2), await there.submit(2)
        left = await there.hand_in(items(1), model="auto", more=True)
        assert isinstance(left, api.Submitted)
        await there.over(old)
        await there.over(young)
        wall_ms = there.town.clock.wall_ms()
        moved = (wall_ms - 31 * 86_400_000, old)
        await there.execute("UPDATE job SET finished_wall_ms = ? WHERE id = ?", *moved)
        await there.execute("UPDATE job SET created_wall_ms = ? WHERE id = ?", moved[0], left.job_id)
        half = await there.submit(2)
        await there.over(half)
        await there.execute("UPDATE job SET state = 'purged' WHERE id = ?", half)
        with move_on_after(5):
            async with create_task_group() as house:
                house.start_soon(there.jobs.housekeeper.keep_house)
                while await there.count("job") > 1:
                    await asyncio.sleep(0.005)
                house.cancel_scope.cancel()
        assert (await there.status(young)).counts["done"] == 2
        assert (
            await there.count("item")
            == await there.count("item_body")
            == await there.count("item_outcome")
            == 2
        )


async def test_a_job_goes_on_when_whoever_wished_to_change_it_has_left_in_the_middle(tmp_path):
    a = Server(answering(), answering(after_s=0.2), answering())
    async with yard(tmp_path, a=a) as there:
        job = await there.submit(4, parallel=1)
        while len(a.calls) < 2:
            await asyncio.sleep(0.005)
        async with create_task_group() as visit:
            visit.start_soon(partial(there.resume, job, failed="retry"))
            await asyncio.sleep(0)
            visit.cancel_scope.cancel()
        status = await there.over(job)
        assert (status.counts["done"], len(a.calls)) == (4, 4)
