"""Whatever a provider sends, there is an answer: one, bounded, the same again, and no exception."""

import json
import math
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.classify import RULES, classify
from state.classify.waits import WAIT_S_MAX
from state.classify.wording import words
from state.failures import SAID_CHARS_MAX, Evidence, Failure, Kind, Where

Headers = tuple[tuple[str, str], ...]

NOW_MS = 1_785_000_000_000
NAMES = {rule.name for rule in RULES}

FRAGMENTS = words(r"""
    error | message | code | type | status | reason | detail | details | metadata | raw | headers | retryDelay
    retry_after | resets_at | estimated_time | seconds | 429 | 503 | rate_limit | quota | model | not | found
    try | again | in | 22s | {'error': | {"error": | data: | <html> | limit: | 0 | per | day | \u2028 | \x1b[31m
    99999999999999999999 | 1e308 | -1 | NaN | Infinity | 2026-13-45T99:99:99Z
""")
WORDS = st.sampled_from(sorted(FRAGMENTS))
SAYINGS = st.lists(st.one_of(WORDS, st.text(max_size=4)), max_size=12).map(" ".join)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), SAYINGS
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.one_of(WORDS, st.text(max_size=8)), inner, max_size=4)
    ),
    max_leaves=6,
)
BODIES = st.one_of(
    SAYINGS,
    VALUES.map(json.dumps),
    VALUES.map(repr),
    VALUES.map(lambda value: json.dumps({"error": {"message": json.dumps(value)}})),
    VALUES.map(json.dumps).map(lambda text: text[: len(text) * 2 // 3]),
    VALUES.map(lambda value: f"data: {json.dumps(value)}\n\n"),
    st.binary(max_size=200).map(lambda raw: raw.decode("utf-8", "surrogateescape")),
)
HEADER_NAMES = st.one_of(
    st.sampled_from(
        [
            "Retry-After",
            "retry-after-ms",
            "X-RateLimit-Reset-Requests",
            "x-ratelimit-remaining-requests",
            "X-RateLimit-Reset",
            "RateLimit",
            "anthropic-ratelimit-tokens-reset",
            "x-amzn-errortype",
        ]
    ),
    st.sampled_from(["date", "x-request-id", "server", ""]),
)
LENGTHS = st.sampled_from(["5", "7", "0", "60", "2h"])
HEADERS = st.lists(st.tuples(HEADER_NAMES, SAYINGS), max_size=6)
EVIDENCE = st.builds(
    Evidence,
    where=st.sampled_from(Where),
    status=st.one_of(st.none(), st.integers(-1, 1000), st.sampled_from([200, 400, 401, 404, 429, 500, 503])),
    headers=HEADERS.map(tuple),
    body=BODIES,
    exception=st.one_of(st.just(""), SAYINGS),
)


def in_two_orders(headers: list[tuple[str, str]]) -> st.SearchStrategy[tuple[Headers, Headers]]:
    shouted = [(name.title(), value) for name, value in headers]
    return st.tuples(st.just(tuple(headers)), st.permutations(shouted).map(tuple))


def whole(failure: Failure) -> bool:
    return (
        failure.rule in NAMES
        and (failure.wait_s is None or (math.isfinite(failure.wait_s) and 0 < failure.wait_s <= WAIT_S_MAX))
        and len(failure.said) <= SAID_CHARS_MAX
    )


@settings(max_examples=600)
@given(EVIDENCE, st.integers(0, 4_000_000_000_000))
def test_every_evidence_has_one_whole_answer_and_has_it_again(evidence: Evidence, now_ms: int):
    failure = classify(evidence, now_ms)
    assert whole(failure)
    assert classify(evidence, now_ms) == failure


@settings(max_examples=500)
@given(st.lists(st.tuples(HEADER_NAMES, LENGTHS), max_size=5).flatmap(in_two_orders))
def test_the_order_and_the_case_of_headers_mean_nothing(both: tuple[Headers, Headers]):
    first, second = (classify(Evidence(status=429, headers=headers), NOW_MS) for headers in both)
    assert first == second


def test_the_order_of_fields_in_a_body_means_nothing():
    fields = {"code": "insufficient_quota", "type": "x", "message": "no", "param": None}
    bodies = [json.dumps({"error": dict(order)}) for order in permutations(fields.items())]
    assert len({classify(Evidence(status=429, body=body), NOW_MS) for body in bodies}) == 1


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"error":' * 20_000,
        "[" * 500 + "]" * 500,
        '{"a":' * 500 + "1" + "}" * 500,
        '{"retry_after":' + "9" * 1_000_000 + "}",
        "retry after " + "9" * 1_000_000,
        "try again in " * 80_000,
        "try again in 1h" + "1h" * 50_000,
        "{'message': '" + "\\" * 65_000,
        "{" + "a: " * 30_000,
        '{"message": "' + '{"message": "' * 5_000,
        "model " * 20_000 + "does not exist",
        "<html><style>" * 5_000,
        "<" * 65_000,
        "https://" * 10_000,
        "data: {" * 10_000,
        "data: {}\n" * 10_000,
        "\x1b[" * 30_000,
        "\x00" * 65_000,
        "limit: " * 10_000,
        "\ud800" * 10_000,
        "key" + "-a1" * 20_000,
    ],
    ids=lambda body: body[:12].encode("unicode_escape").decode(),
)
@pytest.mark.parametrize("status", [200, 429])
def test_hostile_bodies_are_answered_like_others(body: str, status: int):
    assert whole(classify(Evidence(status=status, body=body, exception=body), NOW_MS))


def test_only_so_much_of_a_body_is_read():
    late = " " * 70_000 + "insufficient balance"
    assert classify(Evidence(status=500, body="x" + late), NOW_MS).kind is Kind.UNAVAILABLE
