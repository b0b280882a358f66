"""The methods of jobs."""

from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from daemon.api import jobs
from daemon.api.caller import Caller
from daemon.api.cast import Cast
from daemon.api.jobs_said import ItemNews, JobLine, JobStatus
from daemon.api.params import Nothing
from daemon.api.refusal import Refusal
from daemon.rpc.calls import Call
from daemon.rpc.following import follow
from daemon.rpc.method import Method, Notice
from daemon.rpc.scopes import Scope

__all__ = ["JOBS"]

Act = Callable[[Cast, Any, Caller], Awaitable[Struct | Refusal]]


def _does(name: str, says: str, takes: type[Struct], act: Act, gives: type[Struct]) -> Method:
    async def works(cast: Cast, params: Struct, call: Call) -> Struct | Refusal:
        return await act(cast, params, call.caller)

    return Method(name=name, says=says, scope=Scope.JOBS, takes=takes, gives=gives, works=works)


JOBS = (
    _does(
        "job.submit",
        "Hand in a job, or a further piece of one; answered when it is on the disk.",
        jobs.SubmitParams,
        jobs.submit,
        jobs.Submitted,
    ),
    _does("job.list", "Tell the jobs there are, the newest first.", Nothing, jobs.jobs, jobs.JobsSaid),
    _does(
        "job.status",
        "Tell how far a job is, and where it would go on.",
        jobs.JobParams,
        jobs.status,
        JobStatus,
    ),
    Method(
        name="job.follow",
        says="Follow a job: its progress and what went amiss as notifications, until it is over.",
        scope=Scope.JOBS,
        takes=jobs.FollowParams,
        gives=JobStatus,
        works=follow,
        is_endless=True,
        notices=(
            Notice("job.progress", "status", "How far it is.", JobStatus),
            Notice("job.item", "item", "An item that failed, failed over, or is unknown.", ItemNews),
        ),
    ),
    _does(
        "job.results",
        "Give the results in order, page by page.",
        jobs.ResultsParams,
        jobs.results,
        jobs.ResultsSaid,
    ),
    _does("job.cancel", "Ask for no more items of a job.", jobs.JobParams, jobs.cancel, JobLine),
    _does(
        "job.resume",
        "Go on with a job; with its unknown or failed items, if that is wished.",
        jobs.ResumeParams,
        jobs.resume,
        JobLine,
    ),
    _does("job.purge", "Delete a job with its items and answers.", jobs.JobParams, jobs.purge, JobLine),
)
