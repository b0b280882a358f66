"""Whether we ourselves are offline: told from whose calls fail to connect, and how close together.

    a.example fails      b.example fails
         |---- 10 s or less ----|        and nobody answered since the first  ->  our link is down
                                                         any remote answer    ->  it is up

A provider that is down fails alone; when two fail together, and nobody answers, the fault is most likely
on this side of the cable. Loopback hosts prove nothing either way.
"""

from enum import StrEnum

from msgspec import Struct

from state.standing.hosts import host_of, is_loopback

__all__ = ["Link", "Sign", "see"]


class Sign(StrEnum):
    """What a call, a probe or a check tells about our own network."""

    ANSWERED = "answered"
    """Any response at all, even an error: somebody out there heard us."""
    NOT_CONNECTED = "not connected"
    """Refused, reset, unresolved or timed out before a connection stood."""
    NO_ROUTE = "no route"
    """The kernel itself says that there is no way out."""


class Link(Struct, frozen=True):
    """What is known about our own network."""

    failing: tuple[tuple[str, int], ...] = ()
    """Hosts and when they last failed, the latest last; those of the last seconds only."""
    since_ms: int | None = None
    """When the unbroken run of failures began."""
    is_down: bool = False

    @property
    def lost_since_ms(self) -> int | None:
        """Since when we are offline; None: we are not."""
        return self.since_ms if self.is_down else None


_UP = Link()
_HOSTS_TO_BLAME_US = 2


def see(link: Link, url: str, sign: Sign, at_ms: int, window_ms: int) -> Link:
    """What is known after one more sign. Once down, only an answer from outside proves the link again."""
    if is_loopback(url):
        return link
    if sign is Sign.ANSWERED:
        return _UP
    host = host_of(url)
    failing = (*(seen for seen in link.failing if seen[0] != host), (host, at_ms))
    failing = tuple(seen for seen in failing if seen[1] >= at_ms - window_ms)
    is_unbroken = link.is_down or any(seen[1] >= at_ms - window_ms for seen in link.failing)
    since_ms = link.since_ms if is_unbroken and link.since_ms is not None else at_ms
    is_down = link.is_down or sign is Sign.NO_ROUTE or len(failing) >= _HOSTS_TO_BLAME_US
    return Link(failing[-_HOSTS_TO_BLAME_US:], since_ms, is_down)
