"""What a dialect would have to leave out: found before anything is sent, so that nothing gets lost.

Every field of a request is one of three: said in this dialect, advice that no answer depends on, or a gap.
"""

from actors.wire.canonical import ChatRequest
from actors.wire.complaint import BadRequest
from actors.wire.conversation import Assistant, Conversation, Developer, System, ToolResult
from actors.wire.dialect import Gap
from actors.wire.turns import arguments_of, parts_of
from actors.wire.wishes import Wishes

__all__ = ["ADVICE", "INERT", "chat_gap", "decoded"]

STRUCTURE = frozenset(
    {"model", "messages", "stream", "tools", "tool_choice", "parallel_tool_calls", "response_format"}
)
"""Fields into which each dialect looks for itself."""

ADVICE = frozenset(
    {
        "metadata",
        "prediction",
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "service_tier",
        "store",
        "stream_options",
        "user",
    }
)
"""Fields for OpenAI's books, caches and queues: the answer is the same without them."""

INERT = {
    "n": (b"1",),
    "frequency_penalty": (b"0", b"0.0"),
    "presence_penalty": (b"0", b"0.0"),
    "logprobs": (b"false",),
    "top_logprobs": (b"0",),
    "logit_bias": (b"{}",),
    "functions": (b"[]",),
    "modalities": (b'["text"]',),
    "verbosity": (b'"medium"',),
}
"""Values that ask for what happens anyway; some libraries always send them."""

NO_COUNTERPART = "has no counterpart there"


def chat_gap(request: ChatRequest, speaks: frozenset[str], *, instructs_amid: bool = False) -> Gap | None:
    """The first thing that a dialect with these fields cannot say, of all that the dialects treat alike.

    `instructs_amid`: whether instructions may stand anywhere there, not only at the start.
    """
    for name, raw in request.fields.items():
        if name in STRUCTURE or name in speaks or name in ADVICE:
            continue
        value = bytes(raw)
        if value != b"null" and value not in INERT.get(name, ()):
            return Gap(name[:64], NO_COUNTERPART)
    wishes, conversation = request.wishes, request.conversation
    for unreadable in (wishes, conversation):
        if isinstance(unreadable, BadRequest):
            return Gap(unreadable.field, unreadable.why)
    assert isinstance(conversation, Conversation)
    return _conversation_gap(conversation, instructs_amid=instructs_amid)


def decoded(request: ChatRequest) -> tuple[Wishes, Conversation]:
    """Settings and conversation of a request in which no gap was found."""
    wishes, conversation = request.wishes, request.conversation
    assert isinstance(wishes, Wishes)
    assert isinstance(conversation, Conversation)
    return wishes, conversation


def _conversation_gap(conversation: Conversation, *, instructs_amid: bool) -> Gap | None:
    begun = False
    for at, message in enumerate(conversation.messages):
        path = f"messages[{at}]"
        match message:
            case System() | Developer():
                if begun and not instructs_amid:
                    return Gap(
                        f"{path}.role", "gives an instruction amid the conversation; there it stands before"
                    )
            case ToolResult():
                begun = True
            case Assistant(tool_calls=calls):
                begun = True
                if any(arguments_of(call) is None for call in calls or ()):
                    return Gap(f"{path}.tool_calls", "has arguments that are not a JSON object")
                if not calls and not parts_of(message):
                    return Gap(path, "is empty")
            case _:
                begun = True
                if not parts_of(message):
                    return Gap(path, "is empty")
        if not isinstance(message, ToolResult) and message.name is not None:
            return Gap(f"{path}.name", NO_COUNTERPART)
    return None if begun else Gap("messages", "holds instructions alone, and nobody says anything")
