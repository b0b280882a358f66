"""A daemon's jobs, kept in memory: pieces that may come twice, results in order, lines that break on demand."""

import json
from collections.abc import Callable, Iterator
from typing import Any

from daemon.verdicts import ErrorKind
from tests.fakes.daemon import FakeDaemon, refuses, says

__all__ = ["COUNTS", "FakeJobs", "job_line", "job_status"]

COUNTS = {"pending": 0, "sent": 0, "done": 0, "failed": 0, "unknown": 0, "cancelled": 0}
CREATED_MS = 1_700_000_000_000
ONE = {
    "job_id": "j1",
    "name": "night",
    "state": "running",
    "why": "",
    "until_wall_ms": None,
    "created_wall_ms": CREATED_MS,
    "finished_wall_ms": None,
}


def job_line(**changed: Any) -> Any:
    """As `job.list` tells of one."""
    return {**ONE, "total": 5, "done": 0, "failed": 0, "unknown": 0, **changed}


def job_status(**changed: Any) -> Any:
    """As `job.status` does."""
    counts = {**COUNTS, **changed.pop("counts", {})}
    return {
        **ONE,
        "total": sum(counts.values()),
        "counts": counts,
        "failovers": 0,
        "tags": {},
        "errors": {},
        "lanes": [],
        "checkpoint": None,
        "rate_per_min": None,
        "left_s": None,
        "tokens": 0,
        "cost_usd": 0.0,
        **changed,
    }


class FakeJobs:
    """One job, that is done as soon as it is sealed, unless `notices` tell of its way there."""

    def __init__(self, daemon: FakeDaemon) -> None:
        self.items: list[Any] = []
        self.opening: dict[str, Any] | None = None
        self.is_sealed = False
        self.is_gone = False
        self.acks_lost = 0
        """So many acknowledgements are lost with the line, though the items are stored."""
        self.refuses_item: Callable[[Any], str] = lambda _: ""
        self.bytes_max = 1 << 30
        self.page = 2
        self.settled: int | None = None
        """So many results can be had; None: all."""
        self.ended: dict[str, Any] = {}
        """What is special about how it ends."""
        self.notices: list[tuple[str, object]] = []
        self.pieces = 0
        for name in ("submit", "status", "results", "follow", "cancel", "purge"):
            daemon.on(f"job.{name}", getattr(self, f"_{name}"))

    @property
    def status(self) -> Any:
        state = "done" if self.is_sealed else "filling"
        return job_status(**{"state": state, "counts": {"done": len(self.items)}, **self.ended})

    def _submit(self, request: Any) -> Iterator[bytes]:
        params = request["params"]
        if len(json.dumps(request)) > self.bytes_max:
            too_large = refuses(ErrorKind.INVALID_REQUEST, "the message is larger than is taken here")
            yield from too_large({**request, "id": None})
            return
        if "job_id" not in params:
            self.opening = params
        start = params.get("from", 0)
        for at, item in enumerate(params["items"]):
            if why := self.refuses_item(item):
                yield from refuses(
                    ErrorKind.INVALID_PARAMS, f"`items[{at}].model` {why}", field=f"items[{at}].model"
                )(request)
                return
        self.items += params["items"][len(self.items) - start :]
        self.pieces += bool(params["items"])
        self.is_sealed = not params.get("more", False)
        if self.acks_lost and params["items"]:
            self.acks_lost -= 1
            raise ConnectionError
        yield from says({"job_id": "j1", "stored": len(self.items), "state": "filling"})(request)

    def _status(self, request: Any) -> Iterator[bytes]:
        if request["params"]["job_id"] != "j1":
            yield from refuses(ErrorKind.UNKNOWN_NAME, "there is no such job", field="job_id")(request)
        else:
            yield from says(self.status)(request)

    def _results(self, request: Any) -> Iterator[bytes]:
        start = request["params"]["after"] + 1
        count = len(self.items) if self.settled is None else self.settled
        end = min(count, start + self.page)
        page = [{"id": f"j1-{n}", "custom_id": self.items[n].get("custom_id")} for n in range(start, end)]
        is_end = self.settled is None and end == count
        yield from says({"results": page, "next": end - 1, "is_end": is_end})(request)

    def _follow(self, request: Any) -> Iterator[bytes]:
        yield from says(self.status, *self.notices)(request)

    def _cancel(self, request: Any) -> Iterator[bytes]:
        yield from says(job_line(state="cancelled"))(request)

    def _purge(self, request: Any) -> Iterator[bytes]:
        self.is_gone = True
        yield from says(job_line(state="cancelled"))(request)
