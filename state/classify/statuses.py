"""Which status counts: the one inside the body, the one in the status line, the one that somebody printed."""

import re
from collections.abc import Iterable

from state.classify.envelope import Named
from state.classify.moments import number
from state.classify.wording import words

__all__ = ["status_that_counts"]

NAMES = words(
    "code | status | status code | http status code | http status | http code | error code | errcode"
)

PRINTED = re.compile(
    r"(?:\b(?:returned|received|got|with)\s(?:an?\s)?(?:http\s)?"
    r"|\b(?:status[ _]?code|status|https?(?:/\d(?:\.\d)?)?(?:\s(?:error|status|code))?"
    r"|error(?:\scode)?|code)\b"
    r"[\"':=(\[\s]{0,4}|^\W{0,3}|[(\[])([45]\d\d)\b(?![.,:/]?\d)",
    re.IGNORECASE,
)
"""What client libraries make of a status line: `Error code: 429`, `(503)`, `HTTP 502`."""
PRINTED_WITHIN_CHARS = 2048

RAISED = {
    "bad request error": 400,
    "authentication error": 401,
    "permission denied error": 403,
    "not found error": 404,
    "unprocessable entity error": 422,
    "rate limit error": 429,
    "internal server error": 500,
    "service unavailable error": 503,
}
"""What the exceptions of client libraries mean when the number is lost."""


def status_that_counts(
    http: int | None, values: Iterable[Named], said: str, raised: Iterable[str]
) -> int | None:
    """The body's own where it differs from the status line's: OpenRouter answers 200 with a 429 inside."""
    inside = [status for value in values if value.name in NAMES and (status := as_status(value.value))]
    if http is not None and http >= 400 and (http in inside or not inside):
        return http
    if inside:
        return inside[0]
    if printed := PRINTED.search(said, 0, PRINTED_WITHIN_CHARS):
        return int(printed[1])
    return http or next((RAISED[name] for name in raised if name in RAISED), None)


def as_status(value: str | float) -> int | None:
    amount = number(value) if isinstance(value, str) else value
    return int(amount) if amount is not None and 400 <= amount <= 599 and amount == int(amount) else None
