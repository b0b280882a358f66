"""How many tokens: guessed before an attempt leaves, counted when it has come back."""

from state.events import AttemptClosed, Usage
from state.failures import Failure, Kind

__all__ = ["TOKENS_MAX", "believed", "estimate_tokens", "spent_tokens"]

TOKENS_MAX = 10**9
"""Of one attempt. A provider that counts more is wrong, and its number must not outgrow our integers."""
BYTES_PER_TOKEN = 4
TOKENS_PER_IMAGE = 1_000
"""Between a thumbnail (a few hundred) and a full page (1,600 at Anthropic, 1,100 at OpenAI)."""

_TURNED_AWAY = frozenset(
    {Kind.RATE_LIMIT, Kind.QUOTA, Kind.AUTH, Kind.NOT_FOUND, Kind.BAD_REQUEST, Kind.CONTEXT_LENGTH}
)
"""Refused before the model read a word."""


def estimate_tokens(prompt_bytes: int, images: int = 0) -> int:
    """What a prompt will probably be counted as; of an image only its number, never its bytes.

    By bytes, not by characters: three bytes of Chinese are about a token, four of English are. What the
    answer will cost nobody knows, and `max_tokens` is no guess: people write 32,000 and get 200.
    """
    return min(-(-max(prompt_bytes, 0) // BYTES_PER_TOKEN) + max(images, 0) * TOKENS_PER_IMAGE, TOKENS_MAX)


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


def spent_tokens(closed: AttemptClosed, reserved: int) -> int:
    """What an attempt counts against limits of tokens.

    the provider counted               its count
    turned away before it was read     nothing
    else                               the estimate: answered without a count, cancelled, cut off, timed
                                       out, interrupted; somebody may have read it, and nobody will say
    """
    if closed.usage is not None:
        usage = believed(closed.usage)
        return usage.tokens_in + usage.tokens_out
    if (
        isinstance(closed.outcome, Failure)
        and closed.outcome.kind in _TURNED_AWAY
        and closed.first_token_ms is None
    ):
        return 0
    return reserved
