"""Puts `status` together: from the ledgers, the router, the journal and the supervisor, as they stand now."""

import os
from collections.abc import Iterable, Iterator

from actors.kernel.child import Standing as ChildStanding
from daemon.api.cast import Cast
from daemon.api.moment import Moment
from daemon.api.roster import is_usable, provider_said
from daemon.api.status import ChildSaid, ForcedSaid, Health, PoolSaid, ProviderSaid, Status, SteeredSaid
from daemon.api.totals import measures_of_all
from state.config import Capability
from state.memory.durability import JournalHealth
from state.routing.ask import Ask
from state.routing.board import Board
from state.routing.pools import AUTO, Pool
from state.routing.preferences import Preferences
from state.routing.question import Question
from state.routing.routing import Nobody, choose
from state.timeline import wall_set_ms

__all__ = ["glance"]


def glance(cast: Cast) -> Status:
    """How it stands."""
    now = Moment(cast.clock.now_ms(), cast.clock.wall_ms())
    board, preferences = cast.router.switchboard.keeper.board, cast.router.state.preferences
    children = cast.wishes.children
    alive = {child.name.partition(".")[0]: child.standing for child in children}
    pools = tuple(_pool(pool, board, preferences, now) for pool in _pools(cast))
    providers = tuple(
        provider_said(door, board, str(alive.get(name, ChildStanding.STARTING)), now)
        for name, door in cast.doors.items()
    )
    router, health = cast.router.status, cast.journal.health
    says = tuple(_says(pools, providers, health, is_offline=router.is_offline))
    return Status(
        health=_health(pools, says),
        says=says,
        version=cast.version,
        uptime_s=(now.at_ms - cast.began_ms) / 1000,
        pid=os.getpid(),
        source=cast.resolved().source,
        at_wall_ms=now.wall_ms,
        in_flight=router.in_flight,
        is_offline=router.is_offline,
        verdicts={str(verdict): count for verdict, count in router.verdicts.items()},
        measures=measures_of_all((door.ledger.state for door in cast.doors.values()), now),
        clock_set_s=wall_set_ms(cast.last_read, cast.clock.read()) / 1000,
        journal=health,
        pools=pools,
        providers=providers,
        forced=tuple(_forced(preferences, now)),
        steered=tuple(_steered(preferences, now)),
        remembered=sum(memory.until_ms > now.at_ms for memory in preferences.remembered.values()),
        children=tuple(
            ChildSaid(
                name=child.name,
                standing=child.standing,
                life=child.life,
                deaths=child.deaths,
                waiting=child.waiting,
            )
            for child in children
        ),
    )


# Who serves.


def _pools(cast: Cast) -> Iterator[Pool]:
    meant = cast.router.names.meant
    for name in (*cast.resolved().config.pool, AUTO):
        if name in meant:
            yield meant[name]


def _pool(pool: Pool, board: Board, preferences: Preferences, now: Moment) -> PoolSaid:
    question = Question(
        ask=Ask(needs=_usual_needs(pool, board)),
        pool=pool,
        board=board,
        preferences=preferences,
        now_ms=now.at_ms,
        chance=0.5,
    )
    found = choose(question)
    views = [board.views[lane] for lane in pool.lanes if lane in board.views]
    nobody = isinstance(found, Nobody)
    return PoolSaid(
        pool=pool.name,
        strategy=question.strategy,
        serves="" if isinstance(found, Nobody) else str(found.lane),
        lead="" if isinstance(found, Nobody) else found.lead,
        usable=sum(is_usable(view, now) for view in views),
        lanes=tuple(map(str, pool.lanes)),
        back_in_s=now.left_s(found.retry_at_ms) if isinstance(found, Nobody) and nobody else None,
    )


def _usual_needs(pool: Pool, board: Board) -> frozenset[Capability]:
    """A pool for conversations is asked for one; a pool of image models is asked what it can do."""
    lanes = [board.views[lane].card.can for lane in pool.lanes if lane in board.views]
    if any(Capability.CHAT in can for can in lanes):
        return frozenset({Capability.CHAT})
    return frozenset.intersection(*lanes) if lanes else frozenset()


# What the operator ordered, and what somebody should know.


def _forced(preferences: Preferences, now: Moment) -> Iterator[ForcedSaid]:
    for pool, forced in preferences.forced.items():
        if forced.until_ms > now.at_ms:
            yield ForcedSaid(
                target=str(forced.target),
                pool=pool,
                until_wall_ms=now.wall_of(forced.until_ms),
                left_s=(forced.until_ms - now.at_ms) / 1000,
            )


def _steered(preferences: Preferences, now: Moment) -> Iterator[SteeredSaid]:
    for pool, steered in preferences.steered.items():
        if steered.until_ms > now.at_ms:
            yield SteeredSaid(
                pool=pool,
                strategy=steered.strategy,
                until_wall_ms=now.wall_of(steered.until_ms),
                left_s=(steered.until_ms - now.at_ms) / 1000,
            )


def _says(
    pools: Iterable[PoolSaid], providers: Iterable[ProviderSaid], journal: JournalHealth, *, is_offline: bool
) -> Iterator[str]:
    if is_offline:
        yield "our own network is down"
    for pool in pools:
        if not pool.serves:
            back = "" if pool.back_in_s is None else f"; one may be back in {pool.back_in_s:.0f} s"
            yield f"nobody can answer for pool {pool.pool}{back}"
    if journal.degraded:
        yield f"journal: degraded, {journal.degraded}"
    if journal.anew:
        yield f"journal: {journal.anew}"
    for provider in providers:
        if provider.actor not in (ChildStanding.ALIVE, ChildStanding.STARTING):
            yield f"{provider.provider}: its actor is {provider.actor}"
        if not provider.is_enabled:
            continue
        if provider.hold is not None:
            yield f"{provider.provider}: {provider.says}"
        for key in provider.keys:
            if key.hold is not None:
                yield f"{provider.provider}/{key.key}: {key.says}"
        for lane in provider.lanes:
            if lane.hold is not None and provider.hold is None:
                yield f"{lane.lane}: {lane.says}"
            elif lane.last_standing:
                yield f"{lane.lane}: {lane.last_standing}"


def _health(pools: Iterable[PoolSaid], says: tuple[str, ...]) -> Health:
    if any(not pool.serves for pool in pools):
        return Health.FAILING
    return Health.DEGRADED if says else Health.WELL
