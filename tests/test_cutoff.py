"""A cut-off: raised where its task waits, swallowed where it was made, and nobody else's cancellation."""

import asyncio

import anyio
import pytest
from anyio import CancelScope, Event

from actors.kernel.cutoff import CutOff
from tests.fakes import settle


async def test_whoever_waits_is_cut_off_and_goes_on_behind_the_block():
    ends: list[bool] = []

    async def wait(cut_off: CutOff) -> None:
        with cut_off:
            await Event().wait()
        await anyio.lowlevel.checkpoint()  # nothing of it is left
        ends.append(cut_off.was_cut)

    cut_off = CutOff()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, cut_off)
        await settle()
        cut_off.cut()
        cut_off.cut()

    assert ends == [True]


async def test_who_is_cut_off_before_the_beginning_does_not_get_far():
    cut_off = CutOff()
    cut_off.cut()
    with cut_off:
        await Event().wait()
    assert cut_off.was_cut


async def test_what_comes_behind_the_end_ends_nothing():
    cut_off = CutOff()
    with cut_off:
        await anyio.lowlevel.checkpoint()
    cut_off.cut()
    await anyio.lowlevel.checkpoint()
    assert not cut_off.was_cut


async def test_an_error_on_the_way_out_is_more_than_the_cut():
    cut_off = CutOff()
    with pytest.raises(ValueError, match="on the way out"), cut_off:
        cut_off.cut()
        try:
            await Event().wait()
        finally:
            raise ValueError("on the way out")
    assert not cut_off.was_cut
    await anyio.lowlevel.checkpoint()


@pytest.mark.parametrize("first", ["outer", "inner", "scope"])
async def test_of_several_each_swallows_its_own(first: str):
    outer, inner, scope = CutOff(), CutOff(), CancelScope()
    cuts = {"outer": outer.cut, "inner": inner.cut, "scope": scope.cancel}
    went_on: list[str] = []

    async def wait() -> None:
        with scope:
            with outer:
                with inner:
                    await Event().wait()
                went_on.append("behind inner")
                await anyio.lowlevel.checkpoint()
            went_on.append("behind outer")
            await anyio.lowlevel.checkpoint()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait)
        await settle()
        cuts[first]()

    assert (
        went_on == {"outer": ["behind outer"], "inner": ["behind inner", "behind outer"], "scope": []}[first]
    )
    assert (outer.was_cut, inner.was_cut, scope.cancelled_caught) == tuple(
        name == first for name in ("outer", "inner", "scope")
    )


async def test_a_cut_and_a_cancellation_at_once_are_a_cancellation():
    cut_off = CutOff()

    async def wait() -> None:
        with cut_off:
            await Event().wait()
        pytest.fail("it was cancelled")

    task = asyncio.ensure_future(wait())
    await settle()
    cut_off.cut()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert not cut_off.was_cut
