"""The words everything else is said in: providers, keys, lanes, and how one names them.

provider      openrouter
key           openrouter/key1
lane          openrouter/key1/meta-llama/llama-4-scout     (a model's name may hold slashes)
"""

from fnmatch import fnmatchcase

from msgspec import Struct

__all__ = ["KeyId", "LaneId", "ProviderId", "Target", "chain", "covers", "matches"]


class ProviderId(Struct, frozen=True, gc=False, tag="provider", order=True, cache_hash=True):
    """A service that answers AI calls."""

    provider: str

    def __str__(self) -> str:
        return self.provider


class KeyId(Struct, frozen=True, gc=False, tag="key", order=True, cache_hash=True):
    """One credential of a provider."""

    provider: str
    key: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.key}"


class LaneId(Struct, frozen=True, gc=False, tag="lane", order=True, cache_hash=True):
    """The thing that can be tried: provider, key and model."""

    provider: str
    key: str
    model: str

    def __str__(self) -> str:
        return f"{self.provider}/{self.key}/{self.model}"

    @property
    def key_id(self) -> KeyId:
        return KeyId(self.provider, self.key)

    @property
    def provider_id(self) -> ProviderId:
        return ProviderId(self.provider)


Target = LaneId | KeyId | ProviderId
"""What a failure can blame, a quarantine can hold, and an operator can name."""


def chain(lane: LaneId) -> tuple[LaneId, KeyId, ProviderId]:
    """All that a lane stands on: it is usable only if each of these is."""
    return lane, lane.key_id, lane.provider_id


def covers(target: Target, lane: LaneId) -> bool:
    """Whether the lane stands on this: it is the lane, its key or its provider."""
    match target:
        case LaneId():
            return target == lane
        case KeyId(provider=provider, key=key):
            return provider == lane.provider and key == lane.key
        case ProviderId(provider=provider):
            return provider == lane.provider


def matches(pattern: str, lane: LaneId) -> bool:
    """Whether a pattern of a pool, a request or an operator means this lane.

    A lane answers to four spellings: `provider`, `provider/model`, `provider/key/model` and the bare
    model; `*` and `?` stand for anything, slashes too, because model names have them. A colon needs no
    escape, a bracket does not open a class: `llama3.2:3b` and `model[1]` are names like any other.
    """
    glob = pattern.replace("[", "[[]")
    return (
        pattern == lane.provider
        or fnmatchcase(f"{lane.provider}/{lane.model}", glob)
        or fnmatchcase(str(lane), glob)
        or fnmatchcase(lane.model, glob)
    )
