"""What an app asks, in OpenAI's shape: taken apart just far enough, and never further.

    body (bytes) --intake--> ChatRequest(model, stream, fields)
                                          fields: name -> Raw, a view into the body

A lane that speaks OpenAI's dialect gets the fields back as they came, without their being looked into; the
other dialects ask for `conversation` and `wishes`, which are decoded once, when first needed.
"""

from collections.abc import Mapping

import msgspec
from msgspec import Raw, Struct

from actors.wire.complaint import UNDECODABLE, BadRequest, blame
from actors.wire.conversation import Conversation, decode_conversation
from actors.wire.once import once
from actors.wire.wishes import Wishes, decode_wishes
from state.config import Capability
from state.usage.tokens import bytes_in, estimate_tokens

__all__ = ["ChatRequest", "EmbedRequest", "ImageRequest", "ImageWishes", "Request"]


class Fields(Struct, frozen=True, dict=True):
    """What every request has: the model that it names and all its fields as they came."""

    model: str
    fields: Mapping[str, Raw]
    failover: Raw | None = None
    """What the request asks of us; it is not among the fields and never leaves the house."""

    def has(self, name: str) -> bool:
        """Whether a field is there and says something; `null` says nothing."""
        raw = self.fields.get(name)
        return raw is not None and bytes(raw) != b"null"


class ChatRequest(Fields, frozen=True, dict=True):
    """A conversation that wants its next message."""

    stream: bool = False
    choices: int = 1

    @once
    def conversation(self) -> Conversation | BadRequest:
        """The messages, the tools and the form of the answer, for dialects that have to say them anew."""
        try:
            return decode_conversation(self.fields)
        except UNDECODABLE as error:
            return blame(error)

    @once
    def wishes(self) -> Wishes | BadRequest:
        """The settings of the answer: temperature, length, seed and their like."""
        try:
            return decode_wishes(self.fields)
        except UNDECODABLE as error:
            return blame(error)

    @once
    def needs(self) -> frozenset[Capability]:
        """What a model must be able to do to answer this."""
        needs = {Capability.CHAT}
        if self.has("tools") and bytes(self.fields["tools"]) != b"[]":
            needs.add(Capability.TOOLS)
        if self.image_count:
            needs.add(Capability.VISION)
        if self.wants_json:
            needs.add(Capability.JSON)
        return frozenset(needs)

    @once
    def wants_json(self) -> bool:
        """Whether the caller is going to read the answer as JSON."""
        return self.has("response_format") and b'"json_' in bytes(self.fields["response_format"])

    @once
    def wants_usage(self) -> bool:
        """Whether a streaming caller asked for the last chunk, the one that carries the usage."""
        if not self.has("stream_options"):
            return False
        return b'"include_usage":true' in bytes(self.fields["stream_options"]).translate(None, b" \t\r\n")

    @once
    def image_count(self) -> int:
        """How many image parts there are, found without decoding.

        Inside a JSON string a quote is escaped, so a bare `"image_url"` before a colon can only be the key.
        """
        messages = bytes(self.fields["messages"])
        count = 0
        at = messages.find(_IMAGE_KEY)
        while at >= 0:
            at += len(_IMAGE_KEY)
            count += messages[at : at + 16].lstrip().startswith(b":")
            at = messages.find(_IMAGE_KEY, at)
        return count

    @once
    def tokens_estimated(self) -> int:
        """What the prompt may cost before a provider has counted."""
        text = sum(memoryview(self.fields[name]).nbytes for name in _PROMPT if name in self.fields)
        if self.image_count:
            text -= _embedded_bytes(bytes(self.fields["messages"]))
        return estimate_tokens(text, self.image_count)

    def with_message(self, message: bytes) -> "ChatRequest":
        """The same conversation with one more message, spliced in as bytes."""
        inside = bytes(self.fields["messages"])[1:-1]
        comma = b"," if inside.strip() else b""
        messages = Raw(b"[" + inside + comma + message + b"]")
        return ChatRequest(
            self.model, {**self.fields, "messages": messages}, self.failover, self.stream, self.choices
        )


class EmbedRequest(Fields, frozen=True, dict=True):
    """Texts that want to be vectors."""

    count: int = 1
    """How many vectors the answer owes."""

    needs = frozenset({Capability.EMBEDDINGS})

    @once
    def texts(self) -> tuple[str, ...] | None:
        """The inputs as text; None if they are token numbers, which mean something to one model only."""
        try:
            given = _texts.decode(self.fields["input"])
        except UNDECODABLE:
            return None
        return (given,) if isinstance(given, str) else given

    @property
    def tokens_estimated(self) -> int:
        return estimate_tokens(memoryview(self.fields["input"]).nbytes)


class ImageWishes(Struct, frozen=True, kw_only=True):
    """What a picture should be. What else is asked for stays in the request's fields."""

    prompt: str
    n: int | None = None
    size: str | None = None
    response_format: str | None = None
    seed: int | None = None


class ImageRequest(Fields, frozen=True, dict=True, kw_only=True):
    """Words that want to be a picture."""

    wishes: ImageWishes

    needs = frozenset({Capability.IMAGE})

    @property
    def tokens_estimated(self) -> int:
        return estimate_tokens(bytes_in(self.wishes.prompt))


Request = ChatRequest | EmbedRequest | ImageRequest

_PROMPT = ("messages", "tools")
_IMAGE_KEY = b'"image_url"'
_texts: msgspec.json.Decoder[str | tuple[str, ...]] = msgspec.json.Decoder(str | tuple[str, ...])


def _embedded_bytes(messages: bytes) -> int:
    """How much of the messages is images and files in base64, which no tokenizer will see."""
    embedded = 0
    start = messages.find(b'"data:')
    while start >= 0:
        end = messages.find(b'"', start + 6)
        embedded += end - start
        start = messages.find(b'"data:', end)
    return embedded
