"""How people and programs write a length of time or a moment: `7m12s`, "3 hours 49 minutes", RFC 3339.

length    22s   0.479s   644ms   7m12s   149h50m20s   3 hours 49 minutes   3.12:00:00   20秒   5 минут
moment    1785600000   1785600000000   2026-09-01T00:00:00Z   2026-09-01 at 00:00 UTC
          Tue, 01 Sep 2026 00:00:00 GMT   Aug 9th, 2026 10:15 AM   midnight UTC

The text is a stranger's: every pattern is bounded, so reading takes linear time, and what is not
understood is None, never an exception.
"""

import re
from datetime import UTC, datetime, timedelta
from math import isfinite

__all__ = ["length_at", "length_in", "moment_in", "number"]

UNITS = {
    0.001: "ms|msecs?|millis|milliseconds?|миллисекунд[аы]?|毫秒|ミリ秒|밀리초",
    1: "s|secs?|seconds?|segundos?|sekunden?|secondes?|secondi|secondo|сек|секунд[ауы]?|秒|초",
    60: "m|mins?|minutes?|minutos?|minuten?|minuti|minuto|мин|минут[ауы]?|分钟|分鐘|分|분",
    3600: "h|hrs?|hours?|horas?|stunden?|heures?|ore|ora|час|часа|часов|小时|小時|時間|시간",
    86400: "d|days?|días?|dias?|tagen?|tage?|jours?|giorn[io]|день|дня|дней|天|日|일",
    604800: "w|wks?|weeks?|semanas?|wochen?|semaines?|недел[яюи]|недель|周|週間|주",
}
SIZES_S = tuple(UNITS)
ONE = "an?|one|una?|eine[rnm]?|une"
""" "Try again in a minute" is a stated wait too."""


def spelled(names: str) -> str:
    """A Latin or Cyrillic unit ends where its letters end, and `5M` are tokens; Han and Hangul run on."""
    lower: list[str] = []
    spaced: list[str] = []
    dense: list[str] = []
    for name in names.split("|"):
        (dense if ord(name[0]) >= 0x3040 else lower if len(name) < 3 else spaced).append(name)
    return "|".join([rf"(?:(?-i:{'|'.join(lower)})|{'|'.join(spaced)})(?![^\W\d_])", *dense])


AMOUNT = rf"(?:(\d{{1,12}}(?:[.,]\d{{1,12}})?)[ -]?|(?:{ONE})[ ])"
UNIT = "|".join(f"({spelled(names)})" for names in UNITS.values())
PART = re.compile(rf"{AMOUNT}(?:{UNIT})(?:\(s\))?", re.IGNORECASE)
START = re.compile(rf"(?<![0-9A-Za-z_.,-])(?={PART.pattern})", re.IGNORECASE)
JOINT = re.compile(r"[ ,]{0,3}(?:(?:and|und|y|et|e|и|和)[ ]{1,2})?")
SPAN = re.compile(r"(?<![\w.:-])(?:(\d{1,3})\.)?(\d{1,2}):([0-5]\d):([0-5]\d)(?![\d:])")
"""The time span of .NET: days, hours, minutes, seconds."""

MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
MONTH = rf"({'|'.join(MONTHS)})[a-z]{{0,6}}\.?"
CLOCK = (
    r"(?:[T,]?\s{0,3}(?:at\s)?(\d{1,2})(?::(\d\d))?(?::(\d\d)(?:\.\d{1,9})?)?\s?([ap]\.?m\b)?)?"
    r"\s{0,2}(Z\b|UTC|GMT|[+-]\d\d:?\d\d)?"
)
ISO = re.compile(r"(?<!\d)(\d{4})[-/](\d\d)[-/](\d\d)" + CLOCK, re.IGNORECASE)
MONTH_FIRST = re.compile(MONTH + r"\s(\d{1,2})(?:st|nd|rd|th)?,?\s(\d{4})" + CLOCK, re.IGNORECASE)
DAY_FIRST = re.compile(r"(?<!\d)(\d{1,2})(?:st|nd|rd|th)?\s" + MONTH + r",?\s(\d{4})" + CLOCK, re.IGNORECASE)
DAILY = re.compile(
    r"(?:(midnight)|(?<![\d:])(\d{1,2})(?::(\d\d))?\s?([ap]\.?m\b)?)\s?\(?(?:UTC|GMT|Z\b)", re.IGNORECASE
)
UNIX = re.compile(r"(?<![\d.])(\d{10}|\d{13})(?!\d)")
NUMBER = re.compile(r"\s{0,8}([+-]?\d{1,400}(?:\.\d{1,40})?(?:e[+-]?\d{1,4})?)\s{0,8}", re.IGNORECASE)


def number(text: str) -> float | None:
    """A bare number, if the text is one and it is finite."""
    found = NUMBER.fullmatch(text) if len(text) <= 64 else None
    value = float(found[1]) if found else None
    return value if value is not None and isfinite(value) else None


def length_at(text: str, position: int) -> float | None:
    """The seconds of the length of time that begins exactly here: all its parts together."""
    total_s, at = 0.0, position
    while part := PART.match(text, at):
        assert part.lastindex is not None
        size = SIZES_S[part.lastindex - 2]
        total_s += float((part[1] or "1").replace(",", ".")) * size
        joint = JOINT.match(text, part.end())
        assert joint is not None
        at = joint.end()
    return total_s if at > position else None


def length_in(text: str) -> float | None:
    """The first length of time in the text, in seconds."""
    start = START.search(text)
    if span := SPAN.search(text, 0, start.start() if start else len(text)):
        days, hours, minutes, seconds = (int(digits or 0) for digits in span.groups())
        return days * 86400.0 + hours * 3600 + minutes * 60 + seconds
    return length_at(text, start.start()) if start else None


def moment_in(text: str, now_s: float) -> float | None:
    """The first moment in the text, in Unix seconds. No zone means UTC; no date means the next such time."""
    if iso := ISO.search(text):
        year, month, day, *clock = iso.groups()
        return at(int(year), int(month), int(day), clock)
    if spoken := MONTH_FIRST.search(text):
        name, day, year, *clock = spoken.groups()
        return at(int(year), MONTHS.index(name.lower()) + 1, int(day), clock)
    if spoken := DAY_FIRST.search(text):
        day, name, year, *clock = spoken.groups()
        return at(int(year), MONTHS.index(name.lower()) + 1, int(day), clock)
    if unix := UNIX.search(text):
        return float(unix[1]) if len(unix[1]) == 10 else float(unix[1]) / 1000
    if daily := DAILY.search(text):
        return next_daily(daily, now_s)
    return None


def at(year: int, month: int, day: int, clock: list[str | None]) -> float | None:
    hour, minute, second, half, zone = clock
    try:
        midnight = datetime(year, month, day, tzinfo=UTC)
        into_the_day = timedelta(
            hours=of_twelve(int(hour or 0), half), minutes=int(minute or 0), seconds=int(second or 0)
        )
        return (midnight + into_the_day - offset(zone)).timestamp()
    except (ValueError, OverflowError):
        return None  # the 31st of February, the year 9999 plus a day


def next_daily(found: re.Match[str], now_s: float) -> float | None:
    midnight, hour, minute, half = found.groups()
    into_the_day = 0 if midnight else of_twelve(int(hour), half) * 3600 + int(minute or 0) * 60
    if not 0 <= into_the_day < 86400:
        return None
    today = now_s - now_s % 86400 + into_the_day
    return today if today > now_s else today + 86400


def of_twelve(hour: int, half: str | None) -> int:
    if half is None:
        return hour
    return hour % 12 + (12 if half[0] in "pP" else 0)


def offset(zone: str | None) -> timedelta:
    if zone is None or zone[0] not in "+-":
        return timedelta()
    digits = zone[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return ahead if zone[0] == "+" else -ahead
