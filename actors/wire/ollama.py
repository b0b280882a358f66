"""Ollama's own API: /api/chat and /api/embed."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.address import base, free_question, post
from actors.wire.answer import Flaw, Said, completion, estimated, flaw_of
from actors.wire.call import BEARER, Answer, Call, Reply, WireRequest
from actors.wire.canonical import ChatRequest, EmbedRequest, Request
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.dialect import Framing, Gap
from actors.wire.media import media_gap
from actors.wire.ollama_answer import OllamaReader, spoken, tool_call
from actors.wire.ollama_request import THINKS, TYPES, body_of, is_interleaved
from actors.wire.proof import instead, instead_of_json, refused, unusable
from actors.wire.raw import NOTHING, says
from actors.wire.unsaid import chat_gap, decoded
from actors.wire.vectors import embed_gap, embeddings
from state.config import Api, ModelConfig, ProviderConfig
from state.events import Usage
from state.failures import Evidence
from state.usage.tokens import bytes_in

__all__ = ["OLLAMA", "Ollama"]

SPEAKS = frozenset(
    {
        "temperature",
        "top_p",
        "top_k",
        "max_tokens",
        "max_completion_tokens",
        "stop",
        "seed",
        "frequency_penalty",
        "presence_penalty",
        "reasoning_effort",
        "keep_alive",
    }
)


class Ollama:
    """The dialect."""

    api = Api.OLLAMA
    framing = Framing.NDJSON
    key = BEARER  # a local Ollama has none, its cloud wants one

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        del provider, model
        if isinstance(request, EmbedRequest):
            return embed_gap(request)
        if not isinstance(request, ChatRequest):
            return Gap("prompt", "asks for an image, which this dialect does not draw")
        if gap := chat_gap(request, SPEAKS, instructs_amid=True):
            return gap
        wishes, conversation = decoded(request)
        if wishes.reasoning_effort not in {None, *THINKS}:
            return Gap("reasoning_effort", "is not a step that is known there")
        if conversation.tools and conversation.tool_choice not in {None, "auto", "none"}:
            return Gap("tool_choice", "is the model's own there")
        if conversation.tools and conversation.parallel_tool_calls is False:
            return Gap("parallel_tool_calls", "cannot be forbidden there")
        if any(tool.function.strict for tool in conversation.tools or ()):
            return Gap("tools", "are strict, which is not promised there")
        for at, message in enumerate(conversation.messages):
            if is_interleaved(message):
                return Gap(f"messages[{at}]", "has a picture between texts; there it stands beside them")
        return media_gap(conversation, TYPES, links=False)

    def continues(self, provider: ProviderConfig, model: ModelConfig) -> bool:
        """Its templates leave the last turn open."""
        del provider, model
        return True

    def build(self, call: Call) -> WireRequest:
        at = base(call.provider.url)
        if isinstance(call.request, EmbedRequest):
            return post(at, at.target("/api/embed"), _embed_body(call, call.request), self.key)
        assert isinstance(call.request, ChatRequest)
        keep_alive = call.request.fields.get("keep_alive", NOTHING)
        body = body_of(call, *decoded(call.request), keep_alive)
        return post(at, at.target("/api/chat"), body, self.key)

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        if not reply.is_success:
            return refused(call, reply)
        try:
            if isinstance(call.request, EmbedRequest):
                return _embed_answer(call, call.request, reply)
            return _chat_answer(call, reply)
        except UNDECODABLE:
            return instead_of_json(call, reply, Flaw.NOT_JSON)

    def reader(self, call: Call) -> OllamaReader:
        return OllamaReader(call)

    def probe(self, provider: ProviderConfig) -> WireRequest:
        at = base(provider.url)
        return free_question(provider, at, at.target("/api/tags"), self.key)

    def models(self, body: bytes) -> tuple[str, ...] | None:
        try:
            return tuple(one.name or one.model for one in _list.decode(body).models)
        except UNDECODABLE:
            return None


def _chat_answer(call: Call, reply: Reply) -> Answer | Evidence:
    whole = spoken.decode(checked(reply.body))
    if whole.is_error:
        return instead(call, reply)
    made = whole.message.tool_calls or ()
    said = Said(
        content=whole.message.content or None,
        tool_calls=tuple(tool_call(one, f"{call.id}-{at}") for at, one in enumerate(made)),
        reasoning_content=whole.message.thinking,
    )
    finish = whole.finish(calls=bool(made))
    if flaw := flaw_of(finish, spoken=said.is_spoken):
        return unusable(call, reply, flaw)
    usage = whole.usage or estimated(call, bytes_in(whole.message.content))
    return completion(call, said, finish or "", usage)


def _embed_body(call: Call, embed: EmbedRequest) -> bytes:
    """Never truncated by the server: half a text has another meaning."""
    body: dict[str, object] = {"model": call.model.name, "input": embed.texts, "truncate": False}
    if embed.has("dimensions"):
        body["dimensions"] = embed.fields["dimensions"]
    return msgspec.json.encode(body)


class _Vectors(Struct, frozen=True):
    embeddings: list[list[float]] = []
    prompt_eval_count: int = 0
    error: Raw = NOTHING


def _embed_answer(call: Call, embed: EmbedRequest, reply: Reply) -> Answer | Evidence:
    whole = _vectors.decode(checked(reply.body))
    if says(whole.error):
        return instead(call, reply)
    vectors = [vector for vector in whole.embeddings if vector]
    if len(vectors) < embed.count:
        return unusable(call, reply, Flaw.TOO_FEW)
    counted = Usage(tokens_in=whole.prompt_eval_count) if whole.prompt_eval_count else estimated(call, 0)
    return embeddings(call, embed, vectors, counted)


class _Model(Struct, frozen=True):
    name: str = ""
    model: str = ""


class _List(Struct, frozen=True):
    models: tuple[_Model, ...]


_vectors = msgspec.json.Decoder(_Vectors)
_list = msgspec.json.Decoder(_List)

OLLAMA = Ollama()
