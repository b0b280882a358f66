"""OpenAI's dialect at Azure's addresses: a deployment in the path, a version in the query, its own header."""

from actors.wire.address import Base, base, free_question, segment
from actors.wire.call import Call, KeyPlacement, WireRequest
from actors.wire.openai import OpenAi
from state.config import Api, ProviderConfig

__all__ = ["AZURE", "Azure"]

API_VERSION = "2024-10-21"
"""The last dated version that is generally available; from `/openai/v1` on there is none."""
V1 = "/openai/v1"


class Azure(OpenAi):
    """The dialect. A model's name is the name of its deployment."""

    api = Api.AZURE
    key = KeyPlacement("api-key")

    def probe(self, provider: ProviderConfig) -> WireRequest:
        at = _at(provider, "/openai")
        return free_question(provider, at, at.target("/models"), self.key)

    def _at(self, call: Call) -> Base:
        return _at(call.provider, f"/openai/deployments/{segment(call.model.name)}")


def _at(provider: ProviderConfig, path: str) -> Base:
    at = base(provider.url)
    if at.path.endswith(V1):
        return (
            at
            if not provider.api_version
            else Base(at.origin, at.path, f"api-version={provider.api_version}")
        )
    root = at.path.removesuffix("/openai")
    return Base(at.origin, root + path, f"api-version={segment(provider.api_version or API_VERSION)}")


AZURE = Azure()
