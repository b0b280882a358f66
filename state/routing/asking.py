"""What a request may ask of failoverd itself, and what becomes of it together with its pool's own rules.

The same options stand in the params of JSON-RPC and in the `failover` field of an HTTP body. The nearest word
counts: the request's, else the pool's. A request can narrow where it goes; it can never widen it.
"""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from state.config import Capability, Patience, PoolConfig, Strategy
from state.routing.ask import Ask
from state.settings.tuning import Pause, Seconds
from state.timeline import ms

__all__ = ["PLAIN", "Options", "Terms", "ask_of", "terms_of"]

Word = Annotated[str, Meta(max_length=200)]
Patterns = Annotated[tuple[Word, ...], Meta(max_length=64)]


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """None and empty: as the pool has it."""

    pool: Word = ""
    """Or a model's name. Empty: what the request calls its `model`."""
    include: Patterns = ()
    """Only lanes that one of these means."""
    exclude: Patterns = ()
    """None that one of these means."""
    preferred_provider: Word = ""
    """Goes first if it can."""
    no_failover_to: Patterns = ()
    """May be the first choice, never a second."""
    strategy: Strategy | None = None
    failover: bool = True
    """`false`: the first lane or a clear error."""
    sticky: bool = False
    """The lane that rescued this context keeps it for a while."""
    patience: Patience | None = None
    deadline_s: Seconds | None = None
    max_wait_s: Pause | None = None
    """So long it may queue while nothing is eligible."""
    rescue: Literal["continue", "restart", "none"] | None = None
    """What becomes of a stream that breaks after its first word."""
    context: Word = ""
    """What belongs together: one conversation, one index."""
    data_class: Word = ""
    """Only providers that are cleared for it."""
    budget_usd: Annotated[float, Meta(ge=0.0)] | None = None
    request_id: Annotated[str, Meta(max_length=128, pattern=r"^[!-~]*$")] = ""
    """Whoever comes back with the same name and content gets the same verdict, and nothing is sent twice."""
    app: Word = ""
    """Who asks, where the connection does not say it."""


PLAIN = Options()


class Terms(Struct, frozen=True, gc=False, kw_only=True):
    """How long a request lasts and how it is treated on its way."""

    deadline_ms: int
    wait_until_ms: int
    patience: Patience
    rescue: Literal["continue", "restart", "none"]


def ask_of(
    options: Options,
    *,
    needs: frozenset[Capability],
    tokens_in: int,
    tokens_out: int | None,
    images_out: int,
    stream: bool,
    app: str,
) -> Ask:
    """What matters to where the request may go."""
    return Ask(
        needs=needs,
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        images_out=images_out,
        stream=stream,
        app=options.app or app,
        context=options.context,
        include=options.include,
        exclude=options.exclude,
        no_failover_to=options.no_failover_to,
        preferred_provider=options.preferred_provider,
        data_class=options.data_class,
        budget_usd=options.budget_usd,
        strategy=options.strategy,
        failover=options.failover,
        sticky=options.sticky,
    )


def terms_of(options: Options, rules: PoolConfig, now_ms: int) -> Terms:
    """Whoever waits, waits within its deadline."""
    deadline_s = rules.deadline_s if options.deadline_s is None else options.deadline_s
    wait_s = rules.max_wait_s if options.max_wait_s is None else options.max_wait_s
    deadline_ms = now_ms + ms(deadline_s)
    return Terms(
        deadline_ms=deadline_ms,
        wait_until_ms=min(now_ms + ms(wait_s), deadline_ms),
        patience=options.patience or rules.patience,
        rescue=options.rescue or rules.rescue,
    )
