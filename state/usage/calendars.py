"""When a provider's day begins and ends, by the provider's own calendar.

Most days have 24 hours; where summer time begins or ends they have 23 or 25, where it does so at midnight
they do not begin at 00:00, and Samoa once left one out. So nothing here adds 24 hours to anything.
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from msgspec import Struct

__all__ = ["Instant", "day_of", "is_zone", "next_midnight_wall_ms"]

_NAME_CHARS_MAX = 64
_WALL_MS_MAX = 7 * 10**13
"""The year 4188. A wall clock that claims more is broken, and a broken clock must not break a fold."""
_ONE_DAY = timedelta(days=1)
_DAY_MS = 86_400_000


class Instant(Struct, frozen=True, gc=False):
    """A moment on both clocks, and the zone in which the wall is read."""

    at_ms: int
    wall_ms: int
    zone: str

    @property
    def day(self) -> int:
        return day_of(self.wall_ms, self.zone)

    @property
    def midnight_ms(self) -> int:
        """When the day ends, on the timeline: as far as the wall can be believed."""
        return self.at_ms + next_midnight_wall_ms(self.wall_ms, self.zone) - self.wall_ms


def is_zone(zone: str) -> bool:
    """Whether the name of a zone is one that this machine knows; the config check asks."""
    if len(zone) > _NAME_CHARS_MAX:
        return False
    try:
        _zone(zone)
    except (KeyError, ValueError, OSError):  # unknown; no name for a file; a directory such as `America`
        return False
    return True


def day_of(wall_ms: int, zone: str) -> int:
    """The calendar day in that zone at that moment, as a number that grows by one a day."""
    return _local(wall_ms, zone).toordinal()


def next_midnight_wall_ms(wall_ms: int, zone: str) -> int:
    """The moment at which the next calendar day begins in that zone: always later than the given one."""
    if wall_ms > _WALL_MS_MAX:
        return wall_ms + _DAY_MS
    now = _local(wall_ms, zone)
    midnight = (now + _ONE_DAY).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    wall_ms_next = _wall_ms(midnight)
    # Where summer time ends a minute past midnight there are two midnights, and the first may be over.
    return wall_ms_next if wall_ms_next > wall_ms else _wall_ms(midnight.replace(fold=1))


def _local(wall_ms: int, zone: str) -> datetime:
    return datetime.fromtimestamp(min(max(wall_ms, 0), _WALL_MS_MAX) / 1000, UTC).astimezone(_zone(zone))


def _wall_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


@lru_cache(maxsize=256)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
