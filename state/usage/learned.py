"""What a provider's headers say of its limits: only what can be understood, and never for long.

    x-ratelimit-limit-requests: 500          a bucket of 500, 20 are gone, and 2.4 s fill it up again:
    x-ratelimit-remaining-requests: 480      so 500 take 60 s, and this is a limit per minute
    x-ratelimit-reset-requests: 2.4s

Groq's `requests` are of a day and OpenAI's mostly of a minute, under the same name: the refilling tells
them apart, whoever speaks. A limit whose window cannot be told is not believed; what remains until the
reset is. These headers sit on every answer: they are no sign of trouble.
"""

import re
from collections.abc import Iterable, Mapping
from math import ceil

from msgspec import Struct

from state.classify.waits import said_as
from state.config import Api
from state.events import LimitLearned, Window
from state.usage.limits import Limits
from state.usage.meter import DAY_MS_MAX, counts_days
from state.usage.odometer import MINUTE_MS
from state.words import LaneId

__all__ = ["is_news", "learn"]

COUNT = re.compile(r"[0-9]{1,12}", re.ASCII)
DURATION = re.compile(r"(?:[0-9.]{1,20}(?:h|ms|m|s))+", re.ASCII)
"""A bucket's reset is a length with units; a fixed window's is bare seconds or a moment."""
VALUE_CHARS_MAX = 64
SILENT = frozenset({Api.OLLAMA, Api.GEMINI})
"""A local server has no limits, and Gemini tells its own only when they are gone."""

MINUTES_MS = (30_000, 120_000)
DAYS_MS = (12 * 3_600_000, 48 * 3_600_000)
"""What a window comes to when it is computed from a reset that was rounded to whole milliseconds."""
LONG_RESET_MS = 600_000
"""What takes longer than this to come back is no window of a minute."""


class Row(Struct, frozen=True):
    """Where one window is told."""

    limit: str
    remaining: str
    reset: str
    window: Window | None
    """None: of requests, over a time that has to be found out."""
    is_bucket: bool
    """Refills evenly, whatever its reset looks like."""


def row(header: str, window: Window | None = None, *, is_bucket: bool = False) -> Row:
    """`{}` stands for limit, remaining and reset."""
    limit, remaining, reset = (header.format(what) for what in ("limit", "remaining", "reset"))
    return Row(limit, remaining, reset, window, is_bucket)


# Of two rows for one window the upper one is believed.
ROWS = (
    row("anthropic-ratelimit-requests-{}", Window.RPM, is_bucket=True),
    row("anthropic-ratelimit-tokens-{}", Window.TPM, is_bucket=True),
    row("anthropic-ratelimit-input-tokens-{}", Window.TPM, is_bucket=True),
    row("x-ratelimit-{}-requests-minute", Window.RPM),  # Cerebras, SambaNova
    row("x-ratelimit-{}-requests-day", Window.RPD),
    row("x-ratelimit-{}-tokens-minute", Window.TPM),
    row("x-ratelimit-{}-tokens-day", Window.TPD),
    row("x-ratelimit-{}-req-minute", Window.RPM),  # Mistral
    row("x-ratelimitbysize-{}-minute", Window.TPM),
    row("x-ratelimit-{}-requests"),  # OpenAI, Groq, Azure and most that speak like them
    row("x-ratelimit-{}-tokens", Window.TPM),
    row("x-ratelimit-{}"),  # OpenRouter, Together
)


def learn(
    api: Api, headers: Iterable[tuple[str, str]], lane: LaneId, at_ms: int, wall_ms: int
) -> tuple[LimitLearned, ...]:
    """What an answer says of the lane's limits, at most one fact for each window.

    Of the lane, though some of it is the key's: the same is said again on the next lane, and a limit of
    one model must not bind another. Told while its own attempt is in flight, it leaves a little less room
    than there is: that attempt's tokens are taken from what remains once more.
    """
    if api in SILENT:
        return ()
    told = {name.lower(): value for name, value in headers if "ratelimit" in name.lower()}
    if not told:
        return ()
    facts: dict[Window, LimitLearned] = {}
    for line in ROWS:
        if line.limit in told or line.remaining in told:
            fact = _read(line, told, lane, at_ms, wall_ms)
            if fact is not None:
                facts.setdefault(fact.window, fact)
    return tuple(facts.values())


def is_news(limits: Limits, said: LimitLearned) -> bool:
    """Whether it is worth a line in the journal: most answers say what the one before said, less one.

    It is when the limit is new or was told half a window ago, when less remains than we reckon, and when
    we reckon that next to nothing remains and more does; all within a tenth of the limit.
    """
    meter = limits.meter(said.target)
    known = meter.statements.get(said.window)
    window_ms = DAY_MS_MAX if counts_days(said.window) else MINUTE_MS
    if known is None or known.limit != said.limit or said.at_ms - known.at_ms >= window_ms // 2:
        return True
    if said.remaining is None:
        return False
    reckoned = known.room_at(said.at_ms, meter.reading(said.window))
    if reckoned is None:  # what was said is over, so the window is whole
        reckoned = known.limit
    if reckoned is None:
        return True
    slack = (reckoned if said.limit is None else said.limit) // 10
    return said.remaining < reckoned - slack or reckoned <= slack < said.remaining


def _read(line: Row, told: Mapping[str, str], lane: LaneId, at_ms: int, wall_ms: int) -> LimitLearned | None:
    limit, remaining = _count(told.get(line.limit, "")), _count(told.get(line.remaining, ""))
    reset_said = told.get(line.reset, "")
    if limit == 0 or (limit is not None and remaining is not None and remaining > limit):
        return None  # says that nothing ever goes, or contradicts itself: nothing to go by
    reset_in_ms = _reset_in_ms(reset_said, wall_ms)
    if reset_said and reset_in_ms is None:
        remaining = None  # whole already, or not to be understood: nothing to wait for
    is_bucket = line.is_bucket or DURATION.fullmatch(reset_said[:VALUE_CHARS_MAX]) is not None
    window = line.window
    if window is None:
        span_ms = _span_ms(limit, remaining, reset_in_ms) if is_bucket else None
        window, is_certain = _window(span_ms, reset_in_ms)
        if not is_certain:
            limit, is_bucket = None, False
    if limit is None and remaining is None:
        return None
    return LimitLearned(
        at_ms=at_ms,
        wall_ms=wall_ms,
        target=lane,
        window=window,
        limit=limit,
        remaining=remaining,
        reset_ms=None if remaining is None or reset_in_ms is None else at_ms + reset_in_ms,
        refills=is_bucket and limit is not None and remaining is not None and reset_in_ms is not None,
    )


def _count(text: str) -> int | None:
    return int(text) if COUNT.fullmatch(text) else None


def _reset_in_ms(text: str, wall_ms: int) -> int | None:
    """How long until the window is whole; None where that is not said, not understood, or past."""
    hint = None if text.startswith("-") else said_as(text[:VALUE_CHARS_MAX], wall_ms / 1000)
    return None if hint is None else ceil(hint.wait_s * 1000)


def _span_ms(limit: int | None, remaining: int | None, reset_in_ms: int | None) -> int | None:
    """How long an empty bucket takes to fill, if what is gone by now takes so long to come back."""
    if limit is None or remaining is None or reset_in_ms is None or remaining == limit:
        return None
    return reset_in_ms * limit // (limit - remaining)


def _window(span_ms: int | None, reset_in_ms: int | None) -> tuple[Window, bool]:
    """The window of requests that is meant, and whether that is certain."""
    if span_ms is not None:
        if MINUTES_MS[0] <= span_ms <= MINUTES_MS[1]:
            return Window.RPM, True
        if DAYS_MS[0] <= span_ms <= DAYS_MS[1]:
            return Window.RPD, True
    is_long = reset_in_ms is not None and reset_in_ms > LONG_RESET_MS
    return (Window.RPD if is_long else Window.RPM), False
