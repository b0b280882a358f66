"""What changes when another config takes the place of the running one."""

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from state.config import Config, DaemonConfig, KeyConfig, ModelConfig, ProviderConfig
from state.settings.resolved import Changes, Resolved, compare, config_digest, provider_digest
from state.settings.secret import Secret
from state.words import KeyId

SALT = b"of this process"


def provider(name: str, *keys: str, priority: int = 10) -> ProviderConfig:
    return ProviderConfig(
        name=name,
        url="https://api.example.com/v1",
        priority=priority,
        keys=tuple(KeyConfig(name=key, secret=f"env:{key}") for key in keys or ("key1",)),
        models=(ModelConfig(name="a"),),
    )


def resolved(*providers: ProviderConfig, daemon: DaemonConfig | None = None, **secrets: str) -> Resolved:
    """`gemini_key1="..."` is the secret of `gemini/key1`; the others have one that never changes."""
    ids = [KeyId(each.name, key.name) for each in providers for key in each.keys]
    return Resolved(
        config=Config(daemon=daemon or DaemonConfig(), provider={each.name: each for each in providers}),
        source="environment",
        secrets={each: Secret(secrets.get(f"{each.provider}_{each.key}", "as-it-was")) for each in ids},
    )


def test_the_same_config_changes_nothing():
    assert compare(resolved(provider("a"), provider("b")), resolved(provider("a"), provider("b"))) == Changes(
        unchanged=("a", "b")
    )


def test_providers_come_go_and_change():
    old = resolved(provider("gone"), provider("same"), provider("other"))
    new = resolved(provider("same"), provider("other", priority=1), provider("new"))

    assert compare(old, new) == Changes(
        added=("new",), removed=("gone",), changed=("other",), unchanged=("same",), keys_changed=("new/key1",)
    )


def test_another_secret_behind_the_same_name_changes_its_provider_and_key():
    old = resolved(provider("a", "key1", "key2"), provider("b"))
    new = resolved(provider("a", "key1", "key2"), provider("b"), a_key2="renewed")

    assert compare(old, new) == Changes(changed=("a",), unchanged=("b",), keys_changed=("a/key2",))


def test_another_name_for_a_key_is_another_key():
    assert compare(resolved(provider("a", "mine")), resolved(provider("a", "yours"))).keys_changed == (
        "a/yours",
    )


def test_other_settings_of_a_provider_are_no_fresh_chance_for_its_keys():
    assert compare(resolved(provider("a")), resolved(provider("a", priority=3))).keys_changed == ()


@pytest.mark.parametrize("setting", ["socket", "http_socket", "http_tcp", "state_dir"])
def test_where_others_find_us_stays_until_the_next_start(setting):
    new = resolved(daemon=msgspec.convert({setting: "/elsewhere"}, DaemonConfig))

    assert compare(resolved(), new).restart_needed == (f"daemon.{setting}",)


def test_what_is_not_fixed_needs_no_restart():
    assert compare(resolved(), resolved(daemon=DaemonConfig(drain_s=5.0))) == Changes()


SECTIONS = st.builds(
    resolved,
    st.builds(provider, st.just("a"), priority=st.integers(1, 3)),
    a_key1=st.sampled_from(["one", "two"]),
)


@given(SECTIONS, SECTIONS)
@settings(max_examples=100)
def test_a_digest_differs_exactly_where_something_changed(old, new):
    differs = provider_digest(old, "a", SALT) != provider_digest(new, "a", SALT)

    assert differs == (compare(old, new).changed == ("a",))


def test_a_digest_means_nothing_in_another_process():
    a = resolved(provider("a"))

    assert provider_digest(a, "a", b"one salt") != provider_digest(a, "a", b"another")


def test_the_digest_of_a_config_knows_settings_and_their_order_but_no_secrets():
    a, b = provider("a"), provider("b")

    assert config_digest(resolved(a, b).config) == config_digest(resolved(a, b, a_key1="renewed").config)
    assert config_digest(resolved(a, b).config) != config_digest(resolved(b, a).config)
    assert config_digest(resolved(a).config) != config_digest(resolved(replace(a, paid=False)).config)
