"""Following a job to its end, through restarts of the daemon, while its results grow into their file."""

from collections.abc import Sequence
from typing import cast

from daemon.ctl.batch.bars import settled
from daemon.ctl.batch.fetch import fetch
from daemon.ctl.batch.keeping import Kept
from daemon.ctl.batch.shapes import ItemNews, JobStatus
from daemon.ctl.batch.steady import Steady
from daemon.ctl.batch.watching import Watcher, item_said
from daemon.ctl.clock import now_s
from daemon.ctl.line import Json

__all__ = ["follow"]

GROWS_EVERY_S = 1.0


def follow(paths: Sequence[str], job_id: str, watcher: Watcher, kept: Kept | None) -> JobStatus:
    """How it ended; by then all results are in the file."""
    with Steady(paths, watcher.say) as line, Steady(paths, lambda _: None) as beside:
        growing = _Growing(beside, job_id, kept)

        def heard(method: str, params: Json) -> None:
            if method == "job.item":
                watcher.say(*item_said(cast("ItemNews", params["item"])))
            elif method == "job.progress":
                status = cast("JobStatus", params["status"])
                watcher.show(status)
                growing.look(settled(status))

        last = cast("JobStatus", line.ask("job.follow", {"job_id": job_id}, notice=heard, within_s=None))
        watcher.show(last)
        growing.finish()
        return last


class _Growing:
    """The file, fetched a little at a time while there is news anyway."""

    def __init__(self, line: Steady, job_id: str, kept: Kept | None) -> None:
        self._line, self._job_id, self._kept = line, job_id, kept
        self._looked_s = now_s()

    def look(self, count: int) -> None:
        if self._kept is None or count <= self._kept.count or now_s() - self._looked_s < GROWS_EVERY_S:
            return
        self._fetch(self._kept)
        self._looked_s = now_s()

    def finish(self) -> None:
        if self._kept is not None and self._fetch(self._kept):
            self._kept.complete()

    def _fetch(self, kept: Kept) -> bool:
        return fetch(self._line, self._job_id, kept.count, kept.add)
