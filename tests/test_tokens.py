"""What counts against a provider's limit of tokens, as that provider counts."""

import pytest

from state.config import Api, Config, LimitsConfig, ModelConfig, ProviderConfig
from state.events import Answered, AttemptClosed, Cancelled, Usage
from state.usage.limits import Limits, Reserved, allowance_of, fold_limits, reserve
from state.usage.tokens import TOKENS_MAX, TOLLS, bytes_in, reserved_tokens, spent_tokens
from state.words import LaneId

PROMPT, ROOM, ANSWER = 100, 32_000, 7


def closed(usage: Usage | None) -> AttemptClosed:
    return AttemptClosed(
        at_ms=0,
        wall_ms=0,
        attempt_id="a",
        request_id="r",
        lane=LaneId("p", "key1", "m"),
        outcome=Cancelled() if usage is None else Answered(),
        duration_ms=1,
        usage=usage,
    )


def test_every_dialect_has_a_toll():
    assert set(TOLLS) == set(Api)


@pytest.mark.parametrize(
    ("api", "reserved", "spent"),
    [
        (Api.OPENAI, PROMPT + ROOM, PROMPT + ANSWER),
        (Api.AZURE, PROMPT + ROOM, PROMPT + ANSWER),
        (Api.ANTHROPIC, PROMPT, PROMPT + ANSWER),
        (Api.OLLAMA, PROMPT, PROMPT + ANSWER),
        (Api.GEMINI, PROMPT, PROMPT),
    ],
)
def test_each_provider_counts_in_its_own_way(api: Api, reserved: int, spent: int):
    assert reserved_tokens(api, PROMPT, ROOM) == reserved
    assert spent_tokens(closed(Usage(tokens_in=PROMPT, tokens_out=ANSWER)), reserved, api) == spent


@pytest.mark.parametrize("api", Api)
def test_what_nobody_counted_is_what_was_reserved(api: Api):
    assert spent_tokens(closed(None), reserved_tokens(api, PROMPT, ROOM), api) == reserved_tokens(
        api, PROMPT, ROOM
    )


@pytest.mark.parametrize("room", [None, 0, -1, -(10**30)])
def test_a_bound_that_bounds_nothing_reserves_nothing(room: int | None):
    assert reserved_tokens(Api.OPENAI, PROMPT, room) == PROMPT


def test_a_bound_beyond_all_bounds_is_cut():
    assert reserved_tokens(Api.OPENAI, PROMPT, 10**30) == TOKENS_MAX


@pytest.mark.parametrize(("text", "size"), [("", 0), ("four", 4), ("\u4e16\u754c", 6), ("\ud83c", 1)])
def test_a_text_weighs_what_it_would_on_the_wire(text: str, size: int):
    assert bytes_in(text) == size


@pytest.mark.parametrize(("api", "fits"), [(Api.GEMINI, True), (Api.OPENAI, False)])
def test_long_answers_use_up_only_what_they_are_counted_against(api: Api, *, fits: bool):
    lane = LaneId("p", "key1", "m")
    models = (ModelConfig(name="m", limits=LimitsConfig(tpm=1000)),)
    settings = Config(provider={"p": ProviderConfig(name="p", url="http://p", api=api, models=models)})
    limits = fold_limits(Limits(), closed(Usage(tokens_in=100, tokens_out=5000)), settings)
    room = reserve(limits, allowance_of(settings.provider["p"], lane), 100, 1, 1)
    assert isinstance(room, Reserved) == fits
