"""Answers that prove themselves: whose question they answer, and that nothing of them is missing or foreign."""

import random
import zlib

__all__ = ["continuation", "flaw_in", "text_for"]

WORDS = (
    "alpha",
    "böse",
    "chat",
    "dûr",
    "echo",
    "fünf",
    "gleis",
    "hôtel",
    "im",
    "ja",
    "können",
    "lüge",
    "日本",
    "🙂",
)

PREAMBLE = "answering-the-question"
"""In one word: of a shorter beginning nobody can tell a continuation from a repetition."""


def text_for(question: str, words: int, variant: str = "") -> str:
    """The same for the same question, whoever answers; another variant is another text, as whole in itself."""
    rng = random.Random(f"{question}/{variant}")
    said = " ".join([f"{PREAMBLE} {question}:", *(rng.choice(WORDS) for _ in range(words))])
    return f"{said} {zlib.crc32(said.encode()):08x}"


def continuation(said: str, text: str) -> str:
    """What is left of the text; behind words of another one, an end that fits them."""
    if text.startswith(said):
        return text[len(said) :]
    return f" ja {zlib.crc32(f'{said} ja'.encode()):08x}"


def flaw_in(question: str, text: str) -> str:
    """What is wrong with an answer to this question; empty: nothing."""
    said, _, mark = text.rpartition(" ")
    if not said.startswith(f"{PREAMBLE} {question}:"):
        return f"answers another question than {question}: {text[:80]!r}"
    if mark != f"{zlib.crc32(said.encode()):08x}":
        return f"is not whole: {text[:60]!r}...{text[-60:]!r}"
    return ""
