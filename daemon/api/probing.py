"""A look at providers' health, now and for free."""

from typing import Annotated

from msgspec import Meta, Struct

from actors.kernel.answers import NoAnswer
from actors.provider.provider import ProbeNow
from daemon.api.cast import Cast
from daemon.api.params import Params
from daemon.api.refusal import Refusal
from daemon.api.targets import named
from state.events import ProbeClosed
from state.words import ProviderId, Target

__all__ = ["ProbeParams", "ProbeSaid", "Probed", "probe"]

PROBE_MS_MAX = 15_000


class ProbeParams(Params, frozen=True):
    target: Annotated[str, Meta(max_length=400)] = ""
    """Empty: every provider."""


class ProbeSaid(Struct, frozen=True, kw_only=True):
    """What a free health check has shown."""

    target: str
    is_well: bool
    seconds: float
    kind: str = ""
    rule: str = ""
    status: int | None = None
    said: str = ""


class Probed(Struct, frozen=True):
    """One for each that was looked at."""

    probes: tuple[ProbeSaid, ...]


async def probe(cast: Cast, params: ProbeParams) -> Probed | Refusal:
    """One after the other."""
    target = named(cast, params.target) if params.target else None
    if isinstance(target, Refusal):
        return target
    targets: list[Target] = [target] if target else [ProviderId(name) for name in cast.doors]
    return Probed(tuple([await _probe(cast, each) for each in targets]))


async def _probe(cast: Cast, target: Target) -> ProbeSaid:
    deadline_ms = cast.clock.now_ms() + PROBE_MS_MAX
    mailbox = cast.mailboxes[target.provider]
    closed: ProbeClosed | NoAnswer = await mailbox.ask(lambda reply: ProbeNow(target, reply), deadline_ms)
    if not isinstance(closed, ProbeClosed):
        return ProbeSaid(target=str(target), is_well=False, seconds=0.0, said=str(closed))
    failure = closed.failure
    return ProbeSaid(
        target=str(target),
        is_well=failure is None,
        seconds=closed.duration_ms / 1000,
        kind="" if failure is None else failure.kind,
        rule="" if failure is None else failure.rule,
        status=None if failure is None else failure.status,
        said="" if failure is None else failure.said,
    )
