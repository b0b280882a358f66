"""The meters of all lanes, keys and providers, as the tree that they stand on.

    gemini                      ProviderMeters
      key1                      KeyMeters
        gemini-2.5-flash        Meter

Who has never been used is not in it. A change copies the branch that it touches and shares the rest.
"""

from collections.abc import Callable

from msgspec import Struct

from state.usage.meter import Meter
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["KeyMeters", "Meters", "ProviderMeters"]

UNUSED = Meter()


class KeyMeters(Struct, frozen=True, gc=False, omit_defaults=True):
    """A key's meter, and those of the lanes that stand on it, by model."""

    own: Meter = UNUSED
    lanes: dict[str, Meter] = {}


class ProviderMeters(Struct, frozen=True, gc=False, omit_defaults=True):
    """A provider's meter, and its keys."""

    own: Meter = UNUSED
    keys: dict[str, KeyMeters] = {}


class Meters(Struct, frozen=True, gc=False, omit_defaults=True):
    """Everybody's meter."""

    providers: dict[str, ProviderMeters] = {}

    def chain(self, lane: LaneId) -> tuple[Meter, Meter, Meter]:
        """Of the lane, its key and its provider."""
        provider = self.providers.get(lane.provider, NO_PROVIDER)
        key = provider.keys.get(lane.key, NO_KEY)
        return key.lanes.get(lane.model, UNUSED), key.own, provider.own

    def of(self, target: Target) -> Meter:
        """Of one lane, key or provider."""
        match target:
            case LaneId():
                return self.chain(target)[0]
            case KeyId(provider=provider, key=key):
                return self.providers.get(provider, NO_PROVIDER).keys.get(key, NO_KEY).own
            case ProviderId(provider=provider):
                return self.providers.get(provider, NO_PROVIDER).own

    def change(self, target: Target, verb: Callable[[Meter], Meter]) -> "Meters":
        """With one meter changed."""
        provider = self.providers.get(target.provider, NO_PROVIDER)
        if isinstance(target, ProviderId):
            return self._with(target.provider, ProviderMeters(verb(provider.own), provider.keys))
        key = provider.keys.get(target.key, NO_KEY)
        if isinstance(target, KeyId):
            changed = KeyMeters(verb(key.own), key.lanes)
        else:
            own = verb(key.lanes.get(target.model, UNUSED))
            changed = KeyMeters(key.own, key.lanes | {target.model: own})
        return self._with(
            target.provider, ProviderMeters(provider.own, provider.keys | {target.key: changed})
        )

    def change_chain(self, lane: LaneId, verb: Callable[[Meter], Meter]) -> "Meters":
        """With the meters changed of a lane and all that it stands on."""
        provider = self.providers.get(lane.provider, NO_PROVIDER)
        key = provider.keys.get(lane.key, NO_KEY)
        lanes = key.lanes | {lane.model: verb(key.lanes.get(lane.model, UNUSED))}
        keys = provider.keys | {lane.key: KeyMeters(verb(key.own), lanes)}
        return self._with(lane.provider, ProviderMeters(verb(provider.own), keys))

    def without(self, is_blank: Callable[[str, Meter], bool]) -> "Meters":
        """Less the branches on which every meter is blank, by the provider's name."""
        kept: dict[str, ProviderMeters] = {}
        for name, provider in self.providers.items():
            keys: dict[str, KeyMeters] = {}
            for key_name, key in provider.keys.items():
                lanes = {model: meter for model, meter in key.lanes.items() if not is_blank(name, meter)}
                if lanes or not is_blank(name, key.own):
                    keys[key_name] = KeyMeters(key.own, lanes)
            if keys or not is_blank(name, provider.own):
                kept[name] = ProviderMeters(provider.own, keys)
        return Meters(kept)

    def _with(self, name: str, provider: ProviderMeters) -> "Meters":
        return Meters(self.providers | {name: provider})


NO_KEY = KeyMeters()
NO_PROVIDER = ProviderMeters()
