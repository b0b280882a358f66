"""A conversation seen as other dialects see it: instructions first, then turns."""

from itertools import takewhile

import msgspec
from msgspec import Raw

from actors.wire.complaint import UNDECODABLE
from actors.wire.conversation import (
    Assistant,
    AudioPart,
    Conversation,
    Developer,
    FilePart,
    ImagePart,
    Message,
    RefusalPart,
    System,
    TextPart,
    ToolCall,
)

__all__ = ["Spoken", "arguments_of", "instructions", "parts_of", "plain_text", "tool_names", "turns"]

Spoken = TextPart | ImagePart | AudioPart | FilePart
"""What a turn is made of."""


def instructions(conversation: Conversation) -> tuple[TextPart, ...]:
    """What the system or the developer said at the start, each text for itself."""
    return tuple(
        part
        for message in takewhile(_instructs, conversation.messages)
        for part in parts_of(message)
        if isinstance(part, TextPart)
    )


def turns(conversation: Conversation) -> tuple[Message, ...]:
    """Everything after the instructions."""
    return tuple(message for message in conversation.messages if not _instructs(message))


def parts_of(message: Message) -> tuple[Spoken, ...]:
    """A message's content in parts, whichever way it was written. An empty text says nothing and is left
    out; a refusal is what the assistant said.
    """
    content = message.content
    parts: tuple[Spoken, ...]
    if content is None:
        parts = ()
    elif isinstance(content, str):
        parts = (TextPart(text=content),)
    else:
        parts = tuple(
            TextPart(text=part.refusal) if isinstance(part, RefusalPart) else part for part in content
        )
    if isinstance(message, Assistant) and message.refusal:
        parts = (*parts, TextPart(text=message.refusal))
    return tuple(part for part in parts if not (isinstance(part, TextPart) and not part.text))


def plain_text(message: Message) -> str:
    """The texts of a message as one, for dialects that have one place for them."""
    return "\n".join(part.text for part in parts_of(message) if isinstance(part, TextPart))


def arguments_of(call: ToolCall) -> Raw | None:
    """A call's arguments as the JSON object they should be; None if they are none. Some models write
    nothing where they mean no arguments.
    """
    text = call.function.arguments.strip() or "{}"
    try:
        _object.decode(text)
    except UNDECODABLE:
        return None
    return Raw(text.encode())


def tool_names(conversation: Conversation) -> dict[str, str]:
    """Which tool each call was for; OpenAI's results name only the call."""
    return {
        call.id: call.function.name
        for message in conversation.messages
        if isinstance(message, Assistant)
        for call in message.tool_calls or ()
    }


def _instructs(message: Message) -> bool:
    return isinstance(message, System | Developer)


_object = msgspec.json.Decoder(dict[str, Raw])
