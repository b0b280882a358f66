"""Gemini's own API: generateContent, streamGenerateContent, batchEmbedContents."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.address import Base, base, free_question, post, segment
from actors.wire.answer import Flaw, Said, completion, estimated, flaw_of
from actors.wire.call import Answer, Call, KeyPlacement, Reply, WireRequest
from actors.wire.canonical import ChatRequest, EmbedRequest, Request
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.conversation import JsonObject, JsonSchema, ToolResult
from actors.wire.dialect import Framing, Gap
from actors.wire.gemini_answer import GeminiReader, finish_of, spoken, tool_call
from actors.wire.gemini_request import BUDGETS, LEVELS, body_of, generation
from actors.wire.media import IMAGE_TYPES, PDF, media_gap
from actors.wire.proof import instead, instead_of_json, refused, unusable
from actors.wire.raw import NOTHING
from actors.wire.turns import tool_names
from actors.wire.unsaid import chat_gap, decoded
from actors.wire.vectors import embed_gap, embeddings
from state.config import Api, ModelConfig, ProviderConfig
from state.failures import Evidence
from state.usage.tokens import bytes_in

__all__ = ["GEMINI", "Gemini"]

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
        "safety_settings",
    }
)
STOPS_MAX = 5
TYPES = (*IMAGE_TYPES, "image/heic", "image/heif", PDF, "audio/wav", "audio/mp3", "text/plain")


class Gemini:
    """The dialect."""

    api = Api.GEMINI
    framing = Framing.SSE
    key = KeyPlacement("x-goog-api-key")

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        del provider
        if isinstance(request, EmbedRequest):
            return embed_gap(request)
        if not isinstance(request, ChatRequest):
            return Gap("prompt", "asks for an image, which this dialect does not draw")
        if gap := chat_gap(request, SPEAKS):
            return gap
        wishes, conversation = decoded(request)
        is_old = generation(model.name) < 3
        if wishes.reasoning_effort not in {None, *(BUDGETS if is_old else LEVELS)}:
            return Gap("reasoning_effort", "is not a step that is known there")
        if len(wishes.stops) > STOPS_MAX:
            return Gap("stop", f"can have up to {STOPS_MAX} texts there")
        if conversation.parallel_tool_calls is False and conversation.tools:
            return Gap("parallel_tool_calls", "cannot be forbidden there")
        wants_json = isinstance(conversation.response_format, JsonObject | JsonSchema)
        if is_old and wants_json and conversation.tools:
            return Gap("response_format", "cannot be combined with tools there")
        names = tool_names(conversation)
        for at, message in enumerate(conversation.messages):
            if isinstance(message, ToolResult) and not (message.tool_call_id in names or message.name):
                return Gap(f"messages[{at}].tool_call_id", "belongs to no call before it")
        return media_gap(conversation, TYPES, links=not model.name.startswith(("gemini-1", "gemini-2.0")))

    def continues(self, provider: ProviderConfig, model: ModelConfig) -> bool:
        """Up to 2.5 a last turn of the model's own is taken up where it ends."""
        del provider
        return generation(model.name) < 3

    def build(self, call: Call) -> WireRequest:
        at = _base(call.provider)
        path = _path(call.model.name)
        if isinstance(call.request, EmbedRequest):
            return post(
                at, at.target(f"/{path}:batchEmbedContents"), _embed_body(call, call.request), self.key
            )
        assert isinstance(call.request, ChatRequest)
        safety = call.request.fields.get("safety_settings", NOTHING)
        body = body_of(call, *decoded(call.request), safety)
        if call.stream:
            target = at.target(f"/{path}:streamGenerateContent", "alt=sse")
            return post(at, target, body, self.key, stream=True)
        return post(at, at.target(f"/{path}:generateContent"), body, self.key)

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        if not reply.is_success:
            return refused(call, reply)
        try:
            if isinstance(call.request, EmbedRequest):
                return _embed_answer(call, call.request, reply)
            return _chat_answer(call, reply)
        except UNDECODABLE:
            return instead_of_json(call, reply, Flaw.NOT_JSON)

    def reader(self, call: Call) -> GeminiReader:
        return GeminiReader(call)

    def probe(self, provider: ProviderConfig) -> WireRequest:
        at = _base(provider)
        return free_question(provider, at, at.target("/models", "pageSize=1000"), self.key)

    def models(self, body: bytes) -> tuple[str, ...] | None:
        try:
            listed = _list.decode(body).models
        except UNDECODABLE:
            return None
        return tuple(one.name.removeprefix("models/") for one in listed)


def _base(provider: ProviderConfig) -> Base:
    return base(provider.url, f"/{provider.api_version or 'v1beta'}")


def _path(model: str) -> str:
    """`models/gemini-2.5-flash`; tuned models bring their own folder."""
    return segment(model, "/") if "/" in model else f"models/{segment(model)}"


def _chat_answer(call: Call, reply: Reply) -> Answer | Evidence:
    whole = spoken.decode(checked(reply.body))
    if whole.is_error:
        return instead(call, reply)
    if not whole.candidates:
        return instead(call, reply, Flaw.NO_CHOICES)
    candidate = whole.candidates[0]
    called = [part for part in candidate.parts if part.function_call is not None]
    texts = [part.text for part in candidate.parts if part.text and not part.thought]
    said = Said(
        content="".join(texts) if texts else None,
        tool_calls=tuple(tool_call(part, f"{call.id}-{at}") for at, part in enumerate(called)),
        reasoning_content="".join(part.text for part in candidate.parts if part.thought),
    )
    finish = finish_of(candidate.finish_reason, calls=bool(called))
    if flaw := flaw_of(finish, spoken=said.is_spoken, reason=candidate.finish_reason or ""):
        return unusable(call, reply, flaw)
    counted = whole.usage_metadata
    usage = estimated(call, bytes_in("".join(texts))) if counted is None else counted.usage
    return completion(call, said, finish or "", usage)


def _embed_body(call: Call, embed: EmbedRequest) -> bytes:
    dimensions = embed.fields.get("dimensions")
    model = call.model.name if "/" in call.model.name else f"models/{call.model.name}"
    requests: list[dict[str, object]] = [
        {"model": model, "content": {"parts": [{"text": text}]}} for text in embed.texts or ()
    ]
    if dimensions is not None:
        requests = [{**request, "outputDimensionality": dimensions} for request in requests]
    return msgspec.json.encode({"requests": requests})


class _Vector(Struct, frozen=True):
    values: list[float]


class _Vectors(Struct, frozen=True):
    embeddings: tuple[_Vector, ...] = ()
    error: Raw = NOTHING


def _embed_answer(call: Call, embed: EmbedRequest, reply: Reply) -> Answer | Evidence:
    whole = _vectors.decode(checked(reply.body))
    vectors = [one.values for one in whole.embeddings if one.values]
    if len(vectors) < embed.count:
        return unusable(call, reply, Flaw.TOO_FEW)
    return embeddings(call, embed, vectors, estimated(call, 0))


class _Model(Struct, frozen=True):
    name: str


class _List(Struct, frozen=True):
    models: tuple[_Model, ...]


_vectors = msgspec.json.Decoder(_Vectors)
_list = msgspec.json.Decoder(_List)

GEMINI = Gemini()
