"""TOML as tables, or where and why it is none: in our own words, for the parser's may quote a key."""

import re
import tomllib

from state.settings.problems import Fault

__all__ = ["tables"]

_MEANING = (
    ("Cannot declare", "the same table stands there twice"),
    ("Cannot overwrite", "the same setting stands there twice"),
    ("Cannot redefine", "the same table stands there twice"),
    ("Cannot mutate", "a table written in braces is written on elsewhere"),
    ("Duplicate inline", "the same setting stands there twice"),
    ("Expected '='", "a name without = and a value"),
    ("Expected newline", "something stands behind a value; text needs quotation marks around it"),
    ("Expected ']'", "the ] of a table is missing"),
    ("Invalid statement", "a line that is no setting and no table"),
    ("Invalid value", "a value is missing or none; text needs quotation marks around it"),
    ("Invalid date", "a date that is none"),
    ("Invalid initial character for a key", "a name begins with a sign that needs quotation marks"),
    ("Unclosed array", "the ] of a list is missing"),
    ("Unclosed inline", "the } of a table is missing"),
    ("Unterminated string", "a quotation mark is missing"),
    ("Unescaped", "a backslash in a text; write two, or put the text in single quotation marks"),
    ("Illegal character", "a character that may not stand there"),
    ("Found invalid character", "a character that may not stand there"),
)
"""What the parser's messages begin with, and what they mean."""

_POSITION = re.compile(r"\(at line (\d+), column (\d+)\)$")


def tables(content: bytes) -> dict[str, object] | Fault:
    """What a file of these bytes says."""
    try:
        # Some editors begin every file with a byte order mark.
        return tomllib.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return Fault(f"line {line} is not UTF-8", "save the file as UTF-8")
    except tomllib.TOMLDecodeError as error:
        return _said(str(error))
    except RecursionError:
        return Fault("has lists or tables nested too deeply")
    except ValueError:
        return Fault("has a number with too many digits")


def _said(message: str) -> Fault:
    position = _POSITION.search(message)
    where = f"line {position[1]}, column {position[2]}" if position else "the end of the file"
    meaning = next((words for start, words in _MEANING if message.startswith(start)), "no TOML")
    return Fault(f"{where}: {meaning}")
