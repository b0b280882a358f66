"""Where the speakers of OpenAI's dialect differ: one row each, found by trying and reading their errors."""

import hashlib
from functools import lru_cache

import msgspec
from msgspec import Raw, Struct

from actors.wire.address import base
from actors.wire.complaint import UNDECODABLE
from actors.wire.raw import NOTHING, says

__all__ = ["ACCENTS", "Accent", "accent_of"]

ECHOES = frozenset({"reasoning_content", "reasoning_details", "reasoning", "annotations", "audio", "refusal"})
"""What an app sends back when it repeats an answer as it got it, perhaps from another lane. Strict servers
refuse what they do not know, and the app would be told of an error that it did not make."""

_SHORT_ID_CHARS = 9


class Accent(Struct, frozen=True, kw_only=True):
    """What one server wants otherwise."""

    host: str = ""
    """A leading dot: any host below it."""
    path: str = ""
    rename: tuple[tuple[str, str], ...] = ()
    """Fields that it knows by another name only."""
    stream_usage: bool = True
    """Whether it may be asked for the usage of a stream."""
    continues: bool = False
    """Whether it goes on where an assistant's message at the end breaks off."""
    marks_prefix: bool = False
    """Whether that message must say `prefix: true`."""
    strict: bool = False
    """Whether it refuses messages with fields that it does not know."""
    short_ids: bool = False
    """Whether the ids of tool calls must be nine letters and digits."""


_OLD_LIMIT = (("max_completion_tokens", "max_tokens"),)

ACCENTS = (
    Accent(host="api.openai.com", rename=(("max_tokens", "max_completion_tokens"),), strict=True),
    Accent(host=".openai.azure.com", strict=True),
    Accent(host=".cognitiveservices.azure.com", strict=True),
    Accent(host=".services.ai.azure.com", strict=True),
    Accent(host="openrouter.ai", continues=True),
    Accent(
        host="api.mistral.ai",
        rename=(*_OLD_LIMIT, ("seed", "random_seed")),
        stream_usage=False,
        continues=True,
        marks_prefix=True,
        strict=True,
        short_ids=True,
    ),
    Accent(host="api.deepseek.com", path="/beta", rename=_OLD_LIMIT, continues=True, marks_prefix=True),
    Accent(host="api.deepseek.com", rename=_OLD_LIMIT),
    Accent(host="api.groq.com", continues=True, strict=True),
    Accent(host="api.cerebras.ai", strict=True),
    Accent(host="api.together.xyz", rename=_OLD_LIMIT),
    Accent(host="text.pollinations.ai", stream_usage=False),
)
"""The first row that fits; a server without a row speaks as OpenAI documents it. None of them continues an
answer unless its documentation says so: a server that begins anew instead would garble what is delivered."""


@lru_cache(maxsize=256)
def accent_of(url: str) -> Accent:
    """How the server at this URL speaks."""
    at = base(url)
    host = at.origin.rpartition("//")[2].rpartition("@")[2].partition(":")[0].lower()
    for accent in ACCENTS:
        is_host = host.endswith(accent.host) if accent.host.startswith(".") else host == accent.host
        if is_host and at.path.startswith(accent.path):
            return accent
    return Accent()


def spoken_so(messages: Raw, accent: Accent) -> Raw:
    """Messages as this server takes them: opened by one level, and left as they are if nothing is to do.
    What cannot be opened is for the server to judge.
    """
    if not accent.strict and not accent.short_ids:
        return messages
    try:
        opened = _messages.decode(messages)
        changed = [_spoken_so(message, accent) for message in opened]
    except UNDECODABLE:
        return messages
    is_same = all(one is other for one, other in zip(opened, changed, strict=True))
    return messages if is_same else Raw(msgspec.json.encode(changed))


def _spoken_so(message: dict[str, Raw], accent: Accent) -> dict[str, Raw]:
    if accent.strict and not ECHOES.isdisjoint(message):
        message = {name: value for name, value in message.items() if name not in ECHOES}
    if says(message.get("tool_calls", NOTHING)):
        calls = [_call_so(call, accent) for call in _messages.decode(message["tool_calls"])]
        message = {**message, "tool_calls": Raw(msgspec.json.encode(calls))}
    if accent.short_ids and "tool_call_id" in message:
        message = {**message, "tool_call_id": _short(message["tool_call_id"])}
    return message


def _call_so(call: dict[str, Raw], accent: Accent) -> dict[str, Raw]:
    call = {name: value for name, value in call.items() if name != "extra_content"}
    if accent.short_ids and "id" in call:
        call["id"] = _short(call["id"])
    return call


def _short(raw: Raw) -> Raw:
    """The same id for the call and for its result, whoever gave it first."""
    name = _text.decode(raw)
    if len(name) != _SHORT_ID_CHARS or not (name.isascii() and name.isalnum()):
        name = hashlib.blake2b(name.encode(), digest_size=8).hexdigest()[:_SHORT_ID_CHARS]
    return Raw(msgspec.json.encode(name))


_messages = msgspec.json.Decoder(list[dict[str, Raw]])
_text = msgspec.json.Decoder(str)
