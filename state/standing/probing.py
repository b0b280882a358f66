"""When a target is looked at next: rarely while it is well, by the ladder while it is in quarantine.

well            about every minute, counted from the last probe or the last live answer
quarantined     10, 20, 30, 30, 60, 120, 300 s after the step before; a good look is confirmed at once
resting, out    not before that ends: there is nothing to learn, and a rate limit would only grow
"""

from state.config import Config, ProbeConfig, ProviderConfig
from state.standing.holds import HoldKind
from state.standing.judgement import provider_config
from state.standing.standing import Standing
from state.standing.standings import KeyStanding, Standings
from state.timeline import ms
from state.words import KeyId, LaneId, ProviderId, Target, chain

__all__ = ["held_on", "next_probe_ms", "quiet_keys", "watched"]


def watched(standings: Standings, provider: ProviderId, at_ms: int) -> tuple[Target, ...]:
    """Whom to look at: the provider itself, and whoever of its keys and lanes is in quarantine.

    One free call can tell about all of them that are due; each is told by a `ProbeClosed` of its own.
    """
    branch = standings.providers.get(provider.provider)
    if branch is None:
        return (provider,)
    held: list[Target] = []
    for name, key in branch.keys.items():
        if _is_quarantined(key.own, at_ms):
            held.append(KeyId(provider.provider, name))
        held.extend(
            LaneId(provider.provider, name, model)
            for model, lane in key.lanes.items()
            if _is_quarantined(lane, at_ms)
        )
    return provider, *held


def held_on(standings: Standings, target: Target, at_ms: int) -> tuple[Target, ...]:
    """Whoever stands on the target and is in quarantine: it is good news for them that the target is well."""
    provider = ProviderId(target.provider)
    return tuple(
        held for held in watched(standings, provider, at_ms) if held != target and target in _stands_on(held)
    )


def next_probe_ms(
    standings: Standings,
    target: Target,
    settings: Config,
    *,
    at_ms: int,
    answered_ms: int | None = None,
    jitter: float = 0.5,
) -> int | None:
    """The moment of the next probe, perhaps already past; None: not before somebody acts.

    `answered_ms` is when live traffic last proved it well, `jitter` a fraction drawn once for each probe.
    """
    provider = provider_config(settings, target)
    if not provider.probe.enabled:
        return None
    due_ms = _due_ms(standings.of(target), at_ms, provider, answered_ms, jitter)
    for above in _stands_on(target):
        for hold in standings.of(above).holds:
            if hold.kind is HoldKind.QUARANTINE:
                continue
            if hold.until_ms is None:
                return None
            due_ms = max(due_ms, hold.until_ms)
    return due_ms


def quiet_keys(standings: Standings, provider: ProviderConfig, at_ms: int) -> tuple[str, ...]:
    """The keys with which a free question may be asked of the provider: where a rate limit runs, even on one
    lane, it would be one more request, and what a refused key hears says nothing of the others.
    """
    branch = standings.providers.get(provider.name)
    keys = {} if branch is None else branch.keys
    return tuple(
        key.name
        for key in provider.keys
        if key.enabled and (key.name not in keys or _is_quiet(keys[key.name], at_ms))
    )


def _is_quiet(key: KeyStanding, at_ms: int) -> bool:
    return not any(
        hold.runs_at(at_ms) for hold in key.own.holds if hold.kind is not HoldKind.QUARANTINE
    ) and not any(
        hold.runs_at(at_ms)
        for lane in key.lanes.values()
        for hold in lane.holds
        if hold.kind is HoldKind.REST
    )


def _due_ms(
    standing: Standing, at_ms: int, provider: ProviderConfig, answered_ms: int | None, jitter: float
) -> int:
    law = provider.probe
    probed_ms = standing.probing.at_ms
    if probed_ms is not None and provider.quarantine.early_trial and _is_quarantined(standing, at_ms):
        return probed_ms + ms(_pause_s(standing, law))
    seen_ms = [moment for moment in (probed_ms, answered_ms) if moment is not None]
    if not seen_ms:
        return at_ms
    return max(seen_ms) + ms(law.every_s * (1 + law.jitter * (2 * jitter - 1)))


def _pause_s(standing: Standing, law: ProbeConfig) -> float:
    """When the time of a step has come its looks are over: a trial waits for a request, not for them."""
    if 0 < standing.probing.good < law.good_in_row:
        return law.again_s
    step_s = law.ladder_s[min(standing.probing.step, len(law.ladder_s) - 1)]
    return max(law.again_s, step_s - law.again_s * law.good_in_row)


def _is_quarantined(standing: Standing, at_ms: int) -> bool:
    quarantine = standing.held(HoldKind.QUARANTINE)
    return quarantine is not None and quarantine.runs_at(at_ms)


def _stands_on(target: Target) -> tuple[Target, ...]:
    if isinstance(target, LaneId):
        return chain(target)
    return (target,) if isinstance(target, ProviderId) else (target, ProviderId(target.provider))
