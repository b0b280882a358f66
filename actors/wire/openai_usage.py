"""How OpenAI's dialect counts, and what its many speakers make of it."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.complaint import UNDECODABLE
from actors.wire.raw import says
from state.events import Usage

__all__ = ["read_usage"]


class _Details(Struct, frozen=True):
    cached_tokens: int | None = None


class _Usage(Struct, frozen=True):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _Details | None = None
    prompt_cache_hit_tokens: int | None = None
    """DeepSeek's name for it."""
    input_tokens: int | None = None
    """The images API counts under the newer names."""
    output_tokens: int | None = None


def read_usage(raw: Raw) -> Usage | None:
    """What the provider counted; None where it did not count, or not in numbers. An odd count is not worth
    an answer.
    """
    if not says(raw):
        return None
    try:
        seen = _usage.decode(raw)
    except UNDECODABLE:
        return None
    tokens_in = seen.input_tokens if seen.prompt_tokens is None else seen.prompt_tokens
    tokens_out = seen.output_tokens if seen.completion_tokens is None else seen.completion_tokens
    if tokens_in is None and tokens_out is None:
        return None
    cached = (
        seen.prompt_tokens_details.cached_tokens
        if seen.prompt_tokens_details
        else seen.prompt_cache_hit_tokens
    )
    return Usage(tokens_in=_count(tokens_in), tokens_out=_count(tokens_out), tokens_cached=_count(cached))


def _count(tokens: int | None) -> int:
    return 0 if tokens is None else max(0, tokens)


_usage = msgspec.json.Decoder(_Usage)
