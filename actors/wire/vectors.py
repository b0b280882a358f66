"""Embeddings in OpenAI's shape, for dialects that write their own."""

import base64
from array import array
from collections.abc import Sequence
from sys import byteorder

import msgspec
from msgspec import Struct

from actors.wire.answer import UsageShape, usage_shape
from actors.wire.call import Answer, Call
from actors.wire.canonical import EmbedRequest
from actors.wire.dialect import Gap
from state.events import Usage

__all__ = ["embed_gap", "embeddings"]

SPEAKS = frozenset({"model", "input", "dimensions", "encoding_format", "user"})


def embed_gap(request: EmbedRequest) -> Gap | None:
    """What can be embedded only where the shape is OpenAI's own."""
    for name in request.fields:
        if name not in SPEAKS and request.has(name):
            return Gap(name[:64], "has no counterpart there")
    if request.texts is None:
        return Gap("input", "must be text: the numbers of tokens mean something to their own model only")
    return None


class _Embedding(Struct, frozen=True):
    object: str
    index: int
    embedding: str | Sequence[float]


class _Embeddings(Struct, frozen=True):
    object: str
    data: tuple[_Embedding, ...]
    model: str
    usage: UsageShape


def embeddings(call: Call, embed: EmbedRequest, vectors: list[list[float]], usage: Usage) -> Answer:
    """The vectors as the caller wants them: as numbers, or packed, which OpenAI's own library asks for."""
    packed = bytes(embed.fields.get("encoding_format", b"")) == b'"base64"'
    body = _Embeddings(
        object="list",
        data=tuple(
            _Embedding("embedding", at, _packed(vector) if packed else vector)
            for at, vector in enumerate(vectors)
        ),
        model=call.model.name,
        usage=usage_shape(usage),
    )
    return Answer(body=msgspec.json.encode(body), usage=usage)


def _packed(vector: list[float]) -> str:
    floats = array("f", vector)
    if byteorder == "big":
        floats.byteswap()
    return base64.b64encode(floats.tobytes()).decode()
