"""What a model can probably be asked for, told by its name, where neither config nor provider says it.

A capability too many costs one refused attempt, and the next lane answers; one too few hides the lane for
good. So the guess is generous with what most models have, and looks for names only where they tell.
"""

from state.settings.offer import Capability

__all__ = ["guess"]

_CHAT = (Capability.CHAT, Capability.TOOLS, Capability.JSON)
_SEES = (Capability.CHAT, Capability.TOOLS, Capability.VISION, Capability.JSON)
_ONLY_SEES = (Capability.CHAT, Capability.VISION)

_BY_PIECE_OF_NAME: tuple[tuple[tuple[str, ...], tuple[Capability, ...]], ...] = (
    (("embed", "bge-", "minilm", "e5-"), (Capability.EMBEDDINGS,)),
    (("dall-e", "gpt-image", "flux", "imagen", "stable-diffusion", "sdxl"), (Capability.IMAGE,)),
    (("llava", "moondream", "-ocr", "bakllava"), _ONLY_SEES),
    (("vision", "pixtral", "-vl", "vl:", "minicpm-v", "gemma3", "gemma-3"), _SEES),
    (("llama-4", "llama4", "mistral-small3", "qwen3.5"), _SEES),
    (("gemini", "claude", "gpt-4o", "gpt-4.1", "gpt-5"), _SEES),
)
"""The first row with a piece that the name has."""


def guess(model: str) -> tuple[Capability, ...]:
    """The capabilities that a model of this name usually has."""
    name = model.casefold()
    for pieces, can in _BY_PIECE_OF_NAME:
        if any(piece in name for piece in pieces):
            return can
    return _CHAT
