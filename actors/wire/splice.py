"""The chunks of a second lane, made to look as if the first had gone on: its head, no second role."""

import msgspec
from msgspec import Raw

from actors.wire.chunks import Chunk, Kind
from actors.wire.raw import NOTHING, says

__all__ = ["Splicer"]

_HEAD = ("id", "created", "model", "system_fingerprint", "service_tier", "provider")

_members = msgspec.json.Decoder(dict[str, Raw])
_choices = msgspec.json.Decoder(list[dict[str, Raw]])
_encode = msgspec.json.Encoder().encode


class Splicer:
    """Made of the first chunk that the caller got."""

    def __init__(self, first: Chunk) -> None:
        members = _members.decode(first.payload)
        self._head = {name: members[name] for name in _HEAD if name in members}

    def said(self, chunk: Chunk, text: str) -> Chunk | None:
        """The chunk with this text in place of its own; None if nothing is left of it."""
        members = self._headed(chunk)
        choices = _choices.decode(members.get("choices", Raw(b"[]")))
        if not text and not _is_last(choices):
            return None
        for choice in choices:
            delta = _members.decode(choice.get("delta", Raw(b"{}")))
            delta = {name: value for name, value in delta.items() if name not in _SAID_ONCE}
            choice["delta"] = Raw(_encode({**delta, "content": text}))
        return Chunk(_encode({**members, "choices": choices}), chunk.kind, text)

    def as_it_is(self, chunk: Chunk) -> Chunk:
        """Only its head is the first's: a tool call, the end, the usage."""
        members = self._headed(chunk)
        choices = _choices.decode(members.get("choices", Raw(b"[]")))
        for choice in choices:
            delta = _members.decode(choice.get("delta", Raw(b"{}")))
            if "role" in delta:
                del delta["role"]
                choice["delta"] = Raw(_encode(delta))
        return Chunk(_encode({**members, "choices": choices}), chunk.kind, chunk.text)

    def ends(self, chunk: Chunk) -> bool:
        """Whether the answer's end is in it, beside its last words."""
        return _is_last(_choices.decode(_members.decode(chunk.payload).get("choices", Raw(b"[]"))))

    def new(self, text: str) -> Chunk:
        """A chunk of our own, for what was held back."""
        choice = {"index": 0, "delta": {"content": text}, "finish_reason": None}
        whole = {**self._head, "object": "chat.completion.chunk", "choices": [choice]}
        return Chunk(_encode(whole), Kind.TEXT, text)

    def _headed(self, chunk: Chunk) -> dict[str, Raw]:
        members = _members.decode(chunk.payload)
        kept = {name: value for name, value in members.items() if name not in _HEAD}
        return {**self._head, **kept}


def _is_last(choices: list[dict[str, Raw]]) -> bool:
    return any(says(choice.get("finish_reason", NOTHING)) for choice in choices)


_SAID_ONCE = frozenset({"role", "content", "reasoning_content", "reasoning", "reasoning_details"})
