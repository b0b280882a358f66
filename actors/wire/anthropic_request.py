"""A conversation as Anthropic's Messages API wants it.

OpenAI                          Anthropic
system, developer (first)       system: [text blocks]
user                            user: text, image, document blocks
assistant + tool_calls          assistant: thinking, text, tool_use blocks
tool, tool, ...                 user: tool_result blocks, all of a turn together
"""

import hashlib
import re
from collections.abc import Iterator
from itertools import groupby

import msgspec

from actors.wire.anthropic_stream import FORMAT
from actors.wire.call import Call
from actors.wire.conversation import (
    Assistant,
    Conversation,
    ImagePart,
    JsonSchema,
    Message,
    NamedTool,
    TextPart,
    Tool,
    ToolResult,
)
from actors.wire.dialect import Gap
from actors.wire.media import Linked, media_of
from actors.wire.raw import says
from actors.wire.turns import Spoken, arguments_of, instructions, parts_of, turns
from actors.wire.wishes import Wishes
from state.config import ModelConfig

__all__ = ["EFFORTS", "body_of"]

MAX_TOKENS = 8192
"""The API wants a limit; this one is allowed by every model that is still served."""
EFFORTS = {"minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "xhigh", "max": "max"}

_ID = re.compile(r"[a-zA-Z0-9_-]+")


def body_of(call: Call, wishes: Wishes, conversation: Conversation) -> bytes:
    """The body of a call in which no gap was found."""
    body: dict[str, object] = {
        "model": call.model.name,
        "max_tokens": _limit(wishes, call.model),
        "messages": list(_messages(conversation, call.prefill.rstrip())),
    }
    unless_empty: dict[str, object] = {
        "system": [_block(part) for part in instructions(conversation)],
        "stop_sequences": wishes.stops,
        "metadata": {"user_id": wishes.user} if wishes.user else None,
        "tools": [_tool(tool) for tool in conversation.tools or ()],
        "tool_choice": _tool_choice(conversation),
        "output_config": _output(wishes, conversation),
    }
    unless_none = {"temperature": wishes.temperature, "top_p": wishes.top_p, "top_k": wishes.top_k}
    body |= {name: value for name, value in unless_empty.items() if value}
    body |= {name: value for name, value in unless_none.items() if value is not None}
    if wishes.reasoning_effort == "none":
        body["thinking"] = {"type": "disabled"}
    if call.stream:
        body["stream"] = True
    return msgspec.json.encode(body)


def _limit(wishes: Wishes, model: ModelConfig) -> int:
    """What the caller allows, within what the model can do: it would stop there anyway."""
    if wishes.tokens_max is None:
        return MAX_TOKENS if model.max_output is None else model.max_output
    return wishes.tokens_max if model.max_output is None else min(wishes.tokens_max, model.max_output)


def _messages(conversation: Conversation, prefill: str) -> Iterator[dict[str, object]]:
    """The turns. A prefill must not end in white space there."""
    for is_result, group in groupby(turns(conversation), lambda turn: isinstance(turn, ToolResult)):
        if is_result:
            yield {
                "role": "user",
                "content": [_result(turn) for turn in group if isinstance(turn, ToolResult)],
            }
            continue
        for turn in group:
            role = "assistant" if isinstance(turn, Assistant) else "user"
            yield {"role": role, "content": list(_blocks(turn))}
    if prefill:
        yield {"role": "assistant", "content": prefill}


def _blocks(turn: Message) -> Iterator[dict[str, object]]:
    if isinstance(turn, Assistant):
        for detail in turn.reasoning_details or ():
            if detail.format == FORMAT and detail.signature:
                yield {"type": "thinking", "thinking": detail.text or "", "signature": detail.signature}
            elif detail.format == FORMAT and detail.data:
                yield {"type": "redacted_thinking", "data": detail.data}
    yield from (_block(part) for part in parts_of(turn))
    if isinstance(turn, Assistant):
        for call in turn.tool_calls or ():
            arguments = arguments_of(call)
            yield {"type": "tool_use", "id": _id(call.id), "name": call.function.name, "input": arguments}


def _block(part: Spoken) -> dict[str, object]:
    if isinstance(part, TextPart):
        block: dict[str, object] = {"type": "text", "text": part.text}
    else:
        kind = "image" if isinstance(part, ImagePart) else "document"
        media = media_of(part)
        assert not isinstance(media, Gap)
        source: dict[str, object] = (
            {"type": "url", "url": media.url}
            if isinstance(media, Linked)
            else {"type": "base64", "media_type": media.media_type, "data": media.base64}
        )
        block = {"type": kind, "source": source}
    if isinstance(part, TextPart | ImagePart) and says(part.cache_control):
        block["cache_control"] = part.cache_control
    return block


def _result(turn: ToolResult) -> dict[str, object]:
    content = turn.content if isinstance(turn.content, str) else [_block(part) for part in parts_of(turn)]
    return {"type": "tool_result", "tool_use_id": _id(turn.tool_call_id), "content": content}


def _id(given: str) -> str:
    """An id as it is allowed there: another provider may have given it, with colons or dots."""
    return given if _ID.fullmatch(given) else hashlib.blake2b(given.encode(), digest_size=12).hexdigest()


def _tool(tool: Tool) -> dict[str, object]:
    function = tool.function
    nothing = {"type": "object", "properties": {}}
    schema: object = function.parameters if says(function.parameters) else nothing
    described: dict[str, object] = {"name": function.name, "input_schema": schema}
    if function.description:
        described["description"] = function.description
    if function.strict:
        described["strict"] = True
    return described


def _tool_choice(conversation: Conversation) -> dict[str, object] | None:
    if not conversation.tools:
        return None
    choice: dict[str, object]
    match conversation.tool_choice:
        case NamedTool(function=named):
            choice = {"type": "tool", "name": named.name}
        case "none":
            return {"type": "none"}
        case "required":
            choice = {"type": "any"}
        case _:
            choice = {"type": "auto"}
    if conversation.parallel_tool_calls is False:
        choice["disable_parallel_tool_use"] = True
    return choice


def _output(wishes: Wishes, conversation: Conversation) -> dict[str, object]:
    output: dict[str, object] = {}
    if wishes.reasoning_effort in EFFORTS:
        output["effort"] = EFFORTS[wishes.reasoning_effort]
    if isinstance(conversation.response_format, JsonSchema):
        schema = conversation.response_format.json_schema.schema
        output["format"] = {"type": "json_schema", "schema": schema}
    return output
