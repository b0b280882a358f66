"""The providers that need no introduction, and how the environment gives them away."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from state.config import Api, Config, ProviderConfig
from state.settings.configcheck import check
from state.settings.found import from_environment, ollama_url
from state.settings.known import KNOWN
from state.settings.offer import Capability, KeyConfig, LimitsConfig
from state.settings.shape import misfits
from state.settings.shorthand import plain


def found(**variables: str) -> dict[str, tuple[str, ...]]:
    config = from_environment(variables)
    return {name: tuple(key.secret for key in provider.keys) for name, provider in config.provider.items()}


@pytest.mark.parametrize("name", KNOWN)
def test_what_is_known_would_pass_as_a_config(name):
    known = KNOWN[name]
    key = KeyConfig(name="key1", secret=f"env:{known.variable}" if known.needs_key else "")
    provider = replace(known.provider, keys=(key,))

    assert list(misfits(plain(provider), ProviderConfig)) == []
    assert list(check(Config(provider={name: provider}))) == []


def test_the_order_of_those_that_are_asked_first():
    by_priority = sorted(KNOWN.values(), key=lambda known: known.provider.priority)

    assert [known.provider.name for known in by_priority[:3]] == ["pollinations", "openrouter", "gemini"]
    assert by_priority[-1].provider.name == "ollama"


def test_pollinations_makes_text_and_images_twenty_a_minute_each():
    provider = KNOWN["pollinations"].provider

    assert (provider.priority, provider.weight, provider.timeout.total_s, provider.retry.retries) == (
        1,
        2.0,
        15.0,
        2,
    )
    assert provider.model_limits == LimitsConfig(rpm=20)
    assert [Capability.IMAGE in model.can for model in provider.models] == [False, True]


def test_openrouter_twenty_a_minute_in_all():
    provider = KNOWN["openrouter"].provider

    assert (provider.priority, provider.weight, provider.timeout.total_s, provider.retry.retries) == (
        2,
        1.0,
        30.0,
        1,
    )
    assert provider.limits == LimitsConfig(rpm=20)


def test_gemini_is_a_cascade_of_four_models_that_see():
    provider = KNOWN["gemini"].provider

    assert provider.api is Api.GEMINI
    assert provider.reset_zone == "America/Los_Angeles"
    assert [(m.name, m.limits.rpm, m.limits.rpd, m.limits.tpm) for m in provider.models] == [
        ("gemini-2.5-flash", 10, 250, 250_000),
        ("gemini-2.5-flash-lite", 15, 1000, 250_000),
        ("gemini-2.0-flash", 15, 200, 1_000_000),
        ("gemini-2.0-flash-lite", 30, 200, 1_000_000),
    ]
    assert all(Capability.VISION in model.can for model in provider.models)


def test_ollama_finds_its_models_while_running_and_may_take_a_minute():
    provider = KNOWN["ollama"].provider

    assert provider.discovers
    assert (provider.timeout.first_token_s, provider.timeout.total_s, provider.paid) == (60.0, 60.0, False)


def test_an_empty_environment_offers_pollinations_without_a_key():
    assert found() == {"pollinations": ("",)}


@pytest.mark.parametrize(
    ("variable", "provider"),
    [
        ("OPENAI_API_KEY", "openai"),
        ("OPENROUTER_API_KEY", "openrouter"),
        ("ANTHROPIC_API_KEY", "anthropic"),
        ("GEMINI_API_KEY", "gemini"),
        ("GROQ_API_KEY", "groq"),
        ("MISTRAL_API_KEY", "mistral"),
        ("DEEPSEEK_API_KEY", "deepseek"),
        ("TOGETHER_API_KEY", "together"),
        ("XAI_API_KEY", "xai"),
        ("FIREWORKS_API_KEY", "fireworks"),
        ("CEREBRAS_API_KEY", "cerebras"),
        ("NVIDIA_API_KEY", "nvidia"),
    ],
)
def test_a_key_in_the_environment_brings_its_provider(variable, provider):
    assert found(**{variable: "x"}) == {"pollinations": ("",), provider: (f"env:{variable}",)}


def test_the_token_of_pollinations_is_used_where_there_is_one():
    assert found(POLLINATIONS_API_TOKEN="x") == {"pollinations": ("env:POLLINATIONS_API_TOKEN",)}


def test_further_keys_have_numbers_and_gaps_do_not_matter():
    assert found(GEMINI_API_KEY_9="x", GEMINI_API_KEY_2="x", GEMINI_API_KEY_10="x")["gemini"] == (
        "env:GEMINI_API_KEY_2",
        "env:GEMINI_API_KEY_9",
    )
    assert [
        key.name
        for key in from_environment({"GEMINI_API_KEY": "x", "GEMINI_API_KEY_5": "x"}).provider["gemini"].keys
    ] == ["key1", "key2"]


def test_googles_own_name_counts_where_gemini_has_no_key():
    assert found(GOOGLE_API_KEY="x")["gemini"] == ("env:GOOGLE_API_KEY",)
    assert found(GOOGLE_API_KEY="x", GEMINI_API_KEY="x")["gemini"] == ("env:GEMINI_API_KEY",)


def test_an_empty_variable_is_none():
    assert found(OPENAI_API_KEY="", GROQ_API_KEY=" ") == {"pollinations": ("",)}


def test_who_downloads_models_does_not_mean_to_pay_for_answers():
    assert found(HF_TOKEN="x") == {"pollinations": ("",)}


def test_an_ollama_nearby_or_named_is_found():
    assert from_environment({}, ollama_reachable=True).provider["ollama"].url == "http://127.0.0.1:11434"
    assert from_environment({"OLLAMA_HOST": "gpu.lan"}).provider["ollama"].url == "http://gpu.lan:11434"


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        ("127.0.0.1:11434", "http://127.0.0.1:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        ("[::]:1234", "http://[::1]:1234"),
        (":8080", "http://127.0.0.1:8080"),
        ("gpu.lan", "http://gpu.lan:11434"),
        ("http://gpu.lan", "http://gpu.lan:80"),
        ("https://ollama.example.com/", "https://ollama.example.com:443"),
        ("https://example.com/ollama", "https://example.com:443/ollama"),
    ],
)
def test_ollamas_variable_is_read_as_ollama_reads_it(host, url):
    assert ollama_url(host) == url


@given(st.text(max_size=30) | st.text(alphabet="[]:/@.0123ahtps", max_size=20))
def test_any_ollama_host_is_a_url_or_has_a_problem(host):
    config = from_environment({"OLLAMA_HOST": host})

    assert all(problem.path[:2] == ("provider", "ollama") for problem in check(config))
