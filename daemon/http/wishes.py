"""What a request asks of failoverd itself in its headers, for clients whose bodies cannot say it.

    x-failover-exclude: gemini, ollama          {"failover": {"exclude": ["gemini", "ollama"]}}
    x-failover-deadline-s: 20                   {"failover": {"deadline_s": 20}}
    Idempotency-Key: order-17                   {"failover": {"request_id": "order-17"}}

Every option has its header. What the body says counts more: headers are often the same for a whole client.
"""

import msgspec
from msgspec import Raw, structs

from actors.router.opening import decode_options
from actors.wire.complaint import UNDECODABLE, BadRequest, blame
from daemon.http.head import Head
from state.routing.asking import PLAIN, Options

__all__ = ["options_of"]

_LISTS = frozenset({"include", "exclude", "no_failover_to"})
_members = msgspec.json.Decoder(dict[str, Raw])


def options_of(head: Head, body: Raw | None) -> Options | BadRequest:
    """From the headers, and over them from the body."""
    said = decode_options(body)
    if isinstance(said, BadRequest) or not (head.wishes or head.idempotency_key):
        return said
    wished = _wished(head)
    if isinstance(wished, BadRequest) or body is None:
        return wished
    named = _members.decode(body)
    return structs.replace(wished, **{name: getattr(said, name) for name in named})


def _wished(head: Head) -> Options | BadRequest:
    wishes: dict[str, str | list[str]] = {}
    if head.idempotency_key:
        wishes["request_id"] = head.idempotency_key.decode("latin-1")
    for name, value in head.wishes:
        option, text = name.decode("latin-1").replace("-", "_"), value.decode("latin-1").strip()
        wishes[option] = _listed(text) if option in _LISTS else text
    try:
        return msgspec.convert(wishes, Options, strict=False) if wishes else PLAIN
    except UNDECODABLE as error:
        return blame(error, "x-failover")


def _listed(text: str) -> list[str]:
    return [part for part in (each.strip() for each in text.split(",")) if part]
