"""Answers and notifications as bytes, in the framing in which the question came."""

import msgspec
from msgspec import Raw, Struct

from daemon.api.refusal import AttemptSaid, Refusal
from daemon.rpc.framing import Framing
from daemon.verdicts import ENDINGS, ErrorKind

__all__ = ["chunk_head", "error", "framed", "notification", "result", "together"]


class ErrorData(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The machine-readable part of an error."""

    kind: ErrorKind
    retry_after_s: float | None = None
    attempts: tuple[AttemptSaid, ...] = ()
    partial: str = ""
    request_id: str = ""
    field: str = ""
    problems: tuple[str, ...] = ()


class Error(Struct, frozen=True):
    """An error as JSON-RPC has it."""

    code: int
    message: str
    data: ErrorData


_encode = msgspec.json.Encoder().encode


def result(id_: bytes, value: Struct | Raw) -> bytes:
    """An answer."""
    return b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (id_, _encode(value))


def error(id_: bytes, refusal: Refusal) -> bytes:
    """Why there is none."""
    said = Error(
        code=ENDINGS[refusal.kind].code,
        message=refusal.message,
        data=ErrorData(
            kind=refusal.kind,
            retry_after_s=refusal.retry_after_s,
            attempts=refusal.attempts,
            partial=refusal.partial,
            request_id=refusal.request_id,
            field=refusal.field,
            problems=refusal.problems,
        ),
    )
    return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (id_, _encode(said))


def notification(method: str, id_: bytes, member: str = "", value: bytes = b"") -> bytes:
    """A piece of a stream, with the id of the request that it belongs to."""
    head = b'{"jsonrpc":"2.0","method":"%b","params":{"id":%b' % (method.encode(), id_)
    return head + (b',"%b":%b}}' % (member.encode(), value) if member else b"}}")


def chunk_head(id_: bytes) -> bytes:
    """What stands before each chunk of a stream: it is the same for all of them."""
    return notification("chat.chunk", id_, "chunk")[:-2]


def together(answers: list[bytes]) -> bytes:
    """A batch's."""
    return b"[" + b",".join(answers) + b"]"


def framed(body: bytes, framing: Framing) -> bytes:
    """Ready to be sent. A provider may write its answer over many lines; in JSON they mean nothing."""
    if framing is Framing.HEADER:
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
    return (body.replace(b"\n", b" ") if b"\n" in body else body) + b"\n"
