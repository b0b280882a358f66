"""The evidence, read once: which status, which codes, which words, which wait. Rules look at nothing else.

Codes are the machine's words (`type`, `code`, `status`, `reason`, quota ids, names of exceptions), text is
what is meant for people. They are kept apart because they lie differently: DeepSeek calls everything
`invalid_request_error`, and a helpful sentence may mention any word at all.
"""

import re
from collections.abc import Iterable

from msgspec import Struct

from state.classify import waits
from state.classify.envelope import BODY_CHARS_MAX, Named, decoded, is_html, named_values, page_text, spaced
from state.classify.said import inert
from state.classify.statuses import status_that_counts
from state.classify.wording import plain, trimmed, words
from state.failures import Evidence, Where

__all__ = ["Testimony", "read"]


class Testimony(Struct, frozen=True, kw_only=True):
    """What the evidence says."""

    where: Where
    http: int | None
    """The number in the status line."""
    status: int | None
    """The status that counts."""
    codes: frozenset[str]
    """Each code as spaced words: `rate limit exceeded`, `1302`, `finish reason error`."""
    code_text: str
    """The same as one text, to look for parts of codes in."""
    text: str
    """All messages in one plain spelling."""
    said: str
    """The messages as they were written, made inert."""
    wait_s: float | None
    empty: bool
    page: bool
    """The body is a web page."""
    model_named: bool
    none_at_all: bool
    """A limit of nothing: `limit: 0`."""
    relayed: bool
    """A broker hands on what was said to *its* key by an upstream."""


CODE_NAMES = words("""
    code | type | status | reason | error code | error type | errortype | errcode | err code | status code
    http status | http status code | http code | name | error name | error | block reason | finish reason
    stop reason | native finish reason | quota id | quota metric | limit source | limit name | event type
    error kind | kind | sub code | subcode | inner code | exception type | exception | param | category
    error reason | title | metric
""")
MESSAGE_NAMES = words("""
    message | msg | detail | details | error | errors | error message | errormessage | error description
    error msg | err msg | errmsg | description | title | raw | status msg | status message | status text
    cause | fault string | faultstring | localized message | user message | display message | body
    response | response body | response text | refusal
""")
MODEL_NAMES = words("model | model id | model name | model slug | deployment | deployment id")
TELLING = words("block reason | finish reason | stop reason | native finish reason | param")
"""Codes that mean little without their name: `stop`, `SAFETY`, `model`."""
AWS_NAMES = ("x-amzn-errortype", ":exception-type", "x-ms-error-code")
"""Headers that name the error: Bedrock's bodies hold nothing but a message."""

PAYLOADS = ("{", "[", '"', "data:", "event:", ":")
"""How a body begins that is all payload and no prose."""

CODES_BELOW = 1_000_000_000
CODE_LIKE = re.compile(r"[A-Za-z_@][\w.\-/:#@]{1,160}|\d{1,9}")
CAMELS = re.compile(r"\b(?=[A-Za-z0-9]{0,80}[a-z][A-Z])[A-Z][A-Za-z0-9]{2,80}\b")
EXCEPTIONS = re.compile(r"\b(?:\w{1,40}\.){0,6}[A-Z]\w{2,80}(?:Error|Exception)\b")
"""`openai.RateLimitError` is a code and no words: old libraries raised it for an overloaded server too."""
CAMELS_MAX = 24

LIMIT_ZERO = re.compile(r"\blimit\W{1,3}0(?!\.?\d)")
MODEL = re.compile(
    r"\bmodels?\b|\bdeployment\b|модел|模型|モデル|모델|\bmodelo|\bmodell|\bmodèle|:free\b|\bo[134]\b"
    r"|\b(?:gpt|o[134]|claude|gemini|gemma|llama|ministral|mistral|mixtral|pixtral|codestral|magistral|qwen|qwq"
    r"|deepseek|glm|grok|kimi|command|phi|dall e|whisper|nova|titan|minimax|ernie|hunyuan|doubao)"
    r"[ .]?(?:\d|[rvmk]\d"
    r"|(?:opus|sonnet|haiku|pro|flash|ultra|nano|large|medium|small|coder|chat|reasoner|mini|r)\b)"
)
"""A model is named, or at least spoken of."""


def read(evidence: Evidence, now_wall_ms: int) -> Testimony:
    """Everything that a rule may ask, found once."""
    now_s = now_wall_ms / 1000
    http = evidence.status
    failed = http is None or http >= 300
    body = evidence.body[:BODY_CHARS_MAX].lstrip("\ufeff").strip()
    exception = evidence.exception[:BODY_CHARS_MAX].strip()
    page = is_html(body)
    values = [] if page else named_values(body, in_error=failed)
    values += named_values(exception, in_error=True)
    headers = dict(sorted((name.strip().lower(), value) for name, value in evidence.headers))

    said = trimmed("\n".join(dict.fromkeys(messages(body, exception, values, page=page, failed=failed))))
    raising = "Error" in said or "Exception" in said
    text = plain(EXCEPTIONS.sub(" ", said) if raising else said)
    raised = [spaced(name) for name in CAMELS.findall(said)[:CAMELS_MAX]]
    codes = frozenset(codes_in(values, headers)).union(raised)
    code_text = " | ".join(sorted(codes))
    return Testimony(
        where=evidence.where,
        http=http,
        status=status_that_counts(http, values, said, raised),
        codes=codes,
        code_text=code_text,
        text=text,
        said=inert(said),
        wait_s=stated_wait(values, said, headers, now_s),
        empty=not exception and not any(line.strip(" \t:") for line in without_comments(body)),
        page=page,
        model_named=MODEL.search(text) is not None
        or "model" in code_text
        or any(value.name in MODEL_NAMES for value in values),
        none_at_all=LIMIT_ZERO.search(said) is not None
        or any(value.name == "quota value" and value.value in ("0", 0) for value in values),
        relayed=is_relayed(values),
    )


def messages(body: str, exception: str, values: list[Named], *, page: bool, failed: bool) -> Iterable[str]:
    """What was said to people: the exception, then each message, or the whole body where it has no parts."""
    spoken = [page_text(body)] if page else list(spoken_in(values))
    if exception:
        yield prose(exception) if spoken and not page else exception
    if spoken and not page and not body.startswith(PAYLOADS):
        yield prose(body)
    yield from spoken
    if not spoken and (failed or (not values and decoded(body) is None)):
        yield body


def prose(text: str) -> str:
    """The words around a payload: "Error code: 429 - {...}"."""
    start, end = text.find("{"), text.rfind("}")
    return text if start < 0 else f"{text[:start]} {text[end + 1 :] if end > start else ''}"


def spoken_in(values: Iterable[Named]) -> Iterable[str]:
    for value in values:
        if not isinstance(value.value, str):
            continue
        sentence = " " in value.value or not value.value.isascii()
        if value.name in MESSAGE_NAMES or (sentence and (value.in_error or value.name in CODE_NAMES)):
            wrapped = '{"' in value.value or "{'" in value.value
            yield prose(value.value) if wrapped else value.value


def codes_in(values: Iterable[Named], headers: dict[str, str]) -> Iterable[str]:
    for value in values:
        if value.name not in CODE_NAMES:
            continue
        written = value.value if isinstance(value.value, str) else numeric(value.value)
        if not CODE_LIKE.fullmatch(written):
            continue
        named = spaced(written)
        yield named
        if value.name in TELLING:
            yield f"{value.name} {named}"
        if value.parent == "base resp":
            yield f"base resp {named}"
    for name in AWS_NAMES:
        if name in headers:
            yield spaced(headers[name].partition(":")[0].rpartition("#")[2])


def numeric(code: float) -> str:
    return f"{code:.0f}" if abs(code) < CODES_BELOW else ""


def stated_wait(values: Iterable[Named], said: str, headers: dict[str, str], now_s: float) -> float | None:
    """A field made for it or the words; else the headers, also those that a broker passes on in the body."""
    passed_on: dict[str, str] = {}
    stated: list[waits.Hint | None] = list(waits.in_words(said, now_s))
    for value in values:
        if value.parent == "headers":
            passed_on[value.name.replace(" ", "-")] = str(value.value)
        name = f"{value.parent} {value.name}" if value.name in {"seconds", "milliseconds"} else value.name
        stated.append(waits.in_field(name, value.value, now_s))
    return waits.longest(stated) or waits.in_headers(headers, now_s) or waits.in_headers(passed_on, now_s)


def without_comments(body: str) -> Iterable[str]:
    """DeepSeek and OpenRouter keep a stream alive with blank lines and comments; they are no answer."""
    return (line for line in body.splitlines() if not line.startswith(":"))


def is_relayed(values: Iterable[Named]) -> bool:
    """OpenRouter names the upstream that refused; where the caller brought its key, it is the caller's."""
    told = {value.name: value.value for value in values}
    return "provider name" in told and not told.get("is byok")
