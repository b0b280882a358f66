"""What each way to end is called: kind --> JSON-RPC code, HTTP status, exit code. The one table of them.

`failoverctl` reads it too, so it imports nothing that takes time. Every verdict is a kind of the same name.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from daemon.exits import Exit

__all__ = ["ENDINGS", "Ending", "ErrorKind", "ending_of", "kind_of_code"]


class ErrorKind(StrEnum):
    """What an error is, for programs: `data.kind` in JSON-RPC, `error.code` in HTTP."""

    PARSE_ERROR = "parse_error"
    INVALID_REQUEST = "invalid_request"
    UNKNOWN_METHOD = "unknown_method"
    INVALID_PARAMS = "invalid_params"
    INTERNAL = "internal"
    UNAVAILABLE = "unavailable"
    DEADLINE = "deadline"
    OVERLOADED = "overloaded"
    CALLER_ERROR = "caller_error"
    UNKNOWN_NAME = "unknown_name"
    DRAINING = "draining"
    JOURNAL_UNAVAILABLE = "journal_unavailable"
    LOCAL_NETWORK_DOWN = "local_network_down"
    FORBIDDEN = "forbidden"
    PARTIAL = "partial"
    INTERRUPTED = "interrupted"
    CANCELLED = "cancelled"


class Ending(NamedTuple):
    """One kind in everybody's language."""

    code: int
    """JSON-RPC's."""
    http: int
    exit: Exit
    says: str
    """Whose fault it is and what it means, for the documentation."""


# fmt: off
ENDINGS: Mapping[ErrorKind, Ending] = MappingProxyType({
    # The specification's own.
    ErrorKind.PARSE_ERROR:          Ending(-32700, 400, Exit.USAGE, "caller's: it is not JSON"),
    ErrorKind.INVALID_REQUEST:      Ending(-32600, 400, Exit.USAGE, "caller's: JSON, but no request"),
    ErrorKind.UNKNOWN_METHOD:       Ending(-32601, 404, Exit.USAGE, "caller's: nothing goes by that name"),
    ErrorKind.INVALID_PARAMS:       Ending(-32602, 400, Exit.USAGE, "caller's: a field is wrong or missing"),
    ErrorKind.INTERNAL:             Ending(-32603, 500, Exit.FAILED, "ours: a bug, and it is in the log"),
    # Ours. They begin at -32010 because language servers have given -32001 and -32002 a meaning.
    ErrorKind.UNAVAILABLE:          Ending(-32010, 503, Exit.FAILED, "the providers': no lane could answer"),
    ErrorKind.DEADLINE:             Ending(-32011, 504, Exit.FAILED, "nobody's: the deadline came first"),
    ErrorKind.OVERLOADED:           Ending(-32012, 429, Exit.FAILED, "too much at once: come back later"),
    ErrorKind.CALLER_ERROR:         Ending(-32013, 400, Exit.FAILED, "caller's: no provider takes it"),
    ErrorKind.UNKNOWN_NAME:         Ending(-32014, 404, Exit.USAGE, "caller's: no such pool, lane, request"),
    ErrorKind.DRAINING:             Ending(-32015, 503, Exit.FAILED, "nobody's: the daemon is stopping"),
    ErrorKind.JOURNAL_UNAVAILABLE:  Ending(-32016, 503, Exit.FAILED, "ours: what has to be kept can't be"),
    ErrorKind.LOCAL_NETWORK_DOWN:   Ending(-32017, 503, Exit.FAILED, "this machine's: it is offline"),
    ErrorKind.FORBIDDEN:            Ending(-32018, 403, Exit.NOT_ALLOWED, "caller's: it may not do this"),
    ErrorKind.PARTIAL:              Ending(-32019, 502, Exit.FAILED, "the providers': the answer broke off"),
    ErrorKind.INTERRUPTED:          Ending(-32020, 503, Exit.FAILED, "ours: the daemon went away in between"),
    # The number that language servers use.
    ErrorKind.CANCELLED:            Ending(-32800, 499, Exit.FAILED, "nobody's: the caller wished it"),
})
# fmt: on

_BY_CODE = {ending.code: kind for kind, ending in ENDINGS.items()}


def ending_of(verdict: str) -> Ending | None:
    """Of a verdict, by its name; None for the one that is no error."""
    return None if verdict == "ok" else ENDINGS[ErrorKind(verdict)]


def kind_of_code(code: int) -> ErrorKind | None:
    """Which kind a JSON-RPC code stands for."""
    return _BY_CODE.get(code)
