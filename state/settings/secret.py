"""A secret: what counts as one, and the value that nobody can print."""

from hashlib import blake2b
from typing import Final

from state.settings.problems import Fault

__all__ = ["SECRET_BYTES_MAX", "Secret", "accept"]

MASK: Final = "***"

SECRET_BYTES_MAX = 8192
SECRET_CHARS_MIN = 6
"""Shorter ones would be found in ordinary words, and redaction would black these out."""

_UNSEEN = {
    0x00A0: "no-break space",
    0x00AD: "soft hyphen",
    0x200B: "zero-width space",
    0x200C: "zero-width non-joiner",
    0x200D: "zero-width joiner",
    0x200E: "left-to-right mark",
    0x200F: "right-to-left mark",
    0x2060: "word joiner",
    0xFEFF: "byte order mark",
}
"""What web pages and chats slip into a copied key; nobody sees it, and every provider says 401."""


class Secret:
    """A key or token. Printed, formatted or pickled it is `***`; encoders refuse it.

    The text comes out through `reveal()` alone, so that a search for that word finds everyone who sees it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself: for the header that carries it, and for the redaction that looks for it."""
        return self._text

    def fingerprint(self, salt: bytes) -> str:
        """Tells two secrets apart without telling either; means nothing to who does not know the salt."""
        return blake2b(self._text.encode(), key=salt, digest_size=16).hexdigest()

    def __repr__(self) -> str:
        return MASK

    def __format__(self, spec: str) -> str:
        return format(MASK, spec)

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> tuple[type["Secret"], tuple[str]]:
        return Secret, (MASK,)


def accept(content: bytes) -> Secret | Fault:
    """The key that a file or variable holds: one line of visible ASCII, a newline at its end allowed."""
    if len(content) > SECRET_BYTES_MAX:
        return Fault(f"holds more than {SECRET_BYTES_MAX} bytes, which is no key")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        return Fault("holds bytes that are not text", "write the key anew, as plain ASCII")
    line = text.removesuffix("\n").removesuffix("\r")
    if not line.strip():
        return Fault("is empty")
    if "\n" in line or "\r" in line:
        return Fault("holds more than one line", "leave only the key")
    for position, char in enumerate(line, start=1):
        if not ("!" <= char <= "~"):
            return Fault(f"holds {_stranger(char)} at character {position}", "write the key anew")
    if line[0] in "\"'" and line[-1] == line[0]:
        return Fault("stands in quotation marks", "leave only the key")
    if len(line) < SECRET_CHARS_MIN:
        return Fault(f"is shorter than {SECRET_CHARS_MIN} characters, which is no key")
    return Secret(line)


def _stranger(char: str) -> str:
    """An invisible character is named; a visible one is part of what nobody may see."""
    if char in " \t":
        return "white space"
    if ord(char) in _UNSEEN:
        return f"an invisible character (U+{ord(char):04X}, {_UNSEEN[ord(char)]})"
    return "a character that is not plain ASCII"
