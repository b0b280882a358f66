"""Free questions: when they are asked, with which key, and what their answers change."""

from itertools import pairwise
from typing import Any

import anyio
import msgspec
import pytest
from msgspec.structs import replace

from actors.net.tls import TrustStore
from actors.provider.access import open_access
from actors.provider.door import Ticket
from state.config import Api, Capability, KeyConfig, ModelConfig, ProbeConfig
from state.events import AttemptClosed, Enable, Mark, OperatorActed, ProbeClosed
from state.failures import Failure, Kind, Scope
from state.standing.probing import quiet_keys
from state.standing.standings import Standings
from state.words import KeyId, LaneId, ProviderId
from tests.doorstep import HELLO, KEY, LANE, Doorstep, config, doorstep, error, real_doorstep
from tests.fakes import FakeClock
from tests.fakes.transport import SILENCE, Script, whole
from tests.fakeserver import Line, serving
from tests.fakeserver.answers import answer
from tests.wire.calls import URLS, call, embed, image

pytestmark = pytest.mark.anyio

PROBING = ProbeConfig()
LIST = whole(b'{"data":[{"id":"m"}]}')
DOWN = whole(error("overloaded"), 503)
WELL = whole(HELLO)


def strike(step: Doorstep, lane: LaneId, scope: Scope) -> None:
    """It has failed just now."""
    step.ledger.happened(
        AttemptClosed(
            at_ms=step.clock.now_ms(),
            wall_ms=step.clock.wall_ms(),
            attempt_id=str(lane),
            request_id="r",
            lane=lane,
            outcome=Failure(kind=Kind.UNAVAILABLE, scope=scope, rule="test"),
        )
    )


def probes(step: Doorstep) -> list[tuple[int, str, bool]]:
    """When each ended (in whole seconds), about whom, and whether all was well."""
    return [(event.at_ms // 1000, str(event.target), event.failure is None) for event in step.of(ProbeClosed)]


def asked(step: Doorstep) -> int:
    return sum(sent.method == b"GET" for sent in step.network.sent)


# While all is well.


async def test_it_asks_at_once_and_then_about_every_minute(clock: FakeClock):
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(600)
        ends_s = [at_s for at_s, _, _ in probes(step)]
    assert ends_s[0] == 0
    gaps_s = [after - before for before, after in pairwise(ends_s)]
    assert 8 <= len(gaps_s) <= 12
    assert all(48 <= gap_s <= 72 for gap_s in gaps_s)
    assert len(set(gaps_s)) > 3
    assert {sent.target for sent in step.network.sent} == {b"/v1/models"}
    assert {sent.key for sent in step.network.sent} == {f"authorization: Bearer {KEY}"}
    assert {sent.body for sent in step.network.sent} == {b""}


async def test_it_never_asks_for_a_completion(clock: FakeClock):
    for api in Api:
        async with doorstep(clock, DOWN, probe=PROBING, api=api, url=URLS[api], api_version="v") as step:
            await clock.advance(300)
        assert step.network.sent
        assert {(sent.method, sent.body) for sent in step.network.sent} == {(b"GET", b"")}


async def test_live_answers_say_as_much_as_a_question(clock: FakeClock):
    async with doorstep(clock, WELL, probe=PROBING) as step:
        await clock.advance(1)
        before = asked(step)
        for _ in range(30):
            await clock.until_done(step.attempt())
            await clock.advance(20)
        assert asked(step) == before
        await clock.advance(80)
        assert asked(step) == before + 1


async def test_switched_off_it_never_asks(clock: FakeClock):
    async with doorstep(clock, LIST) as step:
        await clock.advance(3600)
        assert step.network.sent == []


async def test_while_a_rate_limit_runs_it_keeps_quiet(clock: FakeClock):
    limited = whole(error("Rate limit reached"), 429, (b"retry-after", b"300"))
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(1)
        step.network.play(limited)
        await clock.until_done(step.attempt())
        before = asked(step)
        await clock.advance(299)
        assert asked(step) == before
        await clock.advance(75)
        assert asked(step) > before


async def test_it_asks_with_a_key_that_is_not_resting(clock: FakeClock):
    limited = whole(error("Rate limit reached"), 429, (b"retry-after", b"300"))
    keys = (KeyConfig(name="key1"), KeyConfig(name="key2"))
    async with doorstep(clock, limited, probe=PROBING, keys=keys) as step:
        await clock.until_done(step.attempt())
        state, provider = step.ledger.state.standing, step.ledger.provider
        assert quiet_keys(state, provider, clock.now_ms()) == ("key2",)
        await clock.advance(120)
        assert asked(step) > 0


def test_a_key_is_quiet_unless_it_is_off_refused_or_limited(clock: FakeClock):
    provider = config(keys=(KeyConfig(name="key1", enabled=False), KeyConfig(name="key2")))
    assert quiet_keys(Standings(), provider, 0) == ("key2",)


async def test_a_refused_key_says_nothing_of_the_others(clock: FakeClock):
    refused = whole(error("Incorrect API key provided", code="invalid_api_key"), 401)
    async with doorstep(clock, refused, probe=PROBING) as step:
        await clock.until_done(step.attempt())
        before = asked(step)
        await clock.advance(3600)
        assert asked(step) == before
        act = OperatorActed(at_ms=clock.now_ms(), wall_ms=0, act=Enable(target=LANE.key_id))
        step.ledger.happened(act)
        await clock.advance(1)
        assert asked(step) == before + 1


# While something is out.


async def test_a_provider_that_is_out_is_looked_at_by_the_ladder(clock: FakeClock):
    async with doorstep(clock, DOWN, probe=PROBING) as step:
        await clock.advance(1)
        await clock.until_done(step.attempt())
        began_ms = clock.now_ms()
        before = len(probes(step))
        await clock.advance(280)
        ends_s = [at_s - began_ms // 1000 for at_s, target, _ in probes(step)[before:] if target == str(LANE)]
    steps_s = [after - before for before, after in pairwise([0, *ends_s])]
    assert [round(step_s, -1) for step_s in steps_s] == [10, 20, 30, 30, 60, 120]


async def test_a_quarantine_that_begins_while_it_sleeps_wakes_it(clock: FakeClock):
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(5)
        step.network.play(whole(error("model exploded", param="model"), 500))
        failed = (await clock.until_done(step.attempt())).attempted.outcome
        assert isinstance(failed, Failure)
        step.network.play(LIST)
        await clock.advance(12)
        assert len(probes(step)) >= 2


async def test_two_good_looks_in_a_row_bring_the_trial_forward(clock: FakeClock):
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(1)
        step.network.play(DOWN)
        await clock.until_done(step.attempt())
        step.network.play(LIST)
        await clock.advance(6)
        assert repr(step.knock()).startswith("Held(")
        await clock.advance(9)
        assert step.let_in().terms.mark is Mark.EARLY_TRIAL
    good = [well for _, target, well in probes(step) if target == str(LANE)]
    assert good[-2:] == [True, True]


async def test_a_bad_look_takes_the_good_one_back(clock: FakeClock):
    async with doorstep(clock, DOWN, probe=PROBING) as step:
        await clock.until_done(step.attempt())
        step.network.play(LIST, DOWN)
        await clock.advance(14)
        assert repr(step.knock()).startswith("Held(")
        assert step.ledger.state.standing.of(ProviderId("p")).probing.good == 0


async def test_one_question_tells_about_all_that_its_key_stands_for(clock: FakeClock):
    models = tuple(ModelConfig(name=f"m{n}") for n in range(20))
    async with doorstep(clock, LIST, probe=PROBING, models=models) as step:
        await clock.advance(0)
        for lane in step.ledger.lanes:
            strike(step, lane, Scope.MODEL)
        await clock.advance(8.5)
        assert asked(step) == 2
    assert [(target, well) for _, target, well in probes(step)[1:]] == [
        (str(lane), True) for lane in step.ledger.lanes
    ]


def brought_forward(step: Doorstep, lane: LaneId) -> bool:
    """Whether a request would be let in to test it, though its quarantine has not ended."""
    ticket = step.knock(lane=lane)
    return isinstance(ticket, Ticket) and ticket.terms.mark is Mark.EARLY_TRIAL


async def test_an_operator_who_asks_about_a_provider_means_its_lanes(clock: FakeClock):
    """Twice well, as by the ladder; but at once, and with the key of each."""
    keys = (KeyConfig(name="key1"), KeyConfig(name="key2"))
    async with doorstep(clock, LIST, probe=PROBING, keys=keys) as step:
        await clock.advance(0)
        for lane in step.ledger.lanes:
            strike(step, lane, Scope.MODEL)
        assert not any(brought_forward(step, lane) for lane in step.ledger.lanes)
        before = asked(step)
        for _ in range(2):
            await clock.until_done(step.probe(ProviderId("p")))
            await clock.advance(0)
        assert asked(step) - before == 4
        assert all(brought_forward(step, lane) for lane in step.ledger.lanes)


async def test_an_operator_who_asks_about_a_key_means_the_lanes_of_that_key(clock: FakeClock):
    keys = (KeyConfig(name="key1"), KeyConfig(name="key2"))
    async with doorstep(clock, LIST, probe=PROBING, keys=keys) as step:
        await clock.advance(0)
        for lane in step.ledger.lanes:
            strike(step, lane, Scope.MODEL)
        for _ in range(2):
            await clock.until_done(step.probe(KeyId("p", "key2")))
            await clock.advance(0)
        assert [lane.key for lane in step.ledger.lanes if brought_forward(step, lane)] == ["key2", "key2"]


async def test_bad_news_that_an_operator_asked_for_sends_nobody_else_up_the_ladder(clock: FakeClock):
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(0)
        strike(step, LANE, Scope.MODEL)
        step.network.play(DOWN)
        for _ in range(5):
            await clock.until_done(step.probe(ProviderId("p")))
        assert step.ledger.state.standing.of(LANE).probing.step == 0


async def test_never_more_than_four_at_once(clock: FakeClock):
    keys = tuple(KeyConfig(name=f"key{n}") for n in range(12))
    async with doorstep(clock, DOWN, probe=PROBING, keys=keys, models=(ModelConfig(name="m"),)) as step:
        for key in keys:
            strike(step, LaneId("p", key.name, "m"), Scope.KEY)
        step.network.play(Script(status=200, head_s=3.0, pieces=((0.0, b"{}"),)))
        step.network.open_most = 0
        await clock.advance(30)
        assert step.network.open_most == 4


async def test_no_probe_ever_strikes(clock: FakeClock):
    async with doorstep(clock, DOWN, probe=PROBING) as step:
        await clock.advance(600)
        assert {well for _, _, well in probes(step)} == {False}
        step.let_in()
        assert step.ledger.state.standing.of(ProviderId("p")).row == 0


async def test_what_hangs_is_given_up(clock: FakeClock):
    async with doorstep(clock, SILENCE, probe=PROBING) as step:
        await clock.advance(6)
    (first, *_) = step.of(ProbeClosed)
    assert first.duration_ms == 5000
    assert first.failure is not None
    assert first.failure.kind is Kind.TIMEOUT


async def test_after_a_night_asleep_it_looks_again_soon(clock: FakeClock):
    async with doorstep(clock, LIST, probe=PROBING) as step:
        await clock.advance(1)
        before = asked(step)
        await clock.suspend(8 * 3600)
        await clock.advance(1)
        assert asked(step) == before + 1


async def test_what_a_probe_was_told_is_not_told_on(clock: FakeClock):
    async with doorstep(
        clock, whole(error(f"Incorrect API key provided: {KEY}"), 401), probe=PROBING
    ) as step:
        await clock.advance(1)
    (closed,) = step.of(ProbeClosed)
    assert closed.failure is not None
    assert closed.failure.said == "Incorrect API key provided: ***"


# Finding models.


def ollama(**settings: Any) -> dict[str, Any]:
    return {"api": Api.OLLAMA, "url": URLS[Api.OLLAMA], "models": (), "probe": PROBING, **settings}


def tags(*names: str) -> Script:
    return whole(msgspec.json.encode({"models": [{"name": name} for name in names]}))


def lanes(step: Doorstep) -> list[str]:
    return [lane.model for lane in step.ledger.lanes]


async def test_models_are_found_and_what_they_can_is_guessed(clock: FakeClock):
    async with doorstep(clock, tags("llama3.2:3b", "llava:7b", "nomic-embed-text"), **ollama()) as step:
        await clock.advance(0)
        assert lanes(step) == ["llama3.2:3b", "llava:7b", "nomic-embed-text"]
        assert set(step.ledger.published.latest) == set(step.ledger.lanes)
        assert Capability.VISION in step.ledger.view(LaneId("p", "key1", "llava:7b")).card.can
        embeds = step.ledger.view(LaneId("p", "key1", "nomic-embed-text"))
        assert embeds.card.can == {Capability.EMBEDDINGS}


async def test_models_come_and_go(clock: FakeClock):
    async with doorstep(clock, tags("a"), **ollama()) as step:
        await clock.advance(0)
        step.network.play(tags("b", "c"))
        await clock.advance(75)
        assert lanes(step) == ["b", "c"]
        assert set(step.ledger.published.latest) == set(step.ledger.lanes)
        step.network.play(tags())
        await clock.advance(75)
        assert lanes(step) == []
        assert step.ledger.published.latest == {}


async def test_a_look_that_fails_takes_no_model_away(clock: FakeClock):
    async with doorstep(clock, tags("a"), **ollama()) as step:
        await clock.advance(0)
        step.network.play(DOWN)
        await clock.advance(300)
        assert lanes(step) == ["a"]


@pytest.mark.parametrize("first", [DOWN, SILENCE, whole(b"not JSON"), whole(b'{"models":[]}')])
async def test_who_finds_nothing_at_first_looks_again_soon(clock: FakeClock, first: Script):
    async with doorstep(clock, first, **ollama()) as step:
        await clock.advance(6)
        assert lanes(step) == []
        step.network.play(tags("a"))
        await clock.advance(11)
        assert lanes(step) == ["a"]


async def test_whoever_is_not_there_at_all_is_looked_for_by_the_ladder(clock: FakeClock):
    async with doorstep(clock, DOWN, **ollama()) as step:
        await clock.advance(1800)
        assert 8 <= asked(step) <= 12


async def test_strange_names_are_left_out(clock: FakeClock):
    names = ["good", "", "with space", "a" * 300, "star*", "line\nbreak", KEY, "good", "bell\x07"]
    async with doorstep(clock, tags(*names), **ollama()) as step:
        await clock.advance(0)
        assert lanes(step) == ["good"]


async def test_no_more_models_are_taken_than_a_config_may_name(clock: FakeClock):
    async with doorstep(clock, tags(*(f"m{n}" for n in range(5000))), **ollama()) as step:
        await clock.advance(0)
        assert len(lanes(step)) == 1024


async def test_a_reload_and_a_crash_keep_what_was_found(clock: FakeClock):
    async with doorstep(clock, tags("a"), **ollama()) as step:
        await clock.advance(0)
        step.network.play(SILENCE)
        await step.reload(priority=3)
        assert lanes(step) == ["a"]


async def test_with_a_url_of_the_operators_own_models_are_found_all_the_same(clock: FakeClock):
    probe = ProbeConfig(url="https://status.example.com/health")
    async with doorstep(clock, tags("a"), **ollama(probe=probe)) as step:
        await clock.advance(0)
        assert lanes(step) == ["a"]
    assert [sent.target for sent in step.network.sent] == [b"/health", b"/api/tags"]


async def test_whose_models_are_named_has_those_whatever_is_listed(clock: FakeClock):
    async with doorstep(clock, tags("a"), **ollama(models=(ModelConfig(name="m"),))) as step:
        await clock.advance(100)
        assert lanes(step) == ["m"]


# Where keys go.


async def test_the_operators_url_is_asked_and_strangers_are_shown_no_key():
    async def obliges(line: Line) -> None:
        while True:
            await line.hear()
            await line.say(answer(b"{}"))

    async with serving(obliges) as ours, serving(obliges) as theirs:
        probe = ProbeConfig(url=f"{theirs.url}/health?deep=1")
        async with real_doorstep(f"{ours.url}/v1", probe=probe) as step:
            while not theirs.asked:
                await anyio.sleep(0.01)
        own = ProbeConfig(url=f"{ours.url}/health")
        async with real_doorstep(f"{ours.url}/v1", probe=own):
            while not ours.asked:
                await anyio.sleep(0.01)
    assert step.of(ProbeClosed)[0].failure is None
    assert (theirs.asked[0].method, theirs.asked[0].target) == ("GET", "/health?deep=1")
    assert KEY not in repr(theirs.asked)
    assert ours.asked[0].headers["authorization"] == f"Bearer {KEY}"


@pytest.mark.parametrize("api", Api)
async def test_there_is_a_way_to_every_place_that_a_dialect_sends_to(clock: FakeClock, api: Api):
    made = call(
        api,
        api_version="v",
        image_url="https://images.example.com/p",
        probe=ProbeConfig(url="https://s.example.com"),
    )
    access = open_access(made.provider, {}, clock=clock, trust=TrustStore())
    requests = [access.dialect.probe(made.provider)]
    requests += [
        access.dialect.build(replace(made, request=request))
        for request in (made.request, embed(), image())
        if access.dialect.gap(request, made.provider, made.model) is None
    ]
    assert {request.origin for request in requests} <= set(access._transports)
    access.close()
