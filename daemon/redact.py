"""The last line of defence: known secrets, and things that look like one, never leave in a line."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

__all__ = ["MASK", "Redactor", "encodings_of"]

MASK = "***"

SECRET_CHARS_MIN = 6
"""Shorter ones would be found in ordinary words; the config refuses them as keys anyway."""

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


def encodings_of(secret: str) -> tuple[str, ...]:
    """The spellings in which a secret could leak: as it is, in URLs, JSON, base64 (three phases), hex."""
    raw = secret.encode()
    shifted = (base64.b64encode(bytes(pad) + raw).decode() for pad in range(3))
    # The first and last base64 characters depend on the neighbours; the middle betrays the secret.
    middles = tuple(text[4:-4] for text in shifted)
    spellings = (
        secret,
        quote(secret, safe=""),
        json.dumps(secret)[1:-1],
        secret[::-1],
        raw.hex(),
        *middles,
        *(text.replace("+", "-").replace("/", "_") for text in middles),
    )
    return tuple(dict.fromkeys(text for text in spellings if len(text) >= SECRET_CHARS_MIN))


class Redactor:
    """Masks what it was told about, in any spelling, and what merely looks like a key."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        spellings = {text for secret in secrets for text in encodings_of(secret)}
        longest_first = sorted(spellings, key=len, reverse=True)
        known = "|".join(re.escape(text) for text in longest_first)
        self._known = re.compile(known, re.IGNORECASE) if known else None

    def __repr__(self) -> str:
        return "Redactor(***)"

    def __call__(self, text: str) -> str:
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _LOOKS_SECRET.sub(_mask, text)


def _mask(found: re.Match[str]) -> str:
    lead = next((text for text in found.groups() if text), "")
    return f"{lead}{MASK}"
