"""Attempts and their ends as sentences: the words that chat, explain and errors share."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from daemon.ctl.plain import cut, inert, number, seconds, span
from daemon.ctl.shapes.acts import ProbeSaid
from daemon.ctl.shapes.attempts import AttemptSaid, Report, SeamSaid

__all__ = ["attempt", "cost", "failure", "happened", "seam", "short", "unwell"]

_KINDS: Mapping[str, str] = MappingProxyType(
    {
        "rate_limit": "asked too often",
        "quota": "its quota is used up",
        "auth": "its key was refused",
        "not_found": "there is no such model",
        "unavailable": "it is out of order",
        "network": "it could not be reached",
        "timeout": "it took too long",
        "bad_response": "what came was no whole answer",
        "context_length": "the request is too long for it",
        "content_policy": "it refuses the content",
        "bad_request": "it does not take such a request",
    }
)
"""What each kind of failure means to somebody who reads it for the first time."""

SAID_COLUMNS = 160
"""Of a provider's own words, where they are one line among others; `explain` has them all."""

_HOW = MappingProxyType(
    {
        "prefill": "continued what had been said",
        "repeated": "said it again, and what was said already was left out",
        "restart": "began anew",
    }
)


def short(lane: str) -> str:
    """A lane without the key, where one is talking and not steering: `gemini/gemini-2.5-flash`."""
    provider, _, rest = inert(lane).partition("/")
    _, slash, model = rest.partition("/")
    return f"{provider}/{model}" if slash else inert(lane)


def failure(attempt: AttemptSaid, *, said_columns: int = SAID_COLUMNS) -> str:
    """Why it was no answer: `it took too long (timeout)`, with the provider's own words if it had any."""
    kind = inert(attempt.get("kind", ""))
    means = _KINDS.get(kind, "")
    status = attempt.get("status")
    named = ", ".join(part for part in (kind, "" if status is None else f"HTTP {status}") if part)
    said = cut(inert(attempt.get("said", "")), said_columns)
    wait_s = attempt.get("wait_s")
    text = f"{means} ({named})" if means else named or "it failed"
    if wait_s is not None:
        text += f", come back in {span(wait_s)}"
    return f'{text}: "{said}"' if said else text


def unwell(probe: ProbeSaid) -> str:
    """The same of a look at somebody's health."""
    if not probe["kind"]:
        return inert(probe["said"])
    return failure({"kind": probe["kind"], "status": probe["status"], "said": probe["said"]})


def attempt(one: AttemptSaid, *, said_columns: int = SAID_COLUMNS) -> str:
    """A whole attempt in a line, but for its lane."""
    took = seconds(one.get("seconds", 0.0))
    match one.get("outcome"):
        case "answered":
            text = f"answered after {took}"
        case "failed":
            text = f"failed after {took}: {failure(one, said_columns=said_columns)}"
        case "cancelled":
            text = f"was stopped after {took}"
        case _:
            text = f"was interrupted after {took} by a fault of failoverd's own"
    tries = one.get("tries", 1)
    return f"{text}; asked {tries} times" if tries > 1 else text


def seam(one: SeamSaid) -> str:
    """Where an answer was continued."""
    how = _HOW.get(one["how"], inert(one["how"]))
    at = number(one["at_char"])
    return f"after {at} characters {short(one['before'])} broke off; {short(one['after'])} {how}"


def cost(dollars: float) -> str:
    """`$0.0012`; what is less than that is still not nothing."""
    if dollars == 0:
        return "free"
    return f"${dollars:,.2f}" if dollars >= 1 else f"${dollars:.4f}" if dollars >= 0.0001 else "<$0.0001"


def happened(report: Report) -> Iterator[str]:
    """What it took to get an answer: a line for each thing that did not go by itself."""
    for one in report.get("attempts", []):
        if one.get("outcome") != "answered":
            yield f"{short(one.get('lane', ''))} {attempt(one)}"
        elif one.get("tries", 1) > 1:
            yield f"{short(one.get('lane', ''))} answered when it was asked again"
    yield from (seam(one) for one in report.get("seams", []))
    if report.get("merged_with"):
        yield "the same was being asked already: one answer for both"
