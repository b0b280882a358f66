"""Why nobody answered, in one sentence: every lane with what became of it, but for what the caller knows."""

from state.failures import Failure, Kind, Scope
from state.routing.question import Skipped, Why
from state.telling.trouble import LANES_MAX, all_failed
from state.words import LaneId

NORTH, EAST = (LaneId(name, "key1", "parrot") for name in ("north", "east"))
LIMITED = Failure(
    kind=Kind.RATE_LIMIT, scope=Scope.MODEL, wait_s=None, rule="says-wait", status=429, said="Slow down."
)


def test_each_lane_is_named_with_what_became_of_it():
    tried = [(NORTH, LIMITED)]
    skipped = [Skipped(NORTH, Why.ALREADY_TRIED), Skipped(EAST, Why.OUT, detail="its key was refused")]

    assert all_failed("auto", tried, skipped, retry_after_s=12.0) == (
        "no lane of 'auto' could answer: north/key1/parrot: rate_limit (429): Slow down.; "
        "east/key1/parrot: out, its key was refused; one may be back in 12 s"
    )


def test_lanes_that_the_request_left_out_are_only_counted():
    others = [LaneId("west", "key1", f"m{at}") for at in range(30)]
    skipped = [*(Skipped(lane, Why.NOT_INCLUDED) for lane in others), Skipped(EAST, Why.EXCLUDED)]

    assert all_failed("auto", [(NORTH, LIMITED)], skipped, retry_after_s=None) == (
        "no lane of 'auto' could answer: north/key1/parrot: rate_limit (429): Slow down.; "
        "30 not among those that the request named; 1 ruled out by the request"
    )


def test_of_a_large_pool_the_first_lanes_tell_the_story():
    skipped = [Skipped(LaneId("west", "key1", f"m{at}"), Why.OUT) for at in range(100)]

    told = all_failed("auto", [], skipped, retry_after_s=None)

    assert told.count(": out") == LANES_MAX
    assert told.endswith(f"; and {100 - LANES_MAX} more")


def test_a_pool_of_nobody_says_so():
    assert all_failed("auto", [], [], retry_after_s=None) == "no lane of 'auto' could answer: it has none"
