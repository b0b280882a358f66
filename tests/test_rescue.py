"""Streams that break after their first word, and what their caller gets: one whole answer, or an honest error."""

import pytest
from anyio import create_task_group

from state.events import Answered, Cancelled, RequestClosed, Verdict
from state.failures import Failure, Kind, Scope
from tests.fakes import settle
from tests.house_of_doors import Act, Ear, House, breaks_after, fails, lane, says, tried

pytestmark = pytest.mark.anyio

WORDS = [f"word{number} " for number in range(60)]
WHOLE = "".join(WORDS)
JSON_BODY = {"response_format": {"type": "json_object"}}


async def test_a_lane_that_is_given_the_text_goes_on_from_there():
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[says(*WORDS[40:])])
    house.doors["b"].can_continue = True

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text) == (Verdict.OK, WHOLE)
    assert house.doors["b"].knocks[0].prefill == "".join(WORDS[:40]).rstrip()
    (seam,) = closed.seams
    assert (seam.at_char, seam.before, seam.after, seam.how) == (
        len("".join(WORDS[:40])),
        lane("a"),
        lane("b"),
        "prefill",
    )


async def test_a_lane_that_cannot_continue_is_asked_anew_and_what_it_repeats_is_dropped():
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[says(*WORDS)])

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text) == (Verdict.OK, WHOLE)
    assert [seam.how for seam in closed.seams] == ["repeated"]
    assert house.doors["b"].knocks[0].prefill == ""


async def test_a_lane_that_repeats_although_it_was_given_the_text_is_understood():
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[says(*WORDS)])
    house.doors["b"].can_continue = True

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text) == (Verdict.OK, WHOLE)


async def test_the_seam_cannot_be_seen_in_the_chunks():
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[says(*WORDS)])

    _, ear = await house.stream()

    assert (ear.ids, ear.roles, ear.ends, ear.begun) == ({"of-a"}, 1, 1, [lane("a")])


async def test_what_does_not_meet_ends_with_an_honest_error_and_what_was_delivered():
    other = [f"other{number} " for number in range(60)]
    house = House("a", "b", "c", a=[breaks_after(*WORDS[:40])], b=[says(*other, gap_s=0.1)])

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, ear.ends) == (Verdict.PARTIAL, "".join(WORDS[:40]), 0)
    assert closed.trouble is not None
    assert closed.trouble.partial == ear.text
    assert "does not meet" in closed.trouble.message
    assert tried(closed) == ["a", "b"]
    assert isinstance(closed.trail[1].outcome, Cancelled)
    assert closed.seams == ()


async def test_a_lane_that_does_not_meet_is_stopped_at_once():
    house = House("a", "b", a=[breaks_after("one ")], b=[says("two ", *WORDS, gap_s=1.0)])

    closed, _ = await house.stream()

    assert closed.verdict is Verdict.PARTIAL
    assert house.clock.now_ms() < 1000


async def test_a_lane_that_refuses_the_beginning_is_asked_in_plain_words_and_its_refusal_stays_unseen():
    refusal = fails(Kind.BAD_REQUEST, Scope.REQUEST, status=400, said="prefill is not supported")
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[refusal, says(*WORDS)])
    house.doors["b"].can_continue = True

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, tried(closed)) == (Verdict.OK, WHOLE, ["a", "b", "b"])
    assert [knock.prefill != "" for knock in house.doors["b"].knocks] == [True, False]


async def test_two_lanes_may_break_and_the_third_finishes():
    house = House(
        "a",
        "b",
        "c",
        a=[breaks_after(*WORDS[:20])],
        b=[breaks_after(*WORDS[:40])],
        c=[says(*WORDS)],
    )

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, ear.ends) == (Verdict.OK, WHOLE, 1)
    assert [(seam.before.provider, seam.after.provider) for seam in closed.seams] == [("a", "b"), ("b", "c")]
    assert [line.delivered_chars for line in closed.trail] == [
        len("".join(words)) for words in (WORDS[:20], WORDS[20:40], WORDS[40:])
    ]


async def test_a_lane_that_fails_before_it_says_anything_leaves_the_rescue_to_the_next():
    house = House("a", "b", "c", a=[breaks_after("one ")], b=[fails(Kind.RATE_LIMIT)], c=[says("one two")])

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, tried(closed)) == (Verdict.OK, "one two", ["a", "b", "c"])
    assert [(seam.before.provider, seam.after.provider) for seam in closed.seams] == [("a", "c")]


async def test_with_nobody_left_the_error_is_honest():
    closed, ear = await House("a", a=[breaks_after("one ")]).stream()

    assert (closed.verdict, ear.text) == (Verdict.PARTIAL, "one ")
    assert closed.trouble is not None
    assert closed.trouble.partial == "one "


@pytest.mark.parametrize(
    "options",
    [{"rescue": "none"}, {"body": JSON_BODY}, {"body": {"n": 2}}],
    ids=["none was asked for", "half a JSON", "one of two choices"],
)
async def test_what_nobody_may_continue_is_not_continued(options):
    house = House("a", "b", a=[breaks_after("one ")], b=[says("one two")])

    closed, ear = await house.stream(**options)

    assert (closed.verdict, ear.text, tried(closed)) == (Verdict.PARTIAL, "one ", ["a"])


async def test_never_in_a_tool_call():
    in_tool = Act(outcome=breaks_after().outcome, words=("I will look. ",), in_tool=True)
    house = House("a", "b", a=[in_tool], b=[says("I will look. ")])

    closed, _ = await house.stream()

    assert (closed.verdict, tried(closed)) == (Verdict.PARTIAL, ["a"])


async def test_json_starts_anew_while_nothing_of_it_was_delivered():
    house = House("a", "b", a=[fails(Kind.BAD_RESPONSE)], b=[says("{}")])

    closed, ear = await house.stream(body=JSON_BODY)

    assert (closed.verdict, ear.text) == (Verdict.OK, "{}")


async def test_restart_never_shows_the_text_to_another_lane():
    house = House("a", "b", a=[breaks_after(*WORDS[:40])], b=[says(*WORDS)])
    house.doors["b"].can_continue = True

    closed, ear = await house.stream(rescue="restart")

    assert (closed.verdict, ear.text) == (Verdict.OK, WHOLE)
    assert house.doors["b"].knocks[0].prefill == ""


async def test_a_refusal_in_the_middle_of_a_stream_is_the_callers_to_hear():
    cut = Failure(kind=Kind.CONTENT_POLICY, scope=Scope.REQUEST, rule="test", said="not this")
    house = House("a", "b", a=[Act(outcome=cut, words=("one ",))], b=[says("one two")])

    closed, ear = await house.stream()

    assert (closed.verdict, ear.text, tried(closed)) == (Verdict.CALLER_ERROR, "one ", ["a"])
    assert closed.trouble is not None
    assert (closed.trouble.message, closed.trouble.partial) == ("not this", "one ")


async def test_a_caller_that_reads_slowly_holds_back_whoever_speaks():
    house = House("a", "b", a=[breaks_after("one ")], b=[says("one ", "two", gap_s=1.0)])
    ear = Ear()

    async with create_task_group() as callers:
        callers.start_soon(house.router.serve, house.case(stream=True), ear)
        await settle()
        assert ear.flow is not None
        ear.flow.pause()
        await house.clock.advance(5.0)

    assert [flow.is_paused for flow in house.doors["b"].flows] == [True]


async def test_the_deadline_ends_a_rescue_too_with_what_was_delivered():
    house = House("a", "b", a=[breaks_after("one ")], b=[Act(words=("one two",), hangs=True)])

    closed, ear = await house.stream(deadline_s=5.0)

    assert (closed.verdict, ear.text) == (Verdict.DEADLINE, "one two")
    assert closed.trouble is not None
    assert closed.trouble.partial == "one two"


async def test_the_event_tells_of_the_seam():
    house = House("a", "b", a=[breaks_after("one ")], b=[says("one two")])

    closed, _ = await house.stream()

    (event,) = house.of(RequestClosed)
    assert event.seams == closed.seams
    assert isinstance(closed.trail[-1].outcome, Answered)
