"""All dialects, one row each."""

from actors.wire.anthropic import ANTHROPIC
from actors.wire.azure import AZURE
from actors.wire.dialect import Dialect
from actors.wire.gemini import GEMINI
from actors.wire.ollama import OLLAMA
from actors.wire.openai import OPENAI
from actors.wire.pollinations import POLLINATIONS
from state.config import Api

__all__ = ["DIALECTS"]

DIALECTS: dict[Api, Dialect] = {
    Api.OPENAI: OPENAI,
    Api.AZURE: AZURE,
    Api.GEMINI: GEMINI,
    Api.ANTHROPIC: ANTHROPIC,
    Api.OLLAMA: OLLAMA,
    Api.POLLINATIONS: POLLINATIONS,
}
