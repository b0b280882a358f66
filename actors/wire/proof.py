"""What is kept of a call that brought no answer: the evidence, for the classifier to judge.

The provider's own words are quoted, for they tell what is wrong. A model's words are not: where an answer
is cut or empty, what stands in it may be about quotas and keys without there being a word of truth in it.
"""

from actors.wire.call import Call, Reply
from state.failures import Evidence, Where

__all__ = ["broken", "instead", "instead_of_json", "interrupted", "refused", "unusable"]

QUOTED_BYTES_MAX = 64 << 10
"""Enough for any error that means something, and for a gateway's HTML page; not for a lost megabyte."""


def refused(call: Call, reply: Reply) -> Evidence:
    """The provider said no, with a status."""
    return _of_reply(call, reply, Where.RESPONSE, "", reply.body)


def instead(call: Call, reply: Reply, why: str = "") -> Evidence:
    """The status says yes, and the provider says something else than an answer."""
    return _of_reply(call, reply, Where.BODY_200, why, reply.body)


def instead_of_json(call: Call, reply: Reply, why: str) -> Evidence:
    """The same for what cannot be read. If it began as JSON, it may be a model's words that were cut."""
    is_cut = reply.body.lstrip()[:1] in (b"{", b"[")
    return unusable(call, reply, why) if is_cut else instead(call, reply, why)


def unusable(call: Call, reply: Reply, why: str) -> Evidence:
    """It is an answer, and none that anybody could use."""
    return _of_reply(call, reply, Where.BODY_200, why, b"")


def interrupted(call: Call, message: bytes) -> Evidence:
    """In the middle of a stream the provider says something else."""
    return _of_stream(call, "", message)


def broken(call: Call, why: str) -> Evidence:
    """It was a stream of an answer, and nobody could use it."""
    return _of_stream(call, why, b"")


def _of_reply(call: Call, reply: Reply, where: Where, why: str, words: bytes) -> Evidence:
    return Evidence(
        provider=call.provider.name,
        api=call.provider.api,
        where=where,
        status=reply.status,
        headers=reply.headers,
        body=_quoted(words),
        exception=why,
    )


def _of_stream(call: Call, why: str, words: bytes) -> Evidence:
    return Evidence(
        provider=call.provider.name,
        api=call.provider.api,
        where=Where.STREAM,
        status=200,
        body=_quoted(words),
        exception=why,
    )


def _quoted(words: bytes) -> str:
    return words[:QUOTED_BYTES_MAX].decode(errors="replace")
