"""What the journal holds: one verdict for each call, one closing for each attempt, nobody late."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from state.events import (
    Answered,
    AttemptClosed,
    AttemptOpened,
    Interrupted,
    RequestClosed,
    Verdict,
)
from state.failures import Failure
from state.timeline import ms
from tests.siege.laws.aftermath import Aftermath
from tests.siege.laws.answers import explained, refusal_of, texts_of_success
from tests.siege.visitors import Call

__all__ = [
    "a_name_has_one_verdict",
    "a_request_counts_its_attempts",
    "answers_come_from_who_said_them",
    "deadlines_hold",
    "every_attempt_is_closed_once",
    "no_lane_is_asked_twice",
    "nobody_keeps_all_others_waiting",
    "one_answer_for_each_request",
    "one_verdict_for_each_call",
]


PROMISED_LATE_MS = 250
A_PING_S = 0.02
"""What takes longer waits for a processor."""


def one_verdict_for_each_call(after: Aftermath) -> Iterator[str]:
    """By the label under which each call went, and the journal's as the caller's."""
    closings: dict[str, list[RequestClosed]] = defaultdict(list)
    for event in after.events:
        # Of what a death left open, the next life knows no more than that it was.
        if isinstance(event, RequestClosed) and (event.app or event.verdict is not Verdict.INTERRUPTED):
            closings[event.app].append(event)
    for call in after.siege.street.calls:
        found = closings.pop(call.asking.label, [])
        if len(found) > 1:
            yield f"{call.asking.label} was closed {len(found)} times: {found}"
        said = _verdict_heard(call)
        # What was said in the last moments was said by a witness, who need not have written it down.
        if said is None or call.saw_the_end or call.asking.options.get("request_id"):
            continue
        if not found:
            # Cancelled in the moment in which it came, it was never let in.
            if said != Verdict.CANCELLED:
                yield f"{call.asking.label} was told {said} and never closed"
        elif said != found[0].verdict and said != Verdict.CANCELLED:
            yield f"{call.asking.label} was told {said} and closed as {found[0].verdict}"
    for label in closings:
        yield f"a request of {label!r} was closed, and nobody asked it"


def _verdict_heard(call: Call) -> str | None:
    """None: it was not taken at all, or left before it knew."""
    if not call.answers or call.was_cut:
        return None
    refusal = refusal_of(call)
    if refusal is None:
        return Verdict.OK
    kind = str(explained(refusal).get("kind") or refusal.get("code"))
    if kind == "-32800":
        return Verdict.CANCELLED
    return kind if kind in {each.value for each in Verdict} else None


def a_name_has_one_verdict(after: Aftermath) -> Iterator[str]:
    names = {call.asking.options.get("request_id") for call in after.siege.street.calls} - {None}
    closings: dict[str, list[str]] = defaultdict(list)
    for event in after.events:
        if isinstance(event, RequestClosed) and event.request_id in names:
            closings[event.request_id].append(event.verdict)
        if isinstance(event, AttemptOpened) and event.request_id in names:
            earlier = [each for each in closings[event.request_id] if each not in ("cancelled", "overloaded")]
            if earlier:
                yield f"{event.request_id} is sent again after {earlier}"
    for request, verdicts in closings.items():
        if len([each for each in verdicts if each not in ("cancelled", "overloaded")]) > 1:
            yield f"{request} has the verdicts {verdicts}"
    texts: dict[str, set[str]] = defaultdict(set)
    for call in after.siege.street.calls:
        if name := call.asking.options.get("request_id"):
            texts[name].update(texts_of_success(call))
    yield from (f"{name} has {len(said)} answers" for name, said in texts.items() if len(said) > 1)


def every_request_that_asked_anybody_is_closed_once(after: Aftermath) -> Iterator[str]:
    """But one that a death found between two attempts, of which nothing is left open."""
    names = {call.asking.options.get("request_id") for call in after.siege.street.calls}
    asked = {event.request_id for event in after.events if isinstance(event, AttemptOpened)}
    closed = Counter(event.request_id for event in after.events if isinstance(event, RequestClosed))
    for request in asked - names - _cut_by_death(after):
        if closed[request] != 1:
            yield f"{request} was closed {closed[request]} times"


def every_attempt_is_closed_once(after: Aftermath) -> Iterator[str]:
    opened: dict[str, AttemptOpened] = {}
    closed: set[str] = set()
    for event in after.events:
        if isinstance(event, AttemptOpened):
            if event.attempt_id in opened:
                yield f"{event.attempt_id} was opened twice"
            opened[event.attempt_id] = event
        elif isinstance(event, AttemptClosed):
            if event.attempt_id not in opened or opened[event.attempt_id].lane != event.lane:
                yield f"{event.attempt_id} was closed and never opened"
            if event.attempt_id in closed:
                yield f"{event.attempt_id} was closed twice"
            closed.add(event.attempt_id)
    yield from (f"{each} on {opened[each].lane} was never closed" for each in opened.keys() - closed)


def a_request_counts_its_attempts(after: Aftermath) -> Iterator[str]:
    attempts: Counter[str] = Counter()
    interrupted = _cut_by_death(after)
    for event in after.events:
        if isinstance(event, AttemptClosed) and event.request_id not in interrupted:
            attempts[event.request_id] += 1
        elif (
            isinstance(event, RequestClosed)
            and not (event.from_cache or event.merged_with or event.request_id in interrupted)
            and attempts.pop(event.request_id, 0) != event.attempts
        ):
            yield f"{event.request_id} closed as {event.verdict} counts {event.attempts}"
    yield from (f"{request} has {count} attempts after its end" for request, count in attempts.items())


def _cut_by_death(after: Aftermath) -> set[str]:
    """Requests of a life that was killed, and of which the journal has no more than a part."""
    if not any(call.saw_the_end for call in after.siege.street.calls):
        return set()
    attempts = [event for event in after.events if isinstance(event, AttemptClosed)]
    closed = {event.request_id for event in after.events if isinstance(event, RequestClosed)}
    interrupted = {event.request_id for event in attempts if isinstance(event.outcome, Interrupted)}
    named = {
        str(call.asking.options.get("request_id")) for call in after.siege.street.calls if call.saw_the_end
    }
    return interrupted | named | {event.request_id for event in attempts} - closed


def no_lane_is_asked_twice(after: Aftermath) -> Iterator[str]:
    """But by who comes back with a name, and for who refused to continue and is asked plainly."""
    asked: Counter[tuple[str, str]] = Counter()
    for event in after.events:
        if isinstance(event, AttemptOpened):
            asked[event.request_id, str(event.lane)] += 1
        elif isinstance(event, AttemptClosed) and _refused_to_continue(event.outcome):
            asked[event.request_id, str(event.lane)] -= 1
        elif isinstance(event, RequestClosed):
            for each in [each for each in asked if each[0] == event.request_id]:
                if asked.pop(each) > 1:
                    yield f"{each}"


def _refused_to_continue(outcome: object) -> bool:
    return isinstance(outcome, Failure) and outcome.kind == "bad_request"


def deadlines_hold(after: Aftermath) -> Iterator[str]:
    """By the daemon's own clock. What this machine made pings wait, it made others wait."""
    excused_ms = ms(sum(pulse for pulse in after.siege.pulses if pulse > A_PING_S))
    asked = {call.asking.label: call.deadline_s for call in after.siege.street.calls}
    for event in after.events:
        if isinstance(event, RequestClosed) and event.app in asked:
            late_ms = event.duration_ms - ms(asked[event.app])
            if late_ms > PROMISED_LATE_MS + excused_ms:
                yield f"{event.app} was {late_ms} ms late, when pings waited {excused_ms} ms: {event.verdict}"


def nobody_keeps_all_others_waiting(after: Aftermath) -> Iterator[str]:
    """By the time that the daemon itself works: how busy this machine is does not matter."""
    yield from (
        f"a ping waited for {worked_s} s of work" for worked_s in after.siege.pulse_cpu_s if worked_s > 1.0
    )


def answers_come_from_who_said_them(after: Aftermath) -> Iterator[str]:
    """Whom the journal credits with an answer has said one, whole, to that question."""
    said = {
        (name, entry.model, entry.question)
        for name, server in after.siege.servers.items()
        for entry in server.ledger
        if entry.is_whole
    }
    asked = {call.asking.label: call.asking.question for call in after.siege.street.calls}
    for event in after.events:
        if (
            isinstance(event, RequestClosed)
            and event.verdict is Verdict.OK
            and event.lane
            and event.app in asked
            and (event.lane.provider, event.lane.model, asked[event.app]) not in said
        ):
            yield f"{event.app}: {event.lane} never answered {asked[event.app]}"


def one_answer_for_each_request(after: Aftermath) -> Iterator[str]:
    """Who has an answer asks nobody else."""
    answered: set[str] = set()
    for event in after.events:
        if isinstance(event, AttemptOpened) and event.request_id in answered:
            yield f"{event.request_id} was answered, and asks {event.lane}"
        elif isinstance(event, AttemptClosed) and isinstance(event.outcome, Answered):
            answered.add(event.request_id)
