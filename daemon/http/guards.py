"""Who may come in by HTTP: decided from the head alone, before a byte of the body is read. Pure.

what comes                                  why it stays out
a Host that is not ours                421  a page elsewhere made its own name point here (DNS rebinding)
an Origin that is not ours             403  a web page in the user's browser asks
no token, or another one               401  where one is asked for
a body that is not JSON                415  what a browser sends unasked is text/plain or a form
a body beyond all bounds               413

Over a Unix socket the file's mode says who may come, so no token is asked for there.
"""

import hmac
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_address

from msgspec import Struct

from daemon.api.refusal import Refusal
from daemon.http.head import Head
from daemon.verdicts import ErrorKind
from state.settings.secret import Secret

__all__ = ["BODY_BYTES_MAX", "Refused", "Via", "too_large", "why_refused"]

BODY_BYTES_MAX = 32 * 1024 * 1024
"""A dozen photos in base64; more than any provider takes in one call."""
HOST_BYTES_MAX = 255
_JSON = b"application/json"
_BEARER = b"bearer "


class Via(StrEnum):
    """By which door somebody comes."""

    UNIX = "unix"
    LOOPBACK = "loopback"
    NETWORK = "network"


class Refused(Struct, frozen=True):
    """What is wrong, and the status that says so: matters of HTTP alone, so the statuses are too."""

    status: int
    refusal: Refusal
    headers: tuple[tuple[bytes, bytes], ...] = ()


def why_refused(head: Head, via: Via, token: Secret | None, *, has_body: bool) -> Refused | None:
    """None: come in."""
    if head.is_ambiguous:
        return _refused(400, ErrorKind.INVALID_REQUEST, "a header stands there twice, and says two things")
    if not _is_our_name(head.host, via):
        return _refused(
            421, ErrorKind.FORBIDDEN, "this Host is not ours: call it localhost, 127.0.0.1 or [::1]"
        )
    if _is_foreign_page(head):
        return _refused(403, ErrorKind.FORBIDDEN, "web pages of other origins may not ask here")
    if token is not None and via is not Via.UNIX and not _shows(head.authorization, token):
        return Refused(
            401,
            Refusal(
                kind=ErrorKind.FORBIDDEN, message="the token is missing or wrong: send it as the API key"
            ),
            ((b"www-authenticate", b'Bearer realm="failoverd"'),),
        )
    if not has_body:
        return None
    if head.content_type.partition(b";")[0].strip().lower() != _JSON:
        return _refused(415, ErrorKind.INVALID_REQUEST, "the body must be sent as application/json")
    if head.content_encoding not in (b"", b"identity"):
        return _refused(415, ErrorKind.INVALID_REQUEST, "the body must not be compressed")
    if head.content_length is not None and head.content_length > BODY_BYTES_MAX:
        return too_large()
    return None


def too_large() -> Refused:
    """Its end is not waited for."""
    limit = f"the body is larger than {BODY_BYTES_MAX // (1024 * 1024)} MiB"
    return Refused(413, Refusal(kind=ErrorKind.INVALID_REQUEST, message=limit), ((b"connection", b"close"),))


def _refused(status: int, kind: ErrorKind, message: str) -> Refused:
    return Refused(status, Refusal(kind=kind, message=message))


@lru_cache(maxsize=256)
def _is_our_name(host: bytes | None, via: Via) -> bool:
    """Beyond loopback nobody can know all names of the machine; a token is asked for there, and that is what
    a rebound page does not have. On a Unix socket, clients make up a name: any single word is taken.
    """
    if via is Via.NETWORK:
        return True
    if host is None or len(host) > HOST_BYTES_MAX:
        return host is None and via is Via.UNIX
    name = _name_of(host)
    if name == "localhost" or name.endswith(".localhost"):
        return True
    if via is Via.UNIX and "." not in name and ":" not in name:
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def _name_of(host: bytes) -> str:
    text = host.decode("latin-1").strip().lower()
    if text.startswith("["):
        return text[1:].partition("]")[0]
    return text.partition(":")[0].removesuffix(".")


def _is_foreign_page(head: Head) -> bool:
    """Programs send neither line; browsers cannot be made to leave them out by a page."""
    if head.fetch_site is not None and head.fetch_site not in (b"none", b"same-origin"):
        return True
    if head.origin is None:
        return False
    return head.host is None or head.origin.lower() != b"http://" + head.host.lower()


def _shows(authorization: bytes, token: Secret) -> bool:
    """In constant time: how long a wrong one took says nothing about the right one."""
    if authorization[: len(_BEARER)].lower() != _BEARER:
        return False
    return hmac.compare_digest(authorization[len(_BEARER) :].strip(), token.reveal().encode())
