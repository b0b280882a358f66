"""OpenAI's own dialect, which is ours too: what comes in goes out as it is, but for a few fields.

OpenRouter, Pollinations, DeepSeek, Groq, Mistral, Together, vLLM, llama.cpp, LM Studio and most others
speak it; where one of them has an accent, `actors.wire.accents` has a row for it.
"""

import msgspec
from msgspec import Raw, Struct

from actors.wire.accents import Accent, accent_of, spoken_so
from actors.wire.address import Base, base, free_question, post
from actors.wire.answer import Flaw, estimated, flaw_of, is_json
from actors.wire.call import BEARER, Answer, Call, KeyPlacement, Reply, WireRequest
from actors.wire.canonical import ChatRequest, EmbedRequest, ImageRequest, Request
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.dialect import Framing, Gap
from actors.wire.openai_lists import embed_answer, image_answer, model_names
from actors.wire.openai_stream import OpenAiReader
from actors.wire.openai_usage import read_usage
from actors.wire.pieces import Content, flattened, text_of
from actors.wire.proof import instead, instead_of_json, refused, unusable
from actors.wire.raw import NOTHING, says
from state.config import Api, ModelConfig, ProviderConfig
from state.failures import Evidence
from state.usage.tokens import bytes_in

__all__ = ["OPENAI", "OpenAi"]


class OpenAi:
    """The dialect; Azure and Pollinations speak it from another address."""

    api = Api.OPENAI
    framing = Framing.SSE
    key: KeyPlacement = BEARER

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        """Whatever OpenAI's shape can say, this dialect can; what a server cannot do, it says itself."""
        del request, provider, model
        return None

    def continues(self, provider: ProviderConfig, model: ModelConfig) -> bool:
        del model
        return accent_of(provider.url).continues

    def build(self, call: Call) -> WireRequest:
        at = self._at(call)
        match call.request:
            case ChatRequest() as chat:
                accent = accent_of(call.provider.url)
                return post(
                    at,
                    at.target("/chat/completions"),
                    _chat_body(call, chat, accent),
                    self.key,
                    stream=call.stream,
                )
            case EmbedRequest(fields=fields):
                body = msgspec.json.encode({**fields, "model": call.model.name})
                return post(at, at.target("/embeddings"), body, self.key)
            case ImageRequest(fields=fields):
                body = msgspec.json.encode({**fields, "model": call.model.name})
                return post(at, at.target("/images/generations"), body, self.key)

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        if not reply.is_success:
            return refused(call, reply)
        try:
            match call.request:
                case ChatRequest() as chat:
                    return _chat_answer(call, chat, reply)
                case EmbedRequest() as embed:
                    return embed_answer(call, embed, reply)
                case ImageRequest():
                    return image_answer(call, reply)
        except UNDECODABLE:
            return instead_of_json(call, reply, Flaw.NOT_JSON)

    def reader(self, call: Call) -> OpenAiReader:
        return OpenAiReader(call)

    def probe(self, provider: ProviderConfig) -> WireRequest:
        at = base(provider.url, "/v1")
        return free_question(provider, at, at.target("/models"), self.key)

    def models(self, body: bytes) -> tuple[str, ...] | None:
        return model_names(body)

    def _at(self, call: Call) -> Base:
        is_image = isinstance(call.request, ImageRequest)
        return base(
            call.provider.image_url if is_image and call.provider.image_url else call.provider.url, "/v1"
        )


def _chat_body(call: Call, chat: ChatRequest, accent: Accent) -> bytes:
    """The caller's own bytes, with the model and what belongs to the transport put in."""
    if call.prefill:
        beginning: dict[str, object] = {"role": "assistant", "content": call.prefill}
        if accent.marks_prefix:
            beginning["prefix"] = True
        chat = chat.with_message(msgspec.json.encode(beginning))
    fields: dict[str, object] = dict(chat.fields)
    fields["model"] = call.model.name
    for theirs, ours in accent.rename:
        if theirs in fields:
            value = fields.pop(theirs)
            fields.setdefault(ours, value)
    fields["messages"] = spoken_so(chat.fields["messages"], accent)
    options = fields.pop("stream_options", None)
    if not call.stream:
        fields.pop("stream", None)
        return msgspec.json.encode(fields)
    fields["stream"] = True
    if accent.stream_usage:
        given = _options.decode(options) if isinstance(options, Raw) else None
        fields["stream_options"] = {**(given or {}), "include_usage": True}
    return msgspec.json.encode(fields)


class _Message(Struct, frozen=True):
    content: Content = None
    tool_calls: list[Raw] | None = None
    refusal: str | None = None
    function_call: Raw = NOTHING
    audio: Raw = NOTHING
    images: list[Raw] | None = None


_SILENCE = _Message()


class _Choice(Struct, frozen=True):
    message: _Message | None = None
    finish_reason: str | None = None
    error: Raw = NOTHING


class _Completion(Struct, frozen=True):
    choices: list[_Choice] | None = None
    usage: Raw = NOTHING
    error: Raw = NOTHING


def _chat_answer(call: Call, chat: ChatRequest, reply: Reply) -> Answer | Evidence:
    whole = _completion.decode(checked(reply.body))
    if says(whole.error):
        return instead(call, reply)
    if not whole.choices:
        return instead(call, reply, Flaw.NO_CHOICES)
    if len(whole.choices) < chat.choices:
        return unusable(call, reply, Flaw.TOO_FEW)
    said_bytes, in_pieces = 0, False
    for choice in whole.choices:
        if says(choice.error):
            return instead(call, reply)
        message = choice.message or _SILENCE
        text = text_of(message.content)
        finish = choice.finish_reason
        spoken = (text != "" and not text.isspace()) or _is_otherwise_spoken(message)
        flaw = flaw_of(finish, spoken=spoken)
        if flaw is None and chat.wants_json and finish == "stop" and text and not is_json(text):
            flaw = Flaw.NOT_THE_JSON
        if flaw is not None:
            return unusable(call, reply, flaw)
        said_bytes += bytes_in(text)
        in_pieces = in_pieces or isinstance(message.content, list)
    return Answer(
        body=flattened(reply.body, "message") if in_pieces else reply.body,
        usage=read_usage(whole.usage) or estimated(call, said_bytes),
        finish=whole.choices[0].finish_reason or "",
    )


def _is_otherwise_spoken(message: _Message) -> bool:
    """Whether there is anything but text in the message for a caller to use."""
    return bool(
        message.tool_calls
        or message.refusal
        or message.images
        or says(message.function_call)
        or says(message.audio)
    )


_completion = msgspec.json.Decoder(_Completion)
_options: msgspec.json.Decoder[dict[str, Raw] | None] = msgspec.json.Decoder(dict[str, Raw] | None)

OPENAI = OpenAi()
