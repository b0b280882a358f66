"""`job.follow`: a job's progress as notifications, until it is over or nobody listens."""

import msgspec

from daemon.api.cast import Cast
from daemon.api.jobs import FollowParams, sought, status
from daemon.api.jobs_said import JobStatus, news_of
from daemon.api.refusal import Refusal
from daemon.rpc.calls import Call
from state.jobs.outcome import Outcome

__all__ = ["follow"]

LOOK_MS = 250
"""So often its progress is told at most."""

_encode = msgspec.json.Encoder().encode


async def follow(cast: Cast, params: FollowParams, call: Call) -> JobStatus | Refusal:
    """The result is the last status. Whoever does not keep up misses news of items, never the end."""
    job = await sought(cast, params.job_id, call.caller)
    if isinstance(job, Refusal):
        return job

    def hear(outcome: Outcome) -> None:
        if not call.is_choked:
            call.notify("job.item", "item", _encode(news_of(outcome)))

    with cast.jobs.news.heard_by(job.seq, hear):
        told: JobStatus | None = None
        while True:
            said = await status(cast, params, call.caller)
            if isinstance(said, Refusal) or said.state.is_over:
                return said
            if said != told and not call.is_choked:
                call.notify("job.progress", "status", _encode(said))
                told = said
            await cast.clock.sleep_until(cast.clock.now_ms() + LOOK_MS)
