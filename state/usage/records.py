"""What is remembered of everybody, as the tree that they stand on.

    gemini                      ProviderRecord: its row of failures
      key1                      KeyRecord: its row of failures
        gemini-2.5-flash        LaneRecord: everything

Keys and providers are sums of their lanes, put together when somebody asks. Only a row is no sum: an answer
of any lane breaks the rows of all that it stands on.
"""

from collections.abc import Iterator
from typing import TypeVar

from msgspec import Struct, structs

from state.events import Verdict
from state.failures import Kind
from state.usage.fading import Fading
from state.usage.quantiles import Sketch
from state.words import KeyId, LaneId, ProviderId, Target

__all__ = ["KeyRecord", "LaneRecord", "ProviderRecord", "Statistics"]


class LaneRecord(Struct, frozen=True, gc=False, omit_defaults=True):
    """Everything that is remembered of one lane."""

    attempts: int = 0
    answered: int = 0
    failures: dict[Kind, int] = {}
    """Of what kind. What is neither was given up by its caller, or cut short by our own end."""
    row: int = 0
    """Failures since the last answer."""
    success: Fading = Fading()
    """One for each answer and zero for each failure of its own."""
    recent: float = 1.0
    """The same over the latest few, whenever they were."""
    latency: Sketch = Sketch()
    """Of answers: a quick refusal is no speed."""
    first_token: Sketch = Sketch()
    failovers: int = 0
    """Requests that had to leave it for another lane and were answered there."""
    rescues: int = 0
    """Requests that it answered in place of another."""
    tokens_in: int = 0
    tokens_out: int = 0
    cost_usd: float = 0.0
    unpriced: int = 0
    """Attempts whose cost nobody knows, and which are not in `cost_usd`."""


class KeyRecord(Struct, frozen=True, gc=False, omit_defaults=True):
    """A key, and the lanes that stand on it, by model."""

    row: int = 0
    lanes: dict[str, LaneRecord] = {}


class ProviderRecord(Struct, frozen=True, gc=False, omit_defaults=True):
    """A provider, and its keys."""

    row: int = 0
    keys: dict[str, KeyRecord] = {}


class Statistics(Struct, frozen=True, gc=False, omit_defaults=True):
    """Everybody, and what is said of the whole alone."""

    providers: dict[str, ProviderRecord] = {}
    row: int = 0
    verdicts: dict[Verdict, int] = {}
    is_offline: bool = False
    """Whether our own network is down, so that failures to connect say nothing."""

    def lane(self, lane: LaneId) -> LaneRecord:
        key = self.providers.get(lane.provider, NO_PROVIDER).keys.get(lane.key, NO_KEY)
        return key.lanes.get(lane.model, NO_LANE)

    def row_of(self, target: Target | None) -> int:
        """Failures since the last answer of anything below; None: of all."""
        match target:
            case None:
                return self.row
            case ProviderId(provider=provider):
                return self.providers.get(provider, NO_PROVIDER).row
            case KeyId(provider=provider, key=key):
                return self.providers.get(provider, NO_PROVIDER).keys.get(key, NO_KEY).row
            case LaneId():
                return self.lane(target).row

    def lanes(self) -> Iterator[tuple[LaneId, LaneRecord]]:
        """Every lane that is remembered."""
        for provider_name, provider in self.providers.items():
            for key_name, key in provider.keys.items():
                for model, record in key.lanes.items():
                    yield LaneId(provider_name, key_name, model), record

    def with_lane(self, lane: LaneId, record: LaneRecord) -> "Statistics":
        """With one lane's record changed, and no row above it."""
        provider = self.providers.get(lane.provider, NO_PROVIDER)
        key = provider.keys.get(lane.key, NO_KEY)
        return self._with(lane, record, (key.row, provider.row, self.row))

    def with_outcome(self, lane: LaneId, record: LaneRecord, *, answered: bool) -> "Statistics":
        """With one lane's record changed; the rows above it break with an answer and grow without."""
        if answered:
            return self._with(lane, record, (0, 0, 0))
        provider = self.providers.get(lane.provider, NO_PROVIDER)
        key = provider.keys.get(lane.key, NO_KEY)
        return self._with(lane, record, (key.row + 1, provider.row + 1, self.row + 1))

    def without(self, target: Target) -> "Statistics":
        """With a lane, a key or a provider forgotten; the rows above it go on, they are not its own."""
        provider = self.providers.get(target.provider)
        if provider is None:
            return self
        if isinstance(target, ProviderId):
            return structs.replace(self, providers=_less(self.providers, target.provider))
        key = provider.keys.get(target.key)
        if key is None:
            return self
        keys = _less(provider.keys, target.key)
        if isinstance(target, LaneId):
            keys = provider.keys | {target.key: KeyRecord(key.row, _less(key.lanes, target.model))}
        changed = ProviderRecord(provider.row, keys)
        return structs.replace(self, providers=self.providers | {target.provider: changed})

    def _with(self, lane: LaneId, record: LaneRecord, rows: tuple[int, int, int]) -> "Statistics":
        key_row, provider_row, row = rows
        provider = self.providers.get(lane.provider, NO_PROVIDER)
        key = provider.keys.get(lane.key, NO_KEY)
        keys = provider.keys | {lane.key: KeyRecord(key_row, key.lanes | {lane.model: record})}
        providers = self.providers | {lane.provider: ProviderRecord(provider_row, keys)}
        return Statistics(providers, row, self.verdicts, self.is_offline)


NO_LANE = LaneRecord()
NO_KEY = KeyRecord()
NO_PROVIDER = ProviderRecord()

T = TypeVar("T")


def _less(named: dict[str, T], name: str) -> dict[str, T]:
    return {kept: value for kept, value in named.items() if kept != name}
