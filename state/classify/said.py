"""A provider's own words, made safe to keep and to print: no control characters, no keys, not too long."""

import re
import unicodedata

from state.failures import SAID_CHARS_MAX

__all__ = ["inert"]

ESCAPES = re.compile(
    r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}[@-~]?|\][^\x07\x1b]{0,256}(?:\x07|\x1b\\)?|.?)", re.DOTALL
)
"""What a terminal would obey: colours, titles, cursor moves."""

UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Controls, and invisible marks that reorder what is read; private and unassigned characters."""

KEYS = re.compile(
    r"\b(?:sk|pk|rk|gsk|hf|xai|nvapi|csk|pplx|fw|r8|sess|key|ghp|gho|ghs|ghu|github_pat|tgp_v1|up|jina|co)"
    r"[-_](?=[\w-]{0,200}\d)[A-Za-z0-9_-]{16,512}"
    r"|\bAIza[\w-]{20,128}|\bya29\.[\w.-]{20,2048}|\b(?:AKIA|ASIA)[A-Z0-9]{12,32}|\beyJ[\w-]{10,2048}(?:\.[\w-]{1,4096}){0,2}"
    r"|(?<=Bearer )[\w.~+/=-]{8,4096}|(?<=[?&]key=)[\w-]{8,512}"
)


def inert(text: str) -> str:
    """The words as one line that a terminal, a log and a page can show without being told what to do."""
    shown = ESCAPES.sub("", text[: SAID_CHARS_MAX * 4])
    if not (shown.isascii() and shown.isprintable()):
        shown = "".join(
            " " if c.isspace() else "" if unicodedata.category(c) in UNPRINTABLE else c for c in shown
        )
    return KEYS.sub("***", " ".join(shown.split()))[:SAID_CHARS_MAX]
