r"""Lines of a file of requests, judged one by one: pure, and as constant in memory as the longest line.

{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {...}}    OpenAI's batch file
{"messages": [...], "model": "gemini-2.5-flash"}                                     a plain request

    requests(lines) --> Request(line, text) | Flaw(line, why)

A request goes on as the very bytes that were read: numbers keep their digits, nothing is encoded twice.
"""

import json
from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

__all__ = ["LINE_BYTES_MAX", "Flaw", "Request", "requests"]

LINE_BYTES_MAX = 32 * 1024 * 1024
"""More than any daemon takes: who sends this has no line breaks."""

_BOM = b"\xef\xbb\xbf"
_CONTENT = ("messages", "prompt", "input")
"""One of these says what is asked: in a chat, for an image, for embeddings."""


class Request(NamedTuple):
    """A line that can be sent."""

    line: int
    """Its number, as editors count."""
    text: bytes


class Flaw(NamedTuple):
    """A line that can't."""

    line: int
    why: str

    def __repr__(self) -> str:
        return f"line {self.line:,}: {self.why}"


def requests(lines: Iterable[bytes]) -> Iterator[Request | Flaw]:
    """One for each line that is not blank. Nothing more can be told after a line that is too long."""
    for number, line in enumerate(lines, 1):
        text = (line.removeprefix(_BOM) if number == 1 else line).strip()
        if len(line) >= LINE_BYTES_MAX:
            yield Flaw(number, f"longer than {LINE_BYTES_MAX >> 20} MiB; is there one request a line?")
            return
        if text:
            why = _flaw(text)
            yield Flaw(number, why) if why else Request(number, text)


def _flaw(text: bytes) -> str:
    """Why this is no request; empty: it looks like one. The daemon looks more closely."""
    try:
        value = json.loads(text, parse_constant=_no_json)
    except UnicodeDecodeError:
        return "not UTF-8"
    except RecursionError:
        return "nested too deeply"
    except ValueError as error:
        at = getattr(error, "colno", 0)
        return f"not JSON, at column {at}" if at else "not JSON"
    if not isinstance(value, dict):
        return "not a JSON object"
    body = value.get("body", value)
    if not isinstance(body, dict):
        return "its body is not an object"
    if not any(key in body for key in _CONTENT):
        return f"it asks nothing: there is no {' or '.join(_CONTENT)} in it"
    return ""


def _no_json(_: str) -> NoReturn:
    """NaN and Infinity are Python's own."""
    raise ValueError
