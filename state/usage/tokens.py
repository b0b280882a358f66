"""How many tokens: guessed before an attempt leaves, counted when it has come back."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from state.config import Api
from state.events import AttemptClosed, Usage
from state.failures import Failure, Kind

__all__ = ["TOKENS_MAX", "believed", "bytes_in", "estimate_tokens", "reserved_tokens", "spent_tokens"]

TOKENS_MAX = 10**9
"""Of one attempt. A provider that counts more is wrong, and its number must not outgrow our integers."""
BYTES_PER_TOKEN = 4
TOKENS_PER_IMAGE = 1_000
"""Between a thumbnail (a few hundred) and a full page (1,600 at Anthropic, 1,100 at OpenAI)."""


class Toll(NamedTuple):
    """What of an attempt, besides its prompt, a provider counts against a limit of tokens."""

    on_room: bool
    """When it arrives: all that the answer may have, as far as the caller bounds it."""
    on_answer: bool
    """When it is over: what the answer had."""


TOLLS: Mapping[Api, Toll] = MappingProxyType(
    {
        Api.OPENAI: Toll(on_room=True, on_answer=True),
        Api.AZURE: Toll(on_room=True, on_answer=True),
        Api.ANTHROPIC: Toll(on_room=False, on_answer=True),
        Api.OLLAMA: Toll(on_room=False, on_answer=True),
        Api.POLLINATIONS: Toll(on_room=False, on_answer=True),
        Api.GEMINI: Toll(on_room=False, on_answer=False),
    }
)
"""OpenAI, Azure and Groq refuse at the door whose `max_tokens` would not fit, Anthropic's documentation says
that it does not look at them, and Gemini's limits are of input tokens alone."""

_TURNED_AWAY = frozenset(
    {Kind.RATE_LIMIT, Kind.QUOTA, Kind.AUTH, Kind.NOT_FOUND, Kind.BAD_REQUEST, Kind.CONTEXT_LENGTH}
)
"""Refused before the model read a word."""


def estimate_tokens(text_bytes: int, images: int = 0) -> int:
    """What a text will probably be counted as; of an image only its number, never its bytes.

    By bytes, not by characters: three bytes of Chinese are about a token, four of English are.
    """
    return _sane(-(-max(text_bytes, 0) // BYTES_PER_TOKEN) + max(images, 0) * TOKENS_PER_IMAGE)


def reserved_tokens(api: Api, tokens_in: int, tokens_out_max: int | None) -> int:
    """What an attempt takes up while it is under way. What the answer will come to nobody knows, and a
    caller's bound is no guess: people write 32,000 and get 200. So it counts only where the provider counts.
    """
    room = tokens_out_max if TOLLS[api].on_room else None
    return _sane(tokens_in + _sane(room or 0))


def bytes_in(text: str) -> int:
    """How large a text is; of most it is known without writing it out."""
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def believed(usage: Usage) -> Usage:
    """The same usage with every count within reason: a provider's numbers are a stranger's."""
    counts = (usage.tokens_in, usage.tokens_out, usage.tokens_cached, usage.images)
    if min(counts) >= 0 and max(counts) <= TOKENS_MAX and usage.tokens_cached <= usage.tokens_in:
        return usage
    tokens_in, tokens_out, tokens_cached, images = (min(max(count, 0), TOKENS_MAX) for count in counts)
    return Usage(
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        tokens_cached=min(tokens_cached, tokens_in),
        images=images,
        estimated=usage.estimated,
    )


def spent_tokens(closed: AttemptClosed, reserved: int, api: Api) -> int:
    """What an attempt counts against limits of tokens.

    the provider counted               its count, with the answer where that is held against the limit
    turned away before it was read     nothing
    else                               the estimate: answered without a count, cancelled, cut off, timed
                                       out, interrupted; somebody may have read it, and nobody will say
    """
    if closed.usage is not None:
        usage = believed(closed.usage)
        return usage.tokens_in + usage.tokens_out if TOLLS[api].on_answer else usage.tokens_in
    if (
        isinstance(closed.outcome, Failure)
        and closed.outcome.kind in _TURNED_AWAY
        and closed.first_token_ms is None
    ):
        return 0
    return reserved


def _sane(tokens: int) -> int:
    return min(max(tokens, 0), TOKENS_MAX)
