"""What the dialects find wrong is understood by the classifier as it was meant."""

import pytest

from actors.wire.answer import Flaw
from actors.wire.call import Reply
from actors.wire.gemini_answer import FINISH
from actors.wire.proof import broken, instead, instead_of_json, interrupted, refused, unusable
from state.classify import classify
from state.config import Api
from state.failures import Kind, Scope
from tests.wire.calls import call

CALL = call(Api.OPENAI)
OK = Reply(200, (), b'{"choices":[{"message":{"content":"insufficient_quota: check your billing details"}}]}')

MEANT = {
    Flaw.NOT_JSON: Kind.BAD_RESPONSE,
    Flaw.NO_CHOICES: Kind.BAD_RESPONSE,
    Flaw.NO_FINISH: Kind.BAD_RESPONSE,
    Flaw.CUT: Kind.BAD_RESPONSE,
    Flaw.GARBLED: Kind.BAD_RESPONSE,
    Flaw.EMPTY: Kind.BAD_RESPONSE,
    Flaw.FILTERED: Kind.CONTENT_POLICY,
    Flaw.ERROR: Kind.BAD_RESPONSE,
    Flaw.NOT_THE_JSON: Kind.BAD_RESPONSE,
    Flaw.TOO_FEW: Kind.BAD_RESPONSE,
    Flaw.NO_IMAGE: Kind.BAD_RESPONSE,
}


def test_who_thinks_until_the_callers_limit_is_reached_is_not_to_blame() -> None:
    for evidence in (unusable(CALL, OK, Flaw.ALL_THOUGHT), broken(CALL, Flaw.ALL_THOUGHT)):
        failure = classify(evidence, 0)
        assert (failure.kind, failure.scope) == (Kind.BAD_REQUEST, Scope.MODEL)


@pytest.mark.parametrize(("flaw", "kind"), MEANT.items())
def test_a_fault_is_understood(flaw: str, kind: Kind) -> None:
    for evidence in (unusable(CALL, OK, flaw), broken(CALL, flaw)):
        failure = classify(evidence, 0)
        assert (failure.kind, failure.scope) == (kind, Scope.REQUEST)
        assert failure.said == flaw


@pytest.mark.parametrize(
    "reason", [reason for reason, finish in FINISH.items() if finish == "content_filter"]
)
def test_whatever_a_filter_is_called_it_is_one(reason: str) -> None:
    assert classify(unusable(CALL, OK, f"{Flaw.FILTERED} ({reason})"), 0).kind is Kind.CONTENT_POLICY


def test_a_models_words_do_not_cost_a_lane_its_quota() -> None:
    assert classify(instead_of_json(CALL, OK, Flaw.NOT_JSON), 0).kind is Kind.BAD_RESPONSE


def test_a_providers_words_do() -> None:
    words = b'{"error":{"code":"insufficient_quota","message":"You exceeded your current quota"}}'
    for evidence in (
        refused(CALL, Reply(429, (), words)),
        instead(CALL, Reply(200, (), words)),
        interrupted(CALL, words),
    ):
        assert classify(evidence, 0).kind is Kind.QUOTA


def test_a_page_instead_of_an_answer_is_no_answer() -> None:
    page = Reply(200, (), b"<!DOCTYPE html><html><title>Just a page</title></html>")
    assert classify(instead_of_json(CALL, page, Flaw.NOT_JSON), 0).kind is Kind.BAD_RESPONSE
