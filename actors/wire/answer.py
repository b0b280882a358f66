"""What makes an answer: it says something, and it says that it is finished. And how OpenAI would write it."""

import msgspec
from msgspec import Struct

from actors.wire.call import Answer, Call
from actors.wire.conversation import ReasoningDetail, ToolCall
from state.events import Usage
from state.usage.tokens import estimate_tokens

__all__ = ["Flaw", "Said", "completion", "estimated", "flaw_of", "is_json", "usage_shape"]


class Flaw:
    """Why what came with a 200 is no answer. It becomes the evidence's `exception`, in phrases that client
    libraries have made common, so that the classifier knows them.
    """

    NOT_JSON = "the body is not valid JSON"
    NO_CHOICES = "no choices in the answer"
    NO_FINISH = "no finish reason in the answer"
    CUT = "the stream ended without a finish reason"
    GARBLED = "malformed response: more than one chunk of the stream is not valid JSON"
    EMPTY = "empty response"
    ALL_THOUGHT = "empty response: its whole length went into reasoning"
    FILTERED = "finish_reason: content_filter"
    ERROR = "finish_reason: error"
    NOT_THE_JSON = "malformed response: it is not valid JSON, which was asked for"
    TOO_FEW = "malformed response: fewer results than were asked for"
    NO_IMAGE = "malformed response: no image in it"


def flaw_of(finish: str | None, *, spoken: bool, reason: str = "") -> str | None:
    """What keeps this from being an answer; the same law for whole answers and for streams.

    An answer that is all thinking, cut at its length, is none: the caller would have nothing in hand. It
    has a name of its own, because the limit is the caller's and the lane is not to be blamed for it.
    `reason` is what the provider calls it.
    """
    if not finish:
        return Flaw.NO_FINISH
    if finish == "content_filter":
        return _named(Flaw.FILTERED, reason)
    if finish == "error":
        return _named(Flaw.ERROR, reason)
    if not spoken:
        return Flaw.ALL_THOUGHT if finish == "length" else Flaw.EMPTY
    return None


def _named(flaw: str, reason: str) -> str:
    return f"{flaw} ({reason[:64]})" if reason else flaw


class Said(Struct, frozen=True, kw_only=True, omit_defaults=True, tag_field="role", tag="assistant"):
    """The assistant's message, as it is written into the answer."""

    content: str | None
    tool_calls: tuple[ToolCall, ...] = ()
    reasoning_content: str = ""
    reasoning_details: tuple[ReasoningDetail, ...] = ()

    @property
    def is_spoken(self) -> bool:
        return bool(self.tool_calls) or bool(self.content and not self.content.isspace())


def completion(call: Call, said: Said, finish: str, usage: Usage) -> Answer:
    """A whole answer, for dialects that do not write OpenAI's."""
    body = _Completion(
        id=call.id,
        object="chat.completion",
        created=call.created_s,
        model=call.model.name,
        choices=(_Choice(index=0, message=said, finish_reason=finish, logprobs=None),),
        usage=usage_shape(usage),
    )
    return Answer(body=msgspec.json.encode(body), usage=usage, finish=finish)


def estimated(call: Call, said_bytes: int) -> Usage:
    """What an answer without a count may have cost."""
    return Usage(
        tokens_in=call.request.tokens_estimated, tokens_out=estimate_tokens(said_bytes), estimated=True
    )


class _Cached(Struct, frozen=True):
    cached_tokens: int


class UsageShape(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Usage as OpenAI writes it."""

    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _Cached | None = None


def usage_shape(usage: Usage) -> UsageShape:
    return UsageShape(
        prompt_tokens=usage.tokens_in,
        completion_tokens=usage.tokens_out,
        total_tokens=usage.tokens_in + usage.tokens_out,
        prompt_tokens_details=_Cached(usage.tokens_cached) if usage.tokens_cached else None,
    )


class _Choice(Struct, frozen=True, kw_only=True):
    index: int
    message: Said
    finish_reason: str
    logprobs: None


class _Completion(Struct, frozen=True, kw_only=True):
    id: str
    object: str
    created: int
    model: str
    choices: tuple[_Choice, ...]
    usage: UsageShape


def is_json(text: str) -> bool:
    """Whether a text is one JSON value. It is not taken apart."""
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.MsgspecError, RecursionError):
        return False
    return True
