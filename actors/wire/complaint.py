"""What is wrong with a request, said to the one who wrote it."""

import re

import msgspec
from msgspec import Struct

__all__ = ["UNDECODABLE", "BadRequest", "blame", "checked"]

UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""All that decoding JSON can raise: bad UTF-8 and deep nesting are no MsgspecErrors."""

WHY_CHARS_MAX = 300
"""A decoder quotes the value that it did not like, however long."""

_PLAIN = {
    "object": "an object",
    "array": "a list",
    "str": "a string",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
}
_ABSENT = re.compile(r"Object missing required field `(\w+)`")
_JARGON = re.compile(r"(?<=xpected )`([\w| ]+)`|(?<=got )`([\w| ]+)`")


class BadRequest(Struct, frozen=True):
    """The caller's error: which field, and what is wrong with it."""

    field: str
    why: str

    def __str__(self) -> str:
        return f"`{self.field}` {self.why}" if self.field else f"the body {self.why}"


def blame(error: Exception, path: str = "") -> BadRequest:
    """Say a decoder's complaint in the caller's terms."""
    if isinstance(error, RecursionError):
        return BadRequest(path, "is nested too deeply")
    if isinstance(error, UnicodeDecodeError):
        return BadRequest(path, f"is not valid UTF-8 (at byte {error.start})")
    why, _, inner = str(error).partition(" - at `$")
    field = (path + inner.rstrip("`")).lstrip(".")
    if (absent := _ABSENT.fullmatch(why)) is not None:
        return BadRequest(f"{field}.{absent[1]}".lstrip("."), "is missing")
    why = _JARGON.sub(_in_plain_words, why)
    return BadRequest(field, f"is not as it should be: {why[:1].lower()}{why[1:WHY_CHARS_MAX]}")


def _in_plain_words(types: re.Match[str]) -> str:
    """`float | null` is a number: that a field may be null helps nobody who got it wrong."""
    named = [name for name in (types[1] or types[2]).split(" | ") if name != "null"]
    return " or ".join(_PLAIN.get(name, name) for name in named) or "null"


def checked(body: bytes) -> bytes:
    """The same bytes, or UnicodeDecodeError: the JSON decoder does not look into what it leaves raw, and
    broken text should go no further.
    """
    if not body.isascii():
        body.decode()
    return body
