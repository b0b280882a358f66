"""A conversation in OpenAI's shape, as typed values: for the dialects that have to say it anew.

Unknown fields are refused here, not skipped: what we do not know we cannot translate, and what is not
translated must not get lost in silence. Each list has a bound.
"""

from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Raw, Struct, field

from actors.wire.raw import NOTHING

__all__ = [
    "Assistant",
    "AudioPart",
    "Conversation",
    "Developer",
    "FilePart",
    "Function",
    "FunctionCall",
    "ImagePart",
    "JsonObject",
    "JsonSchema",
    "Message",
    "NamedTool",
    "Part",
    "Plain",
    "ReasoningDetail",
    "RefusalPart",
    "Schema",
    "System",
    "TextPart",
    "Tool",
    "ToolCall",
    "ToolResult",
    "User",
    "decode_conversation",
]

MESSAGES_MAX = 10_000
PARTS_MAX = 1_000
TOOLS_MAX = 512
NAME_CHARS_MAX = 256

Name = Annotated[str, Meta(min_length=1, max_length=NAME_CHARS_MAX)]


class Known(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A value all of whose fields we understand."""


class TextPart(Known, frozen=True, tag="text"):
    text: str
    cache_control: Raw = NOTHING
    """Anthropic's mark where a prompt may be cached. Advice: other dialects may leave it out."""


class ImageUrl(Known, frozen=True):
    url: str
    detail: str | None = None
    """Advice on how closely to look."""


class ImagePart(Known, frozen=True, tag="image_url"):
    image_url: ImageUrl
    cache_control: Raw = NOTHING


class Audio(Known, frozen=True):
    data: str
    format: str


class AudioPart(Known, frozen=True, tag="input_audio"):
    input_audio: Audio


class File(Known, frozen=True):
    file_data: str | None = None
    filename: str | None = None
    file_id: str | None = None


class FilePart(Known, frozen=True, tag="file"):
    file: File


class RefusalPart(Known, frozen=True, tag="refusal"):
    refusal: str


Part = TextPart | ImagePart | AudioPart | FilePart | RefusalPart
Parts = Annotated[tuple[Part, ...], Meta(max_length=PARTS_MAX)]
Texts = Annotated[tuple[TextPart, ...], Meta(max_length=PARTS_MAX)]


class FunctionCall(Known, frozen=True):
    name: Name
    arguments: str


class ToolCall(Known, frozen=True, kw_only=True):
    id: Name
    type: Literal["function"]
    function: FunctionCall
    index: int | None = None
    extra_content: Raw = NOTHING
    """Where Google's own OpenAI endpoint puts a thought's signature, so we do too."""


class ReasoningDetail(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A piece of earlier thinking in OpenRouter's shape, with the signature that its author wants back."""

    type: str
    format: str | None = None
    text: str | None = None
    signature: str | None = None
    data: str | None = None


class System(Known, frozen=True, tag_field="role", tag="system"):
    content: str | Texts
    name: str | None = None


class Developer(Known, frozen=True, tag_field="role", tag="developer"):
    content: str | Texts
    name: str | None = None


class User(Known, frozen=True, tag_field="role", tag="user"):
    content: str | Parts
    name: str | None = None


class Assistant(Known, frozen=True, tag_field="role", tag="assistant"):
    content: str | Parts | None = None
    refusal: str | None = None
    name: str | None = None
    tool_calls: Annotated[tuple[ToolCall, ...], Meta(max_length=PARTS_MAX)] | None = None
    reasoning_details: Annotated[tuple[ReasoningDetail, ...], Meta(max_length=PARTS_MAX)] | None = None
    reasoning_content: str | None = None
    """Earlier thinking without a signature: a note on the answer, not a part of the conversation."""
    reasoning: str | None = None
    annotations: Raw = NOTHING
    audio: None = None
    function_call: None = None


class ToolResult(Known, frozen=True, tag_field="role", tag="tool"):
    content: str | Texts
    tool_call_id: Name
    name: str | None = None
    """The tool's name, which the call has said already."""


Message = System | Developer | User | Assistant | ToolResult


class Function(Known, frozen=True):
    name: Name
    description: str | None = None
    parameters: Raw = NOTHING
    strict: bool | None = None


class Tool(Known, frozen=True):
    type: Literal["function"]
    function: Function


class Named(Known, frozen=True):
    name: Name


class NamedTool(Known, frozen=True):
    type: Literal["function"]
    function: Named


class Plain(Known, frozen=True, tag="text"):
    pass


class JsonObject(Known, frozen=True, tag="json_object"):
    pass


class Schema(Known, frozen=True):
    name: str
    schema: Raw = field(default_factory=lambda: Raw(b"{}"))
    description: str | None = None
    strict: bool | None = None


class JsonSchema(Known, frozen=True, tag="json_schema"):
    json_schema: Schema


class Conversation(Struct, frozen=True, kw_only=True):
    """What has been said, what may be called, and in which form the answer should come."""

    messages: Annotated[tuple[Message, ...], Meta(min_length=1, max_length=MESSAGES_MAX)]
    tools: Annotated[tuple[Tool, ...], Meta(max_length=TOOLS_MAX)] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: Plain | JsonObject | JsonSchema | None = None


def decode_conversation(fields: Mapping[str, Raw]) -> Conversation:
    """Decode what belongs to the conversation; raises what a decoder raises."""
    known = {name: fields[name] for name in Conversation.__struct_fields__ if name in fields}
    return _conversation.decode(msgspec.json.encode(known))


_conversation = msgspec.json.Decoder(Conversation)
