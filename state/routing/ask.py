"""What a request needs and wishes, as far as it matters to where it may go."""

from msgspec import Struct

from state.config import Capability, Strategy

__all__ = ["Ask"]


class Ask(Struct, frozen=True, gc=False, kw_only=True, omit_defaults=True):
    """What a request needs and wishes."""

    needs: frozenset[Capability] = frozenset({Capability.CHAT})
    tokens_in: int = 0
    tokens_out: int | None = None
    """At most this many in the answer; None: the caller set no bound."""
    images_out: int = 0
    stream: bool = False
    app: str = ""
    context: str = ""
    """What belongs together, by the caller's word: one conversation, one index, one batch."""
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    no_failover_to: tuple[str, ...] = ()
    preferred_provider: str = ""
    data_class: str = ""
    budget_usd: float | None = None
    """What is left to be spent on this request."""
    strategy: Strategy | None = None
    failover: bool = True
    sticky: bool = False
