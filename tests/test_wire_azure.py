"""Azure: OpenAI's dialect at Azure's addresses."""

import pytest

from actors.wire.azure import AZURE
from state.config import Api
from tests.wire.calls import call, chat, dialect, embed, image, provider

D = "https://res.openai.azure.com/openai/deployments/my-deployment"


@pytest.mark.parametrize(
    ("settings", "goes_to"),
    [
        ({}, f"{D}/chat/completions?api-version=2024-10-21"),
        ({"url": "https://res.openai.azure.com/openai"}, f"{D}/chat/completions?api-version=2024-10-21"),
        ({"api_version": "2025-04-01-preview"}, f"{D}/chat/completions?api-version=2025-04-01-preview"),
        ({"request": embed()}, f"{D}/embeddings?api-version=2024-10-21"),
        ({"request": image()}, f"{D}/images/generations?api-version=2024-10-21"),
        (
            {"url": "https://gw.example/azure", "model": "a/../b?c"},
            "https://gw.example/azure/openai/deployments/a%2F%2E%2E%2Fb%3Fc/chat/completions?api-version=2024-10-21",
        ),
        (
            {"url": "https://res.openai.azure.com/openai/v1/"},
            "https://res.openai.azure.com/openai/v1/chat/completions",
        ),
        (
            {"url": "https://res.openai.azure.com/openai/v1", "api_version": "preview"},
            "https://res.openai.azure.com/openai/v1/chat/completions?api-version=preview",
        ),
    ],
)
def test_where_it_goes(settings: dict[str, object], goes_to: str) -> None:
    made = call(Api.AZURE, **settings)  # type: ignore[arg-type]  # a table of keyword arguments
    assert dialect(made).build(made).url == goes_to


def test_the_key_goes_into_its_own_header() -> None:
    made = dialect(call(Api.AZURE)).build(call(Api.AZURE, chat(stream=True), stream=True))
    assert made.key is not None
    assert (made.key.header, made.key.prefix) == ("api-key", "")
    assert b'"include_usage":true' in made.body


def test_a_probe_asks_for_the_models() -> None:
    assert (
        AZURE.probe(provider(Api.AZURE)).url
        == "https://res.openai.azure.com/openai/models?api-version=2024-10-21"
    )
    v1 = provider(Api.AZURE, url="https://res.openai.azure.com/openai/v1")
    assert AZURE.probe(v1).url == "https://res.openai.azure.com/openai/v1/models"
