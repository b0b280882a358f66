"""The providers that failoverd knows: what each brings when its name is all that one has to say.

A row is a provider as its owner would have written it, the variable in which its key usually is, and whether
it answers without one. Models are those of which the capabilities are certain; whoever names others in a
config file gets these others.
"""

from msgspec import Struct

from state.config import Api, ProviderConfig
from state.settings.offer import Capability, LimitsConfig, ModelConfig
from state.settings.tuning import RetryConfig, TimeoutConfig

__all__ = ["KNOWN", "LOCAL_TIMEOUT", "Known"]


class Known(Struct, frozen=True, kw_only=True):
    """A provider that needs no introduction."""

    provider: ProviderConfig
    variable: str = ""
    """Where the key usually is; empty: it has none."""
    needs_key: bool = True
    is_found: bool = True
    """Whether the variable alone says that it is meant for answering calls."""


_TALKS = (Capability.CHAT, Capability.TOOLS, Capability.JSON)
_SEES = (Capability.CHAT, Capability.TOOLS, Capability.VISION, Capability.JSON)

LOCAL_TIMEOUT = TimeoutConfig(first_token_s=60.0, total_s=60.0)
"""A model server on this machine loads a cold model for a minute: it is slow, not dead."""


def _gemini(name: str, rpm: int, rpd: int, tpm: int, max_output: int) -> ModelConfig:
    limits = LimitsConfig(rpm=rpm, rpd=rpd, tpm=tpm)
    return ModelConfig(name=name, can=_SEES, context=1_048_576, max_output=max_output, limits=limits)


def _claude(name: str) -> ModelConfig:
    can = (Capability.CHAT, Capability.TOOLS, Capability.VISION)
    return ModelConfig(name=name, can=can, context=200_000, max_output=64_000)


def _embeds(name: str, dimensions: int, context: int) -> ModelConfig:
    return ModelConfig(name=name, can=(Capability.EMBEDDINGS,), dimensions=dimensions, context=context)


def _compatible(
    name: str, url: str, variable: str, *models: ModelConfig, priority: int = 10, is_found: bool = True
) -> Known:
    """One of the many that speak OpenAI's dialect and need nothing special."""
    provider = ProviderConfig(name=name, url=url, priority=priority, models=models)
    return Known(provider=provider, variable=variable, is_found=is_found)


_ROWS = (
    Known(
        provider=ProviderConfig(
            name="pollinations",
            api=Api.POLLINATIONS,
            url="https://text.pollinations.ai/openai",
            image_url="https://image.pollinations.ai/prompt/",
            priority=1,
            weight=2.0,
            models=(
                ModelConfig(name="openai", can=_SEES),
                ModelConfig(name="flux", can=(Capability.IMAGE,)),
            ),
            # One text and one image model: so this is 20 text and 20 image calls a minute.
            model_limits=LimitsConfig(rpm=20),
            timeout=TimeoutConfig(total_s=15.0),
            retry=RetryConfig(retries=2),
            paid=False,
        ),
        variable="POLLINATIONS_API_TOKEN",
        needs_key=False,
    ),
    Known(
        provider=ProviderConfig(
            name="openrouter",
            url="https://openrouter.ai/api/v1",
            priority=2,
            models=(ModelConfig(name="openrouter/auto", can=_TALKS),),
            limits=LimitsConfig(rpm=20),
            timeout=TimeoutConfig(total_s=30.0),
            retry=RetryConfig(retries=1),
        ),
        variable="OPENROUTER_API_KEY",
    ),
    Known(
        provider=ProviderConfig(
            name="gemini",
            api=Api.GEMINI,
            url="https://generativelanguage.googleapis.com/v1beta",
            priority=3,
            models=(
                _gemini("gemini-2.5-flash", rpm=10, rpd=250, tpm=250_000, max_output=65_536),
                _gemini("gemini-2.5-flash-lite", rpm=15, rpd=1000, tpm=250_000, max_output=65_536),
                _gemini("gemini-2.0-flash", rpm=15, rpd=200, tpm=1_000_000, max_output=8192),
                _gemini("gemini-2.0-flash-lite", rpm=30, rpd=200, tpm=1_000_000, max_output=8192),
            ),
            reset_zone="America/Los_Angeles",
        ),
        variable="GEMINI_API_KEY",
    ),
    _compatible(
        "groq",
        "https://api.groq.com/openai/v1",
        "GROQ_API_KEY",
        ModelConfig(name="llama-3.3-70b-versatile", can=_TALKS, context=131_072, max_output=32_768),
        ModelConfig(
            name="meta-llama/llama-4-scout-17b-16e-instruct", can=_SEES, context=131_072, max_output=8192
        ),
        priority=4,
    ),
    _compatible(
        "cerebras",
        "https://api.cerebras.ai/v1",
        "CEREBRAS_API_KEY",
        ModelConfig(name="gpt-oss-120b", can=_TALKS, context=131_072),
        priority=5,
    ),
    _compatible(
        "mistral",
        "https://api.mistral.ai/v1",
        "MISTRAL_API_KEY",
        ModelConfig(name="mistral-small-latest", can=_SEES, context=128_000),
        _embeds("mistral-embed", dimensions=1024, context=8192),
    ),
    _compatible(
        "deepseek",
        "https://api.deepseek.com/v1",
        "DEEPSEEK_API_KEY",
        ModelConfig(name="deepseek-chat", can=_TALKS, context=128_000, max_output=8192),
    ),
    _compatible(
        "together",
        "https://api.together.xyz/v1",
        "TOGETHER_API_KEY",
        ModelConfig(name="meta-llama/Llama-3.3-70B-Instruct-Turbo", can=_TALKS, context=131_072),
    ),
    _compatible(
        "fireworks",
        "https://api.fireworks.ai/inference/v1",
        "FIREWORKS_API_KEY",
        ModelConfig(name="accounts/fireworks/models/llama-v3p3-70b-instruct", can=_TALKS, context=131_072),
    ),
    _compatible(
        "nvidia",
        "https://integrate.api.nvidia.com/v1",
        "NVIDIA_API_KEY",
        ModelConfig(name="meta/llama-3.3-70b-instruct", can=_TALKS, context=128_000),
    ),
    _compatible(
        "xai",
        "https://api.x.ai/v1",
        "XAI_API_KEY",
        ModelConfig(name="grok-3-mini", can=_TALKS, context=131_072),
    ),
    _compatible(
        "huggingface",
        "https://router.huggingface.co/v1",
        "HF_TOKEN",
        ModelConfig(name="meta-llama/Llama-3.3-70B-Instruct", can=_TALKS, context=131_072),
        is_found=False,  # most who have this variable only download models
    ),
    _compatible(
        "openai",
        "https://api.openai.com/v1",
        "OPENAI_API_KEY",
        ModelConfig(name="gpt-4.1-mini", can=_SEES, context=1_047_576, max_output=32_768),
        ModelConfig(name="gpt-4o-mini", can=_SEES, context=128_000, max_output=16_384),
        _embeds("text-embedding-3-small", dimensions=1536, context=8191),
        ModelConfig(name="gpt-image-1", can=(Capability.IMAGE,)),
    ),
    Known(
        provider=ProviderConfig(
            name="anthropic",
            api=Api.ANTHROPIC,
            url="https://api.anthropic.com/v1",
            models=(_claude("claude-haiku-4-5"), _claude("claude-sonnet-4-5")),
        ),
        variable="ANTHROPIC_API_KEY",
    ),
    Known(
        # No models: those that are installed are found while running.
        provider=ProviderConfig(
            name="ollama",
            api=Api.OLLAMA,
            url="http://127.0.0.1:11434",
            priority=20,
            timeout=LOCAL_TIMEOUT,
            paid=False,
        ),
        needs_key=False,
    ),
)

KNOWN = {known.provider.name: known for known in _ROWS}
"""In the order in which they stand in a config found in the environment."""
