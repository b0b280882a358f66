"""What is promised, held under siege: a real daemon, five misbehaving providers, visitors of every kind, one seed."""

import os
from pathlib import Path

import pytest

from tests.siege.laws import Aftermath, breaches
from tests.siege.peace import calm_again, drained
from tests.siege.siege import besieged, killed_in_a_storm, storm

pytestmark = pytest.mark.anyio


async def siege(home: Path, seed: int, *, visitors: int, visits: int, killed: int = 0) -> list[str]:
    """From the first visitor to the last law; before it, so many lives end in the midst of it."""
    async with besieged(home, seed) as there:
        for life in range(killed):
            await killed_in_a_storm(there, seed, visitors=visitors, of=f"life{life}-")
        await storm(there, seed, visitors=visitors, visits=visits)
        found = await calm_again(there)
        found += await drained(there)
        after = Aftermath.of(there)
        return [*found, *breaches(after)]


async def test_the_promises_hold_in_a_small_siege(tmp_path):
    assert await siege(tmp_path, 1, visitors=3, visits=5) == []


@pytest.mark.slow
@pytest.mark.parametrize("seed", [int(each) for each in os.environ.get("SIEGE_SEEDS", "2 3").split()])
async def test_the_promises_hold_in_a_long_siege(tmp_path, seed):
    assert await siege(tmp_path, seed, visitors=12, visits=20) == []


@pytest.mark.slow
async def test_the_promises_hold_for_those_who_come_after_a_death(tmp_path):
    assert await siege(tmp_path, 4, visitors=8, visits=6, killed=3) == []
