"""What becomes of an item: every verdict under every prospect ends in exactly one of three, and nothing loops."""

from itertools import cycle, islice

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as some

from state.events import Answered, Cancelled, Interrupted, Verdict
from state.failures import Failure, Kind, Scope
from state.jobs.errand import NO_ROUND, ROUNDS_MAX, Errand, Round, Tried, after
from state.jobs.job import Item
from state.jobs.outcome import Outcome
from state.jobs.prospect import Outlook, Prospect
from state.jobs.settle import Ask, Later, before, settle
from state.words import LaneId

LANES = (LaneId("a", "key1", "m"), LaneId("b", "key1", "m"))
NOW_MS = 1_000_000

outcomes = some.one_of(
    some.builds(Failure, kind=some.sampled_from(Kind), scope=some.sampled_from(Scope), rule=some.just("r")),
    some.just(Cancelled()),
    some.just(Interrupted()),
)
trails = some.lists(some.builds(Tried, some.sampled_from(LANES), outcomes), max_size=4).map(tuple)
rounds = some.builds(
    Round,
    request_id=some.just("r"),
    verdict=some.sampled_from(Verdict),
    trail=trails,
    lane=some.sampled_from((None, *LANES)),
    tokens=some.integers(0, 100),
    cost_usd=some.none() | some.floats(0, 1),
)
prospects = some.sampled_from(Outlook).map(
    lambda outlook: Prospect(
        outlook=outlook,
        at_ms=NOW_MS + 5_000 if outlook is Outlook.WAITING else None,
        why="why",
        lane=LANES[0] if outlook is Outlook.BENCHED else None,
    )
)


def failed(kind: Kind, lane: LaneId = LANES[0]) -> Tried:
    return Tried(lane, Failure(kind=kind, scope=Scope.MODEL, rule="r", said="no"))


def unavailable(*trail: Tried) -> Round:
    return Round(request_id="r", verdict=Verdict.UNAVAILABLE, trail=trail, message="nobody")


def ended(last: Round, seen: Prospect, *, may_fail_over: bool = True) -> Later | Outcome:
    errand = after(Errand(item=Item(n=7)), last)
    return settle(errand, last, seen, now_ms=NOW_MS, wall_ms=5, may_fail_over=may_fail_over)


@settings(max_examples=1000)
@given(last=rounds, seen=prospects, may_fail_over=some.booleans(), rounds_before=some.integers(0, ROUNDS_MAX))
def test_every_verdict_under_every_prospect_is_done_failed_or_later(last, seen, may_fail_over, rounds_before):
    errand = after(Errand(item=Item(n=7), rounds=rounds_before), last)
    found = settle(errand, last, seen, now_ms=NOW_MS, wall_ms=5, may_fail_over=may_fail_over)
    if isinstance(found, Later):
        assert found.at_ms > NOW_MS
        assert errand.rounds < ROUNDS_MAX
        assert last.verdict not in (Verdict.OK, Verdict.CALLER_ERROR)
    else:
        assert found.n == 7
        assert found.is_done == (last.verdict is Verdict.OK)
        assert found.tag or found.is_done
        assert found.is_done or found.code


@settings(max_examples=500)
@given(script=some.lists(some.tuples(rounds, prospects), min_size=1, max_size=3))
def test_nothing_loops_for_ever_whatever_happens_again_and_again(script):
    errand = Errand(item=Item(n=7))
    assume(any(last.verdict not in NO_ROUND for last, _ in script))
    for last, seen in islice(cycle(script), len(script) * ROUNDS_MAX):
        errand = after(errand, last)
        found = settle(errand, last, seen, now_ms=NOW_MS, wall_ms=5, may_fail_over=True)
        if isinstance(found, Outcome):
            return
    raise AssertionError("it was never settled")


@settings(max_examples=500)
@given(seen=prospects, deadline_ms=some.none() | some.integers(NOW_MS - 10, NOW_MS + 10))
def test_a_look_ends_in_exactly_one_way_and_the_deadline_in_one_only(seen, deadline_ms):
    found = before(Errand(item=Item(n=7)), seen, now_ms=NOW_MS, deadline_ms=deadline_ms, wall_ms=5)
    if deadline_ms is not None and deadline_ms <= NOW_MS:
        assert isinstance(found, Outcome)
        assert found.code == "deadline"
    else:
        assert isinstance(found, Ask) == (seen.outlook in (Outlook.OPEN, Outlook.HOPELESS))
        assert isinstance(found, Outcome) == (seen.outlook is Outlook.BENCHED)


HOPELESS = Prospect(outlook=Outlook.HOPELESS)
WAITING = Prospect(outlook=Outlook.WAITING, at_ms=NOW_MS + 9_000, why="a: resting")
STUCK = Prospect(outlook=Outlook.STUCK, why="a: its key was refused")


@pytest.mark.parametrize(
    ("kind", "is_spent"),
    [
        (Kind.RATE_LIMIT, False),
        (Kind.QUOTA, False),
        (Kind.AUTH, False),
        (Kind.NOT_FOUND, False),
        (Kind.UNAVAILABLE, True),
        (Kind.NETWORK, True),
        (Kind.TIMEOUT, True),
        (Kind.BAD_RESPONSE, True),
        (Kind.CONTEXT_LENGTH, True),
        (Kind.CONTENT_POLICY, True),
        (Kind.BAD_REQUEST, True),
    ],
)
def test_a_lane_that_is_only_full_or_out_may_be_asked_again(kind, is_spent):
    errand = after(Errand(item=Item(n=7)), unavailable(failed(kind)))
    assert errand.spent == ((LANES[0],) if is_spent else ())


def test_while_we_are_offline_no_lane_fails_it_and_no_round_is_lost():
    last = Round(request_id="r", verdict=Verdict.LOCAL_NETWORK_DOWN, trail=(failed(Kind.NETWORK),))
    errand = after(Errand(item=Item(n=7)), last)
    assert (errand.rounds, errand.spent) == (0, ())


def test_two_lanes_that_failed_it_are_both_and_their_words_are_kept():
    found = ended(unavailable(failed(Kind.UNAVAILABLE), failed(Kind.TIMEOUT, LANES[1])), HOPELESS)
    assert isinstance(found, Outcome)
    assert (found.tag, found.lane, found.attempts) == ("both-failed", "b/key1/m", 2)
    assert [(error.lane, error.kind) for error in found.errors] == [
        ("a/key1/m", "unavailable"),
        ("b/key1/m", "timeout"),
    ]


def test_without_failover_it_stays_with_its_lane():
    found = ended(unavailable(failed(Kind.UNAVAILABLE)), WAITING, may_fail_over=False)
    assert isinstance(found, Outcome)
    assert found.tag == "a-failed"


def test_what_is_left_is_waited_for_as_long_as_it_says():
    found = ended(unavailable(failed(Kind.UNAVAILABLE)), WAITING)
    assert found == Later(at_ms=NOW_MS + 9_000, why="a: resting")


def test_who_was_never_really_tried_waits_for_an_operator_and_who_failed_does_not():
    assert isinstance(ended(unavailable(failed(Kind.AUTH)), STUCK), Later)
    both = ended(unavailable(failed(Kind.AUTH), failed(Kind.UNAVAILABLE, LANES[1])), STUCK)
    assert isinstance(both, Outcome)
    assert both.tag == "both-failed"


def test_an_answer_after_a_switch_says_so_and_why():
    trail = (failed(Kind.UNAVAILABLE), Tried(LANES[1], Answered()))
    found = ended(Round(request_id="r", verdict=Verdict.OK, lane=LANES[1], trail=trail), HOPELESS)
    assert isinstance(found, Outcome)
    assert (found.tag, found.reason, found.is_failover) == ("b-failover", "a/key1/m: unavailable: no", True)
