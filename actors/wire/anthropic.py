"""Anthropic's Messages API."""

import msgspec
from msgspec import Raw, Struct

from actors.wire.address import base, free_question, post
from actors.wire.answer import Flaw, Said, completion, flaw_of
from actors.wire.anthropic_request import EFFORTS, body_of
from actors.wire.anthropic_stream import FINISH, AnthropicReader, AnthropicUsage, Block
from actors.wire.call import Answer, Call, Headers, KeyPlacement, Reply, WireRequest
from actors.wire.canonical import ChatRequest, Request
from actors.wire.complaint import UNDECODABLE, checked
from actors.wire.conversation import (
    Assistant,
    FunctionCall,
    JsonObject,
    ToolCall,
)
from actors.wire.dialect import Framing, Gap
from actors.wire.media import IMAGE_TYPES, PDF, media_gap
from actors.wire.proof import instead, instead_of_json, refused, unusable
from actors.wire.raw import NOTHING, says
from actors.wire.turns import turns
from actors.wire.unsaid import chat_gap, decoded
from state.config import Api, ModelConfig, ProviderConfig
from state.failures import Evidence

__all__ = ["ANTHROPIC", "Anthropic"]

SPEAKS = frozenset(
    {"temperature", "top_p", "top_k", "max_tokens", "max_completion_tokens", "stop", "reasoning_effort"}
)
VERSION = "2023-06-01"


class Anthropic:
    """The dialect."""

    api = Api.ANTHROPIC
    framing = Framing.SSE
    key = KeyPlacement("x-api-key")

    def gap(self, request: Request, provider: ProviderConfig, model: ModelConfig) -> Gap | None:
        del provider, model
        if not isinstance(request, ChatRequest):
            return Gap("model", "is asked for what is not chat, and chat is all there is there")
        if gap := chat_gap(request, SPEAKS):
            return gap
        wishes, conversation = decoded(request)
        if wishes.temperature is not None and wishes.temperature > 1:
            return Gap("temperature", "goes up to 1 there")
        if any(not stop.strip() for stop in wishes.stops):
            return Gap("stop", "must not be white space there")
        if wishes.reasoning_effort not in {None, "none", *EFFORTS}:
            return Gap("reasoning_effort", "is not a step that is known there")
        if isinstance(conversation.response_format, JsonObject):
            return Gap("response_format", "needs a schema there")
        if isinstance(turns(conversation)[0], Assistant):
            return Gap("messages", "must begin with the user there")
        return media_gap(conversation, (*IMAGE_TYPES, PDF), links=True)

    def continues(self, provider: ProviderConfig, model: ModelConfig) -> bool:
        """Older models do; newer ones refuse with a 400, and are then asked plainly."""
        del provider, model
        return True

    def build(self, call: Call) -> WireRequest:
        assert isinstance(call.request, ChatRequest)
        at = base(call.provider.url, "/v1")
        body = body_of(call, *decoded(call.request))
        target = at.target("/messages")
        return post(at, target, body, self.key, stream=call.stream, headers=_version(call.provider))

    def parse(self, call: Call, reply: Reply) -> Answer | Evidence:
        if not reply.is_success:
            return refused(call, reply)
        try:
            whole = _reply.decode(checked(reply.body))
        except UNDECODABLE:
            return instead_of_json(call, reply, Flaw.NOT_JSON)
        if says(whole.error):
            return instead(call, reply)
        said = _said(whole.content)
        finish = FINISH.get(whole.stop_reason or "", whole.stop_reason)
        if flaw := flaw_of(finish, spoken=said.is_spoken, reason=whole.stop_reason or ""):
            return unusable(call, reply, flaw)
        return completion(call, said, finish or "", whole.usage.counted())

    def reader(self, call: Call) -> AnthropicReader:
        return AnthropicReader(call)

    def probe(self, provider: ProviderConfig) -> WireRequest:
        at = base(provider.url, "/v1")
        target = at.target("/models", "limit=1000")
        return free_question(provider, at, target, self.key, _version(provider))

    def models(self, body: bytes) -> tuple[str, ...] | None:
        try:
            return tuple(one.id for one in _list.decode(body).data)
        except UNDECODABLE:
            return None


def _version(provider: ProviderConfig) -> Headers:
    return (("anthropic-version", provider.api_version or VERSION),)


class _Reply(Struct, frozen=True):
    content: tuple[Block, ...] = ()
    stop_reason: str | None = None
    usage: AnthropicUsage = AnthropicUsage()
    error: Raw = NOTHING


class _Named(Struct, frozen=True):
    id: str


class _List(Struct, frozen=True):
    data: tuple[_Named, ...]


def _said(blocks: tuple[Block, ...]) -> Said:
    texts = [block.text for block in blocks if block.type == "text"]
    return Said(
        content="".join(texts) if texts else None,
        tool_calls=tuple(
            ToolCall(
                id=block.id,
                type="function",
                function=FunctionCall(name=block.name, arguments=bytes(block.input).decode()),
            )
            for block in blocks
            if block.type == "tool_use"
        ),
        reasoning_content="".join(block.thinking for block in blocks),
        reasoning_details=tuple(detail for block in blocks if (detail := block.detail)),
    )


_reply = msgspec.json.Decoder(_Reply)
_list = msgspec.json.Decoder(_List)

ANTHROPIC = Anthropic()
