"""What each lane is by the config file: the board on the first morning, before anything is known."""

from state.config import Config, KeyConfig, ModelConfig, ProviderConfig
from state.routing.board import Board, Card, LaneView
from state.standing.hosts import is_loopback
from state.words import LaneId

__all__ = ["card_of", "first_board"]


def first_board(config: Config) -> Board:
    """Provider by provider, key by key through all models: so a cascade uses one key up before the next."""
    return Board.of(
        LaneView(
            lane=LaneId(provider.name, key.name, model.name),
            card=card_of(provider, key, model),
        )
        for provider in config.provider.values()
        for key in provider.keys
        for model in provider.models
    )


def card_of(provider: ProviderConfig, key: KeyConfig, model: ModelConfig) -> Card:
    """Also for a model that is found while running."""
    return Card(
        can=frozenset(model.can),
        context=model.context,
        price=model.price,
        local=is_loopback(provider.url),
        priority=provider.priority,
        weight=provider.weight,
        data_classes=frozenset(provider.data_classes),
        enabled=provider.enabled and key.enabled and model.enabled,
    )
