"""Who may be asked, and who is struck: told again from the journal alone."""

from collections.abc import Iterator

import msgspec

from state.config import Config
from state.events import (
    AttemptClosed,
    AttemptOpened,
    Cancelled,
    ConfigLoaded,
    Event,
    Interrupted,
    LimitLearned,
    Mark,
    ProbeClosed,
)
from state.failures import Failure
from state.memory.fold import NOTHING_KNOWN, State, fold
from state.memory.parts import concerns, part_name
from state.standing.admission import Admitted, admit
from state.standing.consequences import Counts, consequence
from state.timeline import ms
from tests.siege.laws.aftermath import Aftermath

__all__ = [
    "a_snapshot_is_the_fold_of_the_events",
    "nobody_is_asked_who_may_not_be",
    "nobody_is_struck_for_others",
]


_ENDS = AttemptClosed | ProbeClosed | LimitLearned


def nobody_is_asked_who_may_not_be(after: Aftermath) -> Iterator[str]:
    """Told again from the journal alone: each opening was admitted by the standing that all before had led to."""
    last_resort_ms: int | None = None
    before_ms: dict[str, int] = {}
    for event, name, state, settings in _told_again(after):
        since_ms, before_ms[name] = before_ms.get(name, event.at_ms), event.at_ms
        if not isinstance(event, AttemptOpened):
            continue
        is_last = event.terms.mark is Mark.LAST_RESORT
        # It was admitted at some moment behind the last that had happened, and written down a little later.
        said = [
            admit(state.standing, event.lane, at_ms, settings, as_last_resort=is_last)
            for at_ms in (event.at_ms, *range(event.at_ms - 1, since_ms - 1, -1))
        ]
        if not any(
            isinstance(each, Admitted)
            and (each.terms.mark, each.terms.epochs) == (event.terms.mark, event.terms.epochs)
            for each in said
        ):
            yield f"{event.attempt_id} on {event.lane} on {event.terms}, but: {said[0]}"
        if is_last:
            gap_ms = ms(settings.provider[name].quarantine.last_resort_s)
            if last_resort_ms is not None and event.at_ms - last_resort_ms < gap_ms:
                yield f"{event.attempt_id}: a last resort {event.at_ms - last_resort_ms} ms after the one before"
            last_resort_ms = event.at_ms


def nobody_is_struck_for_others(after: Aftermath) -> Iterator[str]:
    """Callers' faults, cancelled calls and our own deaths leave every hold and every row as it was."""
    for event, name, state, settings in _told_again(after):
        if not isinstance(event, AttemptClosed):
            continue
        outcome = event.outcome
        is_nobodys = isinstance(outcome, Cancelled | Interrupted) or (
            isinstance(outcome, Failure) and consequence(outcome).counts is Counts.NOTHING
        )
        if is_nobodys:
            then = fold(state, event, settings).standing
            for before, now in zip(state.standing.chain(event.lane), then.chain(event.lane), strict=True):
                if (before.holds, before.row, before.epoch) != (now.holds, now.row, now.epoch):
                    yield f"{event.attempt_id} on {event.lane} ended with {outcome}: {before} became {now} ({name})"


def _told_again(after: Aftermath) -> Iterator[tuple[Event, str, State, Config]]:
    """Every event with the state that it met, provider by provider, by the settings of its time."""
    states = dict.fromkeys(after.siege.servers, NOTHING_KNOWN)
    settings: dict[str, Config] = {}
    present: set[str] = set()
    for event in after.events:
        if isinstance(event, ConfigLoaded):
            config = after.siege.configs[event.digest]
            present = set(config.provider)
            settings |= {name: Config(provider={name: each}) for name, each in config.provider.items()}
        for name, state in states.items():
            # Who left the config learns no more than how that ends which it had under way.
            if concerns(event, name) and (name in present or isinstance(event, _ENDS)):
                yield event, name, state, settings[name]
                states[name] = fold(state, event, settings[name])


def a_snapshot_is_the_fold_of_the_events(after: Aftermath) -> Iterator[str]:
    for name, state in _at_the_end(after).items():
        kept = msgspec.json.decode(after.snapshots[part_name(name)], type=State)
        for part in ("standing", "limits", "statistics"):
            told, found = getattr(state, part), getattr(kept, part)
            if told != found:
                yield f"{part} of {name}: told again it is {told}, kept is {found}"


def _at_the_end(after: Aftermath) -> dict[str, State]:
    states: dict[str, State] = {}
    for event, name, state, settings in _told_again(after):
        states[name] = fold(state, event, settings)
    return states
