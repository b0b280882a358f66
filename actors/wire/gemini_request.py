"""A conversation as Gemini's generateContent wants it.

OpenAI                          Gemini
system, developer (first)       systemInstruction: {parts}
user                            user: text, inlineData, fileData parts
assistant + tool_calls          model: text, functionCall parts
tool, tool, ...                 user: functionResponse parts, all of a turn together
"""

from collections.abc import Iterator
from itertools import groupby

import msgspec
from msgspec import Raw, Struct

from actors.wire.call import Call
from actors.wire.complaint import UNDECODABLE
from actors.wire.conversation import (
    Assistant,
    Conversation,
    JsonObject,
    JsonSchema,
    NamedTool,
    TextPart,
    Tool,
    ToolCall,
    ToolResult,
)
from actors.wire.dialect import Gap
from actors.wire.media import Linked, media_of
from actors.wire.raw import says
from actors.wire.turns import Spoken, arguments_of, instructions, parts_of, plain_text, tool_names, turns
from actors.wire.wishes import Wishes

__all__ = ["BUDGETS", "LEVELS", "ExtraContent", "Google", "body_of", "generation"]

BUDGETS = {"none": 0, "minimal": 512, "low": 1024, "medium": 8192, "high": 24576}
"""Thinking tokens up to 2.5, where Google's own OpenAI endpoint puts these steps."""
LEVELS = {"minimal": "MINIMAL", "low": "LOW", "medium": "MEDIUM", "high": "HIGH", "xhigh": "XHIGH"}
"""From 3 on the steps have names."""

FOREIGN_SIGNATURE = "skip_thought_signature_validator"
"""What Google documents for calls that another model made: from 3 on a call without its thought's signature
is refused, and a conversation that failed over has none."""


class Google(Struct, frozen=True, omit_defaults=True):
    thought_signature: str = ""


class ExtraContent(Struct, frozen=True, omit_defaults=True):
    """What a tool call carries beside OpenAI's fields, as Google's own OpenAI endpoint writes it."""

    google: Google = Google()


def generation(model: str) -> int:
    """Of which generation a model is: `gemini-2.5-flash` of the second. Unknown names are taken as new."""
    _, found, rest = model.rpartition("gemini-")
    number = rest.partition("-")[0].partition(".")[0]
    return int(number) if found and number.isdecimal() and len(number) < 3 else 99


def body_of(call: Call, wishes: Wishes, conversation: Conversation, safety: Raw) -> bytes:
    """The body of a call in which no gap was found."""
    body: dict[str, object] = {"contents": list(_contents(conversation, call))}
    if system := instructions(conversation):
        body["systemInstruction"] = {"parts": [{"text": part.text} for part in system]}
    if conversation.tools:
        body["tools"] = [{"functionDeclarations": [_declared(tool) for tool in conversation.tools]}]
        body["toolConfig"] = {"functionCallingConfig": _calling(conversation)}
    if says(safety):
        body["safetySettings"] = safety
    if config := _config(wishes, conversation, call.model.name):
        body["generationConfig"] = config
    return msgspec.json.encode(body)


def _contents(conversation: Conversation, call: Call) -> Iterator[dict[str, object]]:
    names = tool_names(conversation)
    signs = generation(call.model.name) >= 3
    for is_result, group in groupby(turns(conversation), lambda turn: isinstance(turn, ToolResult)):
        if is_result:
            results = [_result(turn, names) for turn in group if isinstance(turn, ToolResult)]
            yield {"role": "user", "parts": results}
            continue
        for turn in group:
            parts = [_part(part) for part in parts_of(turn)]
            if isinstance(turn, Assistant):
                parts += [
                    _call(tool_call, at, signs=signs) for at, tool_call in enumerate(turn.tool_calls or ())
                ]
            yield {"role": "model" if isinstance(turn, Assistant) else "user", "parts": parts}
    if call.prefill:
        yield {"role": "model", "parts": [{"text": call.prefill}]}


def _part(part: Spoken) -> dict[str, object]:
    if isinstance(part, TextPart):
        return {"text": part.text}
    media = media_of(part)
    assert not isinstance(media, Gap)
    if isinstance(media, Linked):
        linked = {"fileUri": media.url}
        return {"fileData": linked | ({"mimeType": media.media_type} if media.media_type else {})}
    return {"inlineData": {"mimeType": media.media_type, "data": media.base64}}


def _call(call: ToolCall, at: int, *, signs: bool) -> dict[str, object]:
    """A call that was made. Of parallel ones only the first carries the signature."""
    part: dict[str, object] = {
        "functionCall": {"id": call.id, "name": call.function.name, "args": arguments_of(call)}
    }
    signature = _signature(call.extra_content)
    if signature or (signs and at == 0):
        part["thoughtSignature"] = signature or FOREIGN_SIGNATURE
    return part


def _signature(extra: Raw) -> str:
    if not says(extra):
        return ""
    try:
        return _extra.decode(extra).google.thought_signature
    except UNDECODABLE:
        return ""


def _result(turn: ToolResult, names: dict[str, str]) -> dict[str, object]:
    name = names.get(turn.tool_call_id, turn.name)
    response = {"output": plain_text(turn)}
    return {"functionResponse": {"id": turn.tool_call_id, "name": name, "response": response}}


def _declared(tool: Tool) -> dict[str, object]:
    function = tool.function
    declared: dict[str, object] = {"name": function.name}
    if function.description:
        declared["description"] = function.description
    if says(function.parameters):
        declared["parametersJsonSchema"] = function.parameters
    return declared


def _calling(conversation: Conversation) -> dict[str, object]:
    """VALIDATED is how Gemini says `strict`: the arguments keep to their schema."""
    match conversation.tool_choice:
        case NamedTool(function=named):
            return {"mode": "ANY", "allowedFunctionNames": [named.name]}
        case "none":
            return {"mode": "NONE"}
        case "required":
            return {"mode": "ANY"}
        case _:
            strict = any(tool.function.strict for tool in conversation.tools or ())
            return {"mode": "VALIDATED" if strict else "AUTO"}


def _config(wishes: Wishes, conversation: Conversation, model: str) -> dict[str, object]:
    wanted: dict[str, object] = {
        "temperature": wishes.temperature,
        "topP": wishes.top_p,
        "topK": wishes.top_k,
        "maxOutputTokens": wishes.tokens_max,
        "stopSequences": wishes.stops or None,
        "seed": wishes.seed,
        "presencePenalty": wishes.presence_penalty,
        "frequencyPenalty": wishes.frequency_penalty,
    }
    if wishes.reasoning_effort is not None:
        wanted["thinkingConfig"] = (
            {"thinkingLevel": LEVELS[wishes.reasoning_effort]}
            if generation(model) >= 3
            else {"thinkingBudget": BUDGETS[wishes.reasoning_effort]}
        )
    match conversation.response_format:
        case JsonObject():
            wanted["responseMimeType"] = "application/json"
        case JsonSchema(json_schema=wished):
            wanted["responseMimeType"] = "application/json"
            wanted["responseJsonSchema"] = wished.schema
        case _:
            pass
    return {name: value for name, value in wanted.items() if value is not None}


_extra = msgspec.json.Decoder(ExtraContent)
