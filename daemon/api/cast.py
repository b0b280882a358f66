"""Everybody whom the daemon's methods turn to."""

from collections.abc import Callable, Mapping

from actors.jobs.jobs import Jobs
from actors.journal.journal import Journal
from actors.kernel.mailbox import Mailbox
from actors.provider.provider import Doorway, ProbeNow
from actors.router.router import Router
from actors.seams import Clock
from daemon.api.underway import UnderWay
from daemon.configfile import Refused
from daemon.wishes import Wishes
from state.settings.resolved import Resolved
from state.timeline import Reading

__all__ = ["Cast"]


class Cast:
    """Given once; what a reload changes is asked for anew each time."""

    def __init__(
        self,
        router: Router,
        doors: Mapping[str, Doorway],
        mailboxes: Mapping[str, Mailbox[ProbeNow]],
        journal: Journal,
        jobs: Jobs,
        *,
        clock: Clock,
        wishes: Wishes,
        resolved: Callable[[], Resolved],
        load: Callable[[], Resolved | Refused],
        version: str,
        last_read: Reading | None = None,
    ) -> None:
        self.router = router
        self.doors = doors
        """By the provider's name."""
        self.mailboxes = mailboxes
        """The same: of each provider's actor."""
        self.journal = journal
        self.jobs = jobs
        self.clock = clock
        self.wishes = wishes
        self.resolved = resolved
        """The config that is in force."""
        self.load = load
        """The config as it stands in the file now."""
        self.version = version
        self.under_way = UnderWay()
        self.began_ms = clock.now_ms()
        self.last_read = last_read or clock.read()
        """What the clocks said when the last life ended, or this one began."""

    def __repr__(self) -> str:
        return f"<cast: {len(self.doors)} providers>"
