"""A config with its secrets, ready to run; and what changes when another one takes its place."""

from collections.abc import Mapping
from hashlib import blake2b
from operator import attrgetter

import msgspec
from msgspec import Struct

from state.config import Config, ProviderConfig
from state.settings.secret import Secret
from state.words import KeyId

__all__ = ["FIXED", "Changes", "Resolved", "compare", "config_digest", "provider_digest"]

FIXED = ("daemon.socket", "daemon.http_socket", "daemon.http_tcp", "daemon.state_dir", "journal.path")
"""What cannot change under a running daemon: where others find it, and where its memory is."""


class Resolved(Struct, frozen=True, kw_only=True):
    """A checked config, and for each key that has one its secret."""

    config: Config
    source: str
    """The file that it came from, or `environment`."""
    secrets: Mapping[KeyId, Secret]
    http_token: Secret | None = None

    @property
    def all_secrets(self) -> tuple[Secret, ...]:
        """Everything that must never be seen."""
        token = () if self.http_token is None else (self.http_token,)
        return (*self.secrets.values(), *token)

    def secrets_of(self, provider: ProviderConfig) -> dict[KeyId, Secret]:
        """Those of this provider, and no other's."""
        ids = (KeyId(provider.name, key.name) for key in provider.keys)
        return {each: self.secrets[each] for each in ids if each in self.secrets}


class Changes(Struct, frozen=True, kw_only=True):
    """What a reload does. Unchanged providers keep connections and standing."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    keys_changed: tuple[str, ...] = ()
    """`provider/key`, where the key is new, or its secret is another than before."""
    restart_needed: tuple[str, ...] = ()
    """Settings that differ and stay as they were until the next start."""


def compare(old: Resolved, new: Resolved) -> Changes:
    """What is different in the new one."""
    before, after = old.config.provider, new.config.provider
    both = [name for name in after if name in before]
    changed = {name for name in both if _section(old, name) != _section(new, name)}
    return Changes(
        added=tuple(name for name in after if name not in before),
        removed=tuple(name for name in before if name not in after),
        changed=tuple(name for name in both if name in changed),
        unchanged=tuple(name for name in both if name not in changed),
        keys_changed=tuple(
            str(key)
            for name, provider in after.items()
            for key in (KeyId(name, each.name) for each in provider.keys)
            if key not in _keys(old) or old.secrets.get(key) != new.secrets.get(key)
        ),
        restart_needed=tuple(
            setting for setting in FIXED if attrgetter(setting)(old.config) != attrgetter(setting)(new.config)
        ),
    )


def provider_digest(resolved: Resolved, name: str, salt: bytes) -> str:
    """Changes exactly when something of the provider does, its secrets included. The salt belongs to one
    process and is kept nowhere, so a digest that got out says nothing of the secrets behind it.
    """
    provider, secrets = _section(resolved, name)
    prints = {str(key): secret.fingerprint(salt) for key, secret in secrets.items()}
    return _digest((provider, prints), salt)


def config_digest(config: Config) -> str:
    """The same for the same settings in any process; secrets are no part of it."""
    return _digest(config, b"")


def _section(resolved: Resolved, name: str) -> tuple[ProviderConfig, dict[KeyId, Secret]]:
    provider = resolved.config.provider[name]
    return provider, resolved.secrets_of(provider)


def _keys(resolved: Resolved) -> frozenset[KeyId]:
    return frozenset(
        KeyId(name, key.name) for name, provider in resolved.config.provider.items() for key in provider.keys
    )


def _digest(value: object, salt: bytes) -> str:
    return blake2b(msgspec.json.encode(value), key=salt, digest_size=16).hexdigest()
