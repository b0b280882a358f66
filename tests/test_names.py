"""What the `model` of a request may say, and which lanes are meant by it."""

import pytest

from state.config import Capability, Config, KeyConfig, ModelConfig, PoolConfig, ProviderConfig, Strategy
from state.routing.cards import first_board
from state.routing.names import NAME_CHARS_MAX, Unknown, name_all, resolve
from state.routing.pools import Pool, Share

CONFIG = Config(
    provider={
        "openrouter": ProviderConfig(
            name="openrouter",
            url="https://openrouter.ai/api/v1",
            priority=2,
            models=(ModelConfig(name="meta-llama/llama-4-scout"), ModelConfig(name="flash")),
        ),
        "gemini": ProviderConfig(
            name="gemini",
            url="https://generativelanguage.googleapis.com/v1beta",
            priority=1,
            weight=3.0,
            keys=(KeyConfig(name="key1"), KeyConfig(name="key2", enabled=False)),
            models=(ModelConfig(name="flash", context=1_000_000), ModelConfig(name="lite")),
        ),
        "ollama": ProviderConfig(
            name="ollama",
            url="http://localhost:11434",
            priority=3,
            models=(ModelConfig(name="llava:7b", can=(Capability.CHAT, Capability.VISION)),),
        ),
    },
    pool={
        "captions": PoolConfig(lanes=("ollama", "gemini/*"), weights={"gemini/flash": 5.0}),
        "lite": PoolConfig(lanes=("openrouter",), strategy=Strategy.RANDOM),
    },
)
BOARD = first_board(CONFIG)
NAMES = name_all(CONFIG, BOARD)


def meant(model: str) -> list[str]:
    pool = resolve(NAMES, model)
    assert isinstance(pool, Pool)
    return [str(lane) for lane in pool.lanes]


@pytest.mark.parametrize(
    ("model", "lanes"),
    [
        ("openrouter/key1/flash", ["openrouter/key1/flash"]),
        ("gemini/flash", ["gemini/key1/flash", "gemini/key2/flash"]),
        ("openrouter/meta-llama/llama-4-scout", ["openrouter/key1/meta-llama/llama-4-scout"]),
        ("meta-llama/llama-4-scout", ["openrouter/key1/meta-llama/llama-4-scout"]),
        ("flash", ["gemini/key1/flash", "gemini/key2/flash", "openrouter/key1/flash"]),
        ("ollama", ["ollama/key1/llava:7b"]),
    ],
)
def test_a_lane_a_model_of_a_provider_a_model_anywhere_or_a_provider(model, lanes):
    assert meant(model) == lanes


def test_a_pool_is_spelled_out_pattern_by_pattern_and_within_one_by_priority_key_and_model():
    assert meant("captions") == [
        "ollama/key1/llava:7b",
        "gemini/key1/flash",
        "gemini/key1/lite",
        "gemini/key2/flash",
        "gemini/key2/lite",
    ]


def test_auto_is_everything_by_priority():
    assert [name.split("/")[0] for name in meant("auto")] == [*["gemini"] * 4, *["openrouter"] * 2, "ollama"]


def test_a_pool_hides_a_model_of_the_same_name():
    assert meant("lite") == ["openrouter/key1/meta-llama/llama-4-scout", "openrouter/key1/flash"]


def test_a_model_that_is_named_is_chosen_by_the_strategy_of_auto():
    config = Config(
        daemon=type(CONFIG.daemon)(strategy=Strategy.CHEAPEST), provider=CONFIG.provider, pool=CONFIG.pool
    )
    names = name_all(config, BOARD)
    strategies = [
        pool.rules.strategy
        for name in ("flash", "auto", "lite")
        if isinstance(pool := resolve(names, name), Pool)
    ]
    assert strategies == [Strategy.CHEAPEST, Strategy.CHEAPEST, Strategy.RANDOM]


def test_a_weight_belongs_to_the_pattern_of_the_pool_or_else_to_the_provider():
    pool = resolve(NAMES, "captions")
    assert isinstance(pool, Pool)
    assert {str(lane): share for lane, share in pool.shares.items()} == {
        "ollama/key1/llava:7b": Share("ollama", 1.0),
        "gemini/key1/flash": Share("gemini/flash", 5.0),
        "gemini/key2/flash": Share("gemini/flash", 5.0),
        "gemini/key1/lite": Share("gemini", 3.0),
        "gemini/key2/lite": Share("gemini", 3.0),
    }


def test_a_card_says_what_the_config_says():
    cards = {str(lane): view.card for lane, view in BOARD.views.items()}
    assert cards["gemini/key1/flash"].context == 1_000_000
    assert cards["gemini/key1/flash"].enabled
    assert not cards["gemini/key2/flash"].enabled
    assert not cards["gemini/key1/flash"].local
    assert cards["ollama/key1/llava:7b"].local
    assert cards["ollama/key1/llava:7b"].can == {Capability.CHAT, Capability.VISION}


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("gemni/flash", "no pool or model is called 'gemni/flash'; did you mean gemini/flash or flash?"),
        ("Captions", "no pool or model is called 'Captions'; did you mean captions?"),
        ("llava", "no pool or model is called 'llava'; did you mean llava:7b?"),
        ("gpt-4o", "no pool or model is called 'gpt-4o'"),
        ("", "no pool or model is called ''"),
        ("a\nb", "no pool or model is called 'a\\nb'"),
    ],
)
def test_an_unknown_name_is_said_back_with_what_may_have_been_meant(model, said):
    assert str(resolve(NAMES, model)) == said


def test_an_endless_name_is_said_back_in_part():
    unknown = resolve(NAMES, "x" * 100_000)
    assert unknown == Unknown("x" * NAME_CHARS_MAX)
