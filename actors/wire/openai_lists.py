"""OpenAI's answers that are lists: vectors, pictures, models. What is whole goes on as it came."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.answer import Flaw, estimated
from actors.wire.call import Answer, Call, Reply
from actors.wire.canonical import EmbedRequest
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.openai_usage import read_usage
from actors.wire.proof import instead, unusable
from actors.wire.raw import NOTHING, says
from state.failures import Evidence

__all__ = ["embed_answer", "image_answer", "model_names"]


class _Embedding(Struct, frozen=True):
    embedding: Raw


class _Embeddings(Struct, frozen=True):
    data: list[_Embedding] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


def embed_answer(call: Call, embed: EmbedRequest, reply: Reply) -> Answer | Evidence:
    whole = _embeddings.decode(checked(reply.body))
    if says(whole.error):
        return instead(call, reply)
    vectors = [one for one in whole.data or () if says(one.embedding)]
    if len(vectors) < embed.count:
        return unusable(call, reply, Flaw.TOO_FEW)
    return Answer(body=reply.body, usage=read_usage(whole.usage) or estimated(call, 0))


class _Image(Struct, frozen=True):
    b64_json: Raw = NOTHING
    url: Raw = NOTHING


class _Images(Struct, frozen=True):
    data: list[_Image] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


def image_answer(call: Call, reply: Reply) -> Answer | Evidence:
    whole = _images.decode(checked(reply.body))
    if says(whole.error):
        return instead(call, reply)
    pictures = [one for one in whole.data or () if says(one.b64_json) or says(one.url)]
    if not pictures:
        return unusable(call, reply, Flaw.NO_IMAGE)
    usage = read_usage(whole.usage) or estimated(call, 0)
    return Answer(body=reply.body, usage=msgspec.structs.replace(usage, images=len(pictures)))


class _Listed(Struct, frozen=True):
    id: str = ""
    name: str = ""


class _List(Struct, frozen=True):
    data: list[_Listed] | None = None
    models: list[_Listed] | None = None


def model_names(body: bytes) -> tuple[str, ...] | None:
    """The names in a model list: OpenAI's object, or a bare list as some gateways give."""
    try:
        whole = _list.decode(body)
    except UNDECODABLE:
        return None
    listed = (whole.data if whole.models is None else whole.models) if isinstance(whole, _List) else whole
    if listed is None:
        return None
    names = (one if isinstance(one, str) else one.id or one.name for one in listed)
    return tuple(name for name in names if name)


_embeddings = msgspec.json.Decoder(_Embeddings)
_images = msgspec.json.Decoder(_Images)
_list = msgspec.json.Decoder(_List | list[_Listed | str])
