"""Every provider with its keys and lanes, as `status` tells of them."""

from actors.provider.ledger import Ledger
from actors.provider.provider import Doorway
from daemon.api.moment import Moment
from daemon.api.status import Condition, HoldSaid, KeySaid, LaneSaid, ProviderSaid
from daemon.api.totals import left_of, measures_of
from state.config import ProviderConfig
from state.routing.board import Board, LaneView, OnTrial, Usable
from state.standing.admission import explain
from state.standing.holds import Hold
from state.standing.standing import Standing
from state.usage.capacity import LaneCapacity, capacity
from state.usage.limits import allowance_of
from state.words import KeyId, LaneId

__all__ = ["is_usable", "provider_said"]


def is_usable(view: LaneView, now: Moment) -> bool:
    """Whether the next request could have it."""
    condition = view.condition_at(now.at_ms)
    is_free = isinstance(condition, Usable) or (isinstance(condition, OnTrial) and condition.free)
    return is_free and view.exhausted is None and view.card.enabled


def provider_said(door: Doorway, board: Board, actor: str, now: Moment) -> ProviderSaid:
    ledger = door.ledger
    provider, standings = ledger.provider, ledger.state.standing
    room = capacity(
        ledger.state.limits, (allowance_of(provider, lane) for lane in ledger.lanes), now.at_ms, now.wall_ms
    )
    lanes = tuple(_lane(ledger, each, board.views.get(each.lane), now) for each in room.lanes)
    own = standings.of(ledger.id)
    return ProviderSaid(
        provider=provider.name,
        is_enabled=provider.enabled,
        condition=_condition(own, provider, now),
        says=own.say(now.at_ms, provider) if provider.enabled else "off by its config",
        hold=_hold(own, provider, now),
        actor=actor,
        usable=sum(lane.is_usable for lane in lanes),
        in_flight=door.in_flight,
        probed_wall_ms=None if own.probing.at_ms is None else now.wall_of(own.probing.at_ms),
        left=left_of(room.providers.get(provider.name, {})),
        measures=measures_of(ledger.state, ledger.id, now),
        keys=tuple(
            _key(KeyId(provider.name, key.name), standings.of(KeyId(provider.name, key.name)), provider, now)
            for key in provider.keys
        ),
        lanes=lanes,
    )


def _key(key: KeyId, standing: Standing, provider: ProviderConfig, now: Moment) -> KeySaid:
    return KeySaid(
        key=key.key,
        condition=_condition(standing, provider, now),
        says=standing.say(now.at_ms, provider),
        hold=_hold(standing, provider, now),
    )


def _lane(ledger: Ledger, room: LaneCapacity, view: LaneView | None, now: Moment) -> LaneSaid:
    lane, provider = room.lane, ledger.provider
    own = ledger.state.standing.of(lane)
    sentence = explain(ledger.state.standing, lane, now.at_ms, ledger.settings)
    exhausted = room.exhausted
    until_ms = None if exhausted is None else exhausted.until_ms
    return LaneSaid(
        lane=str(lane),
        model=lane.model,
        key=lane.key,
        is_usable=view is not None and is_usable(view, now),
        condition=_condition(own, provider, now),
        says=_without_name(sentence, lane) if view is None or view.card.enabled else "off by its config",
        last_standing=_last_standing(ledger, lane, now),
        hold=_hold(own, provider, now),
        in_flight=ledger.state.limits.meter(lane).in_flight,
        exhausted="" if exhausted is None else exhausted.window,
        exhausted_until_wall_ms=None if until_ms is None else now.wall_of(until_ms),
        left=left_of(room.left),
        measures=measures_of(ledger.state, lane, now),
    )


def _without_name(sentence: str, lane: LaneId) -> str:
    """The lane's own name stands beside it; that of its key or provider is news."""
    return sentence.removeprefix(f"{lane}: ")


def _last_standing(ledger: Ledger, lane: LaneId, now: Moment) -> str:
    for standing in ledger.state.standing.chain(lane):
        if standing.row and standing.is_free:
            return standing.say(now.at_ms, ledger.provider)
    return ""


def _condition(standing: Standing, provider: ProviderConfig, now: Moment) -> Condition:
    return Condition(standing.phase(now.at_ms, provider).name.lower())


def _hold(standing: Standing, provider: ProviderConfig, now: Moment) -> HoldSaid | None:
    """The one that runs; else the one over which it is on trial."""
    hold = standing.hold(now.at_ms, provider)
    if hold is None and standing.awaits_trial(now.at_ms, provider):
        hold = max((each for each in standing.holds if each.law.ends_in_trial), key=_since)
    if hold is None:
        return None
    return HoldSaid(
        kind=hold.kind,
        why=hold.reason,
        rule=hold.rule,
        by=hold.by,
        row=hold.row,
        since_wall_ms=now.wall_of(hold.since_ms),
        until_wall_ms=None if hold.until_ms is None else now.wall_of(hold.until_ms),
        left_s=now.left_s(hold.until_ms),
    )


def _since(hold: Hold) -> int:
    return hold.since_ms
