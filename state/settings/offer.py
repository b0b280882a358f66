"""What a provider has on offer: models, what they can do, cost and allow, and the keys that open them."""

from enum import StrEnum
from typing import Annotated

from msgspec import Meta

from state.settings.tuning import Section

__all__ = ["Capability", "KeyConfig", "LimitsConfig", "ModelConfig", "PriceConfig"]

Limit = Annotated[int, Meta(ge=1, le=10**12)]
Tokens = Annotated[int, Meta(ge=1, le=10**9)]
Price = Annotated[float, Meta(ge=0.0, le=1_000_000.0)]


class Capability(StrEnum):
    """What a model can be asked for."""

    CHAT = "chat"
    TOOLS = "tools"
    VISION = "vision"
    JSON = "json"
    IMAGE = "image"
    EMBEDDINGS = "embeddings"


class LimitsConfig(Section, frozen=True, kw_only=True):
    """What may be used, by this lane, key or provider; left out: not limited, or learned from answers."""

    rpm: Limit | None = None
    """Requests in any 60 seconds."""
    rpd: Limit | None = None
    """Requests in a day of the provider's own calendar."""
    tpm: Limit | None = None
    """Tokens in any 60 seconds."""
    tpd: Limit | None = None
    """Tokens in a day of the provider's own calendar."""
    concurrency: Limit | None = None
    """Requests at the same time."""


class PriceConfig(Section, frozen=True, kw_only=True):
    """US dollars per million tokens, and per image; left out: unpriced, which is not free."""

    input: Price | None = None
    """Per million tokens of the question."""
    output: Price | None = None
    """Per million tokens of the answer, thinking included."""
    cached_input: Price | None = None
    """Per million tokens of the question that the provider had in its cache."""
    image: Price | None = None
    """Per image made."""


class ModelConfig(Section, frozen=True, kw_only=True):
    """A model at a provider: what it can do, what it may use, what it costs."""

    name: str
    """As the provider writes it."""
    can: Annotated[tuple[Capability, ...], Meta(min_length=1)] = (
        Capability.CHAT,
        Capability.TOOLS,
        Capability.JSON,
    )
    """What it may be asked for. A config file that does not say has it guessed from the model's name."""
    context: Tokens | None = None
    """Tokens that it can take in; left out: unknown, so never filtered by it."""
    max_output: Tokens | None = None
    """Tokens that it can give back."""
    dimensions: Tokens | None = None
    """Of its embeddings."""
    limits: LimitsConfig = LimitsConfig()
    """Of this model with each key."""
    price: PriceConfig = PriceConfig()
    """For the cost of each attempt, and for the strategy `cheapest`."""
    enabled: bool = True
    """Whether it may be used."""


class KeyConfig(Section, frozen=True, kw_only=True):
    """A credential of a provider."""

    name: str
    """In lanes, logs and statistics; left out in a config file: `key1`, `key2`, ..."""
    secret: str = ""
    """Where the key is, never the key: `credential:NAME`, `file:PATH` or `env:NAME`. Empty: needs none."""
    limits: LimitsConfig = LimitsConfig()
    """Of all models with this key together."""
    enabled: bool = True
    """Whether it may be used."""
