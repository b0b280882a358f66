"""What an app wishes of its answer: how long, how bold, where to stop."""

from collections.abc import Mapping
from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

__all__ = ["Wishes", "decode_wishes"]

STOPS_MAX = 64


class Wishes(Struct, frozen=True, kw_only=True):
    """Each by OpenAI's name, or by the one that other APIs agree on. None: the model's own default."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: Annotated[int, Meta(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Meta(ge=1)] | None = None
    stop: str | Annotated[tuple[str, ...], Meta(max_length=STOPS_MAX)] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    reasoning_effort: str | None = None
    user: str | None = None

    @property
    def tokens_max(self) -> int | None:
        """The length the caller allows, by its new or its old name."""
        return self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens

    @property
    def stops(self) -> tuple[str, ...]:
        if self.stop is None:
            return ()
        return (self.stop,) if isinstance(self.stop, str) else self.stop


def decode_wishes(fields: Mapping[str, Raw]) -> Wishes:
    """Decode the wishes among the fields; raises what a decoder raises."""
    known = {name: fields[name] for name in Wishes.__struct_fields__ if name in fields}
    return _wishes.decode(msgspec.json.encode(known))


_wishes = msgspec.json.Decoder(Wishes)
