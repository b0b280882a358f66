"""One spelling for many: what a text says, without the way in which it happens to be written.

`Rate_Limit`, "rate-limit" and "RATE LIMIT" become `rate limit`; "doesn't", "does not" and curly quotes one;
web addresses go, because "see https://.../docs/rate-limits" is advice and not a failure.
"""

import re
import unicodedata

__all__ = ["WORDS_CHARS_MAX", "plain", "trimmed", "words"]

WORDS_CHARS_MAX = 6144
"""A message says what it is about at its beginning or its end."""

ADDRESS = re.compile(r"(?:https?://|www\.)[^\s\"'<>)\]}\u0080-\uffff]{1,2048}")
MARKS = str.maketrans(
    {"_": " ", "-": " ", "`": None, '"': None, "*": None, "\\": " "}
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", None)
    | dict.fromkeys("\u2019\u2018\u00b4", "'")
    | dict.fromkeys("\u2010\u2011\u2013\u2014", " ")
)
CONTRACTIONS = (("can't", "cannot"), ("can not", "cannot"), ("won't", "will not"), ("n't", " not"))


def trimmed(text: str) -> str:
    """No more of a text than is worth reading."""
    if len(text) <= WORDS_CHARS_MAX:
        return text
    return f"{text[: WORDS_CHARS_MAX // 2]}\n{text[-WORDS_CHARS_MAX // 2 :]}"


def plain(text: str) -> str:
    """The text in the one spelling in which phrases are looked for."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text)
    text = ADDRESS.sub(" ", text.lower()).translate(MARKS)
    if "n't" in text or "can not" in text:
        for contraction, full in CONTRACTIONS:
            text = text.replace(contraction, full)
    return " ".join(text.split())


def words(listed: str) -> frozenset[str]:
    """Words or phrases separated by bars and lines."""
    return frozenset(word.strip() for word in re.split(r"[|\n]", listed) if word.strip())
