"""What a frame says: requests, notifications, batches of both; or why it says nothing.

frame --read--> Single(Incoming) | Batch(Incoming, ...)       Incoming = Asked | Told | Wrong | Ignored

Ids are strings or numbers. A request with the id `null` is answered; one without an id is not.
"""

from typing import Literal

import msgspec
from msgspec import UNSET, Raw, Struct, UnsetType

from daemon.verdicts import ErrorKind

__all__ = [
    "BATCH_MAX",
    "UNDECODABLE",
    "Asked",
    "Batch",
    "Ignored",
    "Incoming",
    "Key",
    "Told",
    "Wrong",
    "read",
]

BATCH_MAX = 256
"""More in one message than anybody can have outstanding; who has more to ask sends more messages."""
ID_CHARS_MAX = 256
"""It comes back with every piece of a stream."""
METHOD_CHARS_MAX = 128
LARGE_BYTES = 64 * 1024
"""A batch larger than this is taken only if it is made of requests."""

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that decoding can raise: bad UTF-8 and deep nesting are no MsgspecErrors."""

Key = int | float | str
"""An id as a value: `1` and `1.0` name the same request."""
NULL = b"null"


class Asked(Struct, frozen=True, gc=False):
    """Somebody wants an answer."""

    id: bytes
    """As it goes back."""
    key: Key | None
    """None: the id is `null`, which is answered but names nothing."""
    method: str
    params: Raw | None


class Told(Struct, frozen=True, gc=False):
    """A notification: nobody wants an answer."""

    method: str
    params: Raw | None


class Wrong(Struct, frozen=True, gc=False):
    """No request; but an answer, and it goes to this id."""

    id: bytes
    kind: ErrorKind
    why: str


class Ignored(Struct, frozen=True, gc=False):
    """An answer of theirs: we have asked nothing."""


Incoming = Asked | Told | Wrong | Ignored


class Batch(Struct, frozen=True):
    """Several at once: their answers come back together."""

    items: tuple[Incoming, ...]


class _Envelope(Struct, frozen=True, gc=False):
    jsonrpc: Literal["2.0"]
    method: str
    id: Key | UnsetType | None = UNSET
    params: Raw | UnsetType = UNSET


class _Loose(Struct, frozen=True):
    """For saying what is wrong."""

    jsonrpc: Raw | UnsetType = UNSET
    method: Raw | UnsetType = UNSET
    id: Raw | UnsetType = UNSET
    result: Raw | UnsetType = UNSET
    error: Raw | UnsetType = UNSET


_envelope = msgspec.json.Decoder(_Envelope)
_envelopes = msgspec.json.Decoder(list[_Envelope])
_loose = msgspec.json.Decoder(_Loose)
_any = msgspec.json.Decoder(Raw)
_items = msgspec.json.Decoder(list[Raw])
_id: "msgspec.json.Decoder[Key | None]" = msgspec.json.Decoder(Key | None)
_encode = msgspec.json.Encoder().encode


def read(body: bytes) -> Incoming | Batch:
    """One frame's meaning."""
    if body[:1] == b"{":
        return _one(body)
    try:
        _check_text(body)
        _any.decode(body)
    except UNDECODABLE as error:
        return _not_json(error)
    if body.lstrip()[:1] == b"{":
        return _one(body)
    if body.lstrip()[:1] != b"[":
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, "a request is a JSON object, or a list of such")
    return _batch(body) if len(body) <= LARGE_BYTES else _large_batch(body)


def _batch(body: bytes) -> Batch | Wrong:
    items = _items.decode(body)
    return _objection(len(items)) or Batch(tuple(_one(bytes(item)) for item in items))


def _large_batch(body: bytes) -> Batch | Wrong:
    """A batch of millions of nothings has to fail at the first of them: to say what is wrong with each would
    take a tenth of a second, and everybody else waits.
    """
    try:
        envelopes = _envelopes.decode(body)
    except UNDECODABLE as error:
        why = f"the batch holds what is no request: {str(error)[:200]}"
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, why)
    return _objection(len(envelopes)) or Batch(tuple(map(_said, envelopes)))


def _objection(count: int) -> Wrong | None:
    if count == 0:
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, "the batch is empty")
    if count > BATCH_MAX:
        why = f"the batch has {count:,} requests, and {BATCH_MAX} may be"
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, why)
    return None


def _one(body: bytes) -> Incoming:
    try:
        _check_text(body)
        envelope = _envelope.decode(body)
    except UNDECODABLE:
        return _explained(body)
    return _said(envelope)


def _said(envelope: _Envelope) -> Incoming:
    if len(envelope.method) > METHOD_CHARS_MAX:
        return Wrong(_written(envelope.id), ErrorKind.UNKNOWN_METHOD, "no method has such a long name")
    params = None
    if envelope.params is not UNSET:
        start = bytes(memoryview(envelope.params)[:1])
        if start not in (b"{", b"["):
            if bytes(envelope.params) != NULL:
                why = "`params` must be an object or a list"
                return Wrong(_written(envelope.id), ErrorKind.INVALID_REQUEST, why)
        else:
            params = envelope.params
    if envelope.id is UNSET:
        return Told(envelope.method, params)
    if isinstance(envelope.id, str) and len(envelope.id) > ID_CHARS_MAX:
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, f"`id` is longer than {ID_CHARS_MAX} characters")
    return Asked(_written(envelope.id), envelope.id, envelope.method, params)


def _explained(body: bytes) -> Wrong | Ignored:
    """It is no request; why not, and whether at least its id can be read."""
    try:
        _check_text(body)
        loose = _loose.decode(body)
    except UNDECODABLE as error:
        return _not_json(error)
    if loose.method is UNSET and (loose.result is not UNSET or loose.error is not UNSET):
        return Ignored()
    written = NULL
    if loose.id is not UNSET:
        try:
            written = _written(_id.decode(loose.id))
        except UNDECODABLE:
            return Wrong(NULL, ErrorKind.INVALID_REQUEST, "`id` must be a string or a number")
    if loose.jsonrpc is UNSET or bytes(loose.jsonrpc) != b'"2.0"':
        return Wrong(written, ErrorKind.INVALID_REQUEST, '`jsonrpc` must be "2.0"')
    if loose.method is UNSET:
        return Wrong(written, ErrorKind.INVALID_REQUEST, "`method` is missing")
    return Wrong(written, ErrorKind.INVALID_REQUEST, "`method` must be a string")


def _not_json(error: Exception) -> Wrong:
    if isinstance(error, RecursionError):
        return Wrong(NULL, ErrorKind.PARSE_ERROR, "it is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return Wrong(NULL, ErrorKind.PARSE_ERROR, f"it is not valid UTF-8 (at byte {error.start})")
    if isinstance(error, msgspec.ValidationError):
        return Wrong(NULL, ErrorKind.INVALID_REQUEST, "a request is a JSON object, or a list of such")
    return Wrong(NULL, ErrorKind.PARSE_ERROR, str(error)[:200])


def _check_text(body: bytes) -> None:
    """The decoder does not look into what it leaves raw, and broken text should go no further."""
    if not body.isascii():
        body.decode()


def _written(given: Key | UnsetType | None) -> bytes:
    return NULL if given is UNSET or given is None else _encode(given)
