"""How the table does on recorded failures of real providers, where a collection of them lies beside the project.

They are labelled by people; `alt_labels` and `alt_scopes` are what a sensible engineer could also say.
"""

from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import msgspec
import pytest

from daemon.classify import Line, as_evidence
from state.classify import classify
from state.failures import Failure, Kind, Scope

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "responses.jsonl"
NOW_MS = 1_785_000_000_000
A_MINUTE_MS = 60_000

pytestmark = pytest.mark.skipif(not CORPUS.exists(), reason="no collection of recorded failures here")


class Recorded(Line):
    """A line of the collection."""

    label: Kind = Kind.UNAVAILABLE
    scope: Scope = Scope.REQUEST
    alt_labels: tuple[Kind, ...] = ()
    alt_scopes: tuple[Scope, ...] = ()
    retry_after_s: float | None = None
    retry_at: datetime | None = None

    @property
    def name(self) -> str:
        return bytes(self.id).decode()


@cache
def recorded() -> tuple[Recorded, ...]:
    return tuple(msgspec.json.decode(line, type=Recorded) for line in CORPUS.read_bytes().splitlines())


def judged(case: Recorded, now_ms: int = NOW_MS) -> Failure:
    return classify(as_evidence(case), now_ms)


def test_the_kind_is_right_in_97_of_100():
    wrong = [
        f"{case.name}: {failure.kind} by {failure.rule}, not {case.label}"
        for case in recorded()
        if (failure := judged(case)).kind not in (case.label, *case.alt_labels)
    ]
    assert len(wrong) <= 0.03 * len(recorded()), wrong


def test_the_scope_is_right_in_92_of_100():
    wrong = [
        f"{case.name}: {failure.scope} by {failure.rule}, not {case.scope}"
        for case in recorded()
        if (failure := judged(case)).scope not in (case.scope, *case.alt_scopes)
    ]
    assert len(wrong) <= 0.08 * len(recorded()), wrong


def test_no_kind_is_sacrificed_for_the_average():
    total, right = Counter[Kind](), Counter[Kind]()
    for case in recorded():
        total[case.label] += 1
        right[case.label] += judged(case).kind in (case.label, *case.alt_labels)
    assert {
        kind: f"{right[kind]} of {total[kind]}" for kind in total if right[kind] < 0.9 * total[kind]
    } == {}


def test_every_wait_that_was_stated_is_found():
    stated = [case for case in recorded() if case.retry_after_s is not None]
    found = {case.name: judged(case).wait_s for case in stated}
    assert found == {case.name: pytest.approx(case.retry_after_s, abs=1) for case in stated}


def test_every_moment_that_was_stated_is_found():
    stated = [case for case in recorded() if case.retry_at is not None and case.retry_after_s is None]
    found = {case.name: judged(case, until_ms(case) - A_MINUTE_MS).wait_s for case in stated}
    assert found == dict.fromkeys(found, pytest.approx(60, abs=1))


def until_ms(case: Recorded) -> int:
    assert case.retry_at is not None
    return round(case.retry_at.astimezone(UTC).timestamp() * 1000)
