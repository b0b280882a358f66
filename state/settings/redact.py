"""The last line of defence: known secrets, and things that look like one, never leave in a line.

in a line     as it is, percent-encoded, escaped for JSON, HTML, C or mail (all of it, or a letter here and
              there), base64 (once or twice), base32, hex, as numbers, backwards, in another case or width,
              letter by letter, cut off at the end of the line
"""

import base64
import re
import sys
from collections.abc import Iterable
from html import unescape
from unicodedata import normalize
from urllib.parse import unquote

__all__ = ["MASK", "Redactor", "encodings_of"]

MASK = "***"

SECRET_CHARS_MIN = 6
"""Shorter ones would be found in ordinary words; the config refuses them as keys anyway."""

CUT_CHARS_MIN = 8
"""`sk-proj-` gives nobody away."""
SPELLING_CHARS_MAX = 16_384

ESCAPED_TIMES_MAX = 4
"""An error in JSON in an error in JSON in a log line is as deep as it gets."""

_LOOKS_SECRET = re.compile(
    r"""
      (?P<lead>\b(?:authorization|proxy-authorization)["']?\s*[:=]\s*["']?(?:bearer|basic)?\s*)[^\s"',;]{6,}
    | (?P<lead2>\b(?:(?:x-|x-goog-)?api[-_]?key|access_token)["']?\s*[:=]\s*["']?)[^\s"',;&]{6,}
    | (?P<lead3>[?&](?:key|token|api_key)=)[^\s&"']{6,}
    | (?P<lead4>\bbearer\s+)[A-Za-z0-9._~+/=-]{8,}
    | (?P<lead5>://)[^\s/@:]+:[^\s/@]+(?=@)
    | \b(?:sk|rk|pk|gsk|xai|hf|nvapi|r8|fw|csk|pplx|tgp)[-_][A-Za-z0-9_-]{12,}
    | \bAIza[A-Za-z0-9_-]{20,}
    """,
    re.IGNORECASE | re.VERBOSE,
)
_ESCAPE = re.compile(
    r"""
      \\+(?: (?: (?-i:U)000([0-9a-f]{5}) | u([0-9a-f]{4}) | u\{([0-9a-f]{1,6})\} | x([0-9a-f]{2}) )
           | ([0-7]{3}) | (["'/]) )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_UNSEEN = re.compile(
    r"\x1b\[[0-?]{0,16}[ -/]{0,4}[@-~]"
    r"|[\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff]"
)
"""What a terminal obeys and nobody sees: colours, and marks without a width."""
_HEX_JOINT = r"[\s:,.=\\-]{0,2}(?:0?x)?"
"""`73:6b`, `\\x73\\x6b`, `0x73, 0x6b`, and `=73=6b` as in mail."""
_NUMBER_JOINT = r"[\s,;]{1,3}"
"""`115, 107`, as a list of bytes is printed."""
_LETTER_JOINT = r"[\W_]{0,4}"
"""`s k`, `s-k`: never a letter or a digit, so there is one way only to match."""


def encodings_of(secret: str) -> tuple[str, ...]:
    """The spellings in which a secret could leak though no letter of it is escaped."""
    raw = secret.encode()
    twice = base64.b64encode(raw)
    shifted = (base64.b64encode(bytes(pad) + known).decode() for known in (raw, twice) for pad in range(3))
    # The first and last base64 characters depend on the neighbours; the middle betrays the secret.
    middles = tuple(text[4:-4] for text in shifted)
    spellings = (
        secret,
        secret[::-1],
        raw.hex(),
        secret.encode("utf-16-le").hex(),
        base64.b32encode(raw).decode().rstrip("="),
        *middles,
        *(text.replace("+", "-").replace("/", "_") for text in middles),
    )
    return tuple(dict.fromkeys(text for text in spellings if len(text) >= SECRET_CHARS_MIN))


class Redactor:
    """Masks what it was told about, in any spelling, and what merely looks like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._secrets = known = tuple(
            dict.fromkeys(secret for secret in secrets if len(secret) >= SECRET_CHARS_MIN)
        )
        spellings = {text for secret in known for text in encodings_of(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        spaced = [pattern for secret in known for pattern in _patterns_of(secret)]
        either = "|".join((*map(re.escape, longest_first), *spaced))
        self._known = re.compile(either, re.IGNORECASE) if either else None
        self._spellings = tuple(text.lower() for text in longest_first)

    def __repr__(self) -> str:
        return "Redactor(***)"

    def also(self, secrets: Iterable[str]) -> "Redactor":
        """One that knows these, too: what was secret before may still be said."""
        return Redactor((*self._secrets, *secrets))

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._masked(text, self._known)
            if cut := self._cut_chars(text):
                text = text[:-cut] + MASK
        return _LOOKS_SECRET.sub(_mask, text)

    def _masked(self, text: str, known: re.Pattern[str]) -> str:
        """Without secrets; with its escapes undone as far as that brings one to light, else as it is."""
        plain = text = known.sub(MASK, text)
        for _ in range(ESCAPED_TIMES_MAX):
            before, plain = plain, _unescaped(plain)
            if plain == before:
                break
            masked = known.sub(MASK, plain)
            if masked != plain or self._cut_chars(plain):
                plain = text = masked
        return text

    def _cut_chars(self, text: str) -> int:
        """How much of a secret stands at the end of a text that was cut to its length."""
        end = text[-SPELLING_CHARS_MAX:].lower()
        for spelling in self._spellings:
            for chars in range(min(len(spelling), len(end)), CUT_CHARS_MIN - 1, -1):
                if end.endswith(spelling[:chars]):
                    return chars
        return 0


def _patterns_of(secret: str) -> Iterable[str]:
    """The spellings in which something stands between the letters."""
    raw = secret.encode()
    yield _HEX_JOINT.join(f"{byte:02x}" for byte in raw)
    yield _NUMBER_JOINT.join(map(str, raw))
    letters = [letter for letter in secret if letter.isalnum()]
    if len(letters) >= SECRET_CHARS_MIN:
        yield _LETTER_JOINT.join(map(re.escape, letters))


def _unescaped(text: str) -> str:
    if any(sign in text for sign in "%\\&"):
        text = _ESCAPE.sub(_meant, unescape(unquote(text)))
    if not text.isascii():
        text = normalize("NFKC", text)
    return text if text.isprintable() else _UNSEEN.sub("", text)


def _meant(escape: re.Match[str]) -> str:
    if octal := escape[5]:
        return chr(int(octal, 8))
    if sign := escape[6]:
        return sign
    code = int(next(code for code in escape.groups() if code), 16)
    return chr(code) if code <= sys.maxunicode else escape[0]


def _mask(found: re.Match[str]) -> str:
    lead = next((text for text in found.groups() if text), "")
    return f"{lead}{MASK}"
