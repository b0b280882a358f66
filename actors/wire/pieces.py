"""Content that came in pieces, where OpenAI's shape has one text."""

import msgspec
from msgspec import Raw, Struct

__all__ = ["Content", "Piece", "flattened", "text_of", "thought_of"]


class Piece(Struct, frozen=True):
    """A text, or a thought that is again made of texts. Mistral's thinking models answer so."""

    type: str = ""
    text: str = ""
    thinking: "list[Piece] | str | None" = None


Content = str | list[Piece] | None


def text_of(content: Content) -> str:
    """What is meant to be read."""
    if content is None:
        return ""
    return content if isinstance(content, str) else "".join(piece.text for piece in content)


def thought_of(content: Content) -> str:
    """What was thought on the way."""
    if content is None or isinstance(content, str):
        return ""
    return "".join(
        piece.thinking if isinstance(piece.thinking, str) else text_of(piece.thinking) for piece in content
    )


def flattened(body: bytes, member: str) -> bytes:
    """The same completion or chunk with each choice's content as one text and the thought beside it."""
    whole = _object.decode(body)
    choices = _objects.decode(whole["choices"])
    for choice in choices:
        if member not in choice:
            continue
        message = _object.decode(choice[member])
        content = _content.decode(message.get("content", _NULL))
        if isinstance(content, list):
            message["content"] = Raw(msgspec.json.encode(text_of(content)))
            if thought := thought_of(content):
                message["reasoning_content"] = Raw(msgspec.json.encode(thought))
            choice[member] = Raw(msgspec.json.encode(message))
    return msgspec.json.encode({**whole, "choices": choices})


_NULL = Raw(b"null")
_object = msgspec.json.Decoder(dict[str, Raw])
_objects = msgspec.json.Decoder(list[dict[str, Raw]])
_content: msgspec.json.Decoder[str | list[Piece] | None] = msgspec.json.Decoder(str | list[Piece] | None)
