"""A conversation as Ollama's /api/chat wants it.

OpenAI                          Ollama
system, developer, user         the same roles; pictures beside the text, in base64
assistant + tool_calls          assistant: content, tool_calls with arguments as objects
tool                            tool: content, tool_name
"""

from collections.abc import Iterator
from itertools import pairwise

import msgspec
from msgspec import Raw

from actors.wire.call import Call
from actors.wire.conversation import (
    Assistant,
    Conversation,
    Developer,
    JsonObject,
    JsonSchema,
    Message,
    System,
    TextPart,
    ToolResult,
)
from actors.wire.media import Embedded, media_of
from actors.wire.raw import says
from actors.wire.turns import arguments_of, parts_of, plain_text, tool_names
from actors.wire.wishes import Wishes
from state.config import ModelConfig

__all__ = ["THINKS", "TYPES", "body_of", "is_interleaved"]

TYPES = ("image/jpeg", "image/png", "image/webp")
THINKS: dict[str, bool | str] = {
    "none": False,
    "minimal": "low",
    "low": "low",
    "medium": "medium",
    "high": "high",
}


def is_interleaved(message: Message) -> bool:
    """Whether it matters where the pictures stand."""
    kinds = [isinstance(part, TextPart) for part in parts_of(message)]
    changes = sum(one != other for one, other in pairwise(kinds))
    return changes > 1


def body_of(call: Call, wishes: Wishes, conversation: Conversation, keep_alive: Raw) -> bytes:
    body: dict[str, object] = {
        "model": call.model.name,
        "messages": list(_messages(conversation, call.prefill)),
        "stream": call.stream,  # it streams unless it is told not to
    }
    if conversation.tools and conversation.tool_choice != "none":
        body["tools"] = conversation.tools
    match conversation.response_format:
        case JsonObject():
            body["format"] = "json"
        case JsonSchema(json_schema=wished):
            body["format"] = wished.schema
        case _:
            pass
    if options := _options(wishes, call.model):
        body["options"] = options
    if wishes.reasoning_effort is not None:
        body["think"] = THINKS[wishes.reasoning_effort]
    if says(keep_alive):
        body["keep_alive"] = keep_alive
    return msgspec.json.encode(body)


def _options(wishes: Wishes, model: ModelConfig) -> dict[str, object]:
    """`num_ctx` as configured: left to itself, Ollama cuts a long prompt down without a word."""
    wanted: dict[str, object] = {
        "temperature": wishes.temperature,
        "top_p": wishes.top_p,
        "top_k": wishes.top_k,
        "seed": wishes.seed,
        "stop": wishes.stops or None,
        "num_predict": wishes.tokens_max,
        "frequency_penalty": wishes.frequency_penalty,
        "presence_penalty": wishes.presence_penalty,
        "num_ctx": model.context,
    }
    return {name: value for name, value in wanted.items() if value is not None}


def _messages(conversation: Conversation, prefill: str) -> Iterator[dict[str, object]]:
    names = tool_names(conversation)
    for message in conversation.messages:
        said: dict[str, object] = {"role": _role(message), "content": plain_text(message)}
        pictures = [
            media.base64
            for part in parts_of(message)
            if not isinstance(part, TextPart) and isinstance(media := media_of(part), Embedded)
        ]
        if pictures:
            said["images"] = pictures
        if isinstance(message, ToolResult):
            said["tool_call_id"] = message.tool_call_id
            if name := names.get(message.tool_call_id, message.name):
                said["tool_name"] = name
        if isinstance(message, Assistant):
            if message.reasoning_content:
                said["thinking"] = message.reasoning_content
            if message.tool_calls:
                said["tool_calls"] = [
                    {"id": made.id, "function": {"name": made.function.name, "arguments": arguments_of(made)}}
                    for made in message.tool_calls
                ]
        yield said
    if prefill:
        yield {"role": "assistant", "content": prefill}


def _role(message: Message) -> str:
    match message:
        case System() | Developer():
            return "system"
        case Assistant():
            return "assistant"
        case ToolResult():
            return "tool"
        case _:
            return "user"
