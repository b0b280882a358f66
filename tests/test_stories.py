"""Stories of a day, with real sockets and a real journal; each can be read again in `explain`."""

from typing import Any

import msgspec
import pytest
from anyio import create_task_group, fail_after, sleep

from state.config import Api, PoolConfig
from state.events import Disable, Enable, Force, PreferenceCleared, Verdict
from state.settings.tuning import ProbeConfig, QuarantineConfig, TimeoutConfig
from state.timeline import ms
from state.words import ProviderId
from tests.town import (
    Server,
    answering,
    calling_a_tool,
    cut_after,
    failing,
    lane,
    lining_up,
    out_of_quota,
    resetting,
    silent,
    spaced,
    town,
    tried,
)

pytestmark = pytest.mark.anyio

WORDS = spaced(" ".join(f"word{number}" for number in range(60)))
WHOLE = "".join(WORDS)

FAR_AWAY = ("127.1", "127.0.1", "2130706433")
"""Names that are no addresses to us, so that whoever has them is no server of this machine."""
DEFAULTS: dict[str, Any] = {
    "timeout": TimeoutConfig(),
    "probe": ProbeConfig(),
    "quarantine": QuarantineConfig(),
}


async def test_the_first_lane_answers(tmp_path):
    async with town(tmp_path, a=Server(answering("hi")), b=Server()) as there:
        closed = await there.serve()
        story = str(await there.explained())

    assert (closed.verdict, tried(closed)) == (Verdict.OK, ["a"])
    assert closed.answer is not None
    assert b'"content":"hi"' in closed.answer.body
    assert there.servers["b"].calls == []
    assert "1. a/key1/m" in story
    assert "2. b/key1/m" in story
    assert "10+5 tokens" in story


async def test_the_first_fails_and_the_second_answers(tmp_path):
    async with town(tmp_path, a=Server(failing("503 Unavailable")), b=Server()) as there:
        closed = await there.serve()
        story = str(await there.explained())

    assert (closed.verdict, tried(closed)) == (Verdict.OK, ["a", "b"])
    assert len(there.servers["a"].calls) == 2
    assert "tried a/key1/m: unavailable (503)" in story
    assert "2 tries" in story


async def test_who_rescues_and_who_had_to_be_rescued_is_counted_at_once(tmp_path):
    async with town(tmp_path, a=Server(failing("503 Unavailable")), b=Server()) as there:
        await there.serve()
        known = {name: there.ledgers[name].state.statistics for name in "ab"}
        left, stepped_in = (known[name].lane(lane(name)) for name in "ab")

    assert (left.failovers, left.rescues) == (1, 0)
    assert (stepped_in.failovers, stepped_in.rescues) == (0, 1)
    assert [list(each.providers) for each in known.values()] == [["a"], ["b"]]


async def test_a_rate_limit_is_skipped_and_rests_for_as_long_as_it_stated(tmp_path):
    limited = failing("429 Too Many Requests", "slow down", "retry-after: 40")
    async with town(tmp_path, a=Server(limited, answering()), b=Server()) as there:
        first, second = await there.serve(), await there.serve()
        story = str(await there.explained())
        there.clock.skip(41)
        third = await there.serve()

    assert [tried(closed) for closed in (first, second, third)] == [["a", "b"], ["b"], ["a"]]
    assert "a/key1/m: resting" in story


async def test_a_short_stated_wait_is_waited_out_on_the_same_lane(tmp_path):
    limited = failing("429 Too Many Requests", "slow down", "retry-after-ms: 200")
    async with town(tmp_path, a=Server(limited, answering()), b=Server()) as there:
        closed = await there.serve()

    assert (tried(closed), closed.trail[0].tries) == (["a"], 2)
    assert closed.trail[0].duration_ms >= 200


async def test_quotas_cascade_through_keys_and_models_and_then_stop_with_one_error(tmp_path):
    gemini = Server(out_of_quota, models=4, keys=3, api=Api.GEMINI)
    async with town(tmp_path, gemini=gemini) as there:
        closed = await there.serve()
        story = await there.explained()
        again = await there.serve()

    asked = [f"{line.lane.key}/{line.lane.model}" for line in closed.trail]
    assert asked == [f"key{key}/m{model}" for key in (1, 2, 3) for model in (1, 2, 3, 4)]
    assert [each.lane for each in story.tries] == [line.lane for line in closed.trail]
    assert (closed.verdict, len(gemini.calls)) == (Verdict.UNAVAILABLE, 12)
    assert closed.trouble is not None
    assert closed.trouble.message.count("quota (429)") == 12
    assert closed.trouble.retry_after_s is not None
    assert (again.verdict, again.trail) == (Verdict.UNAVAILABLE, ())


async def test_all_fail_and_one_error_names_each(tmp_path):
    a, b, c = (Server(failing("500 Oops", f"{name} is broken")) for name in "abc")
    async with town(tmp_path, a=a, b=b, c=c) as there:
        closed = await there.serve()
        story = str(await there.explained())

    assert (closed.verdict, tried(closed)) == (Verdict.UNAVAILABLE, ["a", "b", "c"])
    assert closed.trouble is not None
    for name in "abc":
        assert f"{name}/key1/m: unavailable (500): {name} is broken" in closed.trouble.message
        assert len(there.servers[name].calls) == 2
        assert f"tried {name}/key1/m: unavailable (500)" in story


async def test_three_failures_in_a_row_are_ten_minutes_and_then_it_is_usable_again(tmp_path):
    async with town(tmp_path, a=Server(failing("503 Unavailable")), b=Server()) as there:
        left_s = []
        for _ in range(3):
            await there.serve()
            left_s.append(there.left_s("a"))
            there.clock.skip(left_s[-1] + 1)
        there.servers["a"].feels(answering())
        recovered = await there.serve()

    assert left_s == pytest.approx([300, 600, 600], abs=5)
    assert tried(recovered) == ["a"]


async def test_a_new_request_starts_fresh(tmp_path):
    no_tools = failing("400 Bad Request", "this model does not support tools", code="tools_not_supported")
    async with town(tmp_path, a=Server(no_tools, answering()), b=Server()) as there:
        tools = {"tools": [{"type": "function", "function": {"name": "f"}}]}
        first, second = await there.serve(body=tools), await there.serve(body=tools)

    assert [tried(first), tried(second)] == [["a", "b"], ["a"]]


@pytest.mark.parametrize(("sticky", "after"), [(False, "ollama"), (True, "openai")])
async def test_ollama_is_down_and_openai_answers_until_it_is_well(tmp_path, sticky, after):
    pools = {"talk": PoolConfig(lanes=("ollama", "openai"), sticky=sticky)}
    ollama = Server(failing("503 Unavailable"))
    async with town(tmp_path, pools=pools, ollama=ollama, openai=Server()) as there:
        first, second = await there.serve("talk"), await there.serve("talk")
        story = str(await there.explained())
        ollama.feels(answering())
        there.clock.skip(310)
        third = await there.serve("talk")
        there.clock.skip(1800)
        fourth = await there.serve("talk")

    assert [tried(closed) for closed in (first, second)] == [["ollama", "openai"], ["openai"]]
    assert "openai/key1/m, remembered" in story
    assert tried(third) == [after]
    assert tried(fourth) == ["ollama"]


async def test_an_operator_forces_for_an_hour_clears_disables_and_enables(tmp_path):
    async with town(tmp_path, a=Server(), b=Server()) as there:
        b, until_ms = ProviderId("b"), there.clock.now_ms() + ms(3600)

        await there.act(Force(b, until_ms))
        assert tried(await there.serve()) == ["b"]
        assert "1. b/key1/m, forced" in str(await there.explained())
        there.clock.skip(3601)
        assert tried(await there.serve()) == ["a"]

        await there.act(Force(b, there.clock.now_ms() + ms(3600)))
        await there.act(PreferenceCleared())
        assert tried(await there.serve()) == ["a"]

        await there.act(Disable(ProviderId("a"), there.clock.now_ms() + ms(3600)))
        assert tried(await there.serve()) == ["b"]
        assert "a/key1/m: out" in str(await there.explained())
        await there.act(Enable(ProviderId("a")))
        assert tried(await there.serve()) == ["a"]


async def test_a_silent_provider_is_asked_once_and_another_lane_answers(tmp_path):
    async with town(tmp_path, a=Server(silent), b=Server()) as there:
        whole = await there.serve()
        there.clock.skip(310)
        streamed, ear = await there.stream()

    assert tried(whole) == ["a", "b"]
    assert whole.trail[0].duration_ms < 1500
    assert (tried(streamed), ear.text) == (["a", "b"], "hello")
    assert len(there.servers["a"].calls) == 2


async def test_a_first_token_that_is_late_is_not_waited_for(tmp_path):
    async with town(tmp_path, a=Server(answering(after_s=1.0)), b=Server(answering("other"))) as there:
        closed, ear = await there.stream()

    assert (tried(closed), ear.text) == (["a", "b"], "other")


async def test_one_500_is_confirmed_on_the_same_lane(tmp_path):
    async with town(tmp_path, a=Server(failing("500 Oops"), answering()), b=Server()) as there:
        closed = await there.serve()

    assert (tried(closed), closed.trail[0].tries) == (["a"], 2)
    assert there.standing("a") == "Usable"


async def test_a_reset_before_the_headers_is_answered(tmp_path):
    async with town(tmp_path, a=Server(resetting), b=Server()) as there:
        closed = await there.serve()

    assert (closed.verdict, closed.lane) == (Verdict.OK, lane("b"))


async def test_a_refusal_of_content_is_reported_and_not_routed_around(tmp_path):
    refusal = failing("400 Bad Request", "flagged by our safety system", code="content_policy_violation")
    async with town(tmp_path, a=Server(refusal), b=Server()) as there:
        closed = await there.serve()
        story = str(await there.explained())

    assert (closed.verdict, tried(closed)) == (Verdict.CALLER_ERROR, ["a"])
    assert closed.trouble is not None
    assert "safety system" in closed.trouble.message
    assert there.servers["b"].calls == []
    assert "content_policy (400)" in story


async def test_what_is_too_long_goes_to_the_larger_model_and_to_the_small_one_once(tmp_path):
    words = "This model's maximum context length is 1000 tokens"
    too_long = failing("400 Bad Request", words, code="context_length_exceeded")
    async with town(tmp_path, small=Server(too_long), large=Server()) as there:
        closed = await there.serve()

    assert tried(closed) == ["small", "large"]
    assert len(there.servers["small"].calls) == 1


@pytest.mark.parametrize("how", ["closes", "stalls", "says an error"])
async def test_a_broken_stream_is_repeated_and_its_caller_gets_the_whole_once(tmp_path, how):
    async with town(tmp_path, a=Server(cut_after(*WORDS[:40], how=how)), b=Server(answering(WHOLE))) as there:
        closed, ear = await there.stream()
        story = str(await there.explained())

    assert (closed.verdict, ear.text) == (Verdict.OK, WHOLE)
    assert (len(ear.ids), ear.ends) == (1, 1)
    assert f"seam at {len(''.join(WORDS[:40]))}: a/key1/m -> b/key1/m" in story


async def test_a_lane_that_was_given_the_beginning_continues_it(tmp_path):
    ollama = Server(lining_up(*WORDS[40:]), api=Api.OLLAMA)
    async with town(tmp_path, a=Server(cut_after(*WORDS[:40])), ollama=ollama) as there:
        closed, ear = await there.stream()
        story = str(await there.explained())

    assert (closed.verdict, ear.text, ear.ends) == (Verdict.OK, WHOLE, 1)
    assert msgspec.json.decode(ollama.calls[0].body)["messages"][-1] == {
        "role": "assistant",
        "content": "".join(WORDS[:40]).rstrip(),
    }
    assert "ollama/key1/m, prefill" in story


async def test_a_lane_that_refuses_the_beginning_is_asked_plainly_and_its_400_stays_unseen(tmp_path):
    refusal = failing("400 Bad Request", "assistant message prefill is not supported")
    ollama = Server(refusal, lining_up(*WORDS), api=Api.OLLAMA)
    async with town(tmp_path, a=Server(cut_after(*WORDS[:40])), ollama=ollama) as there:
        closed, ear = await there.stream()

    assert (closed.verdict, ear.text, ear.ends) == (Verdict.OK, WHOLE, 1)
    assert tried(closed) == ["a", "ollama", "ollama"]


async def test_a_stream_that_nobody_can_join_ends_with_an_honest_error(tmp_path):
    other = answering("Something else altogether, in many words that do not meet")
    async with town(tmp_path, a=Server(cut_after(*WORDS[:40])), b=Server(other)) as there:
        closed, ear = await there.stream()

    assert (closed.verdict, ear.text, ear.ends) == (Verdict.PARTIAL, "".join(WORDS[:40]), 0)
    assert closed.trouble is not None
    assert closed.trouble.partial == ear.text


async def test_never_in_a_tool_call(tmp_path):
    async with town(tmp_path, a=Server(calling_a_tool), b=Server()) as there:
        closed, _ = await there.stream()

    assert (closed.verdict, tried(closed)) == (Verdict.PARTIAL, ["a"])


async def test_the_primary_is_back_after_its_trial(tmp_path):
    async with town(tmp_path, a=Server(silent), b=Server()) as there:
        await there.serve()
        assert there.standing("a") == "Out"
        there.servers["a"].feels(answering())
        there.clock.skip(301)
        closed = await there.serve()
        again = await there.serve()
        story = str(await there.explained())

    assert closed.trail[0].terms.mark == "trial"
    assert [tried(closed), tried(again)] == [["a"], ["a"]]
    assert there.standing("a") == "Usable"
    assert "1. a/key1/m" in story


async def test_who_was_down_for_a_minute_is_back_soon_and_costs_its_callers_nothing(tmp_path):
    """At default settings. A second passes at each step."""
    primary, other = (Server(answering(), host=host, **DEFAULTS) for host in FAR_AWAY[:2])
    async with town(tmp_path, a=primary, b=other) as there:
        await there.serve()
        primary.feels(failing("503 Unavailable"))
        primary.probes_well = False
        for _ in range(60):
            there.clock.skip(1)
            await sleep(0.005)
            assert (await there.serve()).verdict is Verdict.OK
        asked_while_down = len(primary.calls) - 1
        primary.feels(answering())
        primary.probes_well = True
        asked_before, back_after_s = len(primary.calls), 0
        while tried(await there.serve()) != ["a"]:
            there.clock.skip(1)
            await sleep(0.05)  # for what really goes over the wire
            back_after_s += 1
            assert back_after_s < 60, there.standing("a")

    assert asked_while_down == 2  # once, and its confirmation in place
    assert len(primary.calls) == asked_before + 1
    assert primary.probes > 2, "looked at for free"
    assert back_after_s <= 30


async def test_two_minutes_without_wi_fi_are_nobodys_fault(tmp_path):
    """Nothing can be reached, and then everything can. A second passes at each step."""
    a, b, c = servers = [Server(answering(), host=host, **DEFAULTS) for host in FAR_AWAY]
    verdicts = []
    async with town(tmp_path, a=a, b=b, c=c) as there:
        await there.serve()
        for server in servers:
            await server.unplug()
        for _ in range(120):
            verdicts.append((await there.serve()).verdict)
            there.clock.skip(1)
            await sleep(0.005)
        for server in servers:
            await server.plug_in()
        back_after_s = 0
        while (await there.serve()).verdict is not Verdict.OK:
            there.clock.skip(1)
            await sleep(0.05)  # for what really goes over the wire
            back_after_s += 1
            assert back_after_s < 60
        assert [there.standing(name) for name in "abc"] == ["Usable"] * 3
        assert tried(await there.serve()) == ["a"]

    assert set(verdicts[3:]) == {Verdict.LOCAL_NETWORK_DOWN}
    assert back_after_s <= 15


async def test_a_provider_that_falls_silent_is_left_after_ten_seconds(tmp_path):
    """At default settings; the callers of streams wait no longer than twelve seconds for their first word."""
    mute, other = Server(silent, host=FAR_AWAY[0], **DEFAULTS), Server(host=FAR_AWAY[1], **DEFAULTS)
    async with town(tmp_path, a=mute, b=other) as there:
        answered = []

        async def ask() -> None:
            answered.append(await there.stream())

        async with create_task_group() as callers:
            callers.start_soon(ask)
            while not mute.calls:
                await sleep(0.005)
            there.clock.skip(5)
            await sleep(0.02)
            assert answered == [], "it has ten seconds"
            there.clock.skip(5)
        ((closed, ear),) = answered

    assert (tried(closed), ear.text, len(mute.calls)) == (["a", "b"], "hello", 1)
    assert closed.trail[0].duration_ms >= 10_000


async def test_the_sockets_close_when_a_caller_leaves(tmp_path):
    async with town(tmp_path, a=Server(silent)) as there:
        async with create_task_group() as callers:
            callers.start_soon(there.serve)
            while not there.servers["a"].calls:
                await sleep(0.005)
            callers.cancel_scope.cancel()
        with fail_after(10):
            while there.servers["a"].fake.open >= there.servers["a"].fake.accepted:
                await sleep(0.005)
        story = await there.explained()

        assert (story.verdict, [str(each.outcome) for each in story.tries]) == (
            Verdict.CANCELLED,
            ["Cancelled()"],
        )
        assert there.standing("a") == "Usable"
