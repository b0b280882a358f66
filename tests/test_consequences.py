"""What follows from a failure: the table, whom it blames, and the only retries there are."""

from typing import get_args

import pytest

from state.config import Patience, RetryConfig
from state.failures import RESPONSE_CLASS, Failure, Kind, Scope
from state.standing.consequences import CONSEQUENCES, Consequence, Counts, InPlace, Then, blamed, consequence
from state.standing.hosts import host_of, is_loopback
from state.standing.retries import pause_before_retry_s
from state.words import LaneId, Target

LANE = LaneId("gemini", "key1", "flash")
KEY, PROVIDER = LANE.key_id, LANE.provider_id
STRIKES = frozenset(kind for kind, row in CONSEQUENCES.items() if row.counts is Counts.STRIKE)
CALLERS = frozenset({Kind.CONTEXT_LENGTH, Kind.CONTENT_POLICY, Kind.BAD_REQUEST})


def failure(kind: Kind, scope: Scope = Scope.MODEL, wait_s: float | None = None) -> Failure:
    return Failure(kind=kind, scope=scope, rule="some-rule", wait_s=wait_s)


def test_the_table_has_one_row_for_every_kind_of_failure():
    assert set(CONSEQUENCES) == set(Kind)


def test_what_a_caller_does_counts_as_nothing_and_what_a_prompt_can_cause_counts_as_a_strike():
    assert {kind for kind in Kind if CONSEQUENCES[kind].counts is Counts.NOTHING} == CALLERS
    assert RESPONSE_CLASS < STRIKES


def test_only_what_our_own_dead_network_looks_like_may_be_undone():
    assert {kind for kind in Kind if CONSEQUENCES[kind].may_be_link} == {Kind.NETWORK, Kind.TIMEOUT}


def test_a_model_that_cannot_do_what_was_asked_sends_the_request_to_the_next_lane():
    assert consequence(failure(Kind.BAD_REQUEST, Scope.REQUEST)).then is Then.CALLER
    assert consequence(failure(Kind.BAD_REQUEST, Scope.MODEL)) == Consequence(
        InPlace.NEVER, Then.NEXT_LANE, Counts.NOTHING
    )


BLAME: dict[tuple[Kind, Scope], Target | None] = {
    (Kind.RATE_LIMIT, Scope.REQUEST): LANE,
    (Kind.RATE_LIMIT, Scope.MODEL): LANE,
    (Kind.RATE_LIMIT, Scope.KEY): KEY,
    (Kind.RATE_LIMIT, Scope.PROVIDER): PROVIDER,
    (Kind.AUTH, Scope.MODEL): LANE,
    (Kind.AUTH, Scope.KEY): KEY,
    (Kind.AUTH, Scope.PROVIDER): KEY,
    (Kind.NOT_FOUND, Scope.PROVIDER): LANE,
    (Kind.BAD_RESPONSE, Scope.REQUEST): LANE,
    (Kind.NETWORK, Scope.PROVIDER): PROVIDER,
    (Kind.BAD_REQUEST, Scope.PROVIDER): None,
    (Kind.CONTENT_POLICY, Scope.KEY): None,
}


@pytest.mark.parametrize(("kind", "scope"), BLAME)
def test_the_blame_goes_where_the_failure_says_but_never_higher_than_its_kind_allows(kind, scope):
    assert blamed(failure(kind, scope), LANE) == BLAME[kind, scope]


@pytest.mark.parametrize("scope", list(Scope))
@pytest.mark.parametrize("kind", list(Kind))
def test_whatever_counts_blames_somebody_on_the_lanes_own_chain(kind, scope):
    target = blamed(failure(kind, scope), LANE)

    assert (target is None) == (kind in CALLERS)
    assert target is None or isinstance(target, get_args(Target))


RETRY = RetryConfig()


def test_a_rate_limit_that_ends_soon_is_waited_out_once():
    short = failure(Kind.RATE_LIMIT, wait_s=2.0)

    assert pause_before_retry_s(short, RETRY, tries=1) == 2.0
    assert pause_before_retry_s(short, RETRY, tries=2) is None
    assert pause_before_retry_s(failure(Kind.RATE_LIMIT, wait_s=3.1), RETRY, tries=1) is None
    assert pause_before_retry_s(failure(Kind.RATE_LIMIT), RETRY, tries=1) is None


@pytest.mark.parametrize("kind", list(Kind))
def test_what_the_caller_has_the_beginning_of_is_not_said_again(kind):
    again = pause_before_retry_s(
        failure(kind, wait_s=1.0),
        RETRY,
        tries=1,
        patience=Patience.PATIENT,
        alone=True,
        before_first_byte=False,
    )

    assert again is None


def test_a_rate_limit_with_nowhere_else_to_go_climbs_the_ladder():
    limited = failure(Kind.RATE_LIMIT)

    pauses = [pause_before_retry_s(limited, RETRY, tries=n, alone=True) for n in range(1, 7)]

    assert pauses == [5, 10, 20, 40, 80, None]


def test_a_patient_request_climbs_it_before_it_moves_on_and_never_comes_before_the_stated_wait():
    limited = failure(Kind.RATE_LIMIT, wait_s=15.0)

    pauses = [pause_before_retry_s(limited, RETRY, tries=n, patience=Patience.PATIENT) for n in range(1, 6)]

    assert pauses == [15, 15, 20, 40, 80]
    for far_s in (81.0, float("inf"), float("nan")):
        far = failure(Kind.RATE_LIMIT, wait_s=far_s)
        assert pause_before_retry_s(far, RETRY, tries=1, patience=Patience.PATIENT) is None


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.NETWORK])
def test_an_outage_is_confirmed_once_before_it_counts(kind):
    hiccup = failure(kind)

    assert pause_before_retry_s(hiccup, RETRY, tries=1, chance=0.0) == 0.25
    assert pause_before_retry_s(hiccup, RETRY, tries=1, chance=0.5) == 0.375
    assert pause_before_retry_s(hiccup, RETRY, tries=2) is None
    assert pause_before_retry_s(hiccup, RETRY, tries=1, before_first_byte=False) is None
    assert pause_before_retry_s(hiccup, RetryConfig(retries=0), tries=1) is None


@pytest.mark.parametrize("kind", sorted(STRIKES))
def test_a_patient_request_has_five_tries_two_seconds_apart(kind):
    pauses = [
        pause_before_retry_s(failure(kind), RETRY, tries=n, patience=Patience.PATIENT) for n in range(1, 6)
    ]

    assert pauses == [2, 2, 2, 2, None]


@pytest.mark.parametrize(
    "kind", [Kind.QUOTA, Kind.AUTH, Kind.NOT_FOUND, *sorted(CALLERS), Kind.TIMEOUT, Kind.BAD_RESPONSE]
)
def test_nothing_else_is_tried_again_in_place(kind):
    assert pause_before_retry_s(failure(kind, wait_s=1.0), RETRY, tries=1) is None


@pytest.mark.parametrize("kind", [Kind.QUOTA, Kind.AUTH, Kind.NOT_FOUND, *sorted(CALLERS)])
def test_patience_does_not_help_against_what_does_not_pass(kind):
    again = pause_before_retry_s(failure(kind), RETRY, tries=1, patience=Patience.PATIENT, alone=True)

    assert again is None


@pytest.mark.parametrize(
    ("url", "host", "stays_here"),
    [
        ("http://localhost:11434", "localhost", True),
        ("http://LOCALHOST./v1", "localhost", True),
        ("http://ollama.localhost", "ollama.localhost", True),
        ("http://127.8.9.1:1/x", "127.8.9.1", True),
        ("http://[::1]:11434", "::1", True),
        ("http://[::ffff:127.0.0.1]", "::ffff:127.0.0.1", True),
        ("http://0.0.0.0:11434", "0.0.0.0", True),
        ("http://192.168.0.7:11434", "192.168.0.7", False),
        ("https://localhost.example", "localhost.example", False),
        ("https://api.openai.com/v1", "api.openai.com", False),
        ("https://user:127.0.0.1@evil.example", "evil.example", False),
        ("http://[::1", "", False),
        ("", "", False),
    ],
)
def test_a_url_stays_on_this_machine_if_its_host_does(url, host, stays_here):
    assert (host_of(url), is_loopback(url)) == (host, stays_here)
