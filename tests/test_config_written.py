"""The short ways to write a config, and what stands beneath them."""

import pytest

from state.config import Api, Capability, KeyConfig, LimitsConfig, ModelConfig, Strategy
from state.settings.known import KNOWN
from state.words import LaneId
from tests.configs import read_config

A = {"A": "key-number-one", "B": "key-number-two"}


def test_a_known_provider_needs_only_its_key(tmp_path):
    config = read_config(tmp_path, '[provider.gemini]\nkey = "env:A"\n', A)

    gemini = config.provider["gemini"]
    assert gemini.keys == (KeyConfig(name="key1", secret="env:A"),)
    assert (gemini.name, gemini.api, gemini.url) == ("gemini", Api.GEMINI, KNOWN["gemini"].provider.url)
    assert gemini.models == KNOWN["gemini"].provider.models


def test_a_provider_without_a_key_needs_nothing(tmp_path):
    config = read_config(tmp_path, "[provider.pollinations]\n")

    assert config.provider == {"pollinations": KNOWN["pollinations"].provider}


def test_keys_without_names_are_numbered_by_their_place(tmp_path):
    config = read_config(
        tmp_path, '[provider.gemini]\nkeys = ["env:A", { secret = "env:B", limits.rpm = 5 }]\n', A
    )

    assert config.provider["gemini"].keys == (
        KeyConfig(name="key1", secret="env:A"),
        KeyConfig(name="key2", secret="env:B", limits=LimitsConfig(rpm=5)),
    )


def test_lanes_go_key_by_key_through_all_models(tmp_path):
    text = '[provider.gemini]\nkeys = ["env:A", "env:B"]\nmodels = ["x", "y"]\n'

    assert [str(lane) for lane in read_config(tmp_path, text, A).lanes] == [
        "gemini/key1/x",
        "gemini/key1/y",
        "gemini/key2/x",
        "gemini/key2/y",
    ]


def test_what_is_stated_goes_before_what_is_known_setting_by_setting(tmp_path):
    text = '[provider.gemini]\nkey = "env:A"\npriority = 7\n[provider.gemini.timeout]\nconnect_s = 1\n'

    gemini = read_config(tmp_path, text, A).provider["gemini"]

    known = KNOWN["gemini"].provider
    assert (gemini.priority, gemini.timeout.connect_s) == (7, 1.0)
    assert (gemini.reset_zone, gemini.timeout.gap_s) == (known.reset_zone, known.timeout.gap_s)


def test_a_known_model_keeps_what_is_known_of_it(tmp_path):
    text = '[provider.gemini]\nkey = "env:A"\nmodels = [{ name = "gemini-2.0-flash", context = 5 }]\n'

    (model,) = read_config(tmp_path, text, A).provider["gemini"].models

    assert model == ModelConfig(
        name="gemini-2.0-flash",
        can=(Capability.CHAT, Capability.TOOLS, Capability.VISION, Capability.JSON),
        context=5,
        max_output=8192,
        limits=LimitsConfig(rpm=15, rpd=200, tpm=1_000_000),
    )


def test_stated_limits_replace_known_ones_whole_because_toml_cannot_say_none(tmp_path):
    text = (
        '[provider.gemini]\nkey = "env:A"\nmodels = [{ name = "gemini-2.5-flash", limits = { rpm = 1000 } }]\n'
        "[provider.openrouter]\n"
        'key = "env:B"\nlimits = {}\n'
    )

    config = read_config(tmp_path, text, A)

    assert config.provider["gemini"].models[0].limits == LimitsConfig(rpm=1000)
    assert config.provider["openrouter"].limits == LimitsConfig()


@pytest.mark.parametrize(
    ("model", "can"),
    [
        ("llava:13b", (Capability.CHAT, Capability.VISION)),
        ("deepseek-ocr", (Capability.CHAT, Capability.VISION)),
        ("Qwen2.5-VL-7B", (Capability.CHAT, Capability.TOOLS, Capability.VISION, Capability.JSON)),
        ("nomic-embed-text", (Capability.EMBEDDINGS,)),
        ("flux-schnell", (Capability.IMAGE,)),
        ("mistral-7b", (Capability.CHAT, Capability.TOOLS, Capability.JSON)),
    ],
)
def test_what_an_unknown_model_can_do_is_guessed_from_its_name(tmp_path, model, can):
    text = f'[provider.own]\nurl = "https://api.example.com/v1"\nmodels = ["{model}"]\n'

    assert read_config(tmp_path, text).provider["own"].models == (ModelConfig(name=model, can=can),)


def test_what_the_file_says_a_model_can_do_is_not_guessed(tmp_path):
    text = (
        '[provider.own]\nurl = "https://api.example.com/v1"\nmodels = [{ name = "llava", can = ["chat"] }]\n'
    )

    assert read_config(tmp_path, text).provider["own"].models[0].can == (Capability.CHAT,)


def test_a_server_on_this_machine_may_take_a_minute_to_load_and_costs_nothing(tmp_path):
    text = """
        [provider.near]
        url = "http://localhost:8000/v1"
        models = ["a"]
        timeout.gap_s = 3
        [provider.far]
        url = "https://api.example.com/v1"
        models = ["a"]
    """

    config = read_config(tmp_path, text)

    near, far = config.provider["near"], config.provider["far"]
    assert (near.timeout.first_token_s, near.timeout.gap_s, near.paid) == (60.0, 3.0, False)
    assert (far.timeout.first_token_s, far.paid) == (10.0, True)


def test_a_known_name_at_an_address_of_ones_own_needs_no_key(tmp_path):
    config = read_config(tmp_path, '[provider.openai]\nurl = "http://127.0.0.1:8000/v1"\nmodels = ["a"]\n')

    assert config.lanes == (LaneId("openai", "key1", "a"),)


def test_allow_http_lets_a_key_travel_in_the_clear(tmp_path):
    text = """
        [provider.own]
        url = "http://gpu.lan/v1"
        key = "env:A"
        models = ["a"]
        allow_http = true
    """

    assert read_config(tmp_path, text, A).provider["own"].allow_http


def test_a_server_without_a_key_may_be_called_without_encryption(tmp_path):
    config = read_config(tmp_path, '[provider.own]\nurl = "http://gpu.lan/v1"\nmodels = ["a"]\n')

    assert config.provider["own"].url == "http://gpu.lan/v1"


def test_a_probe_may_ask_a_question_of_its_own(tmp_path):
    config = read_config(tmp_path, '[provider.ollama]\nprobe.url = "http://127.0.0.1:9/health?deep=no"\n')

    assert config.provider["ollama"].probe.url == "http://127.0.0.1:9/health?deep=no"


def test_a_pool_may_name_models_that_are_found_while_running(tmp_path):
    text = '[provider.ollama]\n[pool.a]\nlanes = ["llava:7b", "ollama/*", "olla?a/x"]\nstrategy = "random"\n'

    pool = read_config(tmp_path, text).pool["a"]

    assert (pool.name, pool.lanes, pool.strategy) == (
        "a",
        ("llava:7b", "ollama/*", "olla?a/x"),
        Strategy.RANDOM,
    )


def test_the_place_fills_in_what_the_file_leaves_open(tmp_path):
    config = read_config(tmp_path, "[provider.ollama]\n")

    assert config.daemon.socket == "/run/failoverd/failoverd.sock"
    assert config.daemon.http_socket == "/run/failoverd/http.sock"
    assert config.daemon.state_dir == "/var/lib/failoverd"
    assert config.journal.path == "/var/lib/failoverd/journal.db"


def test_the_journal_follows_the_state_directory(tmp_path):
    config = read_config(tmp_path, '[provider.ollama]\n[daemon]\nstate_dir = "/srv/f"\n')

    assert config.journal.path == "/srv/f/journal.db"


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    assert "ollama" in read_config(tmp_path, "\ufeff[provider.ollama]\n").provider
