"""The standings of all lanes, keys and providers, as the tree that they stand on.

    gemini                      ProviderStanding
      key1                      KeyStanding
        gemini-2.5-flash        Standing

Who has never been in trouble is not in it. A change copies the branch that it touches and shares the rest.
"""

from collections.abc import Callable, Iterator
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from state.standing.standing import WELL, Standing
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["KeyStanding", "Outage", "ProviderStanding", "Standings"]


class KeyStanding(Struct, frozen=True, omit_defaults=True):
    """A key, and the lanes that stand on it, by model."""

    own: Standing = WELL
    lanes: dict[str, Standing] = {}


class ProviderStanding(Struct, frozen=True, omit_defaults=True):
    """A provider and its keys: what its actor publishes."""

    own: Standing = WELL
    keys: dict[str, KeyStanding] = {}


class Outage(Struct, frozen=True):
    """A time in which our own network was down."""

    since_ms: int
    until_ms: int | None = None
    """None: it still is."""

    def was_over_at(self, at_ms: int) -> bool:
        return self.until_ms is not None and self.until_ms < at_ms


class Standings(Struct, frozen=True, omit_defaults=True):
    """Everybody's standing."""

    providers: dict[str, ProviderStanding] = {}
    outage: Outage | None = None
    """The latest."""
    last_resort_ms: int | None = None
    """When the last attempt was made that had nowhere else to go."""

    def chain(self, lane: LaneId) -> tuple[Standing, Standing, Standing]:
        """Of the lane, its key and its provider."""
        provider = self.providers.get(lane.provider)
        if provider is None:
            return _ALL_WELL
        key = provider.keys.get(lane.key)
        if key is None:
            return WELL, WELL, provider.own
        return key.lanes.get(lane.model, WELL), key.own, provider.own

    def is_free(self, lane: LaneId) -> bool:
        """Whether nothing holds the lane nor what it stands on: most are, so this is asked first."""
        own, key, provider = self.chain(lane)
        return own.is_free and key.is_free and provider.is_free

    def is_spotless(self, lane: LaneId) -> bool:
        """Whether an answer can make nothing better on the lane's whole way, and frees no place."""
        own, key, provider = self.chain(lane)
        return not (own.places or key.places or provider.places) and (
            own.is_spotless and key.is_spotless and provider.is_spotless
        )

    def of(self, target: Target) -> Standing:
        """Of one lane, key or provider by itself."""
        match target:
            case LaneId():
                return self.chain(target)[0]
            case KeyId(provider, key):
                return self.providers.get(provider, _NO_PROVIDER).keys.get(key, _NO_KEY).own
            case ProviderId(provider):
                return self.providers.get(provider, _NO_PROVIDER).own

    def change(self, target: Target, verb: Callable[[Standing], Standing]) -> "Standings":
        """With one standing changed; these very standings where the verb changes nothing."""
        provider = self.providers.get(target.provider, _NO_PROVIDER)
        return self._with_provider(target.provider, provider, _changed(provider, target, verb))

    def change_chain(self, lane: LaneId, verb: Callable[[Standing], Standing]) -> "Standings":
        """With a lane changed and all that it stands on."""
        own, key_own, provider_own = self.chain(lane)
        new_own, new_key_own, new_provider_own = verb(own), verb(key_own), verb(provider_own)
        if new_own is own and new_key_own is key_own and new_provider_own is provider_own:
            return self
        provider = self.providers.get(lane.provider, _NO_PROVIDER)
        key = _with_lane(_with_own(provider.keys.get(lane.key, _NO_KEY), new_key_own), lane.model, new_own)
        changed = _with_key(_with_own(provider, new_provider_own), lane.key, key)
        return self._with_provider(lane.provider, provider, changed)

    def change_beneath(self, target: Target, verb: Callable[[Standing], Standing]) -> "Standings":
        """With everything changed that stands on this target, itself included."""
        if isinstance(target, LaneId):
            return self.change(target, verb)
        provider = self.providers.get(target.provider)
        if provider is None:
            return self
        changed = provider if isinstance(target, KeyId) else _with_own(provider, verb(provider.own))
        for name, key in provider.keys.items():
            if isinstance(target, ProviderId) or target.key == name:
                changed_key = _with_own(key, verb(key.own))
                for model, lane in key.lanes.items():
                    changed_key = _with_lane(changed_key, model, verb(lane))
                changed = _with_key(changed, name, changed_key)
        return self._with_provider(target.provider, provider, changed)

    def change_all(self, verb: Callable[[Standing], Standing]) -> "Standings":
        """With everybody's standing changed."""
        changed = self
        for name in self.providers:
            changed = changed.change_beneath(ProviderId(name), verb)
        return changed

    def keeping(self, keeps: Callable[[Target], bool]) -> "Standings":
        """Without those, and all that stands on them, that are not kept."""
        providers = {
            name: replace(
                provider,
                keys={
                    key: replace(
                        twig,
                        lanes={
                            model: lane
                            for model, lane in twig.lanes.items()
                            if keeps(LaneId(name, key, model))
                        },
                    )
                    for key, twig in provider.keys.items()
                    if keeps(KeyId(name, key))
                },
            )
            for name, provider in self.providers.items()
            if keeps(ProviderId(name))
        }
        return self if providers == self.providers else replace(self, providers=providers)

    def __iter__(self) -> Iterator[tuple[Target, Standing]]:
        """Everybody who is or was in trouble, providers before their keys before their lanes."""
        for provider, branch in self.providers.items():
            yield ProviderId(provider), branch.own
            for key, twig in branch.keys.items():
                yield KeyId(provider, key), twig.own
                for model, lane in twig.lanes.items():
                    yield LaneId(provider, key, model), lane

    def _with_provider(self, name: str, old: ProviderStanding, new: ProviderStanding) -> "Standings":
        return self if new is old else replace(self, providers={**self.providers, name: new})


_NO_KEY = KeyStanding()
_NO_PROVIDER = ProviderStanding()
_ALL_WELL = (WELL, WELL, WELL)

Branch = TypeVar("Branch", KeyStanding, ProviderStanding)


def _changed(
    provider: ProviderStanding, target: Target, verb: Callable[[Standing], Standing]
) -> ProviderStanding:
    if isinstance(target, ProviderId):
        return _with_own(provider, verb(provider.own))
    key = provider.keys.get(target.key, _NO_KEY)
    if isinstance(target, KeyId):
        return _with_key(provider, target.key, _with_own(key, verb(key.own)))
    lane = key.lanes.get(target.model, WELL)
    return _with_key(provider, target.key, _with_lane(key, target.model, verb(lane)))


def _with_own(branch: Branch, own: Standing) -> Branch:
    return branch if own is branch.own else replace(branch, own=own)


def _with_lane(key: KeyStanding, model: str, lane: Standing) -> KeyStanding:
    if lane is key.lanes.get(model, WELL):
        return key
    return replace(key, lanes={**key.lanes, model: lane})


def _with_key(provider: ProviderStanding, name: str, key: KeyStanding) -> ProviderStanding:
    if key is provider.keys.get(name, _NO_KEY):
        return provider
    return replace(provider, keys={**provider.keys, name: key})
