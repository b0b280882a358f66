"""How failoverctl says things: times, numbers and strangers' words, plain and safe to print."""

__all__ = [
    "columns_of",
    "counted",
    "cut",
    "cut_inside",
    "folded",
    "inert",
    "joined",
    "number",
    "paragraph",
    "seconds",
    "share",
    "span",
]

_JOINERS = "\u200c\u200d"
"""Invisible and harmless: families of emoji and Persian words are held together by them."""

_THIN_LAST = 0x300
"""Below this code point every printable character is one column wide."""


def inert(text: str, keep: str = "") -> str:
    r"""The words of others, all that a terminal would obey made visible: `\x1b[2J`, not a blank screen.

    `keep` names control characters that are meant: the line breaks of an answer.
    """
    if text.isprintable():
        return text
    return "".join(char if _is_harmless(char) or char in keep else _spelled(char) for char in text)


def span(seconds: float) -> str:
    """A time as one says it: `4m 12s`. Whole seconds, rounded up: nobody should come back too early."""
    whole = int(-(-max(0.0, seconds) // 1))
    minutes, secs = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (secs, "s")) if n]
    return " ".join(parts[:2]) or "0s"


def seconds(amount: float) -> str:
    """How long something took: `0.42s`, `12.3s`, `4m 12s`."""
    if amount < 0.0095:
        return f"{amount * 1000:.1f}ms"
    if amount < 9.95:
        return f"{amount:.2f}s"
    return f"{amount:.1f}s" if amount < 60 else span(amount)


def number(amount: float) -> str:
    """`1,204`, `1.2M`: what one reads at a glance."""
    if abs(amount) < 1_000_000:
        return f"{amount:,.0f}"
    return f"{amount / 1e6:,.1f}M" if abs(amount) < 1e9 else f"{amount / 1e9:,.1f}G"


def counted(amount: int, noun: str, plural: str = "") -> str:
    """`1 request`, `2 requests`."""
    return f"{number(amount)} {noun if amount == 1 else plural or f'{noun}s'}"


def share(part: float) -> str:
    """`98.7%`. Never rounded up to all, nor down to none: those two are claims."""
    percent = part * 100
    if 0 < percent < 0.1:
        return "<0.1%"
    if 99.9 < percent < 100:
        return ">99.9%"
    return f"{percent:.1f}".removesuffix(".0") + "%"


def joined(words: list[str], last: str = "and") -> str:
    """`a, b and c`."""
    return f" {last} ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def columns_of(text: str) -> int:
    """How many columns of a terminal it takes."""
    if all(ord(char) < _THIN_LAST for char in text):
        return len(text)
    from unicodedata import combining, east_asian_width  # noqa: PLC0415 - a megabyte that names seldom need

    return sum(
        0 if combining(char) or char in _JOINERS else 2 if east_asian_width(char) in "WF" else 1
        for char in text
    )


def cut(text: str, width: int) -> str:
    """No wider than this; what is missing is marked."""
    if columns_of(text) <= width:
        return text
    return f"{_beginning(text, width - 1)}…"


def cut_inside(text: str, width: int) -> str:
    """No wider than this, and what is missing is in the middle: a lane's name differs at both ends."""
    if columns_of(text) <= width:
        return text
    head = cut(text, width // 2)
    tail = text[-width:]
    while columns_of(head) + columns_of(tail) > width:
        tail = tail[1:]
    return head + tail


def paragraph(text: str, width: int, *, indent: int = 0, hang: int = 2) -> list[str]:
    """Folded, set in from the left, and further in from its second line on."""
    first, *rest = folded(text, width - indent - hang)
    return [" " * indent + first, *(" " * (indent + hang) + line for line in rest)]


def folded(text: str, width: int) -> list[str]:
    """Lines no wider than this, broken between words where that is possible."""
    lines = [""]
    for word in text.split():
        rest = word
        if lines[-1] and columns_of(lines[-1]) + 1 + columns_of(rest) > width:
            lines.append("")
        while columns_of(rest) > width:
            head = _beginning(rest, width) or rest[:1]
            lines[-1:] = [f"{lines[-1]}{head}", ""]
            rest = rest[len(head) :]
        lines[-1] += f" {rest}" if lines[-1] else rest
    return lines


def _beginning(text: str, width: int) -> str:
    """As much as fits. An accent stays with its letter."""
    end = max(0, width)
    while columns_of(text[:end]) > width > 0:
        end -= 1
    while 0 < end < len(text) and not columns_of(text[end]):
        end += 1
    return text[:end]


def _is_harmless(char: str) -> bool:
    return char.isprintable() or char in _JOINERS


def _spelled(char: str) -> str:
    return char.encode("unicode_escape").decode()
