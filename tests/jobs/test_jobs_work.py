"""A job's items over real lanes: who did them, who stood in for whom, who could not."""

import asyncio
from collections import Counter

import pytest

from state.config import PoolConfig, Strategy
from tests.jobs.yard import items, yard
from tests.town import Server, answering, failing

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
