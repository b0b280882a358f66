"""What it means for a lane that an exchange failed on its way: one row for each fault.

Strangers' words have to be read and judged by the classifier. What our own transport and clocks say is known
exactly, so here a table is enough; the name of the fault is the name of the rule.
"""

from collections.abc import Mapping
from types import MappingProxyType

from msgspec import Struct

from actors.net.faults import ExchangeFailed, Fault
from state.events import Cancelled, Interrupted
from state.failures import Failure, Kind, Scope

__all__ = ["MEANINGS", "Meaning", "outcome_of"]

SATURATED_S = 1.0


class Meaning(Struct, frozen=True):
    """A failure, as far as the fault decides it."""

    kind: Kind
    scope: Scope
    wait_s: float | None = None


NO_WAY = Meaning(Kind.NETWORK, Scope.PROVIDER)
TOO_LATE = Meaning(Kind.TIMEOUT, Scope.MODEL)
NO_ANSWER = Meaning(Kind.BAD_RESPONSE, Scope.REQUEST)
SATURATED = Meaning(Kind.RATE_LIMIT, Scope.PROVIDER, SATURATED_S)
"""The queue that is full is our own: nobody is struck for it, and soon there is room."""

MEANINGS: Mapping[Fault, Meaning | Cancelled | Interrupted] = MappingProxyType(
    {
        Fault.UNRESOLVED: NO_WAY,
        Fault.FORBIDDEN_ADDRESS: NO_WAY,
        Fault.UNREACHABLE: NO_WAY,
        Fault.TLS: NO_WAY,
        Fault.PROXY: NO_WAY,
        Fault.CONNECT_TIMEOUT: NO_WAY,
        Fault.BUSY: SATURATED,
        Fault.NO_ANSWER: NO_WAY,
        Fault.RESET: NO_WAY,
        Fault.TRUNCATED: NO_ANSWER,
        Fault.MALFORMED: NO_ANSWER,
        Fault.HEAD_TOO_LARGE: NO_ANSWER,
        Fault.BODY_TOO_LARGE: NO_ANSWER,
        Fault.BAD_ENCODING: NO_ANSWER,
        Fault.BOMB: NO_ANSWER,
        Fault.FIRST_TOKEN_TIMEOUT: TOO_LATE,
        Fault.GAP_TIMEOUT: TOO_LATE,
        Fault.TOTAL_TIMEOUT: TOO_LATE,
        Fault.DEADLINE: Cancelled(),
        Fault.ILLEGAL_REQUEST: Interrupted(),
        Fault.CLOSED: Interrupted(),
    }
)


def outcome_of(failed: ExchangeFailed) -> Failure | Cancelled | Interrupted:
    """Once something had been heard, the way was there: then it is the answer that is broken."""
    meaning = MEANINGS[failed.fault]
    if not isinstance(meaning, Meaning):
        return meaning
    if failed.heard and meaning is NO_WAY:
        meaning = NO_ANSWER
    return Failure(
        kind=meaning.kind,
        scope=meaning.scope,
        rule=failed.fault.replace("_", "-"),
        wait_s=meaning.wait_s,
        said=failed.says,
    )
