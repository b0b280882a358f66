"""A method of the daemon: its name, who may call it, what it takes and gives, and what does it.

The table of them (`daemon.rpc.methods`) drives the server, and `rpc.discover` tells the same table.
"""

from collections.abc import Awaitable, Callable
from enum import EnumType
from typing import Any, get_type_hints

import msgspec
from msgspec import Raw, Struct

from actors.wire.complaint import UNDECODABLE, BadRequest, blame
from daemon.api.cast import Cast
from daemon.api.refusal import Refusal, bad_request
from daemon.rpc.calls import Call
from daemon.rpc.scopes import Scope
from state.settings.problems import did_you_mean

__all__ = ["Method", "Notice", "Outcome", "decode_params"]

Outcome = Struct | Raw | Refusal
EMPTY = b"{}"
LIST_BYTES_MAX = 64 * 1024
_one = msgspec.json.Decoder(Raw)
_list = msgspec.json.Decoder(list[Raw])


class Notice(Struct, frozen=True):
    """A notification that a method sends before its answer."""

    name: str
    member: str
    says: str
    of: Any


class Method(Struct, frozen=True, kw_only=True):
    """One row of the table."""

    name: str
    says: str
    """In one line; the first word is a verb."""
    scope: Scope
    takes: type[Struct]
    gives: type[Struct]
    answers: Callable[[Cast, Any, Call], Outcome] | None = None
    """What does it, at once;"""
    works: Callable[[Cast, Any, Call], Awaitable[Outcome]] | None = None
    """or what does it and may wait."""
    takes_raw: bool = False
    """The params are passed on as they came; `takes` only describes them."""
    is_heavy: bool = False
    """Takes milliseconds of thinking: one at a time, so that others have their turns between."""
    notices: tuple[Notice, ...] = ()
    is_endless: bool = False
    """It ends when it is cancelled, or when the daemon does."""
    while_draining: bool = False
    """Whether it is served when the daemon is on its way out."""


def decode_params(method: Method, params: Raw | None) -> Any:  # noqa: ANN401 - the row says which
    """As the row says; or a Refusal that names the field."""
    if params is None:
        raw = EMPTY
    else:
        raw = bytes(params)
        if raw[:1] == b"[":
            spread = _by_name(method, raw)
            if isinstance(spread, Refusal):
                return spread
            raw = spread
    if method.takes_raw:
        return raw
    try:
        return msgspec.json.decode(raw, type=method.takes)
    except UNDECODABLE as error:
        return _kindly(blame(error), method)


def _by_name(method: Method, raw: bytes) -> bytes | Refusal:
    """A list means the fields in their order; one object in it means that object, as many clients send it."""
    inner = raw[1:-1].strip()
    if not inner:
        return EMPTY
    if inner[:1] == b"{" and _is_one(inner):
        return inner
    # Only then is it taken apart: a list of millions would take a tenth of a second.
    items = [bytes(item) for item in _list.decode(raw)] if len(raw) <= LIST_BYTES_MAX else None
    names = method.takes.__struct_encode_fields__
    if method.takes_raw or items is None or len(items) > len(names):
        most = "one object" if method.takes_raw else f"at most {len(names)} values"
        return bad_request(BadRequest("params", f"as a list may hold {most}; better name the fields"))
    members = (b'"%b":%b' % (name.encode(), item) for name, item in zip(names, items, strict=False))
    return b"{" + b",".join(members) + b"}"


def _is_one(inner: bytes) -> bool:
    try:
        _one.decode(inner)
    except UNDECODABLE:
        return False
    return True


def _kindly(bad: BadRequest, method: Method) -> Refusal:
    """A misspelled field or word is told with the nearest that there is."""
    choices = _choices(method.takes, bad.field)
    if choices and "invalid enum value" in bad.why:
        return bad_request(BadRequest(bad.field, f"must be one of {', '.join(choices)}"))
    mark = "unknown field `"
    if mark not in bad.why:
        return bad_request(bad)
    word = bad.why.partition(mark)[2].partition("`")[0]
    hint = did_you_mean(word, method.takes.__struct_encode_fields__) if not bad.field else ""
    where = f"{bad.field}.{word}" if bad.field else word
    why = f"is no field of {method.name}" + (f"; {hint}" if hint else "")
    return bad_request(BadRequest(where[:200], why))


def _choices(takes: type[Struct], field: str) -> list[str]:
    """What a field may say, if it is one of a few words."""
    of = get_type_hints(takes).get(field)
    return list(map(str, of)) if isinstance(of, EnumType) else []
