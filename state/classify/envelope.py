r"""What an error is wrapped in: every body, of whatever shape, as a flat run of named values.

    {"error": {"code": 429, "message": ...}}              JSON, array-wrapped or not
    {"error": {"message": "{\"error\": {...}}"}}          JSON in a string in JSON
    Error code: 429 - {'error': {'message': ...}}         what a client library printed
    event: error \n data: {"type": "error", ...}         server-sent events
    {"response": "Hel"} \n {"error": "..."}               lines of JSON
    <html><title>502 Bad Gateway</title>                  a proxy's page

Nothing here knows what an error means. Everything is bounded: characters, depth, values.
"""

import html
import re
from collections.abc import Iterator

import msgspec

from state.classify.wording import words

__all__ = ["BODY_CHARS_MAX", "Named", "decoded", "is_html", "named_values", "page_text", "spaced"]

BODY_CHARS_MAX = 65_536
"""Errors are short; decoding is linear but not free, and a hostile provider picks the length."""
SCAN_CHARS_MAX = 8_192
VALUES_MAX = 512
DEPTH_MAX = 24
NESTED_MAX = 3
"""JSON in a string in JSON in a string: gateways before gateways do that, but not for ever."""

ECHOES = words("""
    input | inputs | prompt | messages | content | contents | instructions | tools | tool_calls | functions
    function_call | output | arguments | flagged_input | failed_generation | request | request_body | params
    param | loc | ctx | image | logprobs | embedding | usage | remedy_hint | previous_errors | trace | stack
    stacktrace | stack_trace | url | documentation_url | doc_url | help | links | link | instance
    request_id | id | user_id | domain | service | consumer | locale | supported_models | available_models
""")
"""Fields that repeat what was asked, or advertise: their words are not the failure's."""

Json = dict[str, "Json"] | list["Json"] | str | int | float | bool | None


class Named(msgspec.Struct, frozen=True):
    """One value of a body: its name and its parent's as spaced words, and whether it stood in an error."""

    name: str
    value: str | float
    parent: str = ""
    in_error: bool = True


CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
SEPARATORS = re.compile(r"[\s_.\-/:#]+")


def spaced(name: str) -> str:
    """`resetsInSeconds`, `resets_in_seconds` and `ThrottlingException` as the words that they are made of."""
    return SEPARATORS.sub(" ", CAMEL.sub(" ", name[:128])).strip().lower()


def decoded(text: str) -> Json:
    """The JSON value that the text is, or None."""
    if len(text) > BODY_CHARS_MAX:
        return None
    try:
        value: Json = msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        return None
    return value


def named_values(text: str, *, in_error: bool) -> list[Named]:
    """All that the text says by name, in the order in which it says it."""
    found: list[Named] = []
    for value in values_in(text, in_error=in_error, level=0):
        found.append(value)
        if len(found) == VALUES_MAX:
            break
    return found


def values_in(text: str, *, in_error: bool, level: int) -> Iterator[Named]:
    value = decoded(text)
    if isinstance(value, (dict, list)):
        yield from walked(value, "", "", in_error=in_error, level=level)
        return
    if isinstance(value, str):
        yield Named("message", value)
        return
    lines = [line for line in json_lines(text) if isinstance(line, (dict, list))]
    if lines:
        for line in lines:
            yield from walked(line, "", "", in_error=in_error, level=level)
        return
    yield from unwrapped(text, level=level)


def json_lines(text: str) -> Iterator[Json]:
    """The payloads of server-sent events and of newline-delimited JSON."""
    for line in text[:BODY_CHARS_MAX].split("\n")[:VALUES_MAX]:  # U+2028 may stand inside JSON
        payload = line.removeprefix("data:").strip()
        if payload.startswith(("{", "[")):
            yield decoded(payload)


def unwrapped(text: str, *, level: int) -> Iterator[Named]:
    """A payload inside prose: JSON if it is that, else whatever looks like `name: value`."""
    start, end = text.find("{"), text.rfind("}")
    if start < 0:
        return
    value = decoded(text[start : end + 1]) if end > start else None
    if isinstance(value, dict):
        yield from walked(value, "", "", in_error=True, level=level)
    else:
        yield from scanned(text[start : start + SCAN_CHARS_MAX])


def walked(
    value: Json, name: str, parent: str, *, in_error: bool, level: int, depth: int = 0
) -> Iterator[Named]:
    """The leaves of a decoded value."""
    match value:
        case dict() if depth < DEPTH_MAX:
            for key, inner in value.items():
                if key.lower() in ECHOES:
                    if inner == "model":  # "param": "model" says what is wrong, it echoes nothing
                        yield Named("param", "model", name, in_error)
                    continue
                named = spaced(key)
                inside = in_error or (named in ERROR_NAMES and bool(inner))
                yield from walked(inner, named, name, in_error=inside, level=level, depth=depth + 1)
        case list() if depth < DEPTH_MAX:
            for inner in value[:VALUES_MAX]:
                yield from walked(inner, name, parent, in_error=in_error, level=level, depth=depth + 1)
        case str() if value:
            yield Named(name, value, parent, in_error)
            if level < NESTED_MAX and "{" in value:
                yield from values_in(value, in_error=in_error, level=level + 1)
        case int() | float():
            yield Named(name, value, parent, in_error)


ERROR_NAMES = frozenset({"error", "errors", "err", "fault", "detail", "details", "base resp", "exception"})

PAIR = re.compile(
    r"""["']?(?<![A-Za-z0-9_])([A-Za-z_@][A-Za-z0-9_@-]{0,40})["']?\s{0,4}[:=]\s{0,4}"""
    r"""(?:"((?:[^"\\]|\\.){0,4000})"?|'((?:[^'\\]|\\.){0,4000})'?|(-?\d{1,20}(?:\.\d{1,12})?)\b|([A-Z][A-Z_]{3,60})\b)""",
    re.DOTALL,
)
ESCAPED = re.compile(r"\\(n|t|.)", re.DOTALL)


def scanned(text: str) -> Iterator[Named]:
    """`'code': 429`, `code: 'rate_limit'`, `quota_id: "..."`: cut off in the middle or not."""
    for pair in PAIR.finditer(text):
        name, double, single, amount, word = pair.groups()
        if name.lower() in ECHOES:
            continue
        quoted = double if double is not None else single
        if quoted is not None:
            yield Named(spaced(name), ESCAPED.sub(unescape, quoted))
        else:
            yield Named(spaced(name), float(amount) if amount else word)


def unescape(escape: re.Match[str]) -> str:
    return {"n": "\n", "t": "\t"}.get(escape[1], escape[1])


MARKUP = re.compile(r"<(?:!doctype html|html|head|body|title|center|h1)\b", re.IGNORECASE)
UNSEEN = re.compile(r"<(script|style|svg)\b", re.IGNORECASE)
TAG = re.compile(r"<[^<>]{0,2000}>")


def is_html(text: str) -> bool:
    return not text.startswith(("{", "[")) and MARKUP.search(text[:1024]) is not None


def page_text(text: str) -> str:
    """What a person would read of a page."""
    seen = " ".join(visible(text[:BODY_CHARS_MAX]))[:SCAN_CHARS_MAX]
    return " ".join(html.unescape(TAG.sub(" ", seen)).split())


def visible(page: str) -> Iterator[str]:
    at = 0
    while unseen := UNSEEN.search(page, at):
        yield page[at : unseen.start()]
        at = page.find(f"</{unseen[1]}", unseen.end())
        if at < 0:
            return
    yield page[at:]
