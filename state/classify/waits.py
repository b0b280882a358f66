"""The wait that a provider states, wherever it says so: never trusted blindly, never more than a month.

The order of trust: a field of the body made for it and the words, then the headers. Of several in one place
the longest counts ("retry in 48.9s" beside `retryDelay: 48s`), but a length needs no clock: a moment counts
only where no length is stated.

Headers that look like a wait and are none:
  x-ratelimit-reset-*     sits on every answer, and means the time to a *full* bucket: read only where its
                          `remaining` is used up, and only where nothing better is stated
  ratelimitbysize-*       the same, and its windows are minutes and months at once: never read
  -1, 0                   placeholders of gateways for "unknown": no wait at all
"""

import re
from collections.abc import Iterable, Mapping
from itertools import chain, islice

from msgspec import Struct

from state.classify.moments import length_at, length_in, moment_in, number

__all__ = ["WAIT_S_MAX", "Hint", "hint", "in_field", "in_headers", "in_words", "longest"]

WAIT_S_MAX = 32 * 86400.0
"""The longest window that is sold is a month."""

UNIX_S_MIN = 1_000_000_000
UNIX_MS_MIN = 1_000_000_000_000
"""Numbers this large are moments: as lengths they would be longer than thirty years."""

AMOUNT_MAX = 1e15

CUES_MAX = 16
REACH_CHARS = 72
"""How far behind its cue a wait may stand: "retry", "reset", "try again" and then the number."""

CUES = (
    "again|retry|retries|wait|reset|resum|replenish|refill|regain|renew|available|back in|until|allowed in"
    "|limit reached|backoff|cooldown|cool down|через|подожд|повтор|попроб|erneut|warte|in etwa"
    "|réessay|patient|dans |inténtalo|intenta|intente|espera|espere|tente|aguard|riprov"
    "|请在|請在|重试|重試|重置|恢复|等待|再試行|お待ち|リセット|다시|초기화"
)
CUE = re.compile(CUES)
EACH_CUE = tuple(CUES.split("|"))
BARE = re.compile(
    r"[\s_-]{0,2}(?:in|after|for|at least)?[\s\"']{0,3}[:=]?[\s\"']{0,3}"
    r"(\d{1,10}(?:\.\d{1,9})?)(?![\d.,]{0,12}\s?[^\W\d_]|[\d%/-])"
    r"|.{0,24}?\bseconds[\"']?\s?[:=]\s?(\d{1,10})",
    re.IGNORECASE | re.DOTALL,
)
"""`retry-after: 30`, `retry_delay { seconds: 22 }`. A bare number is seconds, one before a word a count."""
SENTENCE_END = re.compile(r"[.!?;](?=\s)|[\u3002\uff01\uff1b]|\n\s*\n")
DENSE = re.compile(r"(?<![\d.])\d{1,10}\s?[^\W\d_A-Za-z]{1,3}?(?=[之以]?(?:后|後|待|お待ち|\s?후|\s?뒤))")
"""In Chinese, Japanese and Korean the cue stands behind: 20秒后."""

FIELD = re.compile(
    r"^(?:x )?(?:retry (?:after|delay|in)|(?:quota |usage )?resets?"
    r" (?:in|at|after|delay|time|timestamp|time stamp|date)"
    r"|estimated time|wait(?: time)?|next available|available (?:in|at)|cool ?down)"
    r"(?: (?:time|at|remaining))?(?: (ms|millis|milliseconds|s|sec|seconds|m|minutes))?$"
)
FIELD_UNIT_S = {"ms": 0.001, "millis": 0.001, "milliseconds": 0.001, "m": 60.0, "minutes": 60.0}

RESET = re.compile(r"^(?:x-|anthropic-)?rate-?limit-(?!unified)(?:.*-)?reset(?:-.*)?$")
STRUCTURED = re.compile(r"\b(?:r|remaining)=(\d{1,9})\b.{0,40}?\b(?:t|reset)=(\d{1,9})\b")
"""The IETF's `RateLimit: "default";r=0;t=30`, and its older `limit=100, remaining=0, reset=50`."""


class Hint(Struct, frozen=True):
    """A wait that somebody stated."""

    wait_s: float
    by_clock: bool = False
    """Stated as a moment, so only as good as two clocks agree."""


def hint(wait_s: float | None, *, by_clock: bool = False) -> Hint | None:
    """A wait worth believing: positive, and never longer than the longest window there is."""
    if wait_s is None or not wait_s > 0:  # NaN is not greater than anything
        return None
    return Hint(min(wait_s, WAIT_S_MAX), by_clock)


def longest(hints: Iterable[Hint | None]) -> float | None:
    """The wait that counts among those stated in one place."""
    stated = [each for each in hints if each is not None]
    lengths = [each.wait_s for each in stated if not each.by_clock]
    return max(lengths or [each.wait_s for each in stated], default=None)


def in_field(name: str, value: str | float, now_s: float) -> Hint | None:
    """The wait in a field of the body, if its name (as spaced words) says that it is one."""
    named = FIELD.match(name)
    if named is None:
        return None
    unit_s = FIELD_UNIT_S.get(named[1] or "", 1.0)
    return said_as(value, now_s, unit_s) if isinstance(value, str) else counted(value, now_s, unit_s)


def in_words(text: str, now_s: float) -> list[Hint]:
    """The waits that the text states: "try again in 7m12s", "resets at 2026-09-01 00:00 UTC"."""
    return [each for each in chain(behind_cues(text, now_s), before_cues(text)) if each is not None]


def behind_cues(text: str, now_s: float) -> Iterable[Hint | None]:
    lower = text.lower()
    if not any(cue in lower for cue in EACH_CUE):  # forty quick looks spare most texts the slow one
        return
    for cue in islice(CUE.finditer(lower), CUES_MAX):
        reach = text[cue.end() : cue.end() + REACH_CHARS]
        end = SENTENCE_END.search(reach)
        yield in_reach(cue[0], reach[: end.start()] if end else reach, now_s)


def in_reach(cue: str, reach: str, now_s: float) -> Hint | None:
    moment_s = moment_in(reach, now_s)
    if moment_s is not None:
        return hint(moment_s - now_s, by_clock=True)
    wait_s = length_in(reach)
    if wait_s is None and cue in {"retry", "again", "wait"} and (bare := BARE.match(reach)):
        wait_s = float(bare[1] or bare[2])
    return hint(wait_s)


def before_cues(text: str) -> Iterable[Hint | None]:
    if not text.isascii():
        for dense in islice(DENSE.finditer(text), CUES_MAX):
            yield hint(length_at(text, dense.start()))


def in_headers(headers: Mapping[str, str], now_s: float) -> float | None:
    """The wait that the headers (names in lower case) state."""
    if not headers:
        return None
    for name, unit_s in (("retry-after-ms", 0.001), ("retry-after", 1.0), ("x-retry-after", 1.0)):
        stated = said_as(headers.get(name, ""), now_s, unit_s)
        if stated is not None:
            return stated.wait_s
    return longest(of_windows(headers, now_s))


def of_windows(headers: Mapping[str, str], now_s: float) -> Iterable[Hint | None]:
    for window in ("primary", "secondary"):  # Codex: two windows, and how much of each is used
        used = number(headers.get(f"x-codex-{window}-used-percent", ""))
        if used is None or used >= 100:
            yield said_as(headers.get(f"x-codex-{window}-reset-after-seconds", ""), now_s)
    if headers.get("anthropic-ratelimit-unified-status") == "rejected":
        yield said_as(headers.get("anthropic-ratelimit-unified-reset", ""), now_s)
    for name, value in headers.items():
        if RESET.match(name) and number(headers.get(name.replace("reset", "remaining"), "0")) == 0:
            yield said_as(value, now_s)
    used_up = STRUCTURED.search(headers.get("ratelimit", "")[:256])
    if used_up and int(used_up[1]) == 0:
        yield hint(float(used_up[2]))


def said_as(value: str, now_s: float, unit_s: float = 1.0) -> Hint | None:
    """A value that is a wait and nothing else: a number, a length or a moment."""
    if not value:
        return None
    value = value[:64].strip().strip('"')
    amount = number(value)
    if amount is not None:
        return counted(amount, now_s, unit_s)
    moment_s = moment_in(value, now_s)
    if moment_s is not None:
        return hint(moment_s - now_s, by_clock=True)
    return hint(length_in(value))


def counted(amount: float, now_s: float, unit_s: float) -> Hint | None:
    amount = min(amount, AMOUNT_MAX)  # an integer of a thousand digits is no float
    if amount >= UNIX_MS_MIN:
        return hint(amount / 1000 - now_s, by_clock=True)
    if amount >= UNIX_S_MIN:
        return hint(amount - now_s, by_clock=True)
    return hint(amount * unit_s)
