"""Taking requests in: what a body must be, and what it must not ask for.

A request may say what it wants answered. Where it goes, and with which key, only the operator decides, so
fields that steer other gateways are refused by name instead of being passed on.
"""

import unicodedata
from collections.abc import Mapping
from typing import TypeVar

import msgspec
from msgspec import Raw

from actors.wire.canonical import ChatRequest, EmbedRequest, ImageRequest, ImageWishes
from actors.wire.complaint import UNDECODABLE, BadRequest, blame, checked
from state.routing.asking import Options

__all__ = ["STEERING", "decode_chat", "decode_embed", "decode_image"]

FIELDS_MAX = 128
MODEL_CHARS_MAX = 256
CHOICES_MAX = 32
INPUTS_MAX = 2048
"""Texts in one embeddings call, as OpenAI has it."""

STEERING = frozenset(
    {
        "apibase",
        "apikey",
        "apitype",
        "apiversion",
        "authorization",
        "azureadtoken",
        "azureendpoint",
        "baseurl",
        "customllmprovider",
        "defaultheaders",
        "defaultquery",
        "endpoint",
        "extraheaders",
        "extraquery",
        "headers",
        "httpclient",
        "litellmparams",
        "organization",
        "proxies",
        "proxy",
    }
)
"""Without case, dashes and underscores: `api_base`, `API-Base` and `apiBase` are one name."""

ORDINARY = frozenset(
    {
        "failover",
        "input",
        "max_completion_tokens",
        "max_tokens",
        "messages",
        "model",
        "n",
        "prompt",
        "response_format",
        "seed",
        "stop",
        "stream",
        "stream_options",
        "temperature",
        "tool_choice",
        "tools",
        "top_p",
        "user",
    }
)
"""Names that need no second look; most requests have no others."""

OPTIONS = tuple(name for name in Options.__struct_encode_fields__ if name != "failover")
"""What may be asked of us. No provider has fields of these names."""

T = TypeVar("T")
_Head = tuple[str, dict[str, Raw], Raw | None]

_members = msgspec.json.Decoder(dict[str, Raw])
_text = msgspec.json.Decoder(str)
_flag: msgspec.json.Decoder[bool | None] = msgspec.json.Decoder(bool | None)
_number: msgspec.json.Decoder[int | None] = msgspec.json.Decoder(int | None)
_inputs: msgspec.json.Decoder[str | list[Raw]] = msgspec.json.Decoder(str | list[Raw])
_image = msgspec.json.Decoder(ImageWishes)


def decode_chat(body: bytes | Raw, *, flat: bool = False) -> ChatRequest | BadRequest:
    """Take a chat completion request in. The messages are not looked into. `flat`: what it asks of us may
    stand among its other fields, not only in `failover`.
    """
    head = _head(body, flat=flat)
    if isinstance(head, BadRequest):
        return head
    model, fields, failover = head
    messages = fields.get("messages")
    if messages is None:
        return BadRequest("messages", "is missing: a list of messages is needed")
    start = bytes(memoryview(messages)[:64])
    if not start.startswith(b"["):
        return BadRequest("messages", "must be a list of messages")
    if start[1:].lstrip().startswith(b"]"):
        return BadRequest("messages", "is empty: there is nothing to answer")
    stream = _one(fields, "stream", _flag)
    if isinstance(stream, BadRequest):
        return stream
    choices = _one(fields, "n", _number)
    if isinstance(choices, BadRequest):
        return choices
    if choices is None:
        choices = 1
    if not 1 <= choices <= CHOICES_MAX:
        return BadRequest("n", f"must be between 1 and {CHOICES_MAX}")
    return ChatRequest(model, fields, failover, stream is True, choices)


def decode_embed(body: bytes | Raw, *, flat: bool = False) -> EmbedRequest | BadRequest:
    """Take an embeddings request in."""
    head = _head(body, flat=flat)
    if isinstance(head, BadRequest):
        return head
    model, fields, failover = head
    given = _one(fields, "input", _inputs)
    if isinstance(given, BadRequest):
        return given
    if given is None:
        return BadRequest("input", "is missing: a text or a list of texts is needed")
    if not given:
        return BadRequest("input", "is empty: there is nothing to embed")
    is_single = isinstance(given, str) or bytes(given[0])[:1] not in b'"['  # a bare list of token numbers
    count = 1 if is_single else len(given)
    if count > INPUTS_MAX:
        return BadRequest("input", f"holds {count} texts; at most {INPUTS_MAX} go into one call")
    return EmbedRequest(model, fields, failover, count)


def decode_image(body: bytes | Raw, *, flat: bool = False) -> ImageRequest | BadRequest:
    """Take an image generation request in."""
    head = _head(body, flat=flat)
    if isinstance(head, BadRequest):
        return head
    model, fields, failover = head
    try:
        wishes = _image.decode(msgspec.json.encode(fields))
    except UNDECODABLE as error:
        return blame(error)
    if not wishes.prompt.strip():
        return BadRequest("prompt", "is empty: say what the image should show")
    return ImageRequest(model=model, fields=fields, failover=failover, wishes=wishes)


def _head(body: bytes | Raw, *, flat: bool) -> _Head | BadRequest:
    """What all requests have in common: an object that names a model and does not steer."""
    members = _open(bytes(body), "")
    if isinstance(members, BadRequest):
        return members
    if "extra_body" in members:
        members = _unfold(members)
        if isinstance(members, BadRequest):
            return members
    failover = _gathered(members) if flat else members.pop("failover", None)
    model = _one(members, "model", _text)
    if isinstance(model, BadRequest):
        return model
    if model is None:
        return BadRequest("model", "is missing: name a pool, a model, or `auto`")
    if not 1 <= len(model) <= MODEL_CHARS_MAX:
        return BadRequest("model", f"must have 1 to {MODEL_CHARS_MAX} characters")
    return model, members, failover


def _open(body: bytes, path: str) -> dict[str, Raw] | BadRequest:
    try:
        members = _members.decode(checked(body))
    except UNDECODABLE as error:
        return blame(error, path)
    if len(members) > FIELDS_MAX:
        return BadRequest(path, f"has more than {FIELDS_MAX} fields")
    for name in members:
        if name not in ORDINARY and _bare(name) in STEERING:
            where = f"{path}.{name}" if path else name
            return BadRequest(
                where, "cannot be set by a request: where it goes is for the operator to decide"
            )
    return members


def _bare(name: str) -> str:
    return unicodedata.normalize("NFKC", name).casefold().replace("-", "").replace("_", "")


def _gathered(members: dict[str, Raw]) -> Raw | None:
    """Every option in one object, taken out from among the fields. What stands in `failover` goes before."""
    inner = bytes(members.pop("failover", b""))
    if inner in (b"true", b"false"):
        inner = b'{"failover":%b}' % inner
    lifted = [b'"%b":%b' % (name.encode(), bytes(members.pop(name))) for name in OPTIONS if name in members]
    if not lifted or inner[:1] not in b"{":
        return Raw(inner) if inner else None
    rest = inner[1:].lstrip() or b"}"
    comma = b"" if rest.startswith(b"}") else b","
    return Raw(b"{" + b",".join(lifted) + comma + rest)


def _unfold(members: dict[str, Raw]) -> dict[str, Raw] | BadRequest:
    """Some libraries send their `extra_body` as it stands; its fields were meant to be the request's."""
    inner = bytes(members.pop("extra_body"))
    if inner == b"null":
        return members
    extra = _open(inner, "extra_body")
    if isinstance(extra, BadRequest):
        return extra
    if "extra_body" in extra:
        return BadRequest("extra_body.extra_body", "cannot be nested")
    return {**members, **extra}


def _one(fields: Mapping[str, Raw], name: str, decoder: "msgspec.json.Decoder[T]") -> T | BadRequest | None:
    raw = fields.get(name)
    if raw is None:
        return None
    try:
        return decoder.decode(raw)
    except UNDECODABLE as error:
        return blame(error, name)
