"""The ways in which a lane, a key or a provider can be held: what each is called, and how it ends."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct

__all__ = ["HOLDS", "Busy", "Hold", "HoldKind", "HoldLaw", "Phase", "later", "span"]


class Phase(StrEnum):
    """What a standing amounts to at a given moment."""

    WELL = "well"
    SLOW_START = "slow start"
    RESTING = "resting"
    QUARANTINED = "quarantined"
    ON_TRIAL = "on trial"
    """The sentence is over, or probes brought its end forward: one request may test it."""
    UNDER_TRIAL = "under trial"
    """That request is on its way."""
    OUT = "out"
    DISABLED = "disabled"


class HoldKind(StrEnum):
    """Why there is no traffic."""

    REST = "rest"
    QUARANTINE = "quarantine"
    QUOTA = "quota"
    AUTH = "auth"
    NOT_FOUND = "not_found"
    ORDERED = "ordered"
    """A quarantine by an operator's order."""
    DISABLED = "disabled"


class HoldLaw(Struct, frozen=True):
    """What one kind of hold means."""

    says: str
    phase: Phase
    ends_in_trial: bool
    """Whether one request must prove it well when its time is over; the others just end."""


# fmt: off
HOLDS: Mapping[HoldKind, HoldLaw] = MappingProxyType({
    #                            says                        phase              ends in trial
    HoldKind.REST:       HoldLaw("resting",                  Phase.RESTING,     False),
    HoldKind.QUARANTINE: HoldLaw("quarantined",              Phase.QUARANTINED, True),
    HoldKind.QUOTA:      HoldLaw("out of quota",             Phase.OUT,         True),
    HoldKind.AUTH:       HoldLaw("out, its key was refused", Phase.OUT,         True),
    HoldKind.NOT_FOUND:  HoldLaw("out, not found",           Phase.OUT,         True),
    HoldKind.ORDERED:    HoldLaw("quarantined by order",     Phase.QUARANTINED, True),
    HoldKind.DISABLED:   HoldLaw("disabled",                 Phase.DISABLED,    False),
})
# fmt: on


class Hold(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """No traffic until a moment in time, with the reason."""

    kind: HoldKind
    since_ms: int
    until_ms: int | None
    """None: no time ends it, only somebody's act."""
    since_wall_ms: int
    reason: str = ""
    rule: str = ""
    """The name of the rule that classified the failure; empty where there was none."""
    row: int = 0
    """How many failures in a row it stands for."""
    by: str = ""
    """Who gave the order; empty: failoverd itself."""

    @property
    def law(self) -> HoldLaw:
        return HOLDS[self.kind]

    def runs_at(self, at_ms: int) -> bool:
        return self.until_ms is None or at_ms < self.until_ms

    def left_ms(self, at_ms: int) -> int | None:
        """What is left of it, never negative; None: no end is known."""
        return None if self.until_ms is None else max(0, self.until_ms - at_ms)

    @property
    def because(self) -> str:
        """All but the time, as an operator would go on: ` after 3 in a row: timeout (rule read-timeout)`."""
        after = (
            f" after {self.row} in a row" if self.row > 1 else " after a single failure" if self.row else ""
        )
        reason = f": {self.reason}" if self.reason else ""
        rule = f" (rule {self.rule})" if self.rule else ""
        return f"{after}{reason}{rule}{f', by {self.by}' if self.by else ''}"

    def __str__(self) -> str:
        if self.until_ms is None:
            until = "its config changes or it is enabled"
        else:
            until = _moment(self.since_wall_ms + self.until_ms - self.since_ms)
        return f"{self.law.says} until {until}{self.because}"

    def __repr__(self) -> str:
        return f"<{self}>"


class Busy(Struct, frozen=True):
    """Not held, but full for now: a trial is under way, or a slow start carries what it may."""

    phase: Phase
    taken: int
    capacity: int
    until_ms: int
    """When asking again makes sense; nobody knows when an attempt will end."""

    def __str__(self) -> str:
        if self.phase is Phase.UNDER_TRIAL:
            return "under trial"
        return f"starting slowly, {self.taken} of {self.capacity} at once"

    def __repr__(self) -> str:
        return f"<{self}>"


def later(one: Hold | None, other: Hold) -> Hold:
    """The one that ends later wins, whole: its reason explains its deadline. Of equals, the newer."""
    if one is None or other.until_ms is None:
        return other
    return one if one.until_ms is None or one.until_ms > other.until_ms else other


def span(left_ms: int) -> str:
    """A time as one says it: `4m 59s`. Rounded up, so that nobody comes back a moment too early."""
    seconds = -(-max(0, left_ms) // 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = [f"{n}{unit}" for n, unit in ((days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")) if n]
    return " ".join(parts[:2]) or "0s"


_WALL_MS_MAX = 253_402_300_799_000
"""The last second of the year 9999. A wall clock may say anything; repeating it must not fail."""


def _moment(wall_ms: int) -> str:
    moment = datetime.fromtimestamp(min(max(0, wall_ms), _WALL_MS_MAX) / 1000, UTC)
    return f"{moment:%Y-%m-%d %H:%M:%S}Z"
