"""The numbers behind the behaviour of a provider: its clocks, second tries, rests, quarantines and probes.

Each default carries its reason, each number its bounds: what a type can refuse, no check needs to.
"""

from typing import Annotated

from msgspec import Meta, Struct

__all__ = [
    "Count",
    "Pause",
    "ProbeConfig",
    "QuarantineConfig",
    "RestConfig",
    "RetryConfig",
    "Seconds",
    "Section",
    "Share",
    "TimeoutConfig",
]

YEAR_S = 366 * 86_400.0
"""Nothing here waits longer; and a moment that far away still fits into every integer that stores one."""

Seconds = Annotated[float, Meta(ge=0.001, le=YEAR_S)]
"""A time that passes: moments are whole milliseconds, so less than one would be none."""
Pause = Annotated[float, Meta(ge=0.0, le=YEAR_S)]
"""A time that may be none."""
Share = Annotated[float, Meta(ge=0.0, le=1.0)]
Count = Annotated[int, Meta(ge=1, le=1_000_000)]
Ladder = Annotated[tuple[Seconds, ...], Meta(min_length=1, max_length=32)]


class Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the config file."""


class TimeoutConfig(Section, frozen=True, kw_only=True):
    """Our own clocks around one attempt; httpx's are per operation and a dripping server outlives them."""

    connect_s: Seconds = 5.0
    """Until the connection stands, TLS included."""
    first_token_s: Seconds = 10.0
    """Until the first word of a stream; three times the lane's own 95th percentile where that is longer,
    because a thinking model is slow, not dead."""
    gap_s: Seconds = 15.0
    """Between two chunks of a stream."""
    total_s: Seconds = 30.0
    """For an answer that is not streamed: takes the place of first token and gap."""
    trial_first_token_s: Seconds = 5.0
    """A trial is kept short: somebody waits behind it."""


class RetryConfig(Section, frozen=True, kw_only=True):
    """Second tries on the same lane, before the failure counts."""

    retries: Annotated[int, Meta(ge=0, le=10)] = 1
    """For `unavailable`, and for a network failure before the first byte: a single hiccup is no outage."""
    pause_s_min: Pause = 0.25
    """Before a second try; jittered up to `pause_s_max`, so that callers do not come back in step."""
    pause_s_max: Pause = 0.5
    """See `pause_s_min`."""
    stated_wait_s_max: Pause = 3.0
    """A rate limit that says it ends this soon is waited out, once."""
    ladder_s: Ladder = (5.0, 10.0, 20.0, 40.0, 80.0)
    """A patient request climbs it on its lane; an interactive one only when no lane is left."""
    patient_tries: Annotated[int, Meta(ge=1, le=100)] = 5
    """How often a patient request tries a lane that fails for a moment."""
    patient_pause_s: Pause = 2.0
    """Between these tries."""


class RestConfig(Section, frozen=True, kw_only=True):
    """How long a rate-limited lane waits. Not a punishment: it grows only where nothing was stated."""

    stated_s_min: Pause = 1.0
    """A stated wait is never believed to be shorter,"""
    stated_s_max: Seconds = 600.0
    """nor longer: some providers state nonsense."""
    first_s: Seconds = 30.0
    """Where no wait was stated."""
    growth: Annotated[float, Meta(ge=1.0, le=10.0)] = 2.0
    """Each further rest without a success between takes this times as long."""
    grown_s_max: Seconds = 300.0
    """Where the growing ends."""
    quota_s: Seconds = 600.0
    """Out for this long when a quota is gone and neither a reset nor a calendar is known."""
    not_found_s: Seconds = 86_400.0
    """A model that was not there is looked at again daily: names come back, typing errors do not."""


class QuarantineConfig(Section, frozen=True, kw_only=True):
    """How long a lane that failed sees no traffic."""

    single_s: Seconds = 300.0
    """After a single failure."""
    row_s: Seconds = 600.0
    """After a row of failures."""
    row: Annotated[int, Meta(ge=1, le=1000)] = 3
    """This many failures without a success between them are a row."""
    jitter: Share = 0.10
    """Trials of lanes that fell together do not start together."""
    early_trial: bool = True
    """Two good probes in a row may bring the trial forward, one per step of the probe ladder."""
    keep_last: bool = True
    """The last lane that a request could use is benched by a row, not by a single failure."""
    loopback_s: Seconds = 15.0
    """A local model server that is slow or restarting is back in seconds: its sentence is this times the
    number of failures in the row, never more than `loopback_s_max`."""
    loopback_s_max: Seconds = 60.0
    """See `loopback_s`."""
    trial_s_max: Seconds = 300.0
    """A trial whose end nobody reported has lost its attempt: after this long its place is free again."""
    slow_start: Annotated[tuple[Count, ...], Meta(min_length=1, max_length=32)] = (1, 2, 4, 8, 16)
    """How many requests at once a lane carries after its trial, one step further with each success."""
    last_resort_s: Seconds = 10.0
    """With everything out, one attempt per this time for the whole daemon: to the lane nearest to its end."""
    offline_s: Seconds = 10.0
    """Connection failures on two hosts within this time, and no success, are our own network's fault."""


class ProbeConfig(Section, frozen=True, kw_only=True):
    """Free health checks, never a completion."""

    enabled: bool = True
    """Whether this provider is looked at when no traffic tells how it is."""
    url: str = ""
    """Empty: the dialect's own free endpoint (a model list, `/api/tags`)."""
    every_s: Seconds = 60.0
    """While all is well."""
    jitter: Share = 0.2
    """Providers are not all looked at in the same second."""
    timeout_s: Seconds = 5.0
    """A free endpoint that takes longer is not well."""
    ladder_s: Ladder = (10.0, 20.0, 30.0, 30.0, 60.0, 120.0, 300.0)
    """While a lane is out."""
    good_in_row: Annotated[int, Meta(ge=1, le=100)] = 2
    """So many good probes at a step bring the trial forward."""
    again_s: Pause = 1.0
    """A good probe of a lane that is out is confirmed this soon after."""
