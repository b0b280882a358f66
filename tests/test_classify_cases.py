"""What each provider's failures mean: hundreds of things said, each with the kind and scope it stands for."""

from typing import TYPE_CHECKING

import pytest

from state.classify import RULES, classify
from state.failures import Kind
from tests.said_by import (
    anthropic,
    brokers,
    china,
    evidence_of,
    google,
    hosts,
    languages,
    local,
    mixed,
    moods,
    openai,
    proxies,
    transports,
)

if TYPE_CHECKING:
    from tests.said_by import Body, Case

NOW_MS = 1_785_000_000_000
SAID: tuple["Case", ...] = (
    *openai.SAID,
    *google.SAID,
    *anthropic.SAID,
    *brokers.SAID,
    *hosts.SAID,
    *local.SAID,
    *china.SAID,
    *languages.SAID,
    *proxies.SAID,
    *transports.SAID,
    *mixed.SAID,
    *moods.SAID,
)


@pytest.mark.parametrize(("status", "body", "means"), SAID)
def test_what_was_said_means_this(status: int | str | None, body: "Body", means: str):
    failure = classify(evidence_of(status, body), NOW_MS)
    assert (f"{failure.kind} {failure.scope}", failure.rule) == (means, failure.rule)


def test_every_row_of_the_table_decides_a_case():
    deciding = {classify(evidence_of(status, body), NOW_MS).rule for status, body, _ in SAID}
    assert [rule.name for rule in RULES if rule.name not in deciding] == []


def test_no_two_rows_have_one_name():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names)


def test_every_kind_has_a_row():
    assert {rule.kind for rule in RULES} == set(Kind)
