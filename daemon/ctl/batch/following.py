"""Following a job to its end, through restarts of the daemon, while its results grow into their file."""

from collections.abc import Sequence
from typing import cast

from daemon.ctl.batch.bars import settled
from daemon.ctl.batch.fetch import fetch, fetch_page
from daemon.ctl.batch.keeping import Kept
from daemon.ctl.batch.shapes import ItemNews, JobStatus
from daemon.ctl.batch.steady import Steady
from daemon.ctl.batch.watching import Watcher, item_said
from daemon.ctl.line import Json

__all__ = ["follow"]


def follow(paths: Sequence[str], job_id: str, watcher: Watcher, kept: Kept | None) -> JobStatus:
    """How it ended; by then all results are in the file."""
    with Steady(paths, watcher.say) as line, Steady(paths, lambda _: None) as beside:

        def heard(method: str, params: Json) -> None:
            if method == "job.item":
                watcher.say(*item_said(cast("ItemNews", params["item"])))
            elif method == "job.progress":
                status = cast("JobStatus", params["status"])
                watcher.show(status)
                # One page at a time: whoever fetches for long does not hear what happens meanwhile.
                if kept is not None and settled(status) > kept.count:
                    fetch_page(beside, job_id, kept.count, kept.add)

        last = cast("JobStatus", line.ask("job.follow", {"job_id": job_id}, notice=heard, within_s=None))
        watcher.show(last)
        if kept is not None and fetch(beside, job_id, kept.count, kept.add):
            kept.complete()
        return last
