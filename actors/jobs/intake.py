"""An item as it is handed in: a line of OpenAI's batch file, a plain request, or one that can't be sent.

{custom_id, url, body: {...}} | {messages: [...], ...} | {custom_id, error: "why"}  --> NewItem | BadRequest

It is looked into as far as a request always is, so that a mistake is told when it is handed in and not at
night.
"""

from typing import Annotated

import msgspec
from msgspec import Meta, Raw, Struct

from actors.jobs.shelf import NewItem
from actors.router.opening import decode_options
from actors.wire.canonical import ChatRequest, Request
from actors.wire.complaint import UNDECODABLE, BadRequest, blame
from actors.wire.intake import decode_chat, decode_embed, decode_image
from state.jobs.job import URLS, ItemKind
from state.jobs.outcome import Outcome

__all__ = ["UNSENT", "read_body", "read_item"]

UNSENT = "unsent"
"""The tag of an item that was never sent."""

_DECODE = {ItemKind.CHAT: decode_chat, ItemKind.EMBED: decode_embed, ItemKind.IMAGE: decode_image}
_BY_FIELD = {"messages": ItemKind.CHAT, "input": ItemKind.EMBED, "prompt": ItemKind.IMAGE}


class _Line(Struct, frozen=True, kw_only=True):
    """What we read of an item ourselves."""

    custom_id: Annotated[str, Meta(max_length=512)] = ""
    method: str = "POST"
    url: str = ""
    body: Raw = Raw()
    error: Annotated[str, Meta(max_length=2_000)] = ""


_line = msgspec.json.Decoder(_Line)
_members = msgspec.json.Decoder(dict[str, Raw])


def read_item(raw: bytes | Raw, model: str, wall_ms: int) -> NewItem | BadRequest:
    """`model`: for an item that names none."""
    try:
        line = _line.decode(raw)
        members = _members.decode(line.body if bytes(line.body) else raw)
    except UNDECODABLE as error:
        return blame(error)
    if line.error:
        return NewItem(
            kind=ItemKind.CHAT, custom_id=line.custom_id, body=b"", refused=_refused(line, wall_ms)
        )
    if line.method != "POST":
        return BadRequest("method", "must be POST")
    kind = _kind(line, members)
    if isinstance(kind, BadRequest):
        return kind
    if not bytes(line.body):
        members = {name: raw for name, raw in members.items() if name not in ("custom_id", "method", "url")}
    if "model" not in members and model:
        members = {"model": Raw(msgspec.json.encode(model)), **members}
    body = msgspec.json.encode(members)
    request = read_body(kind, body)
    if isinstance(request, BadRequest):
        return request
    options = decode_options(request.failover)
    if isinstance(options, BadRequest):
        return options
    return NewItem(kind=kind, custom_id=line.custom_id, body=body, asks=options.pool or request.model)


def read_body(kind: ItemKind, body: bytes) -> Request | BadRequest:
    """The request that an item is."""
    request = _DECODE[kind](body)
    if isinstance(request, ChatRequest) and request.stream:
        return BadRequest("stream", "must not be asked for: nobody listens while a job runs")
    return request


def _kind(line: _Line, members: dict[str, Raw]) -> ItemKind | BadRequest:
    if line.url:
        kind = URLS.get(line.url)
        return kind or BadRequest("url", f"must be one of {', '.join(URLS)}")
    for field, kind in _BY_FIELD.items():
        if field in members:
            return kind
    return BadRequest("", "has no `messages`, `input` or `prompt`: nothing is asked")


def _refused(line: _Line, wall_ms: int) -> Outcome:
    return Outcome(
        n=0,
        custom_id=line.custom_id,
        is_done=False,
        tag=UNSENT,
        code="unreadable",
        message=line.error,
        at_wall_ms=wall_ms,
    )
