"""What can go wrong, and who is to blame: the values; `state.classify` decides between them.

evidence (what came over the wire)  --classify-->  failure (kind, scope, wait, rule)
"""

from enum import StrEnum

from msgspec import Struct

__all__ = [
    "QUOTA_WAIT_S_MIN",
    "RESPONSE_CLASS",
    "SAID_CHARS_MAX",
    "Evidence",
    "Failure",
    "Kind",
    "Scope",
    "Where",
]

SAID_CHARS_MAX = 2048
"""A provider's own words are kept for people to read, not for archives."""

QUOTA_WAIT_S_MIN = 60.0
"""What is counted by the day, or in money, is not back sooner."""


class Kind(StrEnum):
    """What a failure means. What follows from each stands in one table, `state.standing.consequences`."""

    RATE_LIMIT = "rate_limit"
    QUOTA = "quota"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    UNAVAILABLE = "unavailable"
    NETWORK = "network"
    TIMEOUT = "timeout"
    BAD_RESPONSE = "bad_response"
    CONTEXT_LENGTH = "context_length"
    CONTENT_POLICY = "content_policy"
    BAD_REQUEST = "bad_request"


class Scope(StrEnum):
    """Who is to blame: this request, this model (so this lane), this key, or the whole provider."""

    REQUEST = "request"
    MODEL = "model"
    KEY = "key"
    PROVIDER = "provider"


class Where(StrEnum):
    """At which point of an exchange the evidence turned up."""

    RESPONSE = "response"
    BODY_200 = "body-200"
    STREAM = "stream"
    TRANSPORT = "transport"


class Evidence(Struct, frozen=True, kw_only=True):
    """All that is known of a call that did not end in an answer."""

    provider: str = ""
    api: str = ""
    where: Where = Where.RESPONSE
    status: int | None = None
    headers: tuple[tuple[str, str], ...] = ()
    body: str = ""
    exception: str = ""


class Failure(Struct, frozen=True, kw_only=True, tag="failed"):
    """An outcome that is not an answer."""

    kind: Kind
    scope: Scope
    rule: str
    """The name of the rule that decided, so that every decision can be explained."""
    wait_s: float | None = None
    """The wait that the provider stated, clamped; None where it stated none."""
    status: int | None = None
    said: str = ""
    """The provider's own words, made inert and cut to SAID_CHARS_MAX."""

    @property
    def believed_s(self) -> float | None:
        """The stated wait, where it can be true: beside its daily limits Gemini states that of the minute."""
        if self.kind is Kind.QUOTA and self.wait_s is not None and self.wait_s < QUOTA_WAIT_S_MIN:
            return None
        return self.wait_s


RESPONSE_CLASS = frozenset({Kind.UNAVAILABLE, Kind.TIMEOUT, Kind.BAD_RESPONSE})
"""Failures that a poison prompt can cause: one request strikes at most one lane with these."""
