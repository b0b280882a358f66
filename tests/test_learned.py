"""What headers say of limits, and how little of it is believed."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from state.config import Api
from state.events import LimitLearned, Window
from state.usage.learned import is_news, learn
from state.usage.limits import Exhausted, Reserved
from state.usage.meter import DAY_MS_MAX
from tests.ledger import FLASH, NOON, Ledger, Now, ledger

HOUR_MS = 3_600_000


def say(
    window: Window,
    limit: int | None = None,
    remaining: int | None = None,
    reset_ms: int | None = None,
    *,
    refills: bool = False,
) -> LimitLearned:
    return LimitLearned(
        at_ms=0,
        wall_ms=NOON,
        target=FLASH,
        window=window,
        limit=limit,
        remaining=remaining,
        reset_ms=reset_ms,
        refills=refills,
    )


def heard(headers: dict[str, str], api: Api = Api.OPENAI) -> tuple[LimitLearned, ...]:
    return learn(api, headers.items(), FLASH, 0, NOON)


def openai(limit: str, remaining: str, reset: str, of: str = "-requests") -> dict[str, str]:
    return {
        f"x-ratelimit-limit{of}": limit,
        f"x-ratelimit-remaining{of}": remaining,
        f"x-ratelimit-reset{of}": reset,
    }


class TestProviders:
    def test_openai_says_requests_and_tokens_per_minute(self) -> None:
        headers = openai("3500", "3499", "17ms") | openai("90000", "89997", "2ms", "-tokens")

        assert heard(headers) == (
            say(Window.RPM, 3500, 3499, 17, refills=True),
            say(Window.TPM, 90000, 89997, 2, refills=True),
        )

    def test_openai_says_requests_per_day_under_the_same_name_where_they_are_scarce(self) -> None:
        assert heard(openai("200", "199", "7m12s")) == (say(Window.RPD, 200, 199, 432_000, refills=True),)

    def test_groqs_requests_are_of_a_day_and_its_tokens_of_a_minute(self) -> None:
        headers = openai("14400", "14370", "2m59.56s") | openai("18000", "17997", "7.66s", "-tokens")

        assert heard(headers) == (
            say(Window.RPD, 14400, 14370, 179_560, refills=True),
            say(Window.TPM, 18000, 17997, 7660, refills=True),
        )

    def test_anthropic_says_the_moment_at_which_a_bucket_is_full(self) -> None:
        headers = {
            "anthropic-ratelimit-requests-limit": "50",
            "anthropic-ratelimit-requests-remaining": "49",
            "anthropic-ratelimit-requests-reset": "2026-06-01T19:00:02Z",
            "anthropic-ratelimit-tokens-limit": "40000",
            "anthropic-ratelimit-tokens-remaining": "30000",
            "anthropic-ratelimit-tokens-reset": "2026-06-01T19:00:15Z",
            "anthropic-ratelimit-input-tokens-limit": "32000",
            "anthropic-ratelimit-output-tokens-limit": "8000",
        }

        assert heard(headers, Api.ANTHROPIC) == (
            say(Window.RPM, 50, 49, 2000, refills=True),
            say(Window.TPM, 40000, 30000, 15_000, refills=True),
        )

    def test_openrouter_says_a_moment_in_unix_milliseconds_and_not_of_which_window(self) -> None:
        daily = {
            "X-RateLimit-Limit": "50",
            "X-RateLimit-Remaining": "0",
            "X-RateLimit-Reset": str(NOON + 5 * HOUR_MS),
        }
        soon = daily | {"X-RateLimit-Reset": str(NOON + 20_000)}

        assert heard(daily) == (say(Window.RPD, None, 0, 5 * HOUR_MS),)
        assert heard(soon) == (say(Window.RPM, None, 0, 20_000),)

    def test_azure_says_bare_seconds_and_its_window_is_not_guessed(self) -> None:
        assert heard(openai("60", "59", "10"), Api.AZURE) == (say(Window.RPM, None, 59, 10_000),)

    def test_azures_placeholders_say_nothing(self) -> None:
        assert heard(openai("-1", "-1", "0") | openai("0", "0", "0", "-tokens"), Api.AZURE) == ()

    def test_mistral_names_its_minutes(self) -> None:
        headers = {
            "x-ratelimit-limit-req-minute": "60",
            "x-ratelimit-remaining-req-minute": "58",
            "x-ratelimitbysize-limit-minute": "500000",
            "x-ratelimitbysize-remaining-minute": "499000",
            "x-ratelimitbysize-remaining-month": "999",
        }

        assert heard(headers) == (say(Window.RPM, 60, 58), say(Window.TPM, 500000, 499000))

    def test_cerebras_names_minutes_and_days(self) -> None:
        headers = openai("1000", "999", "33011.382867", "-requests-day") | openai(
            "60000", "59000", "11.38", "-tokens-minute"
        )

        assert heard(headers) == (
            say(Window.RPD, 1000, 999, 33_011_383),
            say(Window.TPM, 60000, 59000, 11_380),
        )

    @pytest.mark.parametrize("api", [Api.OLLAMA, Api.GEMINI])
    def test_who_states_no_limits_is_not_listened_to(self, api: Api) -> None:
        assert heard(openai("1", "0", "1h"), api) == ()

    def test_a_full_bucket_says_how_large_it_is_but_not_of_which_window(self) -> None:
        assert heard(openai("200", "200", "0s")) == ()
        assert heard(openai("18000", "18000", "0s", "-tokens")) == (say(Window.TPM, 18000),)


class TestHostility:
    @pytest.mark.parametrize(
        "nonsense",
        [
            "",
            "-1",
            "NaN",
            "inf",
            "1e308",
            "1.5",
            "9" * 13,
            "9" * 2_000_000,
            "١٢",
            " 5",
            "0x10",
            "\0",
            "null",
            "0",
        ],
    )
    def test_a_limit_that_is_no_sane_number_is_ignored(self, nonsense: str) -> None:
        assert heard({"x-ratelimit-limit-tokens": nonsense}) == ()

    @pytest.mark.parametrize("nonsense", ["-1", "NaN", "1e308", "9" * 2_000_000, "yesterday"])
    def test_a_remainder_that_is_no_sane_number_is_ignored(self, nonsense: str) -> None:
        assert heard({"x-ratelimit-remaining-tokens": nonsense}) == ()

    @pytest.mark.parametrize(
        "nonsense", ["-5s", "NaN", "yesterday", "0", "0s", "2020-01-01T00:00:00Z", "s" * 2_000_000]
    )
    def test_a_reset_that_is_past_or_not_understood_leaves_nothing_to_wait_for(self, nonsense: str) -> None:
        assert heard(openai("100", "0", nonsense, "-tokens")) == (say(Window.TPM, 100),)

    def test_more_remaining_than_the_limit_contradicts_itself(self) -> None:
        assert heard(openai("10", "11", "5s", "-tokens")) == ()

    @settings(max_examples=250)
    @given(
        st.dictionaries(
            st.sampled_from(
                [
                    f"x-ratelimit-{what}{of}"
                    for what in ("limit", "remaining", "reset")
                    for of in ("", "-requests", "-tokens", "-requests-day", "-req-minute")
                ]
            ),
            st.text(max_size=80)
            | st.integers(-10, 10**15).map(str)
            | st.floats().map(str)
            | st.from_regex(r"[0-9]{1,6}(ms|s|m|h)", fullmatch=True),
        )
    )
    def test_no_header_blocks_a_lane_for_longer_than_its_window(self, headers: dict[str, str]) -> None:
        book = ledger()
        for fact in heard(headers):
            book.fold(fact)

        answer = book.ask(0, tokens=1)

        assert isinstance(answer, Reserved) or (answer.until_ms is not None and answer.until_ms <= DAY_MS_MAX)
        assert book.ask(DAY_MS_MAX, tokens=1) == Reserved(1)


class TestNews:
    def after(self, *earlier: LimitLearned) -> Ledger:
        book = ledger()
        for fact in earlier:
            book.fold(fact)
        return book

    def later(self, at_ms: int, limit: int, remaining: int, reset_ms: int) -> LimitLearned:
        return LimitLearned(
            at_ms=at_ms,
            wall_ms=Now(at_ms).wall_ms,
            target=FLASH,
            window=Window.RPM,
            limit=limit,
            remaining=remaining,
            reset_ms=reset_ms,
        )

    @pytest.mark.parametrize(
        ("at_ms", "limit", "remaining", "news"),
        [
            (1000, 100, 50, False),
            (1000, 100, 41, False),
            (1000, 100, 39, True),
            (1000, 100, 99, False),
            (1000, 200, 50, True),
            (30_000, 100, 50, True),
        ],
    )
    def test_the_same_again_is_no_news(self, at_ms: int, limit: int, remaining: int, *, news: bool) -> None:
        book = self.after(say(Window.RPM, 100, 50, 60_000))

        assert is_news(book.limits, self.later(at_ms, limit, remaining, 60_000)) is news

    def test_more_than_we_reckon_is_news_when_we_reckon_with_next_to_nothing(self) -> None:
        book = self.after(say(Window.RPM, 100, 1, 60_000))
        book.call(1)

        assert isinstance(book.ask(2), Exhausted)
        assert is_news(book.limits, self.later(1000, 100, 60, 60_000))

    def test_the_first_word_is_news(self) -> None:
        assert is_news(ledger().limits, say(Window.RPM, 100, 50, 60_000))
