"""Which wait a provider stated: in a field, in words, in headers; and which numbers are no wait at all."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.classify import classify
from state.classify.waits import WAIT_S_MAX, Hint, hint, in_field, in_headers, longest
from state.classify.waits import in_words as hints_in_words
from state.failures import Evidence, Failure, Kind, Scope

NOW_S = 1_785_000_000.0  # 2026-07-25 17:20 UTC
HOUR_S = 3600.0
DAY_S = 86400.0


def in_words(text: str) -> float | None:
    return longest(hints_in_words(text, NOW_S))


def stated(name: str, value: str | float) -> float | None:
    return longest([in_field(name, value, NOW_S)])


@pytest.mark.parametrize(
    ("text", "wait_s"),
    [
        ("Please try again in 22s.", 22),
        ("Please retry in 48.939935699s.", 48.939935699),
        ("try again in 644ms", 0.644),
        ("Try again in 6m0s", 360),
        ("try again in 9m38.016s", 578.016),
        ("Resets in 149h50m20s.", 149 * HOUR_S + 50 * 60 + 20),
        ("Your quota will reset after 3h", 3 * HOUR_S),
        ("Please wait 3 hours 49 minutes before trying again", 3 * HOUR_S + 49 * 60),
        ("Please wait 58 hours", 58 * HOUR_S),
        ("available again in 1 day and 2 hours", 26 * HOUR_S),
        ("Please retry after 9 seconds.", 9),
        ("please try again after 1 seconds", 1),
        ("Expected available in 12 seconds.", 12),
        ("resets in ~9s", 9),
        ("Please wait a minute and retry", 60),
        ("try again in an hour", HOUR_S),
        ("retry-after: 30", 30),
        ("Retry-After=30", 30),
        ("retry_after: 2.5", 2.5),
        ("retry_delay {\n  seconds: 14\n}", 14),
        ("Quota will be replenished in 3.04:15:00.", 3 * DAY_S + 4 * HOUR_S + 15 * 60),
        ("You will regain access on 2026-07-26 at 17:20 UTC.", DAY_S),
        ("resets at 2026-07-25T17:21:00Z", 60),
        ("It will reset at 2026-07-26 01:21:00 +0800 CST", 60),
        ("limit reached|1785000060", 60),
        ("try again at Jul 26th, 2026 5:20 PM.", DAY_S),
        ("until Sun, 26 Jul 2026 17:20:00 GMT", DAY_S),
        ("The limit resets at midnight UTC", 6 * HOUR_S + 40 * 60),
        ("resets 6pm (UTC)", 40 * 60),
        ("resets at 05:20 UTC", 12 * HOUR_S),
        ("попробуйте через 20 секунд", 20),
        ("повторите через 2 часа", 2 * HOUR_S),
        ("inténtalo de nuevo en 20 segundos", 20),
        ("Bitte in 20 Sekunden erneut versuchen, oder warten Sie 2 Minuten", 120),
        ("réessayez dans 20 secondes", 20),
        ("请在20秒后重试", 20),
        ("请 5 分钟后再试", 300),
        ("20秒後に再試行してください", 20),
        ("20초 후 다시 시도하세요", 20),
        ("one says try again in 5s, the other retry in 7s", 7),
    ],
)
def test_words_that_state_a_wait(text: str, wait_s: float):
    assert in_words(text) == pytest.approx(wait_s)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Please try again later",
        "wait a moment and try again",
        "If it was made within the last 5 minutes, be patient",
        "No answer in less than 60 second(s)",
        "limit 10 per 60s",
        "retry 3 times",
        "try again. Requests took 30s",
        "try again in 0s",
        "try again in -5s",
        "resets at 2020-01-01T00:00:00Z",
        "resets at 2026-13-45T99:99:99Z",
        "try again with 5M tokens",
        "retry after 99999999999999999999999",
        "it can take up to 15 minutes",
    ],
)
def test_words_that_state_none(text: str):
    assert in_words(text) is None


@pytest.mark.parametrize(
    ("name", "value", "wait_s"),
    [
        ("retry delay", "22s", 22),
        ("retry delay", "539420.179078308s", 539420.179078308),
        ("retry delay seconds", 22, 22),
        ("retry after", 30, 30),
        ("retry after", "30", 30),
        ("retry after seconds", 0.5, 0.5),
        ("retry after ms", 1500, 1.5),
        ("estimated time", 20.0, 20),
        ("resets in seconds", 7200, 7200),
        ("resets at", NOW_S + 60, 60),
        ("reset at", (NOW_S + 60) * 1000, 60),
        ("reset at", "2026-07-25T17:21:00.000Z", 60),
        ("quota reset delay", "0.479417207s", 0.479417207),
        ("quota reset time stamp", "2026-07-25T17:21:00Z", 60),
        ("wait", 5, 5),
    ],
)
def test_fields_made_for_a_wait(name: str, value: str | float, wait_s: float):
    assert stated(name, value) == pytest.approx(wait_s)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", 3),
        ("timeout", 30),
        ("created", NOW_S + 60),
        ("retry after", -1),
        ("retry after", 0),
        ("retry after", "soon"),
        ("retry after", "NaN"),
        ("retry after", "inf"),
        ("reset at", NOW_S - 60),
        ("reset at", "2026-02-31T00:00:00Z"),
    ],
)
def test_fields_that_are_none(name: str, value: str | float):
    assert stated(name, value) is None


@pytest.mark.parametrize(
    ("headers", "wait_s"),
    [
        ({"retry-after": "5"}, 5),
        ({"retry-after": "1.5"}, 1.5),
        ({"retry-after": "Sat, 25 Jul 2026 17:21:00 GMT"}, 60),
        ({"retry-after-ms": "644", "retry-after": "1"}, 0.644),
        ({"retry-after-ms": "0", "retry-after": "1"}, 1),
        ({"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "0"}, 360),
        (
            {
                "x-ratelimit-reset-requests": "6m0s",
                "x-ratelimit-remaining-requests": "0",
                "x-ratelimit-reset-tokens": "9s",
                "x-ratelimit-remaining-tokens": "5",
            },
            360,
        ),
        ({"x-ratelimit-reset": "1785000060000", "x-ratelimit-remaining": "0"}, 60),
        ({"x-ratelimit-reset": "1785000060"}, 60),
        ({"x-ratelimit-reset": "60"}, 60),
        (
            {
                "anthropic-ratelimit-requests-reset": "2026-07-25T17:21:00Z",
                "anthropic-ratelimit-requests-remaining": "0",
            },
            60,
        ),
        (
            {
                "anthropic-ratelimit-unified-status": "rejected",
                "anthropic-ratelimit-unified-reset": "1785000060",
            },
            60,
        ),
        ({"x-codex-primary-used-percent": "100", "x-codex-primary-reset-after-seconds": "7200"}, 7200),
        ({"ratelimit": '"api";r=0;t=30'}, 30),
        ({"ratelimit": "limit=100, remaining=0, reset=50"}, 50),
    ],
)
def test_headers_that_state_a_wait(headers: dict[str, str], wait_s: float):
    assert in_headers(headers, NOW_S) == pytest.approx(wait_s)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"retry-after": "0"},
        {"retry-after": "-1"},
        {"retry-after": "soon"},
        {"retry-after": "Sat, 25 Jul 2020 17:21:00 GMT"},
        {"x-ratelimit-reset-requests": "6m0s", "x-ratelimit-remaining-requests": "59"},
        {"x-ratelimit-reset-requests": "-1", "x-ratelimit-remaining-requests": "0"},
        {"ratelimitbysize-reset": "35", "x-ratelimitbysize-remaining-minute": "0"},
        {"anthropic-ratelimit-unified-status": "allowed", "anthropic-ratelimit-unified-reset": "1785000060"},
        {"x-codex-primary-used-percent": "10", "x-codex-primary-reset-after-seconds": "7200"},
        {"ratelimit": '"api";r=7;t=30'},
        {"date": "Sat, 25 Jul 2026 17:21:00 GMT"},
    ],
)
def test_headers_that_state_none(headers: dict[str, str]):
    assert in_headers(headers, NOW_S) is None


def failed(**evidence: object) -> Failure:
    return classify(Evidence(status=429, **evidence), round(NOW_S * 1000))  # type: ignore[arg-type]


def test_the_body_is_believed_before_the_headers():
    body = '{"error": {"message": "Rate limited, try again in 7s"}}'
    assert failed(body=body, headers=(("Retry-After", "13262"),)).wait_s == 7


def test_a_broker_passes_the_headers_of_its_upstream_in_the_body():
    body = '{"error": {"message": "no", "metadata": {"headers": {"X-RateLimit-Reset": "1785000060000"}}}}'
    assert failed(body=body).wait_s == pytest.approx(60)


def test_of_two_fields_that_disagree_the_later_moment_counts():
    body = '{"error": {"message": "Please retry in 48.9s.", "details": [{"retryDelay": "48s"}]}}'
    assert failed(body=body).wait_s == pytest.approx(48.9)


def test_a_length_needs_no_clock_and_counts_before_a_moment():
    body = '{"quotaResetDelay": "2h", "quotaResetTimeStamp": "2026-08-25T17:20:00Z"}'
    assert failed(body=body).wait_s == 2 * HOUR_S
    assert longest([Hint(5), None, Hint(7), Hint(900, by_clock=True)]) == 7
    assert longest([None, Hint(900, by_clock=True), Hint(60, by_clock=True)]) == 900
    assert longest([]) is None


def test_a_wait_of_an_hour_is_a_quota_and_one_of_seconds_a_rate_limit():
    assert [
        failed(body=f"Rate limit, try again in {wait}").kind for wait in ("9s", "59m", "61m", "1 day")
    ] == [
        Kind.RATE_LIMIT,
        Kind.RATE_LIMIT,
        Kind.QUOTA,
        Kind.QUOTA,
    ]


def test_a_rolling_day_lets_the_next_one_in_within_seconds():
    assert [
        failed(body=f"Limit per day reached{wait}").kind for wait in ("", ", retry in 8s", ", retry in 7m")
    ] == [
        Kind.QUOTA,
        Kind.RATE_LIMIT,
        Kind.QUOTA,
    ]


def test_a_wait_of_seconds_beside_a_daily_quota_is_stated_and_not_believed():
    stated = {
        wait_s: Failure(kind=Kind.QUOTA, scope=Scope.MODEL, rule="r", wait_s=wait_s) for wait_s in (22, 7200)
    }
    assert {wait_s: failure.believed_s for wait_s, failure in stated.items()} == {22: None, 7200: 7200}
    assert Failure(kind=Kind.RATE_LIMIT, scope=Scope.MODEL, rule="r", wait_s=22).believed_s == 22


@settings(max_examples=1000)
@given(st.floats() | st.none())
def test_a_clamped_wait_is_none_or_within_its_bounds(wait_s: float | None):
    kept = hint(wait_s)
    assert kept is None or (math.isfinite(kept.wait_s) and 0 < kept.wait_s <= WAIT_S_MAX)


@settings(max_examples=500)
@given(st.floats(0.001, 31 * DAY_S))
def test_a_number_of_seconds_comes_back_from_field_header_and_words(wait_s: float):
    written = f"{wait_s:.3f}"
    assert stated("retry after", written) == pytest.approx(wait_s, abs=0.001)
    assert in_headers({"retry-after": written}, NOW_S) == pytest.approx(wait_s, abs=0.001)
    assert in_words(f"Please try again in {written}s.") == pytest.approx(wait_s, abs=0.001)


@settings(max_examples=500)
@given(st.integers(0, 99), st.integers(0, 59), st.integers(0, 59))
def test_lengths_add_up_in_every_spelling(hours: int, minutes: int, seconds: int):
    length_s = hours * HOUR_S + minutes * 60 + seconds
    wanted = pytest.approx(length_s) if length_s else None
    assert in_words(f"try again in {hours}h{minutes}m{seconds}s") == wanted
    assert in_words(f"wait {hours} hours, {minutes} minutes and {seconds} seconds") == wanted
    assert in_words(f"wait {hours} часов {minutes} минут {seconds} секунд") == wanted


@settings(max_examples=500)
@given(st.text(max_size=300))
def test_any_words_are_read_without_complaint(text: str):
    wait_s = in_words(f"retry {text} again {text} until")
    assert wait_s is None or 0 < wait_s <= WAIT_S_MAX
