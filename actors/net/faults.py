"""How an exchange with a provider can fail on its way: one table, each with httpx's word for it.

The words of httpx are what people know and search for, and what a swapped-in httpx transport says; the name
of the fault is ours and finer: four clocks are all `ReadTimeout` to httpx.
"""

from enum import StrEnum

from msgspec import Struct

__all__ = ["FAULTS", "ExchangeFailed", "Fault", "Terms"]

_DETAIL_CHARS_MAX = 200


class Fault(StrEnum):
    """What went wrong between the first packet and the last byte."""

    UNRESOLVED = "unresolved"
    FORBIDDEN_ADDRESS = "forbidden_address"
    UNREACHABLE = "unreachable"
    TLS = "tls"
    PROXY = "proxy"
    CONNECT_TIMEOUT = "connect_timeout"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    RESET = "reset"
    TRUNCATED = "truncated"
    MALFORMED = "malformed"
    HEAD_TOO_LARGE = "head_too_large"
    BODY_TOO_LARGE = "body_too_large"
    BAD_ENCODING = "bad_encoding"
    BOMB = "bomb"
    FIRST_TOKEN_TIMEOUT = "first_token_timeout"  # noqa: S105 - no password
    GAP_TIMEOUT = "gap_timeout"
    TOTAL_TIMEOUT = "total_timeout"
    DEADLINE = "deadline"
    ILLEGAL_REQUEST = "illegal_request"
    CLOSED = "closed"


class Terms(Struct, frozen=True):
    """How a fault is said: to those who know httpx, and to everybody."""

    httpx: str
    says: str


FAULTS = {
    Fault.UNRESOLVED: Terms("ConnectError", "the host's name could not be resolved"),
    Fault.FORBIDDEN_ADDRESS: Terms("ConnectError", "the host's address is one that no key may be sent to"),
    Fault.UNREACHABLE: Terms("ConnectError", "no connection could be made"),
    Fault.TLS: Terms("ConnectError", "no trusted TLS connection could be made"),
    Fault.PROXY: Terms("ProxyError", "the proxy did not let us through"),
    Fault.CONNECT_TIMEOUT: Terms("ConnectTimeout", "timed out while connecting"),
    Fault.BUSY: Terms("PoolTimeout", "too many are waiting for a connection already"),
    Fault.NO_ANSWER: Terms("RemoteProtocolError", "the server disconnected without sending a response"),
    Fault.RESET: Terms("ReadError", "the connection was reset"),
    Fault.TRUNCATED: Terms("RemoteProtocolError", "the connection closed before the response was complete"),
    Fault.MALFORMED: Terms("RemoteProtocolError", "the response is no valid HTTP"),
    Fault.HEAD_TOO_LARGE: Terms("RemoteProtocolError", "the response's headers or framing do not end"),
    Fault.BODY_TOO_LARGE: Terms("RemoteProtocolError", "the response's body is larger than allowed"),
    Fault.BAD_ENCODING: Terms("DecodingError", "the response's body cannot be decompressed"),
    Fault.BOMB: Terms("DecodingError", "the response's body grows out of all proportion when decompressed"),
    Fault.FIRST_TOKEN_TIMEOUT: Terms("ReadTimeout", "timed out waiting for the first token"),
    Fault.GAP_TIMEOUT: Terms("ReadTimeout", "timed out in a gap between two chunks"),
    Fault.TOTAL_TIMEOUT: Terms("ReadTimeout", "timed out before the answer was complete"),
    Fault.DEADLINE: Terms("ReadTimeout", "the caller's deadline came"),
    Fault.ILLEGAL_REQUEST: Terms("LocalProtocolError", "the request cannot be sent as HTTP"),
    Fault.CLOSED: Terms("ReadError", "closed by ourselves"),
}


class ExchangeFailed(Exception):
    """An exchange that did not come to its end. Never carries anything that was sent."""

    def __init__(self, fault: Fault, detail: str = "", *, heard: bool = False) -> None:
        """`heard`: the server had begun to answer, so that it may have done what was asked."""
        self.fault = fault
        self.heard = heard
        terms = FAULTS[fault]
        detail = "".join(char if char.isprintable() else "?" for char in detail[:_DETAIL_CHARS_MAX])
        self.says = f"{terms.says} ({detail})" if detail else terms.says
        super().__init__(f"{terms.httpx}: {self.says}")

    def __repr__(self) -> str:
        return f"<{self.fault}: {self}>"
